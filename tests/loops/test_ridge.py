"""The compiled seasonal ridge does what its slow definition says, whatever comes, and however it is cut."""

import copy

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.loops.batch import Batch
from streamrnn.loops.ridge import RidgeLoop
from streamrnn.rows.ridge import RidgeRows
from tests.loops.ridge_reference import reference

Floats = npt.NDArray[np.float64]
SEASONS = [(0, 0), (6, 0), (6, 42), (5, 13)]
HORIZONS = (1, 2, 5, 6, 7, 11)


def batch(slots: list[int], advance: list[int], outcomes: Floats, sizes: RidgeRows) -> Batch:
    """Records in log order; a stream is fresh at its slot's first record."""
    n = len(slots)
    seen: set[int] = set()
    fresh = np.array([not (slot in seen or seen.add(slot)) for slot in slots])  # type: ignore[func-returns-value]
    numbers = np.arange(n)
    made = Batch(np.array(slots), fresh, np.ones(n, np.int64), np.zeros(n), outcomes, numbers + 1)
    made.outcomes, made.advance = outcomes, np.where(fresh, 1, advance)
    made.inputs = np.full((n, 1 + sizes.targets), np.nan)
    made.experts = np.full((n, len(sizes.horizons), sizes.targets, 2), np.nan)
    return made


def loop_of(sizes: RidgeRows, streams: int = 3) -> RidgeLoop:
    return RidgeLoop(sizes, streams, expert=1, naive=0 if sizes.season else None)


def part(whole: Batch, start: int, stop: int) -> Batch:
    piece = slice(start, stop)
    made = Batch(*(getattr(whole, name)[piece] for name in ("slots", "fresh", "live", "times", "values", "records")))
    for name in ("outcomes", "advance", "inputs", "experts"):
        setattr(made, name, getattr(whole, name)[piece])
    return made


def waves(n: int, targets: int, seed: int = 0) -> Floats:
    """Two seasons, a drift and noise, with one value in twenty missing."""
    rng = np.random.default_rng(seed)
    t = np.arange(n)[:, None]
    seasons = np.sin(t * 2 * np.pi / 6) + 0.7 * np.sin(t * 2 * np.pi / 42 + np.arange(targets))
    values = 50 + 4 * seasons + 1.2 * rng.normal(size=(n, targets)) + np.cumsum(rng.normal(size=(n, targets)), 0)
    return np.where(rng.random((n, targets)) < 0.05, np.nan, values)


def grid(n: int, seed: int = 0) -> tuple[list[int], list[int]]:
    """Slots of three streams, and steps of their grids: usual ones, doubles, short gaps, and gaps beyond all rings."""
    rng = np.random.default_rng(seed)
    slots = [int(slot) for slot in rng.integers(0, 3, n)]
    advance = [int(k) for k in rng.choice([1, 0, 2, 9, 130], n, p=[0.85, 0.07, 0.05, 0.02, 0.01])]
    return slots, advance


