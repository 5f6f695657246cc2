"""The linear experts forecast what a plain ridge regression says, and nothing but the log decides it."""

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.kernels import autoregression
from streamrnn.kernels.autoregression import DELTA, PRIOR
from streamrnn.loops.batch import Batch
from streamrnn.loops.linear import LinearLoop
from streamrnn.rows.linear import BLOCK, COLUMNS, LAGS

Floats = npt.NDArray[np.float64]
FORGETTING = (0.9999, 0.98)
PLACE = 1  # among four experts


def make_batch(slots: npt.ArrayLike, outcomes: Floats, rms: npt.ArrayLike = 1.0, advance: npt.ArrayLike = 1) -> Batch:
    """Records with these outcomes [n, T]; a stream is fresh where its slot shows first."""
    places = np.asarray(slots, np.int64)
    n, targets = outcomes.shape
    fresh = np.zeros(n, np.bool_)
    fresh[np.unique(places, return_index=True)[1]] = True

    made = Batch(places, fresh, np.cumsum(fresh), np.arange(n, dtype=np.float64), outcomes, np.arange(1, n + 1))
    made.outcomes = made.last = outcomes
    made.advance = np.where(fresh, 1, np.broadcast_to(advance, n)).astype(np.int64)
    made.rms = np.broadcast_to(rms, outcomes.shape).astype(np.float64)
    made.experts = np.full((n, 1, targets, 4), np.nan)
    return made


def cut(batch: Batch, start: int, end: int) -> Batch:
    """The records from start to end, as views."""
    piece = slice(start, end)
    part = Batch(*(getattr(batch, name)[piece] for name in ("slots", "fresh", "live", "times", "values", "records")))
    for name in ("outcomes", "last", "advance", "rms", "experts"):
        setattr(part, name, getattr(batch, name)[piece])
    return part


def busy_log(n: int = 1500, streams: int = 4, targets: int = 2, seed: int = 0) -> Batch:
    """Streams in random turn, with momentum, missing values, empty cells, doubled records and a moving scale."""
    rng = np.random.default_rng(seed)
    outcomes = np.cumsum(np.convolve(rng.standard_t(2, n * targets), [1, 0.6, 0.3], "same").reshape(n, targets), 0)
    outcomes[rng.random((n, targets)) < 0.05] = np.nan
    outcomes[:3] = np.nan
    rms = np.exp(0.3 * rng.normal(size=(n, targets)))
    rms[: 2 * streams] = 0.0
    return make_batch(rng.integers(0, streams, n), outcomes, rms, rng.choice([0, 1, 1, 1, 1, 1, 1, 2, 30], n))


def run(batch: Batch, loop: LinearLoop | None = None) -> tuple[Floats, LinearLoop]:
    """Forecasts [n, L, T] and the loop after them."""
    loop = loop or LinearLoop(8, batch.outcomes.shape[1], FORGETTING, PLACE)
    loop.process(batch)
    return batch.experts[:, 0, :, PLACE : PLACE + len(FORGETTING)].swapaxes(1, 2), loop


def arrays(loop: LinearLoop) -> dict[str, npt.NDArray[np.generic]]:
    return loop.slabs | loop.shared


class Reference:
    """One target by plain numpy: every solution from all samples anew."""

    def __init__(self, forgetting: float) -> None:
        self.forgetting = forgetting
        self.weights = np.zeros(LAGS)
        self.samples: list[tuple[Floats, float, float]] = []
        self.streams: dict[int, tuple[Floats, float, float]] = {}

    def predict(self, changes: Floats) -> float:
        return float(np.clip(self.weights @ changes, -8, 8))

    def learn(self, changes: Floats, target: float) -> None:
        error = abs(target - self.predict(changes))
        self.samples.append((changes, target, min(1.0, DELTA / error) if error else 1.0))
        if len(self.samples) % BLOCK == 0:
            x = np.stack([changes for changes, _, _ in self.samples])
            y = np.array([target for _, target, _ in self.samples])
            age = np.arange(len(y))[::-1]
            w = np.array([trust for _, _, trust in self.samples]) * self.forgetting**age
            self.weights = np.linalg.solve(x.T @ (w[:, None] * x) + PRIOR * np.eye(LAGS), x.T @ (w * y))

    def record(self, slot: int, fresh: bool, advance: int, outcome: float, rms: float) -> float:
        changes, last, scale = (
            (np.zeros(LAGS), np.nan, 0.0) if fresh or slot not in self.streams else self.streams[slot]
        )
        steps = 1 if fresh else advance
        if steps:
            newest = 0.0
            if not np.isnan(last) and not np.isnan(outcome):
                if steps == 1 and scale > 0:
                    self.learn(changes, float(np.clip((outcome - last) / scale, -8, 8)))
                if rms > 0:
                    newest = float(np.float32(np.clip((outcome - last) / rms, -8, 8)))
            changes = np.concatenate([[newest], np.zeros(steps - 1), changes])[:LAGS]
            last, scale = (last if np.isnan(outcome) else outcome), rms
        self.streams[slot] = changes, last, scale
        return last + scale * self.predict(changes)


@pytest.mark.parametrize("expert", [0, 1])
@pytest.mark.parametrize("target", [0, 1])
def test_forecasts_are_those_of_a_plain_ridge_regression(expert: int, target: int) -> None:
    batch = busy_log()
    forecasts, _ = run(batch)
    reference = Reference(FORGETTING[expert])
    expected = [
        reference.record(*row)
        for row in zip(
            batch.slots.tolist(), batch.fresh.tolist(), batch.advance.tolist(), batch.outcomes[:, target].tolist(),
            batch.rms[:, target].tolist(), strict=True,
        )
    ]  # fmt: skip
    assert np.isnan(forecasts[:, expert, target]).any() and np.abs(reference.weights).max() > 0.1
    np.testing.assert_allclose(forecasts[:, expert, target], expected, rtol=1e-9, atol=1e-9)


