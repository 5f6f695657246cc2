"""The presets: for each task the settings that matter for it, with what is to be known of each."""

from __future__ import annotations

from dataclasses import dataclass

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
    """A task, in a sentence, and its settings in the order of the file."""

    name: str
    task: str
    lines: tuple[Line, ...]


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


def _features(names: list[str], more: str) -> Line:
    return Line("events.features", names, f"Fields with the numbers that the network sees. {more} [state]")


FORECAST = Preset(
    "forecast",
    "forecasts of every stream's next values, with intervals",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        _features(["value"], "Add what helps to forecast the targets."),
        TARGETS,
        *INPUTS,
        Line(
            "forecast.horizons",
            [1, 24],
            "Steps ahead of each event that are forecast: a list that begins with 1 and "
            "rises. Take those that somebody acts on; each costs memory. [state]",
        ),
        INTERVAL,
        SEASON,
        LONG_SEASON,
        Line(
            "forecast.levels",
            [0.9],
            "Coverage of the intervals that stand with each forecast: a list, such as "
            "[0.5, 0.9]; [] for none. Take what your readers decide by. [state]",
        ),
        NO_ANOMALIES,
        MAX_LIVE,
    ),
)

ANOMALY = Preset(
    "anomaly",
    "a score for every event, and an alert where a stream does what it has not done before",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        _features(["value"], "Each is judged, and the loudest is told."),
        TARGETS,
        *INPUTS,
        Line(
            "forecast.horizons",
            [1],
            "Steps ahead of each event that are forecast. The score needs the next one alone. [state]",
        ),
        INTERVAL,
        SEASON,
        LONG_SEASON,
        Line("anomaly.enabled", True, "Whether records get an anomaly score. [state]"),
        Line(
            "anomaly.memory",
            1000,
            "Stretches of 3 or 6 events that a stream remembers, to tell whether the last ones "
            "are new. Raise it where habits come back after long; memory (32 bytes each, target and stream) and time "
            "grow with it. [state]",
        ),
        Line(
            "anomaly.threshold",
            2.6,
            "Score from which an alert is given; one more halves the alerts, one less doubles them. [state]",
        ),
        Line(
            "anomaly.warm_up",
            500,
            "Events of a stream before its first alert: all is new at first. Set it to two of the longest "
            "habits, such as two weeks of hours. [state]",
        ),
        MAX_LIVE,
    ),
)


def _label(field: str, more: str) -> tuple[Line, ...]:
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


CLASSIFY = Preset(
    "classify",
    "the class of every event, told before its own label is read",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        _features(["load", "heat"], "Never the label, nor what is known only with it."),
        BOOLEANS,
        CATEGORIES,
        Line("labels.mode", "field", "field: the label stands in the event. delayed: it comes later. [state]"),
        *_label("label", "Where it is null or not there, the event is answered and nothing learned."),
        MAX_LIVE,
    ),
)

DELAYED = Preset(
    "delayed-labels",
    "the class of every event now, learned from labels that come later as records of their own",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        _features(["load", "heat"], "Never the label, nor what is known only with it."),
        BOOLEANS,
        CATEGORIES,
        Line("labels.mode", "delayed", "delayed: labels are later records of their own. [state]"),
        Line(
            "labels.topic",
            None,
            "Topic that labels come in; null: the input topic. It needs as many partitions as the input, the same keys "
            "and one partitioner. [state]",
            spare=True,
        ),
        *_label("label", "A record that has it is a label, and no event."),
        Line(
            "labels.join",
            "id",
            "id: the label's record names its event by labels.id. time: by stream and event time. [state]",
        ),
        Line("labels.id", "id", "Field with the event's id, in the event and in its label's record. [state]"),
        Line(
            "labels.within",
            64,
            "Events of its stream after which a label is too late. Raise it to the longest wait; "
            "states are held so long, which takes memory: see `streamrnn check`. [state]",
        ),
        Line(
            "labels.dead_letters",
            True,
            "Whether late and unmatched labels become dead letters; else they are counted. [state]",
        ),
        MAX_LIVE,
    ),
)

SEQUENCE = Preset(
    "sequence-label",
    "the outcome of every sequence of events, told anew at each event and learned at its end",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        _features(["seconds", "price"], "Never the label, nor what is known only with it."),
        BOOLEANS,
        CATEGORIES,
        Line(
            "labels.mode",
            "field",
            "field: the label stands in the sequence's last event. delayed: it comes later. [state]",
        ),
        *_label("outcome", "It counts in the last event of a sequence."),
        Line("labels.sequence", True, "Whether a label belongs to its whole sequence. [state]"),
        Line("sequences.end", "end", "Field that is true in the last event of a sequence; null: none. [state]"),
        Line(
            "sequences.gap",
            None,
            "Seconds without an event that end a sequence too; null for none. Set it where ends get lost, or "
            "where nothing else marks them. [state]",
        ),
        MAX_LIVE,
    ),
)

PRESETS = {each.name: each for each in (FORECAST, ANOMALY, CLASSIFY, DELAYED, SEQUENCE)}
