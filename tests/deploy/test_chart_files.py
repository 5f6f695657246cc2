"""What of the chart is generated is current."""

from streamrnn import __version__
from tests.deploy import chart_readme, chart_schema
from tests.deploy.tools import CHART, DEPLOY


def test_the_schema_of_the_values_is_current() -> None:
    assert chart_schema.FILE.read_text() == chart_schema.text(), "run: python -m tests.deploy.chart_schema"


def test_the_table_of_the_values_is_current() -> None:
    assert chart_readme.FILE.read_text() == chart_readme.text(), "run: python -m tests.deploy.chart_readme"


def test_the_chart_deploys_the_version_that_it_lies_beside() -> None:
    assert f'\nappVersion: "{__version__}"\n' in (CHART / "Chart.yaml").read_text()


def test_the_rules_are_those_of_the_repository() -> None:
    link = CHART / "files/rules.yaml"
    assert link.is_symlink() and (link.parent / link.readlink()).resolve() == (DEPLOY / "prometheus/rules.yaml")
