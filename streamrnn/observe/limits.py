"""What the settings allow and ask for, as numbers that rules and the board hold the rest against."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn import memory
from streamrnn.events.columns import Partition
from streamrnn.loops.chain import bytes_per_stream
from streamrnn.observe.families import Families
from streamrnn.observe.sensor import BatchReport, Sensor

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


class LimitSensor(Sensor):
    """Tells bounds, and how much of the streams' memory is taken.

    Parameters
    ----------
    families : where the metrics go
    settings : whose bounds are told
    """

    def __init__(self, families: Families, settings: Settings) -> None:
        self._settings = settings
        self._stream_bytes = sum(bytes_per_stream(settings).values()) + memory.INDEX_BYTES
        self._live: dict[Partition, int] = {}
        self._streams_max = families.gauge(
            "streams_max", "Streams that the partitions held may have: streams.max_live for each."
        )
        self._state_bytes = families.gauge(
            "state_bytes", "Memory of the live streams: as many as there are, each as `streamrnn check` foretells."
        )
        self._needed = families.gauge(
            "memory_needed_bytes", "Memory that the partitions held come to need with all the streams they may have."
        )
        families.gauge(
            "memory_limit_bytes", "Memory that may be used: daemon.memory_limit, or what the container or machine has."
        ).set(memory.limit(settings))
        if settings.transport.kind != "standard":
            interval = families.gauge(
                "snapshot_interval_seconds", "Time between snapshots of a partition: snapshots.every_seconds."
            )
            interval.set(settings.snapshots.every_seconds)
        self._tell_levels(families)

    def on_streams(self, partition: Partition, live: int) -> None:
        self._live[partition] = live
        self._state_bytes.set(sum(self._live.values()) * self._stream_bytes)

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        self.on_streams(partition, report.live_streams)

    def on_assignment(self, partition: Partition, assigned: int, event: str) -> None:
        self._streams_max.set(assigned * self._settings.streams.max_live)
        self._needed.set(memory.needed(self._settings, assigned) if assigned else 0)
        if event != "assigned":
            self._live.pop(partition, None)
            self._state_bytes.set(sum(self._live.values()) * self._stream_bytes)

    def _tell_levels(self, families: Families) -> None:
        """Numbers that stand in labels too, where a rule cannot count with them."""
        learns_else = self._settings.learns_labels or self._settings.learns_tokens
        if learns_else or self._settings.model.kind == "none":
            return
        of = families.gauge("interval_level", "The share of outcomes that an interval is to hold.", "level")
        for level in self._settings.forecast.levels:
            of.labels(str(level)).set(level)
        steps = families.gauge("horizon_steps", "How many steps ahead a horizon is.", "horizon")
        for horizon in self._settings.horizons:
            steps.labels(str(horizon)).set(horizon)
        if self._settings.model.head == "quantiles":
            share = families.gauge("quantile_share", "The share of outcomes to fall below a quantile.", "share")
            for quantile in self._settings.model.quantiles:
                share.labels(str(quantile)).set(quantile)