def test_only_its_own_experts_and_horizon_are_filled_in() -> None:
    batch = busy_log(200)
    run(batch)
    assert np.isnan(batch.experts[..., [0, 3]]).all()


@pytest.mark.parametrize("piece", [1, 7, 500])
def test_how_batches_are_cut_changes_no_bit(piece: int) -> None:
    whole, once = run(busy_log())
    batch = busy_log()
    loop = LinearLoop(8, 2, FORGETTING, PLACE)
    for start in range(0, len(batch), piece):
        loop.process(cut(batch, start, start + piece))
    np.testing.assert_array_equal(batch.experts[:, 0, :, PLACE : PLACE + 2].swapaxes(1, 2), whole)
    for name, values in arrays(once).items():
        np.testing.assert_array_equal(arrays(loop)[name], values)


def test_what_comes_after_a_record_does_not_change_its_forecast() -> None:
    straight, _ = run(busy_log())
    noisy = busy_log()
    noisy.outcomes[700:] += np.random.default_rng(5).normal(0, 100, noisy.outcomes[700:].shape)
    disturbed, _ = run(noisy)
    np.testing.assert_array_equal(disturbed[:700], straight[:700])
    assert not np.array_equal(disturbed[700:], straight[700:], equal_nan=True)


def test_a_restored_loop_goes_on_bit_for_bit() -> None:
    whole, _ = run(busy_log())
    batch = busy_log()
    first = LinearLoop(8, 2, FORGETTING, PLACE)
    first.process(cut(batch, 0, 613))
    second = LinearLoop(8, 2, FORGETTING, PLACE)
    for name, values in arrays(first).items():
        arrays(second)[name][...] = values
    second.process(cut(batch, 613, len(batch)))
    np.testing.assert_array_equal(batch.experts[:, 0, :, PLACE : PLACE + 2].swapaxes(1, 2), whole)


def test_targets_do_not_mix() -> None:
    both, _ = run(busy_log())
    alone = busy_log()
    for name in ("outcomes", "last", "rms"):
        setattr(alone, name, np.ascontiguousarray(getattr(alone, name)[:, 1:]))
    alone.experts = np.ascontiguousarray(alone.experts[:, :, 1:])
    single, _ = run(alone)
    np.testing.assert_array_equal(single[..., 0], both[..., 1])


def test_momentum_is_learned_and_a_new_stream_has_what_its_siblings_taught() -> None:
    rng = np.random.default_rng(0)
    changes = np.zeros(2000)
    for t in range(1, 2000):
        changes[t] = 0.8 * changes[t - 1] + rng.normal()
    old = np.cumsum(changes)[:, None]
    loop = LinearLoop(8, 1, FORGETTING, PLACE)
    forecasts, _ = run(make_batch(np.zeros(2000, np.int64), old), loop)
    errors = np.abs(old[1001:, 0] - forecasts[1000:-1, 0, 0]).mean()
    assert errors < 0.7 * np.abs(np.diff(old[1000:, 0])).mean()
    newcomer, _ = run(make_batch([1, 1], np.array([[5.0], [6.0]])), loop)
    assert newcomer[0, 0, 0] == 5.0
    assert newcomer[1, 0, 0] == pytest.approx(6.8, abs=0.1)


def test_empty_cells_and_doubled_records_teach_nothing() -> None:
    values = np.arange(40.0)[:, None] ** 2
    _, loop = run(make_batch(np.zeros(40, np.int64), values, advance=[3] * 40))
    assert not loop.shared["linear_pending"].any() and not loop.shared["linear_moments"].any()
    doubled = make_batch(np.zeros(40, np.int64), values, advance=[0] * 40)
    forecasts, loop = run(doubled)
    assert not loop.shared["linear_pending"].any()
    assert (forecasts[:, 0, 0] == forecasts[0, 0, 0]).all()


def test_a_constant_stream_is_forecast_exactly() -> None:
    forecasts, _ = run(make_batch(np.zeros(300, np.int64), np.full((300, 1), 0.1), rms=1e-8))
    assert (forecasts == 0.1).all()


@pytest.mark.parametrize("scale", [1e-305, 1e-8, 1.0, 1e100])
def test_extreme_values_leave_everything_finite(scale: float) -> None:
    rng = np.random.default_rng(4)
    sizes = np.array([0.0, 1e-305, -1e-12, 1.0, -1e15, 1e100, -1e100, np.nan])
    batch = make_batch(rng.integers(0, 3, 2000), rng.choice(sizes, (2000, 2)), scale)
    forecasts, loop = run(batch)
    known = ~np.isnan(forecasts)
    assert known.mean() > 0.9 and np.isfinite(forecasts[known]).all()
    assert all(np.isfinite(values).all() for values in arrays(loop).values())


def test_moments_that_cannot_be_solved_keep_the_last_weights() -> None:
    work, weights = np.empty((LAGS, COLUMNS)), np.full(LAGS, 0.5)
    for broken in (-1e9, np.nan, np.inf):
        moments = np.zeros((LAGS, COLUMNS))
        moments[3, 3] = broken
        moments[3, LAGS] = 1.0
        assert not autoregression.solve(moments, work, weights)
        assert (weights == 0.5).all()
