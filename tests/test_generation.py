"""A stream's imagined future: what the daemon would say to it, and nothing learned from it."""

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.drawing import Law, Points, Uniforms
from streamrnn.events.columns import Events, Predictions
from streamrnn.generation import Continuation
from streamrnn.given import GivenReader
from streamrnn.loops.chain import make_chain
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from streamrnn.streams.index import saved_slot
from tests.helpers import ALL_INPUTS, PARTITION, events, restored, settings, walk, with_traits
from tests.label_logs import label_settings
from tests.token_logs import token_settings

Array = npt.NDArray[np.float64]
DAY = 24
KINDS = [
    [],
    ["model.cell=lru", "model.records_per_step=1"],
    ["events.features=[x,y]", "events.targets=[y]", "forecast.season=7", "forecast.long_season=21"],
    ["model.head=quantiles", "forecast.levels=[0.5,0.9]", "drift.stream=reset_mixture"],
    ["model.head=student_t", "forecast.horizons=[1]", "anomaly.enabled=false"],
    ["experts.networks=[0.005]", "experts.ridge=false", "forecast.interval=60", "drift.shard=reset_moments"],
    [*ALL_INPUTS],
]


def learned(chosen: Settings) -> Shard:
    """A shard that saw some streams, s0 among them."""
    shard = Shard(chosen, PARTITION)
    n = 100 if chosen.model.head == "student_t" else 600
    shard.process(with_traits(chosen, walk(n, 3, features=len(chosen.events.features))))
    return shard


def continuation(shard: Shard, stream: str = "s0", every: float | None = 60.0) -> Continuation:
    found = shard.continuation(stream, every)
    assert found is not None
    return found


def missing(chosen: Settings) -> Events:
    """An event of s0 with nothing in it."""
    return GivenReader(chosen, "s0", PARTITION, {}).blank()


def imagine(found: Continuation, blank: Events, steps: int, temperature: float = 1.0, seed: int = 0) -> Array:
    """Drawn values [steps] of the only target, which is the last of the features."""
    uniforms, values = Uniforms(seed), np.empty(steps)
    for step in range(steps):
        row = found.last
        row[-1] = values[step] = found.told[0].draw(uniforms.pair(), temperature)
        found.take(row, found.next_time, blank.traits)
    return values


@pytest.mark.parametrize("overrides", KINDS, ids=lambda overrides: " ".join(overrides[:2]))
def test_what_is_drawn_teaches_nothing(overrides: list[str]) -> None:
    chosen = settings("streams.max_live=10", *overrides)
    shard = learned(chosen)
    before = {name: values.copy() for name, values in shard.saved().items()}
    values = imagine(continuation(shard), missing(chosen), 50)
    assert len(set(values.tolist())) > 40
    after = shard.saved()
    shared = make_chain(chosen, before["network_weights"]).shared().keys()
    others, moved = np.arange(len(before["index_times"])) != saved_slot(before, "s0"), set[str]()
    for name, then in before.items():
        if name in shared or name.startswith("index_"):
            np.testing.assert_array_equal(after[name], then, err_msg=name)
        else:
            np.testing.assert_array_equal(after[name][others], then[others], err_msg=name)
            if not np.array_equal(after[name], then):
                moved.add(name)
    assert {"scale", "counts", "network", "mixture"} <= moved
    # By their meaning, not by what the loops say of themselves.
    taught = {"ridge_sums", "interval_tracks", "quantile_tracked_tracks", "quantile_naive_tracks", "drift", "ledger"}
    assert not moved & (taught | {name for name in before if name.startswith("anomaly")})


def test_scales_and_accounts_that_share_a_row_with_memory_stay_as_they_were() -> None:
    chosen = settings("model.head=quantiles", "inputs.elapsed=true", "forecast.season=7")
    shard = learned(chosen)
    chain = make_chain(chosen, shard.saved()["network_weights"])
    before = {name: values.copy() for name, values in shard.saved().items()}
    imagine(continuation(shard), missing(chosen), 30)
    after = shard.saved()
    kept = {name: columns for loop in chain.loops for name, columns in loop.learned.items()}
    for name in ("scale", "counts", "mixture", "quantile", "ridge_scales"):
        np.testing.assert_array_equal(after[name][:, kept[name]], before[name][:, kept[name]], err_msg=name)
        assert not np.array_equal(after[name], before[name]), name
    width = {name: before[name][0, kept[name]].size for name in kept}
    # Mean, variance and two changes, and three of the time; how many values and changes; an account of each expert.
    assert (width["scale"], width["counts"]) == (4 + 3, 2)
    assert width["mixture"] == 3 * len(chosen.expert_names) * 2
    assert (width["quantile"], width["ridge_scales"]) == (3 * 3 * len(chosen.model.quantiles), 2 * 2)


@pytest.mark.parametrize(
    "chosen",
    [
        *(settings(*overrides) for overrides in KINDS),
        settings("model.kind=none"),
        label_settings("labels.mode=field"),
        label_settings("labels.mode=delayed", "labels.kind=number", "sequences.gap=60"),
        token_settings("sequences.gap=250"),
    ],
    ids=lambda _: "",
)
def test_every_loop_says_of_each_of_its_slabs_what_is_learned(chosen: Settings) -> None:
    for loop in make_chain(chosen, np.zeros(0)).loops:
        assert loop.learned.keys() == loop.slabs.keys(), type(loop)


