"""The topics as the brokers know them: looked at before each start, made on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import CHECK, connection, reached, refused

if TYPE_CHECKING:
    from streamrnn.settings.logs import Kafka
    from streamrnn.settings.schema import Settings

RECORD_BYTES = 1 << 20  # what a topic must take in one record: a piece of a snapshot with its key and frame

# Of the topic of snapshots. A pruned snapshot goes once the cleaner runs, which leaves the newest segment alone and
# waits until the part written since its last run is large enough. At the brokers' own 1 GiB and a half, a topic of
# small snapshots would hold thousands of dead ones, and a start reads all that is there.
SNAPSHOTS = {
    "cleanup.policy": "compact",
    "segment.bytes": str(1 << 26),
    "min.cleanable.dirty.ratio": "0.2",  # three live ones and a new one: a run for about each that is written
    "min.compaction.lag.ms": "0",
    "max.message.bytes": str(RECORD_BYTES + 12),  # Kafka's own default, where the brokers were set lower
}

# Of the topic that tells how two inputs interleaved, beside a retention as long as theirs: without either there is no
# replay.
JOURNAL = {"cleanup.policy": "delete", "retention.bytes": "-1"}
KEEPS_ALL = "-1"  # as retention.ms


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is.

    Attributes
    ----------
    name : its name
    identity : the brokers' own id, which a topic made anew under the same name does not share
    partitions : how many it has
    record_bytes : of the largest batch of records that it takes, where that was asked
    """

    name: str
    identity: str
    partitions: int
    record_bytes: int = RECORD_BYTES

    @property
    def log_identity(self) -> str:
        """Of a log made of it: with more partitions keys go elsewhere, so that it is another log."""
        return f"{self.identity}/{self.partitions}"


def describe(settings: Settings) -> dict[str, Topic]:
    """The topics to read from and to write to, by name.

    Raises
    ------
    TransportError
        One is missing, the input or the journal is compacted or the snapshots' is not, those of labels and the journal
        have other partitions than the input, or the brokers do not answer.
    """
    chosen = settings.transport
    with _admin(settings.kafka) as admin:
        outputs = _outputs(settings)
        found = _existing(admin, [*settings.input_topics, *outputs])
        _refuse_no_input(settings, found)
        for name in outputs:
            if name not in found:
                raise TransportError(
                    f"there is no topic {name}: `streamrnn topics create` makes it as it should be", "missing"
                )
        for name in (*settings.input_topics, *([settings.journal_topic] if settings.journal_topic else [])):
            if "compact" in _configuration(admin, name).get("cleanup.policy", ""):
                raise TransportError(
                    f"topic {name} is compacted, so that a replay would not see what was processed: set its "
                    "cleanup.policy to delete, or name another topic"
                )
        _refuse_unequal(settings, found)
        for name in (chosen.predictions, chosen.dead_letters):
            most = int(_configuration(admin, name).get("max.message.bytes", RECORD_BYTES))
            found[name] = replace(found[name], record_bytes=most)
        if settings.snapshot_store == "kafka":
            _refuse_unfit(settings.snapshot_topic, _configuration(admin, settings.snapshot_topic))
    return found


def refuse_no_input(settings: Settings) -> None:
    """Raise ``TransportError`` where an input topic is missing, or the brokers do not answer."""
    with _admin(settings.kafka) as admin:
        _refuse_no_input(settings, _existing(admin, list(settings.input_topics)))


