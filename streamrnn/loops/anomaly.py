"""The loop that judges how anomalous each record is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import Anomalies, Floats, Ints
from streamrnn.loops.base import ALL, Array, Columns, rows
from streamrnn.loops.batch import Batch
from streamrnn.rows import anomaly as at


class AnomalyLoop:
    """Novelty of a stream's last stretch, turned into a score, and alerts that are sparing.

    Two detectors, of blocks of 3 events until a stream has had 3,500 and of 6 after, tell how far the last 10 blocks
    are from all that is remembered (``kernels.novelty``). The score sets that against its usual spread, the stream's
    age and how long nothing was as new (``kernels.anomaly``). An alert silences the next 20 to 300 events, 5 % of those
    that the stream has had.

    Only records that bring an outcome and move their stream's grid count: a record without, or a further record of the
    same cell (advance 0), closes no block and is answered with NaN. Empty cells before a record leave no block. An
    outcome without a pending forecast counts as an error of 0 in its block. Novelty is not cause: a stream that
    changes for good is new once, and its alert says no more than that.

    Parameters
    ----------
    streams : rows of every slab
    targets : T
    memory : blocks that are remembered of each detector, 10 and 10 more are compared. The fine detector, which retires,
        needs no more than 1,166
    threshold : of the score; one more halves the alerts
    warm_up : events of a stream before its first alert, as nearly all is new at first

    Attributes
    ----------
    slabs : "anomaly_accounts" float64, "anomaly_tallies" int64, "anomaly_peak_heights" float32 and
        "anomaly_peak_times" int64 (peaks of earlier distances), "anomaly_histograms" float32 (of errors),
        "anomaly_rings" float32 (blocks); 9.7 kB a stream and target with a
        memory of 250, 52 kB with 2,000

    Raises
    ------
    ValueError
        If the memory is below 40 blocks: the newest 10 would have too few others to be compared with.
    """

    def __init__(
        self, streams: int, targets: int, memory: int = 250, threshold: float = 2.6, warm_up: int = 500
    ) -> None:
        if memory < at.YOUNG:
            raise ValueError(f"anomaly.memory is {memory}: at least {at.YOUNG} blocks are needed")
        needed = at.FINE_UNTIL // at.SIZES[0]
        lengths = (min(memory + at.WINDOW, needed), memory + at.WINDOW)
        widths = [at.PARTS * (length + at.WINDOW - 1) for length in lengths]
        self._edges = np.cumsum([0, *widths])
        self._threshold = threshold
        self._warm_up = warm_up
        self.slabs: dict[str, Array] = {
            "anomaly_accounts": rows(streams, targets * at.TARGET_FIELDS),
            "anomaly_tallies": rows(streams, targets * at.TARGET_COUNTS, np.int64),
            "anomaly_peak_heights": rows(streams, targets * at.TARGET_PEAKS, np.float32),
            "anomaly_peak_times": rows(streams, targets * at.TARGET_PEAKS, np.int64),
            "anomaly_histograms": rows(streams, targets * at.BINS, np.float32),
            "anomaly_rings": rows(streams, targets * sum(widths), np.float32),
        }
        self.shared: dict[str, Array] = {}
        self.learned: dict[str, Columns] = dict.fromkeys(self.slabs, ALL)

    @classmethod
    def from_settings(cls, settings: Any) -> AnomalyLoop:
        """The loop that these settings ask for."""
        chosen = settings.anomaly
        targets = len(settings.events.target_names)
        return cls(settings.streams.max_live, targets, chosen.memory, chosen.threshold, chosen.warm_up)

    def process(self, batch: Batch) -> None:
        """Judge the batch's records by its outcomes and settled forecasts."""
        batch.anomalies = self.judge(batch.slots, batch.fresh, batch.advance, batch.outcomes, batch.settled)

    def judge(
        self, slots: Ints, fresh: npt.NDArray[np.bool_], advance: Ints, outcomes: Floats, settled: Floats
    ) -> Anomalies:
        """Judge n records in log order, given the columns of a `Batch` that matter here."""
        from streamrnn.kernels import anomaly

        found = _room(*outcomes.shape)
        anomaly.process(
            slots, fresh, advance, outcomes, settled,
            found.scores, found.novelties, found.tails, found.alerts, found.loudest,
            self._edges, self._threshold, self._warm_up, *self.slabs.values(),
        )  # fmt: skip
        return found


def _room(n: int, targets: int) -> Anomalies:
    scores, novelties, tail = np.empty((3, n, targets))
    return Anomalies(scores, novelties, tail, np.empty((n, targets), np.bool_), np.empty(n, np.int64))
