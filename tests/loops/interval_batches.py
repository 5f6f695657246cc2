"""Batches with all columns that the interval loop reads, from forecasts by the last value."""

import numpy as np
import numpy.typing as npt

from streamrnn.loops.batch import Batch
from streamrnn.loops.intervals import IntervalLoop

COLUMNS = ("low", "high", "settled_low", "settled_high")


def batch(
    outcomes: npt.ArrayLike,
    horizons: tuple[int, ...] = (1,),
    slots: npt.ArrayLike | None = None,
    advance: npt.ArrayLike | None = None,
    hidden: int = 0,
) -> Batch:
    """Records in log order: outcomes [n] or [n, T]; one stream, one step between its records, no network unless told.

    A hidden state holds the sizes of the stream's newest changes, so that there is something to learn from it.
    """
    found = np.asarray(outcomes, np.float64)
    found = found.reshape(len(found), -1)
    n, targets = found.shape
    places = np.zeros(n, np.int64) if slots is None else np.asarray(slots, np.int64)
    moves = np.ones(n, np.int64) if advance is None else np.array(advance, np.int64)
    fresh = np.zeros(n, np.bool_)
    fresh[np.unique(places, return_index=True)[1]] = True
    made = Batch(places, fresh, np.cumsum(fresh), np.arange(n) * 1.0, found, np.arange(1, n + 1))
    made.outcomes, made.advance, made.steps = found, moves, np.zeros(n, np.int64)
    made.rms = np.zeros((n, targets))
    made.forecasts, made.settled = (np.full((n, len(horizons), targets), np.nan) for _ in range(2))
    made.hidden = np.zeros((n, hidden), np.float32)
    for slot in np.unique(places):
        _fill(made, np.flatnonzero(places == slot), horizons)
    return made


def _fill(made: Batch, at: npt.NDArray[np.int64], horizons: tuple[int, ...]) -> None:
    """One stream's columns."""
    targets = made.outcomes.shape[1]
    given: dict[tuple[int, int, int], float] = {}
    last, squares, changes = np.full(targets, np.nan), np.zeros(targets), np.zeros(targets)
    state = np.zeros(made.hidden.shape[1])
    step = 0
    for i in at:
        step += 0 if made.fresh[i] else int(made.advance[i])
        made.steps[i] = step
        for k in range(targets):
            outcome = made.outcomes[i, k]
            for q, h in enumerate(horizons):
                if made.advance[i] > 0 and not np.isnan(outcome):
                    made.settled[i, q, k] = given.get((step, h, k), np.nan)
            if not np.isnan(outcome):
                if not np.isnan(last[k]):
                    changes[k] += 1
                    squares[k] += (outcome - last[k]) ** 2
                    made.rms[i, k] = np.sqrt(squares[k] / changes[k]) + 1e-8 + 1e-6 * abs(outcome)
                    if len(state):
                        state = np.append(state[1:], min(abs(outcome - last[k]) / made.rms[i, k], 1.0))
                last[k] = outcome
            if np.isnan(outcome) and changes[k]:
                made.rms[i, k] = np.sqrt(squares[k] / changes[k]) + 1e-8 + 1e-6 * abs(last[k])
            for q, h in enumerate(horizons):
                made.forecasts[i, q, k] = last[k]
                if made.advance[i] > 0 or made.fresh[i]:
                    given[step + h, h, k] = last[k]
        made.hidden[i] = state


def cut(whole: Batch, start: int, stop: int) -> Batch:
    """The records from ``start`` to ``stop`` as a batch of their own."""
    piece = slice(start, stop)
    part = Batch(*(getattr(whole, name)[piece] for name in ("slots", "fresh", "live", "times", "values", "records")))
    for name in ("outcomes", "advance", "steps", "rms", "forecasts", "settled", "hidden"):
        setattr(part, name, getattr(whole, name)[piece])
    return part


def run(loop: IntervalLoop, whole: Batch, size: int) -> dict[str, npt.NDArray[np.float64]]:
    """The loop's columns over the whole, processed in batches of ``size`` records."""
    pieces = [cut(whole, start, start + size) for start in range(0, len(whole), size)]
    for piece in pieces:
        loop.process(piece)
    return {name: np.concatenate([getattr(piece, name) for piece in pieces]) for name in COLUMNS}


def state(loop: IntervalLoop) -> dict[str, bytes]:
    """All state of the loop, to the bit."""
    return {name: values.tobytes() for name, values in (loop.slabs | loop.shared).items()}


def rough(n: int, streams: int, targets: int = 1, seed: int = 0) -> tuple[npt.NDArray[np.float64], ...]:
    """Outcomes, slots and moves of streams in random turn: missing values, empty cells, several records of one cell."""
    rng = np.random.default_rng(seed)
    outcomes = np.cumsum(rng.standard_t(3, (n, targets)), 0)
    outcomes[rng.random((n, targets)) < 0.1] = np.nan
    return outcomes, rng.integers(0, streams, n), rng.choice([0, 1, 1, 1, 1, 2, 5, 40], n)
