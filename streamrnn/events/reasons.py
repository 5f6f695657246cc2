"""Why a record is refused: the codes that dead letters and metrics carry, each with its explanation."""

from typing import Final

NOT_JSON: Final = "not_json"
NOT_OBJECT: Final = "not_object"
TOO_LARGE: Final = "too_large"
TOO_DEEP: Final = "too_deep"
NO_STREAM: Final = "no_stream"
BAD_STREAM: Final = "bad_stream"
STREAM_TOO_LONG: Final = "stream_too_long"
NO_TIME: Final = "no_time"
BAD_TIME: Final = "bad_time"
NOT_A_NUMBER: Final = "not_a_number"
OUT_OF_RANGE: Final = "out_of_range"
DUPLICATE: Final = "duplicate"
LATE: Final = "late"
AHEAD: Final = "ahead"
BAD_LABEL: Final = "bad_label"
BAD_ID: Final = "bad_id"
BAD_END: Final = "bad_end"
BAD_BOOLEAN: Final = "bad_boolean"
BAD_CATEGORY: Final = "bad_category"
BAD_TOKENS: Final = "bad_tokens"
TOO_MANY_TOKENS: Final = "too_many_tokens"
NO_ID: Final = "no_id"
NO_LABEL: Final = "no_label"
UNKNOWN_CLASS: Final = "unknown_class"
TOO_MANY_CLASSES: Final = "too_many_classes"
LATE_LABEL: Final = "late_label"
UNMATCHED_LABEL: Final = "unmatched_label"

#: Every code with one line on what it means; the codes are a closed set, so they are safe as a metric's label.
EXPLANATIONS: Final[dict[str, str]] = {
    NOT_JSON: "the value is not JSON in UTF-8 (NaN and Infinity are not JSON)",
    NOT_OBJECT: "the value is JSON but not an object",
    TOO_LARGE: "the value is longer than events.max_bytes",
    TOO_DEEP: "the value nests deeper than any honest record",
    NO_STREAM: "the stream id is missing, null or empty",
    BAD_STREAM: "the stream id is neither text nor an integer, or the key is not UTF-8",
    STREAM_TOO_LONG: "the stream id is longer than events.max_key_bytes",
    NO_TIME: "the event time is missing or null, and the log has none",
    BAD_TIME: "the event time is not written as events.time_format says, or lies thousands of years away",
    NOT_A_NUMBER: "a feature is neither a number nor null",
    OUT_OF_RANGE: "a feature's absolute value is above events.max_magnitude",
    DUPLICATE: "a field stands twice, once with a wrong type",
    LATE: "the event is older than its stream's newest by more than events.late_by",
    AHEAD: "the event is further ahead of the shard's clock than events.max_ahead",
    BAD_LABEL: "the label is not of its kind: a number; or as a class a short text, an integer or a boolean",
    BAD_ID: "the id is neither text nor an integer",
    BAD_END: "the field of sequences.end is no boolean",
    BAD_BOOLEAN: "a field of inputs.booleans is neither true nor false nor null",
    BAD_CATEGORY: "a field of inputs.categories is neither text nor an integer nor a boolean nor null",
    BAD_TOKENS: "the field of tokens.field is not what tokens.of says: a text, or a list of texts, integers, booleans",
    TOO_MANY_TOKENS: "the event has more tokens than tokens.most",
    NO_ID: "a label without an id tells not which event it is of",
    NO_LABEL: "a record of the labels' topic has no label",
    UNKNOWN_CLASS: "the label is not among labels.classes",
    TOO_MANY_CLASSES: "the label would be one class more than labels.max_classes",
    LATE_LABEL: "the label came more than labels.within events of its stream after its event",
    UNMATCHED_LABEL: "the label fits no event of its stream that awaits one",
}


class Refused(Exception):
    """A record that does not become an event.

    Parameters
    ----------
    reason : one of the codes of this file
    message : what is wrong with this record, for the person who reads the dead letter
    """

    def __init__(self, reason: str, message: str = "") -> None:
        self.reason = reason
        self.message = message or EXPLANATIONS[reason]
        super().__init__(self.message)


def bad_time(problem: str) -> Refused:
    """A time that cannot be read as the settings say, with the remedy."""
    remedy = "Set events.time_format to how it is written: seconds, milliseconds or iso8601"
    return Refused(BAD_TIME, f"{problem}. {remedy}")
