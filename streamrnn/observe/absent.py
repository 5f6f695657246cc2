"""Features that no event brings: a setting that names another field than the events have."""

import logging
from collections import Counter
from collections.abc import Sequence

import numpy as np

from streamrnn.events.columns import Events, Partition
from streamrnn.observe.sensor import Sensor

_logger = logging.getLogger(__name__)


class AbsentFeatureSensor(Sensor):
    """Warns, once for each feature, where no event of a partition has had it.

    An event may lack any feature, so this is judged after a while: after ``enough`` events of the partition, or when
    all that there are were read.

    Parameters
    ----------
    features : names of the features, in the order of their columns
    enough : events after which a feature should have been there
    """

    def __init__(self, features: Sequence[str], enough: int = 1000) -> None:
        self._absent = dict(enumerate(features))  # those that no event has had yet, by column
        self._enough = enough
        self._seen: Counter[Partition] = Counter()

    def on_events(self, partition: Partition, events: Events) -> None:
        if not self._absent:
            return
        values = events.features[~events.ends]  # a tombstone has none
        self._seen[partition] += len(values)
        for column in np.flatnonzero(np.isfinite(values).any(axis=0)).tolist():
            self._absent.pop(column, None)
        if self._seen[partition] >= self._enough:
            self._tell(partition)

    def on_lag(self, partition: Partition, records: int | None, seconds: float | None) -> None:
        if records == 0 and self._absent and self._seen[partition]:
            self._tell(partition)

    def _tell(self, partition: Partition) -> None:
        for name in self._absent.values():
            _logger.warning(
                "no event so far has this feature: compare events.features with the fields of the events",
                extra={"feature": name, "partition": str(partition), "events": self._seen[partition]},
            )
        self._absent = {}
