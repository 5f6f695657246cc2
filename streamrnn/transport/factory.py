"""From settings to the log they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streamrnn.transport.base import Transport, TransportError, TwoTopics

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings


def open_transport(settings: Settings) -> Transport:
    """The log that ``transport.kind`` names.

    Raises
    ------
    TransportError
        It cannot be opened; the message names the remedy.
    """
    chosen = settings.transport
    if chosen.kind == "standard":
        from streamrnn.transport.standard import StandardInput

        return StandardInput(poll_records=settings.poll_records, letter_bytes=settings.events.max_bytes)
    if chosen.kind == "kafka":
        try:
            from streamrnn.transport.kafka.log import KafkaLog
        except ModuleNotFoundError as error:
            raise TransportError(f"kafka-python is not installed ({error}): pip install '.[kafka]'") from error
        log: TwoTopics = KafkaLog(settings)
    else:
        from streamrnn.transport.directory import DirectoryLog

        log = DirectoryLog(
            chosen.path, chosen.only_input, chosen.predictions, chosen.dead_letters,
            poll_records=settings.poll_records,
            letter_bytes=settings.events.max_bytes,
            labels=settings.labels.topic,
            journal=settings.journal_topic,
        )  # fmt: skip
    if settings.labels.topic is None:
        return log
    from streamrnn.events.moments import Moments
    from streamrnn.transport.paired import PairedLog

    return PairedLog(log, chosen.only_input, settings.labels.topic, Moments(settings.events))
