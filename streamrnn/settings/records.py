"""Settings of what records hold: events, labels, ends of sequences."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from streamrnn.settings.section import Name, Section
from streamrnn.settings.topics import topic_field

LONGEST_CLASS = 256  # bytes of UTF-8


class Events(Section):
    """How a record becomes an event, and which records are refused."""

    stream: str | None = Field(
        default="stream", min_length=1, description="Field that holds the stream's id. null: the record's key."
    )
    time: str | None = Field(
        default="time",
        min_length=1,
        description="Field that holds the event time. null: the record's own timestamp, or its number in the log.",
    )
    time_format: Literal["seconds", "milliseconds", "iso8601"] = Field(
        default="seconds",
        description="How the time field is written: seconds or milliseconds since 1970, or ISO 8601 text.",
    )
    features: tuple[Name, ...] = Field(
        default=("value",),
        strict=False,
        max_length=256,
        description="Fields with the numbers that the network sees.",
    )
    targets: tuple[Name, ...] | None = Field(
        default=None,
        strict=False,
        min_length=1,
        description="The features to forecast, in this order. null: all of them.",
    )
    withheld: tuple[Name, ...] = Field(
        default=(),
        strict=False,
        description="Features that the network is not shown: targets to be told from the other fields alone.",
    )
    max_bytes: int = Field(default=65_536, ge=2, le=16_777_216, description="Largest value of a record, in bytes.")
    max_key_bytes: int = Field(default=256, ge=1, le=65_536, description="Longest stream id, in bytes of UTF-8.")
    max_magnitude: float = Field(
        default=1e15, gt=0, le=1e100, description="Largest absolute value of a feature, in the feature's own unit."
    )
    late: Literal["process", "drop"] = Field(
        default="process",
        description="What becomes of an event older than its stream's newest: process it as it comes, or drop it.",
    )
    late_by: float = Field(
        default=0.0,
        ge=0,
        description="Seconds that an event may be older than its stream's newest before late: drop drops it.",
    )
    max_ahead: float | None = Field(
        default=None,
        gt=0,
        description="Seconds that an event may be ahead of the shard's clock; beyond, a dead letter. null: any.",
    )

    @property
    def target_names(self) -> tuple[str, ...]:
        """The features to forecast, written out."""
        return self.features if self.targets is None else self.targets


class Labels(Section):
    """What is learned and told, where that is not the stream's own future."""

    mode: Literal["next", "field", "delayed"] = Field(
        default="next",
        description="next: the stream's own next values. field: a label that stands in the event itself. delayed: a "
        "label that comes later, as a record of its own.",
    )
    topic: str | None = topic_field(
        default=None,
        description="Topic that delayed labels come in, with as many partitions as the input and the same keys. "
        "null: the input topic.",
    )
    journal: str | None = topic_field(
        default=None,
        description="Topic that tells how events and labels of two topics interleaved. null: kafka.group_id, in a "
        "directory log labels.topic, with -journal behind it.",
    )
    field: Name = Field(default="label", description="Field that holds the label.")
    kind: Literal["class", "number"] = Field(
        default="class", description="class: one of a few texts, integers or booleans. number: a number."
    )
    classes: tuple[Name, ...] | None = Field(
        default=None,
        strict=False,
        min_length=2,
        max_length=100,
        json_schema_extra={"allowed": "a list of 2 to 100 texts, or null"},
        description="The classes there are, as text. null: those that come, in the order in which they come.",
    )
    max_classes: int = Field(default=16, ge=2, le=100, description="Classes that are found at most.")
    last: bool = Field(
        default=True,
        description="Whether the last known label of its stream helps to tell an event's: the network sees it, and it "
        "is an expert and the baseline. false: none of it; the most frequent class is the baseline.",
    )
    join: Literal["id", "time"] = Field(
        default="id", description="What a delayed label and its event have in common: an id, or stream and event time."
    )
    id: Name = Field(default="id", description="Field that holds the id, in events and in labels.")
    within: int = Field(
        default=64, ge=1, le=10_000, description="Events of its stream after which a delayed label is still learned."
    )
    dead_letters: bool = Field(
        default=False, description="Whether delayed labels that are late, or of no event, become dead letters."
    )
    sequence: bool = Field(
        default=False,
        description="Whether a label is of a whole sequence: it stands in the last event, or is the newest in a "
        "sequence that silence ended.",
    )
    running: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Weight in learning of a sequence's answers on the way, as far as a learning pass goes back; that "
        "of its last answer is 1.",
    )

    @property
    def most_classes(self) -> int:
        """Most classes there can be; 0 where labels are numbers."""
        if self.kind == "number":
            return 0
        return self.max_classes if self.classes is None else len(self.classes)


class Sequences(Section):
    """Where a stream's sequences end: its hidden state and window begin anew behind that."""

    end: Name | None = Field(default=None, description="Field that is true in a sequence's last event. null: none.")
    gap: float | None = Field(
        default=None, gt=0, description="Seconds without an event that end a sequence. null: no silence does."
    )
    record: bool = Field(default=False, description="Whether each event is a sequence of its own, such as a sentence.")

    @property
    def used(self) -> bool:
        """Whether there are any."""
        return self.record or self.end is not None or self.gap is not None
