"""What a replay says of quantiles and distributions, in a terminal, as JSON and on its page."""

import io
import math

import pytest
from rich.console import Console

from streamrnn.observe.sensor import DistributionScore, QuantileScore
from streamrnn.replay.heads import HeadScores
from streamrnn.replay.report import ReplayReport
from tests.replay.test_report import predictions

QUANTILES = HeadScores({("a", 0.05): QuantileScore(200, 11.0, 30.0, 40.0), ("a", 0.5): QuantileScore(0, 0, 0, 0)}, {})
STUDENT = HeadScores({}, {"a": DistributionScore(4, -2.0, -6.0)})


def shown(report: ReplayReport) -> str:
    console = Console(file=io.StringIO(), width=120)
    for table in report.tables(120):
        console.print(table)
    return console.file.getvalue()


@pytest.fixture
def report() -> ReplayReport:
    made = ReplayReport(("a",))
    made.add(predictions("xxx", [1, 2, 4], [math.nan, 1.5, 3], [math.nan, 1, 2]))
    return made


def test_quantiles_have_a_table_with_coverage_loss_and_skill(report: ReplayReport) -> None:
    report.heads = QUANTILES
    (line,) = [line for line in shown(report).splitlines() if "0.05" in line]
    assert line.split() == ["a", "0.05", "200", "5.5", "%", "0.15", "0.2", "+25.0", "%"]
    (empty,) = [line for line in shown(report).splitlines() if " 0.5 " in line]
    assert empty.split() == ["a", "0.5", "0", "-", "-", "-", "-"]


def test_json_has_them_with_their_target(report: ReplayReport) -> None:
    report.heads = QUANTILES
    found = report.numbers()["targets"]["a"]["quantiles"]
    assert found["0.05"] == {
        "scored": 200, "below": 0.055, "pinball_loss": 0.15, "naive_pinball_loss": 0.2, "skill": 0.25,
    }  # fmt: skip
    assert found["0.5"]["skill"] is None


def test_distributions_have_a_mean_log_likelihood(report: ReplayReport) -> None:
    report.heads = STUDENT
    (line,) = [line for line in shown(report).splitlines() if "-0.5" in line]
    assert line.split() == ["a", "4", "-0.5", "-1.5", "+1"]
    assert report.numbers()["targets"]["a"]["distribution"] == {
        "scored": 4, "log_likelihood": -0.5, "naive_log_likelihood": -1.5,
    }  # fmt: skip


@pytest.mark.parametrize(("heads", "title"), [(QUANTILES, "Quantiles of the"), (STUDENT, "Distribution of the")])
def test_the_page_has_them_and_says_what_the_columns_mean(report: ReplayReport, heads: HeadScores, title: str) -> None:
    assert title not in report.html("x")
    report.heads = heads
    page = report.html("x")
    assert title in page and heads.notes() in page
