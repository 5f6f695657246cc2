"""The anomaly loop is the recipe's score, is a function of the log, and takes whatever values come."""

from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import plain_anomaly
from streamrnn.events.columns import Anomalies
from streamrnn.kernels import anomaly
from streamrnn.loops.anomaly import AnomalyLoop


def judge(
    loop: AnomalyLoop,
    values: np.ndarray,
    forecasts: np.ndarray | None = None,
    slots: np.ndarray | None = None,
    first: bool = True,
    advance: np.ndarray | None = None,
) -> Anomalies:
    """Run ``values`` [n] or [n, T]; a stream (one, unless told) is fresh where it first comes."""
    values = np.asarray(values, np.float64).reshape(len(values), -1)
    n = len(values)
    slots = np.zeros(n, np.int64) if slots is None else slots
    fresh = np.zeros(n, bool)
    if first:
        fresh[np.unique(slots, return_index=True)[1]] = True
    settled = np.vstack([np.full_like(values[:1], np.nan), values[:-1]]) if forecasts is None else forecasts
    settled = settled.reshape(n, 1, values.shape[1])
    return loop.judge(slots, fresh, np.ones(n, np.int64) if advance is None else advance, values, settled)


def wave(n: int, seed: int = 0) -> np.ndarray:
    """A noisy wave with a spell of another kind at two thirds."""
    rng = np.random.default_rng(seed)
    values = 50 + 10 * np.sin(np.arange(n) / 15) + rng.normal(0, 1, n)
    values[2 * n // 3 : 2 * n // 3 + 60] += 25
    return values


def columns(found: Anomalies) -> list[np.ndarray]:
    """All that was found."""
    return [found.scores, found.novelties, found.tails, found.alerts, found.loudest]


def assert_same(left: Anomalies, right: Anomalies) -> None:
    """Equal bits in every column."""
    for ours, theirs in zip(columns(left), columns(right), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("memory", "offset", "warm_up"), [(40, 0.0, 0), (40, 1e9, 0), (250, 0.0, 0), (1500, 1e9, 500)])
def test_it_is_the_plain_definition(memory: int, offset: float, warm_up: int) -> None:
    values = wave(4200) + offset
    values[1000:] += np.cumsum(np.random.default_rng(1).normal(0, 0.3, 3200))  # a drift
    forecasts = values + np.random.default_rng(2).normal(0, 2, 4200)
    found = judge(AnomalyLoop(1, 1, memory, warm_up=warm_up), values, forecasts)
    errors = np.abs(values - forecasts)
    scores, novelties, alerts = plain_anomaly.judge(values, errors, memory, warm_up=warm_up)
    known = ~np.isnan(scores)
    np.testing.assert_array_equal(np.isnan(found.scores[:, 0]), ~known)
    np.testing.assert_allclose(found.novelties[known, 0], novelties[known], rtol=1e-3)
    over = found.scores[known, 0] - scores[known]
    assert over.min() > -2e-3 and over.max() < 0.06  # the cap of the stack of peaks errs upwards
    assert np.abs(np.median(over)) < 1e-3
    np.testing.assert_array_equal(found.alerts[:, 0], alerts)


def test_a_scale_that_changes_by_orders_keeps_the_plain_definition() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate([np.full(500, 5.0), 5 + rng.normal(0, 1e6, 500), 1e10 + rng.normal(0, 1e6, 500)])
    found = judge(AnomalyLoop(1, 1), values, values)
    _, novelties, alerts = plain_anomaly.judge(values, np.zeros(1500))
    known = ~np.isnan(novelties)
    np.testing.assert_allclose(found.novelties[known, 0], novelties[known], rtol=1e-3, atol=1e-4)
    np.testing.assert_array_equal(found.alerts[:, 0], alerts)


def test_cutting_batches_changes_no_bit() -> None:
    rng = np.random.default_rng(0)
    slots = rng.integers(0, 3, 6000)
    values = np.stack([wave(6000), wave(6000, 1)], 1)
    values[rng.random((6000, 2)) < 0.05] = np.nan
    whole, pieces = AnomalyLoop(3, 2, 60), AnomalyLoop(3, 2, 60)
    at_once = judge(whole, values, values + 1, slots)
    fresh = np.zeros(6000, bool)
    fresh[np.unique(slots, return_index=True)[1]] = True
    at, parts = 0, []
    while at < 6000:
        piece = slice(at, at + int(rng.integers(1, 300)))
        n = len(slots[piece])
        settled = (values[piece] + 1).reshape(n, 1, 2)
        parts.append(pieces.judge(slots[piece], fresh[piece], np.ones(n, np.int64), values[piece], settled))
        at = piece.stop
    for column, together in enumerate(columns(at_once)):
        np.testing.assert_array_equal(np.concatenate([columns(part)[column] for part in parts]), together)
    for name, slab in whole.slabs.items():
        np.testing.assert_array_equal(slab, pieces.slabs[name])


def test_what_comes_later_changes_nothing_before() -> None:
    values = wave(4000)
    other = values.copy()
    other[2500:] = np.random.default_rng(0).normal(0, 1e3, 1500)
    ours, theirs = judge(AnomalyLoop(1, 1), values), judge(AnomalyLoop(1, 1), other)
    for left, right in zip(columns(ours), columns(theirs), strict=True):
        np.testing.assert_array_equal(left[:2500], right[:2500])


def test_saved_and_loaded_arrays_go_on_alike() -> None:
    values = wave(4500)
    whole, second = AnomalyLoop(1, 1), AnomalyLoop(1, 1)
    judge(whole, values[:3333])
    for name, slab in whole.slabs.items():
        second.slabs[name][...] = slab.copy()
    assert_same(judge(whole, values[3333:], first=False), judge(second, values[3333:], first=False))


@pytest.mark.parametrize("size", [5e-324, 1e-305, 1e-158, 1e-30, 1.0, 1e38, 1e100])
def test_values_of_any_size_leave_nothing_but_numbers(size: float) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=3000) * size
    values[rng.random(3000) < 0.1] = np.nan
    loop = AnomalyLoop(1, 1)
    found = judge(loop, values, rng.normal(size=3000) * size)
    assert_finite(loop, found)


