"""Where in the log the client met what it cannot read."""

from __future__ import annotations

from dataclasses import dataclass

from kafka import TopicPartition
from kafka.errors import CorruptRecordError, KafkaError, UnsupportedCodecError


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Records that no client of this kind can read.

    Attributes
    ----------
    partition : whose
    offset : the first of them
    next_offset : the first one behind their batch
    """

    partition: TopicPartition
    offset: int
    next_offset: int


def unreadable(error: BaseException) -> Unreadable | None:
    """What a failed poll could not unpack; None where it failed for another reason.

    The client's error names a place only in its text, and not always: its frames know. After such an error its polls
    never return, so it must not be polled again.
    """
    if isinstance(error, KafkaError) and not isinstance(error, CorruptRecordError | UnsupportedCodecError):
        return None
    trace = error.__traceback__
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_code.co_name == "_unpack_records":
            part, batch = frame.f_locals["self"], frame.f_locals.get("batch")
            offset = part.next_fetch_offset
            behind = offset if batch is None else batch.next_offset
            return Unreadable(part.topic_partition, offset, max(behind, offset + 1))
        trace = trace.tb_next
    return None
