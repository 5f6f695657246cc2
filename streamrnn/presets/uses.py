"""Presets for what recurrent networks are known for beside forecasts: handwriting, and the sounds of speech."""

from __future__ import annotations

from streamrnn.presets.lines import (
    BOOLEANS,
    CATEGORIES,
    MAX_LIVE,
    STREAM,
    TIME,
    TIME_FORMAT,
    Line,
    Preset,
    features,
    label,
)

_NO_HINT = Line(
    "labels.last",
    False,
    "Whether the label before helps to tell the next one. Leave it off where there will be none when answers count. "
    "[state]",
)


def _hidden(size: int, more: str) -> Line:
    text = f"Hidden units, a multiple of 4. More can learn more, and cost time and memory. {more} [state]"
    return Line("model.hidden_size", size, text)


STROKES = Preset(
    "strokes",
    "the symbol that a pen draws, told anew at each movement and learned at its end",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        features(["dx", "dy"], "Movements, and not places: a symbol is the same wherever it is drawn."),
        Line("inputs.booleans", ["pen"], "Fields with true or false that the network sees, such as touch. [state]"),
        CATEGORIES,
        Line(
            "labels.mode",
            "field",
            "field: the label stands in the symbol's last event. delayed: it comes later. [state]",
        ),
        *label("label", "It counts in the last event of a symbol; where it is null, nothing is learned."),
        Line("labels.sequence", True, "Whether a label belongs to a whole sequence of events, here a symbol. [state]"),
        Line(
            "labels.running",
            0.05,
            "Weight in learning of the answers before the last one, which has 1. Raise it where they matter more; 0 "
            "where only the last one counts. [state]",
        ),
        _NO_HINT,
        Line("sequences.end", "last", "Field that is true in the last event of a symbol; null: none. [state]"),
        Line(
            "sequences.gap",
            None,
            "Seconds without an event that end a symbol too; null for none. Set it where nothing else marks the end. "
            "[state]",
        ),
        _hidden(64, "32 do for ten symbols, and learn them in twice the time."),
        Line(
            "model.k2",
            32,
            "Events that a learning pass goes back (1 to 256): as many as a symbol has, for each is learned by one. "
            "[state]",
        ),
        Line(
            "model.learning_rate",
            0.01,
            "Step size of the optimiser. Five times the usual, for there is one label in many events; lower it if "
            "answers jump. [state]",
        ),
        MAX_LIVE,
    ),
    "sequence",
)

FRAMES = Preset(
    "frames",
    "the symbol that every frame of a signal is part of, as with the sounds of speech",
    (
        STREAM,
        TIME,
        TIME_FORMAT,
        features([f"b{number}" for number in range(1, 9)], "Such as the logarithm of the energy in each band."),
        BOOLEANS,
        CATEGORIES,
        Line("labels.mode", "field", "field: the label stands in the frame. delayed: it comes later. [state]"),
        *label("label", "Where it is null or not there, the frame is answered and nothing learned."),
        _NO_HINT,
        _hidden(64, "16, 32 and 64 were right in .79, .82 and .84 of the made-up frames."),
        Line(
            "model.lookahead",
            0,
            "Frames that an answer waits for: what comes tells more than what was. 5 are worth .08 of right answers on "
            "the made-up frames; 0 answers at once. [state]",
        ),
        MAX_LIVE,
    ),
    "field",
)