def test_values_of_all_sizes_leave_nothing_but_numbers() -> None:
    rng = np.random.default_rng(0)
    loop = AnomalyLoop(1, 2, 60)
    exponents = np.repeat(rng.integers(-305, 100, (300, 2)), 20, axis=0)
    values = rng.normal(size=(6000, 2)) * 10.0**exponents
    forecasts = rng.permutation(values)
    values[rng.random((6000, 2)) < 0.1] = np.nan
    values[rng.random((6000, 2)) < 0.01] = np.inf
    assert_finite(loop, judge(loop, values, forecasts))


def assert_finite(loop: AnomalyLoop, found: Anomalies) -> None:
    """No number that is not finite in the state; in what was found NaN stands for nothing, and nothing is infinite."""
    for name, slab in loop.slabs.items():
        assert np.isfinite(slab).all(), name
    for column in columns(found):
        assert not np.isinf(column).any()
    assert np.isfinite(found.scores).any()


@pytest.mark.parametrize("level", [0.0, 7.0, -1e12])
def test_a_constant_series_is_never_new(level: float) -> None:
    found = judge(AnomalyLoop(1, 1), np.full(5000, level))
    assert not found.alerts.any()
    assert np.nanmax(found.novelties) == 0.0


def test_one_excursion_is_one_alert() -> None:
    values = wave(4000)
    found = judge(AnomalyLoop(1, 1), values)
    spell = found.alerts[2650:2850, 0]
    assert spell.sum() == 1
    assert 0 <= int(np.flatnonzero(found.alerts[2600:, 0])[0]) + 2600 - 4000 * 2 // 3 < 20


