"""What a replay tells beyond the next step is the sum of what the batches did, and reads well."""

import io
import json

import pytest
from rich.console import Console

from streamrnn.observe.sensor import BatchReport
from streamrnn.replay.ahead import Ahead
from streamrnn.replay.report import ReplayReport
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings, walk


def told(n: int, *overrides: str) -> tuple[Shard, list[BatchReport]]:
    """A shard that took a log in pieces, and what it reported of each."""
    shard = Shard(settings(*overrides), PARTITION)
    log = walk(n, 4)
    return shard, [shard.process(log.cut(at, at + 300))[1] for at in range(0, n, 300)]


def gathered(reports: list[BatchReport]) -> Ahead:
    ahead = Ahead()
    for report in reports:
        ahead.add(report)
    return ahead


def test_sums_are_those_of_the_whole_run() -> None:
    shard, reports = told(1800)
    ahead = gathered(reports)
    assert set(ahead.scores) == {("value", 1), ("value", 24)}
    whole, ours = shard.scores()["value"], ahead.scores["value", 1]
    assert ours.count == whole.count > 1000
    assert ours.absolute_error == pytest.approx(whole.absolute_error)
    assert ours.baseline_squared_error == pytest.approx(whole.baseline_squared_error)
    assert ahead.scores["value", 24].count == sum(report.scores["value", 24].count for report in reports)
    assert ahead.alerts == sum(report.alerts for report in reports)


def test_every_horizon_has_a_row_with_its_coverage() -> None:
    ahead = gathered(told(1800, "forecast.horizons=[1,2,5]", "forecast.levels=[0.5,0.9]")[1])
    names = [name for name, _ in ahead.columns()]
    assert names == ["scored", "MAE", "naive MAE", "skill", "within 50 %", "within 90 %"]
    assert [row[:2] for row in ahead.rows()] == [["value", "1"], ["value", "2"], ["value", "5"]]
    for row in ahead.rows():
        assert 40 < float(row[-2].removesuffix(" %")) < 60 and 80 < float(row[-1].removesuffix(" %")) < 97


def test_experts_show_what_they_earn() -> None:
    ahead = gathered(told(1800)[1])
    weights = {row[2]: float(row[3].removesuffix(" %")) for row in ahead.expert_rows() if row[1] == "1"}
    assert set(weights) == {"last value", "ridge", "network", "linear 0.9999"}
    assert sum(weights.values()) == pytest.approx(100, abs=0.3)


def test_the_terminal_shows_horizons_only_where_there_is_more_than_the_next_step() -> None:
    assert gathered(told(600, "forecast.horizons=[1]", "forecast.levels=[]")[1]).table() is None
    table = gathered(told(600)[1]).table()
    assert table is not None
    out = io.StringIO()
    Console(file=out, width=80).print(table)
    for text in ("within", " 90 % ", " 24 "):
        assert text in out.getvalue()


def test_json_and_page_hold_the_same() -> None:
    shard = Shard(settings(), PARTITION)
    report = ReplayReport(("value",))
    predictions, batch = shard.process(walk(900, 4))
    report.add(predictions)
    report.ahead.add(batch)
    numbers = json.loads(json.dumps(report.numbers(), allow_nan=False))
    assert [each["horizon"] for each in numbers["horizons"]] == [1, 24]
    assert set(numbers["horizons"][0]["experts"]) == {"last value", "ridge", "network", "linear 0.9999"}
    page = report.html("Replay")
    assert "Steps ahead" in page and "within 90 %" in page and "linear 0.9999" in page
