"""What a replay says of quantiles and distributions, in a terminal, as JSON and on its page."""

import io
import math
from collections.abc import Callable
from html import escape
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from streamrnn.observe.sensor import DistributionScore, QuantileScore
from streamrnn.replay.heads import Heads
from streamrnn.replay.report import ReplayReport
from tests.replay.test_report import predictions

QUANTILES = {
    "quantiles": {("a", 0.05): QuantileScore(100, 5.5, 15.0, 20.0), ("a", 0.5): QuantileScore(0, 0.0, 0.0, 0.0)},
}  # fmt: skip
STUDENT = {"distributions": {"a": DistributionScore(2, -1.0, -3.0)}}


def shown(report: ReplayReport) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(report.heads.table())
    return console.file.getvalue()


@pytest.fixture
def fed() -> Callable[..., ReplayReport]:
    """A report after two batches that told the same."""

    def feed(**told: Any) -> ReplayReport:
        made = ReplayReport(("a",))
        made.add(predictions("xxx", [1, 2, 4], [math.nan, 1.5, 3], [math.nan, 1, 2]))
        for _ in range(2):
            made.heads.add(SimpleNamespace(**{"quantiles": {}, "distributions": {}} | told))
        return made

    return feed


def test_quantiles_have_a_table_with_coverage_loss_and_skill(fed: Callable[..., ReplayReport]) -> None:
    report = fed(**QUANTILES)
    (line,) = [line for line in shown(report).splitlines() if "0.05" in line]
    assert line.split() == ["a", "0.05", "200", "5.5", "%", "0.15", "0.2", "+25.0", "%"]
    (empty,) = [line for line in shown(report).splitlines() if " 0.5 " in line]
    assert empty.split() == ["a", "0.5", "0", "-", "-", "-", "-"]


def test_json_has_them_with_their_target(fed: Callable[..., ReplayReport]) -> None:
    report = fed(**QUANTILES)
    found = report.numbers()["targets"]["a"]["quantiles"]
    assert found["0.05"] == {
        "scored": 200, "below": 0.055, "pinball_loss": 0.15, "naive_pinball_loss": 0.2, "skill": 0.25,
    }  # fmt: skip
    assert found["0.5"]["skill"] is None


def test_distributions_have_a_mean_log_likelihood(fed: Callable[..., ReplayReport]) -> None:
    report = fed(**STUDENT)
    (line,) = [line for line in shown(report).splitlines() if "-0.5" in line]
    assert line.split() == ["a", "4", "-0.5", "-1.5", "1"]
    assert report.numbers()["targets"]["a"]["distribution"] == {
        "scored": 4, "log_likelihood": -0.5, "naive_log_likelihood": -1.5,
    }  # fmt: skip


@pytest.mark.parametrize(("told", "title"), [(QUANTILES, "Quantiles of the"), (STUDENT, "Distribution of the")])
def test_the_page_has_them_and_says_what_the_columns_mean(fed, told: dict[str, Any], title: str) -> None:
    assert title not in fed().html("x")
    report = fed(**told)
    page = report.html("x")
    assert title in page and all(escape(meaning) in page for _, meaning in report.heads.columns())


def test_of_a_point_head_there_is_nothing_to_tell(fed) -> None:
    assert fed().heads.table() is None
    assert not Heads().numbers("a")
