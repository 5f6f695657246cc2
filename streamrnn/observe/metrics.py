"""All metrics that a daemon with certain settings has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from streamrnn.observe.families import Families
from streamrnn.observe.labels import LabelSensor
from streamrnn.observe.latency import LatencySensor
from streamrnn.observe.limits import LimitSensor
from streamrnn.observe.prometheus import PrometheusSensor
from streamrnn.observe.sensor import Sensor
from streamrnn.observe.tokens import TokenSensor

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


@dataclass(frozen=True, slots=True)
class Metrics:
    """Metrics, and the sensors that count for them."""

    families: Families
    sensors: tuple[Sensor, ...]


def metrics_of(settings: Settings, build: Mapping[str, str]) -> Metrics:
    """The metrics that these settings ask for; what is turned off has no series, so that no rule sees it stand still.

    Parameters
    ----------
    settings : the daemon's settings
    build : what ``streamrnn_build_info`` states
    """
    families = Families()
    window = settings.scoring.window
    sensors: list[Sensor] = [
        PrometheusSensor(
            settings.target_names, settings.horizons, build, window,
            families=families, learns=settings.model.kind == "network",
        ),
        LatencySensor(families, timed=settings.transport.kind == "kafka"),
        LimitSensor(families, settings),
    ]  # fmt: skip
    if settings.learns_labels:
        sensors.append(LabelSensor(families, settings.labels.kind == "class", window))
    if settings.learns_tokens:
        sensors.append(TokenSensor(families, window))
    return Metrics(families, tuple(sensors))
