"""Mean error over the run, in a bounded number of bins."""

import numpy as np

from streamrnn.events.columns import Floats


class Timeline:
    """Bins of equally many events; when they are full, two become one.

    Parameters
    ----------
    targets : how many
    bins : most bins (even)
    width : events of a bin at the start

    Attributes
    ----------
    events : counted so far
    width : events of a bin now
    """

    def __init__(self, targets: int, bins: int = 200, width: int = 50) -> None:
        self._sums: Floats = np.zeros((bins, targets, 3))  # count, error, error of the last value
        self.events = 0
        self.width = width

    def add(self, errors: Floats, baseline_errors: Floats) -> None:
        """Count the next n events, ``[n, targets]`` each; NaN where an error cannot be told or compared."""
        scored = np.isfinite(errors) & np.isfinite(baseline_errors)
        columns = (scored, np.abs(np.where(scored, errors, 0.0)), np.abs(np.where(scored, baseline_errors, 0.0)))
        while self.events + len(errors) > len(self._sums) * self.width:
            self._double()
        bins = (self.events + np.arange(len(errors))) // self.width
        np.add.at(self._sums, bins, np.stack(columns, axis=-1))
        self.events += len(errors)

    def means(self, target: int) -> tuple[Floats, Floats, Floats]:
        """Middle of each bin (in events), mean absolute error in it, and that of the last value; NaN if empty."""
        used = -(-self.events // self.width)
        sums = self._sums[:used, target]
        count = np.where(sums[:, 0] > 0, sums[:, 0], np.nan)
        ends = np.minimum(np.arange(1, used + 1) * self.width, self.events)
        middles = (np.arange(used) * self.width + ends) / 2.0
        return middles, sums[:, 1] / count, sums[:, 2] / count

    def _double(self) -> None:
        half = self._sums[0::2] + self._sums[1::2]
        self._sums = np.concatenate([half, np.zeros_like(half)])
        self.width *= 2
