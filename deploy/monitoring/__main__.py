"""``make monitoring``: write the rules and the board."""

from deploy.monitoring.write import files

for path, text in files().items():
    path.write_text(text)