@pytest.mark.parametrize(("season", "long_season"), SEASONS)
def test_it_does_what_its_slow_definition_says(season: int, long_season: int) -> None:
    sizes = RidgeRows(2, HORIZONS, season, long_season)
    slots, advance = grid(700)
    records = batch(slots, advance, waves(700, 2), sizes)
    loop_of(sizes).process(records)

    columns = zip(records.slots, records.fresh, records.advance, records.outcomes, strict=True)
    forecasts, naive, errors = reference(sizes, columns)

    np.testing.assert_allclose(records.experts[..., 1], forecasts, rtol=1e-9)
    np.testing.assert_allclose(records.inputs[:, 1:], errors, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(records.experts[..., 0], naive if season else np.full_like(naive, np.nan))


@pytest.mark.parametrize(("season", "long_season"), SEASONS)
def test_the_cut_of_batches_changes_no_bit(season: int, long_season: int) -> None:
    sizes = RidgeRows(2, HORIZONS, season, long_season)
    slots, advance = grid(300)
    whole = batch(slots, advance, waves(300, 2), sizes)
    pieces = copy.deepcopy(whole)
    one, other = loop_of(sizes), loop_of(sizes)

    one.process(whole)
    for start, stop in [(0, 1), (1, 1), (1, 40), (40, 299), (299, 300)]:
        other.process(part(pieces, start, stop))

    assert whole.experts.tobytes() == pieces.experts.tobytes()
    assert whole.inputs.tobytes() == pieces.inputs.tobytes()
    for name, array in (one.slabs | one.shared).items():
        assert array.tobytes() == (other.slabs | other.shared)[name].tobytes()


def test_what_comes_after_an_origin_changes_no_earlier_forecast() -> None:
    sizes = RidgeRows(1, HORIZONS, 6, 42)
    values = waves(200, 1)
    noise = values.copy()
    noise[150:] = 1e6 * np.random.default_rng(1).normal(size=(50, 1))
    one, other = (batch([0] * 200, [1] * 200, outcomes, sizes) for outcomes in (values, noise))

    loop_of(sizes).process(one)
    loop_of(sizes).process(other)

    assert one.experts[:150].tobytes() == other.experts[:150].tobytes()
    assert not np.array_equal(one.experts[150:], other.experts[150:])


def test_a_copy_of_its_arrays_goes_on_as_if_nothing_had_happened() -> None:
    sizes = RidgeRows(2, HORIZONS, 6, 42)
    slots, advance = grid(400)
    records = batch(slots, advance, waves(400, 2), sizes)
    first, second = loop_of(sizes), loop_of(sizes)
    expected = copy.deepcopy(records)
    first.process(expected)

    before = loop_of(sizes)
    before.process(part(records, 0, 250))
    for name, array in (before.slabs | before.shared).items():
        (second.slabs | second.shared)[name][...] = array
    second.process(part(records, 250, 400))

    assert records.experts.tobytes() == expected.experts.tobytes()


@pytest.mark.parametrize("extreme", [0.0, 1e-305, -1e-305, 1e-8, 1e15, -1e100, 1e100, 1e300, np.inf, -np.inf, np.nan])
def test_nothing_but_finite_numbers_enters_state_or_forecasts(extreme: float) -> None:
    sizes = RidgeRows(1, HORIZONS, 6, 42)
    mixed = waves(300, 1)
    mixed[::7] = extreme
    streams = np.concatenate([np.full((300, 1), extreme), mixed, extreme * np.resize([1.0, -1.0], (300, 1))])
    records = batch([0] * 300 + [1] * 300 + [2] * 300, [1] * 900, streams, sizes)
    loop = loop_of(sizes)

    loop.process(records)

    for name, array in (loop.slabs | loop.shared).items():
        assert np.isfinite(array).all(), name
    seen = np.abs(streams[300:600]) < 1e150
    assert np.isfinite(records.experts[300:600, ..., 1][np.maximum.accumulate(seen[:, 0])]).all()
    assert not np.isinf(records.experts).any() and np.isfinite(records.inputs[:, 1]).all()


def test_there_is_no_forecast_before_a_value_and_the_last_value_before_knowledge() -> None:
    sizes = RidgeRows(1, HORIZONS)
    records = batch([0] * 3, [1] * 3, np.array([[np.nan], [5.0], [7.0]]), sizes)

    RidgeLoop(sizes, 1, expert=0).process(records)

    assert np.isnan(records.base[0]).all()
    assert (records.base[1] == 5.0).all() and (records.base[2] == 7.0).all()


def test_a_second_record_of_a_cell_repeats_its_forecasts_and_changes_no_state() -> None:
    sizes = RidgeRows(1, HORIZONS, 6, 42)
    records = batch([0] * 101, [1] * 100 + [0], np.append(waves(100, 1), [[1e6]], 0), sizes)
    loop = loop_of(sizes)
    loop.process(part(records, 0, 100))
    state = {name: array.copy() for name, array in (loop.slabs | loop.shared).items()}

    loop.process(part(records, 100, 101))

    assert records.experts[100].tobytes() == records.experts[99].tobytes()
    assert all(np.array_equal(array, state[name]) for name, array in (loop.slabs | loop.shared).items())


def test_a_stream_away_for_a_night_still_knows_its_days() -> None:
    sizes = RidgeRows(1, (1,), 24)
    day = np.repeat([0.0, 10.0], [6, 18])
    values = np.append(np.tile(day, 40), day[5]) + np.random.default_rng(0).normal(size=961)
    records = batch([0] * 961, [1] * 960 + [54], values[:, None], sizes)

    loop_of(sizes).process(records)

    assert records.base[960, 0, 0] > 5


def test_a_new_stream_leans_on_its_shard() -> None:
    sizes = RidgeRows(1, (1, 3), 6)
    season = np.resize([0.0, 4.0, 1.0, -5.0, 2.0, 3.0], 300) + 0.1 * np.random.default_rng(0).normal(size=300)
    young = season[:30, None]
    alone = batch([0] * 30, [1] * 30, young, sizes)
    after = batch([1] * 300 + [0] * 30, [1] * 330, np.append(season[:, None], young, 0), sizes)

    loop_of(sizes).process(alone)
    loop_of(sizes).process(after)

    def error(experts: Floats) -> float:
        return float(np.abs(experts[-25:-1, 0, 0, 1] - young[-24:, 0]).mean())

    assert error(after.experts) < 0.7 * error(alone.experts)


def test_groups_hold_the_listed_horizons_alone() -> None:
    assert RidgeRows(1, tuple(range(1, 49))).edges == (0, 1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48)
    assert RidgeRows(1, (1, 24)).edges == (0, 1, 2)
    assert RidgeRows(1, (1, 17, 24, 49, 64, 65, 96, 97)).edges == (0, 1, 3, 5, 7, 8)
    assert RidgeRows(1, (1, 17, 24)).priors == (3.0, 123.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("horizons", "season", "long_season", "expected"),
    [((1, 24), 0, 0, 760), ((1, 24), 24, 168, 4232), (tuple(range(1, 49)), 24, 168, 7272)],
)
def test_bytes_of_a_stream_are_what_the_slabs_hold(
    horizons: tuple[int, ...], season: int, long_season: int, expected: int
) -> None:
    sizes = RidgeRows(1, horizons, season, long_season)
    slabs = RidgeLoop(sizes, 1, expert=0).slabs
    assert sum(array.nbytes for array in slabs.values()) == expected
