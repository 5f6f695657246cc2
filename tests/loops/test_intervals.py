"""The interval loop: what its intervals are, what they depend on, and what cannot break them."""

from types import SimpleNamespace

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.loops.intervals import IntervalLoop
from tests.loops.interval_batches import COLUMNS, batch, cut, rough, run, state
from tests.loops.interval_reference import Reference

SHAPES = [
    ((1,), 1, 0, (0.9,)),
    ((1, 2, 24), 1, 8, (0.9,)),
    ((1, 5), 2, 7, (0.9, 0.5, 0.99)),
]


def loop(
    horizons: tuple[int, ...] = (1,), targets: int = 1, hidden: int = 0, levels: tuple[float, ...] = (0.8, 0.95)
) -> IntervalLoop:
    return IntervalLoop(6, horizons, targets, hidden, levels)


@pytest.mark.parametrize(("horizons", "targets", "hidden", "levels"), SHAPES)
def test_a_plain_reference_gives_the_same_intervals(
    horizons: tuple[int, ...], targets: int, hidden: int, levels: tuple[float, ...]
) -> None:
    outcomes, slots, moves = rough(3000, 5, targets)
    whole = batch(outcomes, horizons, slots, moves, hidden)
    ours = loop(horizons, targets, hidden, levels)
    reference = Reference(horizons, targets, hidden, levels)
    columns = run(ours, whole, 3000)
    low, high = reference.process(whole)
    np.testing.assert_allclose(columns["low"], low, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(columns["high"], high, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(ours.shared["interval_head"], reference.head, rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(ours.sums[..., 0], reference.count)
    np.testing.assert_array_equal(ours.sums[..., 1], reference.covered)
    np.testing.assert_allclose(ours.sums[..., 3], reference.score, rtol=1e-4)
    assert reference.count.min() > 100
    assert not hidden or np.abs(reference.head).max() > 0.01


@pytest.mark.parametrize("size", [1, 7, 100])
def test_batch_cuts_change_no_bit(size: int) -> None:
    outcomes, slots, moves = rough(600, 5, 2)
    whole = batch(outcomes, (1, 6), slots, moves, 8)
    one, many = loop((1, 6), 2, 8), loop((1, 6), 2, 8)
    expected, found = run(one, whole, 600), run(many, whole, size)
    for name in COLUMNS:
        np.testing.assert_array_equal(found[name], expected[name])
    assert state(many) == state(one)


def test_what_comes_after_an_origin_changes_nothing_before_it() -> None:
    outcomes, slots, moves = rough(400, 3)
    changed = outcomes.copy()
    changed[250:] = np.random.default_rng(9).normal(0, 1e6, (150, 1))
    columns = [run(loop((1, 6), hidden=4), batch(y, (1, 6), slots, moves, 4), 400) for y in (outcomes, changed)]
    for name in COLUMNS:
        np.testing.assert_array_equal(columns[0][name][:250], columns[1][name][:250])


def test_what_is_settled_is_what_was_published_so_many_steps_before() -> None:
    whole = batch(np.cumsum(np.random.default_rng(1).normal(size=300)), (1, 24), hidden=8)
    columns = run(loop((1, 24), hidden=8), whole, 300)
    for place, horizon in enumerate((1, 24)):
        for bound in ("low", "high"):
            published, settled = columns[bound][:-horizon, place], columns[f"settled_{bound}"][horizon:, place]
            np.testing.assert_array_equal(settled, published)
            assert np.isfinite(settled[1:]).all()


def test_an_interval_whose_outcome_never_comes_is_never_settled() -> None:
    outcomes = np.arange(12.0)
    outcomes[5] = np.nan
    moves = np.ones(12, np.int64)
    moves[9] = 3  # two empty cells before it
    columns = run(loop((1, 4)), batch(outcomes, (1, 4), advance=moves), 12)
    settled = np.isfinite(columns["settled_low"][:, :, 0, 0])
    assert np.flatnonzero(settled[:, 0]).tolist() == [2, 3, 4, 6, 7, 8, 10, 11]
    # Steps 0 to 8, then 11, 12, 13: of the origins four steps before these, 7 and 8 had a record, 9 had none.
    assert np.flatnonzero(settled[:, 1]).tolist() == [6, 7, 8, 9, 10]


def test_of_several_records_of_one_cell_the_first_one_s_interval_is_settled() -> None:
    outcomes = np.array([0.0, 1.0, 3.0, 9.0, 4.0])
    columns = run(loop(), batch(outcomes, advance=[1, 1, 1, 0, 1]), 5)
    assert np.isnan(columns["settled_low"][3]).all()
    np.testing.assert_array_equal(columns["settled_low"][4], columns["low"][2])
    assert (columns["low"][3] != columns["low"][2]).all()  # what is published is around the renewed forecast


def test_there_is_no_interval_before_there_is_a_scale() -> None:
    columns = run(loop(), batch([np.nan, 5.0, np.nan, 6.0]), 4)
    assert np.isnan(columns["low"][:3]).all()
    assert np.isfinite(columns["low"][3]).all()


def test_higher_levels_hold_lower_ones_in_whatever_order_they_are_named() -> None:
    outcomes, slots, moves = rough(2000, 3)
    whole = batch(outcomes, (1, 6), slots, moves)
    named = run(loop((1, 6), levels=(0.9, 0.5, 0.99)), whole, 2000)
    ordered = run(loop((1, 6), levels=(0.5, 0.9, 0.99)), whole, 2000)
    for name in COLUMNS:
        np.testing.assert_array_equal(named[name][..., [1, 0, 2]], ordered[name])
    given = ~np.isnan(ordered["low"])
    assert (np.diff(ordered["low"]) <= 0)[given[..., 1:]].all()
    assert (np.diff(ordered["high"]) >= 0)[given[..., 1:]].all()
    assert (ordered["low"] <= ordered["high"])[given].all()


EXTREMES = {
    "constant": np.full(500, 3.7),
    "zero": np.zeros(500),
    "tiny": 1e-305 * np.random.default_rng(0).normal(size=500),
    "huge": 1e100 * np.random.default_rng(0).normal(size=500),
    "all sizes": 10.0 ** np.random.default_rng(0).uniform(-305, 100, 500),
    "one spike": np.where(np.arange(500) == 250, 1e100, 1.0),
    "constant, then not": np.where(np.arange(500) < 400, 1.0, np.random.default_rng(0).normal(size=500)),
    "missing": np.full(500, np.nan),
}


@pytest.mark.parametrize("outcomes", EXTREMES.values(), ids=EXTREMES.keys())
def test_no_number_that_is_not_finite_enters_state_or_an_interval(outcomes: npt.NDArray[np.float64]) -> None:
    ours = loop((1, 6), hidden=4)
    whole = batch(outcomes, (1, 6), hidden=4)
    columns = run(ours, whole, 500)
    given = ~np.isnan(columns["low"])
    assert np.isfinite(columns["low"][given]).all() and np.isfinite(columns["high"][given]).all()
    np.testing.assert_array_equal(given, ~np.isnan(columns["high"]))
    assert (columns["low"] <= columns["high"])[given].all()
    assert given[2:].all() or np.isnan(outcomes).all()
    assert all(np.isfinite(values).all() for values in (ours.slabs | ours.shared).values())


def test_columns_that_are_no_numbers_stay_out_of_the_state() -> None:
    whole = batch(np.random.default_rng(0).normal(size=200), (1, 6), hidden=4)
    whole.hidden[50] = np.nan, np.inf, 1.0, -np.inf
    whole.forecasts[60] = np.inf
    whole.settled[70] = -np.inf
    whole.rms[80], whole.rms[90] = np.inf, np.nan
    ours = loop((1, 6), hidden=4)
    columns = run(ours, whole, 200)
    assert all(np.isfinite(values).all() for values in (ours.slabs | ours.shared).values())
    assert not any(np.isinf(column).any() for column in columns.values())
    assert np.isfinite(columns["low"][100:]).all()


def test_a_restored_loop_goes_on_to_the_bit() -> None:
    outcomes, slots, moves = rough(500, 5)
    whole = batch(outcomes, (1, 6), slots, moves, 8)
    ours, restored = loop((1, 6), hidden=8), loop((1, 6), hidden=8)
    run(ours, cut(whole, 0, 300), 300)
    for mine, theirs in ((restored.slabs, ours.slabs), (restored.shared, ours.shared)):
        for name, values in theirs.items():
            mine[name][...] = values
    expected, found = run(ours, cut(whole, 300, 500), 200), run(restored, cut(whole, 300, 500), 200)
    for name in COLUMNS:
        np.testing.assert_array_equal(found[name], expected[name])
    assert state(restored) == state(ours)


def test_a_new_stream_takes_over_a_row_without_a_trace_of_the_old_one() -> None:
    ours, clean = loop((1, 6), hidden=4), loop((1, 6), hidden=4)
    run(ours, batch(np.random.default_rng(0).normal(size=100), (1, 6), hidden=4), 100)
    for name, values in ours.shared.items():
        clean.shared[name][...] = values
    following = batch(np.random.default_rng(1).normal(size=50), (1, 6), hidden=4)
    expected, found = run(clean, following, 50), run(ours, following, 50)
    for name in COLUMNS:
        np.testing.assert_array_equal(found[name], expected[name])


def test_the_head_finds_what_tells_the_size_of_the_next_error() -> None:
    rng = np.random.default_rng(0)
    loud = rng.random(4000) < 0.5
    whole = batch(np.cumsum(np.where(loud, 3.0, 0.3) * rng.normal(size=4000)), hidden=2)
    whole.hidden[:, 0] = np.append(np.where(loud[1:], 1.0, -1.0), 0.0)  # known one step ahead
    whole.hidden[:, 1] = 0.0
    told = run(loop(hidden=2), whole, 4000)
    untold = run(loop(), whole, 4000)
    width = {name: (found["high"] - found["low"])[2000:, 0, 0, 1] for name, found in (("told", told), ("not", untold))}
    assert width["told"].mean() < 0.8 * width["not"].mean()


def test_the_head_does_not_swing_where_many_streams_await_their_outcome_at_once() -> None:
    streams, life = 300, 40
    outcomes = np.cumsum(np.random.default_rng(0).normal(size=(life, streams)), 0).ravel()
    whole = batch(outcomes, slots=np.tile(np.arange(streams), life), hidden=8)
    whole.hidden[:] = 0.9
    ours, plain = (IntervalLoop(streams, (1,), 1, units, (0.9,)) for units in (8, 0))
    widths = []
    for found in (run(ours, whole, 2000), run(plain, whole, 2000)):
        widths.append(np.nanmean((found["high"] - found["low"])[-10 * streams :]))
    assert widths[0] == pytest.approx(widths[1], rel=0.2)


def test_the_settings_say_its_sizes() -> None:
    chosen = SimpleNamespace(
        streams=SimpleNamespace(max_live=7),
        events=SimpleNamespace(target_names=("a", "b")),
        model=SimpleNamespace(hidden_size=8),
        forecast=SimpleNamespace(horizons=(1, 24, 48), levels=(0.5, 0.9)),
    )
    ours = IntervalLoop.from_settings(chosen)
    assert ours.sums.shape[:3] == (3, 2, 2)
    assert ours.slabs["interval_hidden"].shape == (7, 8)


@pytest.mark.parametrize(("horizons", "hidden", "levels", "size"), [
    ((1,), 0, (0.9,), 40), ((1,), 32, (0.9,), 168), ((1, 24), 32, (0.9,), 568), ((1, 24), 32, (0.8, 0.9, 0.95), 1400),
])  # fmt: skip
def test_a_row_costs_what_is_said(horizons: tuple[int, ...], hidden: int, levels: tuple[float, ...], size: int) -> None:
    assert sum(slab[0].nbytes for slab in loop(horizons, 1, hidden, levels).slabs.values()) == size