def create(settings: Settings, replicas: int, input_partitions: int | None = None) -> list[Topic]:
    """Make the topics to write to that are missing, with as many partitions as the largest input has.

    Parameters
    ----------
    settings : where the brokers are, and the topics' names
    replicas : copies of each partition; -1 takes the brokers' default
    input_partitions : of input topics, which are made too where they are missing; None makes none

    Returns
    -------
    list of Topic
        Those made.

    Raises
    ------
    TransportError
        The input is missing, or the brokers refuse.
    """
    chosen = settings.transport
    with _admin(settings.kafka, "create topics") as admin:
        outputs = _outputs(settings)
        found = _existing(admin, [*settings.input_topics, *outputs])
        made: list[str] = []
        if input_partitions is not None:
            options = {"num_partitions": input_partitions, "replication_factor": replicas}
            made = [name for name in settings.input_topics if name not in found]
            if made:
                admin.create_topics(dict.fromkeys(made, options), wait_for_metadata=True)
            found |= _existing(admin, made)
        _refuse_no_input(settings, found)
        partitions = max(found[name].partitions for name in chosen.input)
        if settings.journal_topic is not None:
            kept = [_configuration(admin, name).get("retention.ms", KEEPS_ALL) for name in settings.input_topics]
            longest = KEEPS_ALL if KEEPS_ALL in kept else max(kept, key=int)
            outputs[settings.journal_topic] = JOURNAL | {"retention.ms": longest}
        missing = {
            name: {"num_partitions": partitions, "replication_factor": replicas, "configs": configuration}
            for name, configuration in outputs.items()
            if name not in found
        }
        if missing:
            admin.create_topics(missing, wait_for_metadata=True)
        return list(_existing(admin, [*made, *missing]).values())


def _outputs(settings: Settings) -> dict[str, dict[str, str]]:
    """The topics to write to, each with what sets it apart from the brokers' defaults."""
    chosen = settings.transport
    found = {name: {"cleanup.policy": "delete"} for name in (chosen.predictions, chosen.dead_letters)}
    if settings.journal_topic is not None:
        found[settings.journal_topic] = JOURNAL
    return found | ({settings.snapshot_topic: SNAPSHOTS} if settings.snapshot_store == "kafka" else {})


def _refuse_unequal(settings: Settings, found: dict[str, Topic]) -> None:
    """Raise ``TransportError`` where a label cannot be in the partition of its event."""
    if settings.labels.topic is None:
        return
    events = found[settings.transport.only_input]
    for name in (settings.labels.topic, str(settings.journal_topic)):
        if found[name].partitions != events.partitions:
            raise TransportError(
                f"topic {name} has {found[name].partitions} partitions and {events.name} has {events.partitions}: a "
                "label must be in the partition of its event, so give both the same number, and the same keys and "
                "partitioner"
            )


def _refuse_unfit(name: str, configuration: dict[str, str]) -> None:
    """Raise ``TransportError`` where a topic would lose snapshots, or not take them."""
    if configuration.get("cleanup.policy") != "compact":
        raise TransportError(
            f"topic {name} is not compacted, so that snapshots would expire, or never go: set its cleanup.policy to "
            "compact, or let snapshots.topic name another"
        )
    if int(configuration.get("max.message.bytes", RECORD_BYTES)) < RECORD_BYTES:
        raise TransportError(
            f"topic {name} takes no records of {RECORD_BYTES:,} bytes, the pieces of a snapshot: raise its "
            "max.message.bytes, or delete it and let `streamrnn topics create` make it"
        )


@contextmanager
def _admin(kafka: Kafka, doing: str = "look at the topics") -> Iterator[Any]:
    with reached():
        admin = KafkaAdminClient(**connection(kafka))
    with closing(admin), refused(doing, CHECK):
        yield admin


def _refuse_no_input(settings: Settings, found: dict[str, Topic]) -> None:
    for name in settings.input_topics:
        if name not in found:
            key = "labels.topic" if name == settings.labels.topic else "transport.input"
            raise TransportError(
                f"there is no topic {name}: create it, correct {key}, or let `streamrnn topics create "
                "--input PARTITIONS` make it",
                "missing",
            )


def _configuration(admin: Any, name: str) -> dict[str, str]:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name, None)])["topic"][name]
    return {key: str(each["value"]) for key, each in found.items()}


def _existing(admin: Any, names: list[str]) -> dict[str, Topic]:
    return {
        each["name"]: Topic(each["name"], str(each["topic_id"]), len(each["partitions"]))
        for each in admin.describe_topics(names)
        if each["error_code"] == 0
    }
