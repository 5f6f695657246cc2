"""The presets of streams of tokens."""

from __future__ import annotations

from streamrnn.presets.lines import MAX_LIVE, STREAM, TIME, TIME_FORMAT, Line, Preset

_NO_FEATURES = Line("events.features", [], "Fields with numbers: none, as events are tokens. [state]")
_ROOM = Line("streams.max_live", 1000, MAX_LIVE.comment)


def _field(name: str, of: str, vocabulary: int, more: str) -> tuple[Line, ...]:
    return (
        Line("tokens.field", name, f"Field that holds the tokens. {more} [state]"),
        Line(
            "tokens.of",
            of,
            "characters, bytes or words of a text; items of a list; sets: items of a list that come at once. [state]",
        ),
        Line(
            "tokens.vocabulary",
            vocabulary,
            "How many tokens are told apart, or a list of them. Raise it for more words: each costs memory in every "
            "stream, see `streamrnn check`. [state]",
        ),
    )


def _network(hidden: int, k1: int, k2: int, rate: float = 0.003) -> tuple[Line, ...]:
    return (
        Line("model.hidden_size", hidden, "Hidden units. More can learn more, and cost time and memory. [state]"),
        Line("model.k1", k1, "Tokens between two learning passes, at most k2. Lower it to learn sooner. [state]"),
        Line("model.k2", k2, "Tokens that a learning pass goes back. Raise it to a sequence's length. [state]"),
        Line("model.learning_rate", rate, "Step size of the optimiser. Lower it if errors jump. [state]"),
    )


_END = Line(
    "sequences.end", "last", "Field that is true in the last event of a sequence; null where texts go on. [state]"
)
_EACH = Line("sequences.record", True, "Whether each event is a sequence of its own. [state]")

_MARKER = Line(
    "tokens.marker",
    "|",
    "Token behind which the answer stands: whether each was foretold exactly is told and counted. [state]",
)

TEXT = Preset(
    "text",
    "the next letters or words of every stream of text, and how much of a surprise each text was",
    (
        STREAM, TIME, TIME_FORMAT, _NO_FEATURES, *_field("text", "characters", 256, "Each event brings some of it."),
        *_network(64, 8, 24), _ROOM,
    ),
    "tokens",
)  # fmt: skip

SENTIMENT = Preset(
    "sentiment",
    "what a sentence means, as the word behind a marker; learned when that word comes",
    (
        STREAM, TIME, TIME_FORMAT, _NO_FEATURES, *_field("text", "words", 1000, "It ends with the marker."), _MARKER,
        _END, *_network(64, 8, 32, 0.006), _ROOM,
    ),
    "tokens",
)  # fmt: skip

TRANSLATE = Preset(
    "translate",
    "texts that answer texts, such as translations: source, marker and target in one event",
    (
        STREAM, TIME, TIME_FORMAT, _NO_FEATURES, *_field("text", "words", 1000, "The answer stands behind the marker."),
        _MARKER, _EACH, *_network(64, 16, 32, 0.006), _ROOM,
    ),
    "tokens",
)  # fmt: skip

MUSIC = Preset(
    "music",
    "the notes of the next beat, several at once",
    (
        STREAM, TIME, TIME_FORMAT, _NO_FEATURES, *_field("notes", "sets", 128, "A list of notes for each beat."),
        Line("tokens.most", 16, "Notes of a beat at most; more make a dead letter. [state]"), _END,
        *_network(64, 4, 16), _ROOM,
    ),
    "tokens",
)  # fmt: skip

HANDWRITING = Preset(
    "handwriting",
    "what a pen draws next: symbols and their movements as words, gone on with or drawn on request",
    (
        STREAM, TIME, TIME_FORMAT, _NO_FEATURES,
        *_field("path", "words", 64, "The symbol, then a word for each movement."), _EACH,
        Line("model.cell", "lstm", "Cell of the network. gru is quicker, and draws a little worse. [state]"),
        *_network(64, 16, 32, 0.006), _ROOM,
    ),
    "tokens",
)  # fmt: skip

TOKEN_PRESETS = (TEXT, SENTIMENT, TRANSLATE, MUSIC, HANDWRITING)
