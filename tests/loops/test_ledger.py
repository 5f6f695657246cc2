"""The ledger says of each stream what its answers said, however the log was cut."""

import math
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pytest

from streamrnn.events.columns import Events, Predictions
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings, walk
from tests.label_logs import MODES, decoded, fresh_shard, label_settings, records


@dataclass
class Expected:
    """What one stream's answers told, summed up in plain Python."""

    offset: int = -1
    events: int = 0
    forecast: object = None
    settled: tuple[object, ...] | None = None
    sums: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])

    def settle(self, forecast: object, outcome: object, baseline: object, error: float, naive: float) -> None:
        self.settled = (forecast, outcome, error, baseline, naive)
        self.sums = [0.99 * a + b for a, b in zip(self.sums, (1.0, abs(error), abs(naive)), strict=True)]

    @property
    def skill(self) -> float:
        return 1 - self.sums[1] / self.sums[2] if self.sums[2] else math.nan


def summed(predictions: list[Predictions]) -> dict[str, Expected]:
    """Of the first target."""
    found: dict[str, Expected] = defaultdict(Expected)
    for p in predictions:
        for i, stream in enumerate(p.streams):
            if p.counts[i] == 1:  # the stream began anew
                found.pop(stream, None)
            each = found[stream]
            each.offset, each.events, each.forecast = int(p.offsets[i]), int(p.counts[i]), p.forecasts[i, 0, 0]
            outcome, forecast, baseline = p.outcomes[i, 0], p.settled[i, 0, 0], p.settled_baselines[i, 0, 0]
            if not np.isnan(outcome - forecast):
                each.settle(forecast, outcome, baseline, outcome - forecast, outcome - baseline)
    return found


def cut(log: Events, *sizes: int) -> list[Events]:
    """The log in pieces of these sizes, the last one may be shorter."""
    edges = [0, *np.minimum(np.cumsum(sizes), len(log)).tolist()]
    return [log.cut(a, b) for a, b in pairwise(edges)]


@pytest.mark.parametrize("overrides", [[], ["forecast.horizons=[1,3]", "streams.max_live=5"]], ids=["default", "few"])
def test_it_says_what_the_answers_said(overrides: list[str]) -> None:
    shard = Shard(settings(*overrides), PARTITION)
    predictions = [shard.process(part)[0] for part in cut(walk(1500, 9), 1, 2, 300, 1197)]
    expected = {name: each for name, each in summed(predictions).items() if shard.look(name) is not None}
    assert len(expected) == min(9, shard._index.rows) > 4
    assert sum(each.settled is not None for each in expected.values()) >= 3
    for name, each in expected.items():
        look = shard.look(name)
        assert look is not None and look.stream == name
        assert (look.offset, look.events) == (each.offset, each.events)
        (target,) = look.targets
        assert target.forecast == each.forecast or math.isnan(target.forecast)
        told = target.settled
        if told is None:
            assert each.settled is None
            continue
        assert (told.forecast, told.outcome, told.error, told.baseline, told.baseline_error) == each.settled
        assert target.skill == pytest.approx(each.skill, rel=1e-12)
        assert target.error == pytest.approx(each.sums[1] / each.sums[0], rel=1e-12)


def test_the_pending_interval_is_the_one_that_was_published() -> None:
    shard = Shard(settings("forecast.levels=[0.5,0.95]"), PARTITION)
    p, _ = shard.process(walk(600, 3, missing=0.0))
    last = {stream: i for i, stream in enumerate(p.streams)}
    assert p.low is not None and p.high is not None
    for stream, i in last.items():
        look = shard.look(stream)
        assert look is not None
        told = [(each.level, each.low, each.high) for each in look.targets[0].intervals]
        columns = zip(p.levels, p.low[i, 0, 0].tolist(), p.high[i, 0, 0].tolist(), strict=True)
        assert told == list(columns) and len(told) == 2


@pytest.mark.parametrize("mode", MODES)
def test_with_labels_it_knows_the_share_of_wrong_answers(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    shard = fresh_shard(chosen)
    _, report = shard.process(decoded(chosen, records(chosen, 1200)))
    looks = [shard.look(f"s{i}") for i in range(8)]
    known = [look.targets[0] for look in looks if look is not None]
    assert len(known) == report.live_streams
    for target in known:
        assert target.target == "label"
        if target.settled is None:
            continue
        if chosen.labels.kind == "class":
            assert target.settled.outcome in ("up", "down", "flat")
            assert target.settled.error == float(target.settled.outcome != target.settled.forecast)
            assert 0.0 <= target.error <= 1.0
        else:
            assert target.settled.error == target.settled.outcome - target.settled.forecast
    assert any(target.settled is not None for target in known)


@pytest.mark.parametrize("mode", [None, *MODES])
def test_no_way_of_cutting_the_log_changes_it(mode: str | None) -> None:
    def run(*sizes: int) -> dict[str, np.ndarray]:
        if mode is None:
            chosen = settings()
            shard, log = Shard(chosen, PARTITION), walk(700, 5)
        else:
            chosen = label_settings(*MODES[mode])
            shard, log = fresh_shard(chosen), decoded(chosen, records(chosen, 500))
        for part in cut(log, *sizes):
            shard.process(part)
        return shard.saved()

    whole, pieces = run(100_000), run(1, 7, 100, 1, 1, 100_000)
    for name in ("ledger", "ledger_places"):
        np.testing.assert_array_equal(whole[name], pieces[name])
