"""``make monitoring``: write the rules and the board."""

from deploy.monitoring.write import FOLDER, rules

(FOLDER / "prometheus" / "rules.yaml").write_text(rules())