def test_a_young_stream_is_scored_and_gives_no_alert() -> None:
    values = wave(1200)
    loops = AnomalyLoop(1, 1, warm_up=0), AnomalyLoop(1, 1, warm_up=700)
    early, late = (judge(loop, values) for loop in loops)
    np.testing.assert_array_equal(early.scores, late.scores)
    assert early.alerts[:700].any() and not late.alerts[:700].any()
    assert late.alerts[800:840].sum() == 1  # the spell begins


def test_alerts_keep_the_quiet_time() -> None:
    rng = np.random.default_rng(0)
    values = rng.standard_cauchy(20_000)
    spoken = np.flatnonzero(judge(AnomalyLoop(1, 1, threshold=-5.0), values).alerts[:, 0]) + 1
    assert len(spoken) > 20
    assert (np.diff(spoken) > np.clip(0.05 * spoken[1:], 20, 300)).all()


def test_records_that_bring_no_outcome_or_do_not_move_change_nothing() -> None:
    values = wave(3000)
    plain = judge(AnomalyLoop(1, 1), values)
    twice = np.repeat(values, 3)
    twice[1::3] = np.nan
    advance = np.ones(9000, np.int64)
    advance[2::3] = 0
    advance[0] = 0  # a fresh stream's first record has moved nothing, and counts
    forecasts = np.repeat(np.append(np.nan, values[:-1]), 3)
    found = judge(AnomalyLoop(1, 1), twice, forecasts, advance=advance)
    for ours, theirs in zip(columns(found), columns(plain), strict=True):
        np.testing.assert_array_equal(ours[::3], theirs)
    for idle in (slice(1, None, 3), slice(2, None, 3)):
        assert np.isnan(found.scores[idle]).all() and np.isnan(found.tails[idle]).all()
        assert not found.alerts[idle].any()
        assert (found.loudest[idle] == -1).all()


def test_each_target_is_judged_alone_and_the_loudest_is_named() -> None:
    values = np.stack([wave(4000), wave(4000, 1)[::-1]], 1)
    both = judge(AnomalyLoop(1, 2), values)
    for k in range(2):
        alone = judge(AnomalyLoop(1, 1), values[:, k])
        np.testing.assert_array_equal(both.scores[:, k], alone.scores[:, 0])
        np.testing.assert_array_equal(both.alerts[:, k], alone.alerts[:, 0])
    known = both.loudest >= 0
    np.testing.assert_array_equal(known, ~np.isnan(both.scores).all(axis=1))
    np.testing.assert_array_equal(both.loudest[known], np.argmax(both.scores[known], axis=1))


def test_a_fresh_stream_starts_over() -> None:
    loop = AnomalyLoop(1, 1)
    judge(loop, wave(5000, 3))
    assert_same(judge(loop, wave(3000)), judge(AnomalyLoop(1, 1), wave(3000)))


def test_the_fine_detectors_ring_holds_all_blocks_that_it_ever_sees() -> None:
    blocks = anomaly.FINE_UNTIL // anomaly.SIZES[0]
    few, many = AnomalyLoop(1, 1, blocks), AnomalyLoop(1, 1, 5000)
    assert_same(judge(few, wave(3500)), judge(many, wave(3500)))


def test_a_batch_is_judged_by_its_columns() -> None:
    values = wave(1000).reshape(-1, 1)
    batch = SimpleNamespace(
        slots=np.zeros(1000, np.int64), fresh=np.arange(1000) == 0, advance=np.ones(1000, np.int64),
        outcomes=values, settled=values.reshape(-1, 1, 1),
    )  # fmt: skip
    loop = AnomalyLoop(1, 1)
    loop.process(batch)
    assert_same(batch.anomalies, judge(AnomalyLoop(1, 1), values, values))


def test_a_memory_too_short_to_compare_with_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 40"):
        AnomalyLoop(1, 1, 39)
