"""Sums from which errors are told: for each target over all events, and for each stream."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Floats, Ints

_COUNT, _ABSOLUTE, _SQUARED, _BASELINE_ABSOLUTE, _BASELINE_SQUARED, _SEEN, _SUM, _SUM_SQUARED = range(8)
_SUMS = 8


@dataclass(frozen=True, slots=True)
class Score:
    """How the forecasts of one target did, beside the last value. NaN where there is nothing to tell.

    Attributes
    ----------
    count : outcomes that had both a forecast and a last value to compare with
    mae, rmse, naive_mae, naive_rmse : in the target's unit
    skill : 1 - mae / naive_mae
    std : population standard deviation of all outcomes, scored or not
    """

    count: int
    mae: float
    rmse: float
    naive_mae: float
    naive_rmse: float
    skill: float
    std: float

    @property
    def mae_over_std(self) -> float:
        """The mean absolute error in standard deviations of the outcomes."""
        return self.mae / self.std if self.std > 0.0 else float("nan")


class Scores:
    """Prequential sums of each stream and target.

    Parameters
    ----------
    targets : how many

    Attributes
    ----------
    names : stream ids in the order in which they came
    """

    def __init__(self, targets: int) -> None:
        self._targets = targets
        self._places: dict[str, int] = {}
        self._sums: Floats = np.zeros((16, targets, _SUMS))
        self._origins: Floats = np.full((16, targets), np.nan)  # first outcomes: sums about them do not cancel
        self.names: list[str] = []

    def places(self, streams: list[str]) -> Ints:
        """int64[n]: the row of each stream, a new one for a stream not met before."""
        for name in dict.fromkeys(streams):
            if name not in self._places:
                self._places[name] = len(self.names)
                self.names.append(name)
        while len(self.names) > len(self._sums):
            self._sums = np.concatenate([self._sums, np.zeros_like(self._sums)])
            self._origins = np.concatenate([self._origins, np.full_like(self._origins, np.nan)])
        return np.fromiter(map(self._places.__getitem__, streams), np.int64, len(streams))

    def add(self, places: Ints, outcomes: Floats, errors: Floats, baseline_errors: Floats) -> None:
        """Count n rows of ``[n, targets]``; an error is NaN where it cannot be told or compared."""
        scored = np.isfinite(errors) & np.isfinite(baseline_errors)
        error = np.where(scored, errors, 0.0)
        baseline = np.where(scored, baseline_errors, 0.0)
        seen = np.isfinite(outcomes)
        self._remember_origins(places, outcomes, seen)
        shifted = np.where(seen, outcomes - self._origins[places], 0.0)
        columns = (
            scored, np.abs(error), error**2, np.abs(baseline), baseline**2, seen, shifted, shifted**2,
        )  # fmt: skip
        np.add.at(self._sums, places, np.stack(columns, axis=-1))

    def scales(self, places: Ints) -> Floats:
        """float64[n, targets]: standard deviation of the stream's outcomes so far; NaN before there are 20."""
        sums = self._sums[places]
        std = _std(sums[..., _SEEN], sums[..., _SUM], sums[..., _SUM_SQUARED])
        return np.where(sums[..., _SEEN] >= 20, std, np.nan)

    def total(self, target: int) -> Score:
        """Over all streams: errors pooled, and the deviation of all outcomes from their common mean."""
        rows = self._sums[: len(self.names), target]
        origins = self._origins[: len(self.names), target]
        known = rows[:, _SEEN] > 0
        rows, origins = rows[known], origins[known]
        if not len(rows):
            return _score(np.zeros(_SUMS), float("nan"))
        counts = rows[:, _SEEN]
        means = origins + rows[:, _SUM] / counts
        mean = np.average(means, weights=counts)
        within = _std(counts, rows[:, _SUM], rows[:, _SUM_SQUARED]) ** 2
        variance = np.average(within + (means - mean) ** 2, weights=counts)
        return _score(rows.sum(axis=0), float(np.sqrt(variance)))

    def stream(self, place: int, target: int) -> Score:
        """Of one stream."""
        sums = self._sums[place, target]
        return _score(sums, float(_std(sums[_SEEN], sums[_SUM], sums[_SUM_SQUARED])))

    def mean_mae_over_std(self, target: int) -> float:
        """Mean over the streams of each one's `Score.mae_over_std`; NaN if no stream has one."""
        sums = self._sums[: len(self.names), target]
        std = _std(sums[:, _SEEN], sums[:, _SUM], sums[:, _SUM_SQUARED])
        usable = (sums[:, _COUNT] > 0) & (std > 0.0)
        ratios = sums[usable, _ABSOLUTE] / sums[usable, _COUNT] / std[usable]
        return float(ratios.mean()) if len(ratios) else float("nan")

    def ranked(self, target: int, count: int, least: int = 20) -> tuple[list[int], list[int]]:
        """Rows of the streams with the highest and with the lowest skill, best and worst first; no stream in both.

        Parameters
        ----------
        target : which one
        count : most streams in each list
        least : scored outcomes below which a stream is left out
        """
        sums = self._sums[: len(self.names), target]
        usable = np.flatnonzero((sums[:, _COUNT] >= least) & (sums[:, _BASELINE_ABSOLUTE] > 0.0))
        order = usable[np.argsort(sums[usable, _ABSOLUTE] / sums[usable, _BASELINE_ABSOLUTE], kind="stable")].tolist()
        half = min(count, (len(order) + 1) // 2)
        worst = order[::-1][: min(count, len(order) - half)]
        return order[:half], worst

    def _remember_origins(self, places: Ints, outcomes: Floats, seen: npt.NDArray[np.bool_]) -> None:
        for target in range(self._targets):
            new = np.flatnonzero(seen[:, target] & np.isnan(self._origins[places, target]))
            fresh, first = np.unique(places[new], return_index=True)
            self._origins[fresh, target] = outcomes[new[first], target]


def _std(count: Floats, total: Floats, squared: Floats) -> Floats:
    safe = np.maximum(count, 1.0)
    variance: Floats = np.maximum(squared / safe - (total / safe) ** 2, 0.0)
    return np.sqrt(variance)


def _score(sums: Floats, std: float) -> Score:
    count = int(sums[_COUNT])
    if not count:
        nan = float("nan")
        return Score(0, nan, nan, nan, nan, nan, std)
    mae, naive = sums[_ABSOLUTE] / count, sums[_BASELINE_ABSOLUTE] / count
    return Score(
        count=count,
        mae=float(mae),
        rmse=float(np.sqrt(sums[_SQUARED] / count)),
        naive_mae=float(naive),
        naive_rmse=float(np.sqrt(sums[_BASELINE_SQUARED] / count)),
        skill=float(1.0 - mae / naive) if naive > 0.0 else float("nan"),
        std=std,
    )