def last(predictions: Predictions) -> list[Array | None]:
    """What is told of the next step after the last event."""
    return [
        predictions.forecasts[-1, 0],
        None if predictions.low is None else predictions.low[-1, 0],
        None if predictions.high is None else predictions.high[-1, 0],
        None if predictions.quantiles is None else predictions.quantiles[-1],
        None if predictions.parameters is None else predictions.parameters[-1],
    ]


@pytest.mark.parametrize("overrides", [KINDS[0], KINDS[3], KINDS[4]], ids=lambda overrides: " ".join(overrides[:1]))
def test_the_step_behind_an_imagined_event_is_told_as_the_daemon_would_tell_it(overrides: list[str]) -> None:
    chosen = settings(*overrides)
    shard = Shard(chosen, PARTITION)
    n = 50 if chosen.model.head == "student_t" else 300
    shard.process(events(np.cumsum(np.random.default_rng(0).normal(size=n)), ["s0"] * n))
    real, found = restored(shard, chosen), continuation(shard, every=1.0)
    found.take(np.array([5.0]), found.next_time)
    forecast, low, high, quantiles, law = last(real.process(events([5.0], ["s0"], [found.time]))[0])
    told = found.told[0]
    assert told.forecast == forecast
    if low is not None and high is not None:
        assert [each[1:] for each in told.intervals] == list(zip(low[0], high[0], strict=True))
    if quantiles is not None:
        assert isinstance(told.around, Points) and told.around.values == tuple(quantiles[0])
    if law is not None:
        assert isinstance(told.around, Law)
        assert (told.around.location, told.around.scale, told.around.degrees) == tuple(law[0])


def season(n: int) -> Array:
    """A sine of a day with noise."""
    return 10 + 3 * np.sin(np.arange(n) * 2 * np.pi / DAY) + 0.3 * np.random.default_rng(0).normal(size=n)


@pytest.fixture(scope="module")
def seasonal() -> tuple[Settings, Shard]:
    chosen = settings("forecast.interval=1", f"forecast.season={DAY}", "streams.max_live=2")
    shard = Shard(chosen, PARTITION)
    shard.process(events(season(2000), ["s0"] * 2000))
    return chosen, shard


def test_the_best_continuation_keeps_the_shape_of_the_season(seasonal: tuple[Settings, Shard]) -> None:
    chosen, shard = seasonal
    found = imagine(continuation(restored(shard, chosen)), missing(chosen), DAY, temperature=0.0)
    truth = season(2000 + DAY)
    error = np.abs(found - truth[2000:]).mean()
    assert error < 0.25 * np.abs(truth[1999] - truth[2000:]).mean()
    assert error < 0.4  # of noise alone .24


def test_equal_seeds_give_equal_bits_and_others_do_not(seasonal: tuple[Settings, Shard]) -> None:
    chosen, shard = seasonal
    one, same, other = (imagine(continuation(restored(shard, chosen)), missing(chosen), DAY, seed=n) for n in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert (one != other).all()


def test_temperature_widens_and_narrows_what_is_drawn(seasonal: tuple[Settings, Shard]) -> None:
    chosen, shard = seasonal
    best, cool, plain, hot = (
        imagine(continuation(restored(shard, chosen)), missing(chosen), 1, temperature)[0]
        for temperature in (0.0, 0.5, 1.0, 2.0)
    )
    assert plain != best
    assert [cool - best, hot - best] == pytest.approx([0.5 * (plain - best), 2 * (plain - best)])


def test_what_is_drawn_many_times_fills_the_interval_as_it_says(seasonal: tuple[Settings, Shard]) -> None:
    chosen, shard = seasonal
    told, uniforms = continuation(restored(shard, chosen)).told[0], Uniforms(0)
    drawn = np.array([told.draw(uniforms.pair(), 1.0) for _ in range(4000)])
    level, low, high = told.intervals[0]
    assert ((low < drawn) & (drawn < high)).mean() == pytest.approx(level, abs=0.02)
    assert (drawn < told.forecast).mean() == pytest.approx(0.5, abs=0.03)


def test_a_step_is_one_cell_of_the_interval_however_times_are_rounded() -> None:
    chosen = settings("forecast.interval=0.7", "streams.max_live=2")
    shard = Shard(chosen, PARTITION)
    times = np.arange(40) * 0.7 + 0.6999999999999
    shard.process(events(np.arange(40.0), ["s0"] * 40, times))
    found = continuation(shard, every=None)
    before = np.floor(found.time / 0.7)
    for step in range(1, 200):
        found.take(np.array([1.0]), found.next_time)
        assert np.floor(found.time / 0.7) == before + step


def test_the_usual_time_between_events_is_a_step_where_it_is_known() -> None:
    chosen = settings("inputs.elapsed=true")
    shard = Shard(chosen, PARTITION)
    shard.process(events(np.arange(50.0), ["s0"] * 50, np.arange(50.0) * 30))
    assert continuation(shard, every=None).every == pytest.approx(30.0)
    assert continuation(shard, every=7.0).every == 7.0
    unknown = Shard(settings(), PARTITION)
    unknown.process(events(np.arange(5.0), ["s0"] * 5))
    assert continuation(unknown, every=None).every is None
