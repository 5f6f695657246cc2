"""What a preset is made of, and the settings that many of them have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from streamrnn.settings.keys import Value


@dataclass(frozen=True, slots=True)
class Line:
    """One setting of a preset.

    Attributes
    ----------
    key : its path
    value : where nothing better is known
    comment : what it is, its unit, and when to change it
    spare : left out where nothing was inferred for it
    """

    key: str
    value: Value
    comment: str
    spare: bool = False


def literal(value: Value) -> Value:
    """A value as the file must hold it, so that nothing in it is taken for a reference."""
    if isinstance(value, list):
        return [literal(each) for each in value]
    if isinstance(value, dict):
        return {name: literal(each) for name, each in value.items()}
    return value.replace("${", "$${") if isinstance(value, str) else value


@dataclass(frozen=True, slots=True)
class Preset:
    """A task, in a sentence, and its settings in the order of the file.

    Attributes
    ----------
    name, task : what it is called, and what comes of it
    lines : the settings
    learns : the stream's next values, or tokens; the label in the event, of a later record, or of a whole sequence
    """

    name: str
    task: str
    lines: tuple[Line, ...]
    learns: Literal["next", "field", "delayed", "sequence", "tokens"] = "next"


STREAM = Line(
    "events.stream",
    "stream",
    "Field that holds the stream's id; null takes the record's key, in Kafka. Change it to your field. [state]",
)
TIME = Line(
    "events.time",
    "time",
    "Field that holds the event time; null takes the log's own, or a line's number. Change it to your field. [state]",
)
TIME_FORMAT = Line(
    "events.time_format",
    "seconds",
    "seconds or milliseconds (since 1970), or iso8601. Change it to how your field is written. [state]",
)
TARGETS = Line(
    "events.targets",
    None,
    "Features to forecast; null forecasts all. Name a few where the others only help. [state]",
    spare=True,
)
CALENDAR = Line(
    "inputs.calendar",
    False,
    "Whether the network sees the time of day and of the week (UTC). Turn it on where people's habits show. [state]",
)
BOOLEANS = Line(
    "inputs.booleans",
    [],
    "Fields with true or false that the network sees. [state]",
    spare=True,
)
CATEGORIES = Line(
    "inputs.categories",
    {},
    "Fields with few texts, integers or booleans that the network sees: their values, or a number of buckets that many "
    "values are hashed into. Leave out what is not known when an answer is wanted. [state]",
    spare=True,
)
INPUTS = (CALENDAR, BOOLEANS, CATEGORIES)
INTERVAL = Line(
    "forecast.interval",
    None,
    "Seconds of one step of a stream; null: every event is a step. Set it where events are "
    "meant to come at equal times and some fail to. [state]",
)
SEASON = Line(
    "forecast.season",
    None,
    "Steps of one season, such as 24 for hourly values with a daily pattern; null has none. "
    "Set it if you know it; the values of a season are kept for each stream. [state]",
)
LONG_SEASON = Line(
    "forecast.long_season",
    None,
    "Steps of a longer season, such as 168 for a week of hourly values; null has none. "
    "Set it where weekdays differ. [state]",
    spare=True,
)
MAX_LIVE = Line(
    "streams.max_live",
    10_000,
    "Streams that a partition keeps; beyond, the one silent for longest makes room, and what was learned of it is "
    "lost: leave room for those to come. It bounds memory, which is only taken as streams come: see `streamrnn "
    "check`. [state]",
)
NO_ANOMALIES = Line(
    "anomaly.enabled",
    False,
    "Whether records get an anomaly score too. Turn it on at the cost of 9.7 kB a stream and target. [state]",
)


def features(names: list[str], more: str) -> Line:
    """The fields with numbers, and what is to be said of them."""
    return Line("events.features", names, f"Fields with the numbers that the network sees. {more} [state]")


def label(field: str, more: str) -> tuple[Line, ...]:
    """The label's field and kind, and what is to be said of them."""
    return (
        Line("labels.field", field, f"Field that holds the label. {more} [state]"),
        Line("labels.kind", "class", "class: text, whole number or true and false. number: a quantity. [state]"),
        Line(
            "labels.classes",
            None,
            "The classes, as a list; null finds them in the stream, up to labels.max_classes. "
            "List them where a new one must be a dead letter. [state]",
        ),
    )
