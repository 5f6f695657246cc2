"""The presets: for each task the settings that matter for it, with what is to be known of each."""

from __future__ import annotations

from streamrnn.presets.lines import (
    BOOLEANS,
    CATEGORIES,
    INPUTS,
    INTERVAL,
    LONG_SEASON,
    MAX_LIVE,
    NO_ANOMALIES,
    SEASON,
    STREAM,
    TARGETS,
    TIME,
    TIME_FORMAT,
    Line,
    Preset,
    features,
    label,
)
from streamrnn.presets.token_templates import TOKEN_PRESETS
from streamrnn.presets.uses import FRAMES, STROKES

FORECAST = Preset(
    "forecast",
    "forecasts of every stream's next values, with intervals",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        features(["value"], "Add what helps to forecast the targets."),
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
        features(["value"], "Each is judged, and the loudest is told."),
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

CLASSIFY = Preset(
    "classify",
    "the class of every event, told before its own label is read",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        features(["load", "heat"], "Never the label, nor what is known only with it."),
        BOOLEANS,
        CATEGORIES,
        Line("labels.mode", "field", "field: the label stands in the event. delayed: it comes later. [state]"),
        *label("label", "Where it is null or not there, the event is answered and nothing learned."),
        MAX_LIVE,
    ),
    "field",
)

DELAYED = Preset(
    "delayed-labels",
    "the class of every event now, learned from labels that come later as records of their own",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        features(["load", "heat"], "Never the label, nor what is known only with it."),
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
        *label("label", "A record that has it is a label, and no event."),
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
    "delayed",
)

SEQUENCE = Preset(
    "sequence-label",
    "the outcome of every sequence of events, told anew at each event and learned at its end",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        features(["seconds", "price"], "Never the label, nor what is known only with it."),
        BOOLEANS,
        CATEGORIES,
        Line(
            "labels.mode",
            "field",
            "field: the label stands in the sequence's last event. delayed: it comes later. [state]",
        ),
        *label("outcome", "It counts in the last event of a sequence."),
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
    "sequence",
)

_ALL = (FORECAST, ANOMALY, CLASSIFY, DELAYED, SEQUENCE, STROKES, FRAMES, *TOKEN_PRESETS)
PRESETS = {each.name: each for each in _ALL}
