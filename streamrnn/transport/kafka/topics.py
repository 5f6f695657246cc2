"""The topics as the brokers know them: looked at before each start, made on request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import connection, refused

if TYPE_CHECKING:
    from streamrnn.settings.schema import Kafka, Settings


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic as it is.

    Attributes
    ----------
    name : its name
    identity : the brokers' own id, which a topic made anew under the same name does not share
    partitions : how many it has
    """

    name: str
    identity: str
    partitions: int


def describe(settings: Settings) -> dict[str, Topic]:
    """The input topics, the predictions and the dead-letter topic, by name.

    Raises
    ------
    TransportError
        One is missing, the input is compacted, or the brokers do not answer.
    """
    chosen = settings.transport
    with _admin(settings.kafka) as admin:
        found = _existing(admin, [*chosen.input, chosen.predictions, chosen.dead_letters])
        _refuse_no_input(settings, found)
        for name in (chosen.predictions, chosen.dead_letters):
            if name not in found:
                raise TransportError(f"there is no topic {name}: `streamrnn topics create` makes it as it should be")
        for name in chosen.input:
            if "compact" in _cleanup_policy(admin, name):
                raise TransportError(
                    f"topic {name} is compacted, so that a replay would not see what was processed: set its "
                    "cleanup.policy to delete, or read another topic"
                )
    return found


def create(settings: Settings, replicas: int) -> list[Topic]:
    """Make the output topics that are missing, with as many partitions as the largest input has; return those made.

    Parameters
    ----------
    settings : where the brokers are, and the topics' names
    replicas : copies of each partition; -1 takes the brokers' default

    Raises
    ------
    TransportError
        The input is missing, or the brokers refuse.
    """
    chosen = settings.transport
    with _admin(settings.kafka) as admin:
        outputs = [chosen.predictions, chosen.dead_letters]
        found = _existing(admin, [*chosen.input, *outputs])
        _refuse_no_input(settings, found)
        options = {
            "num_partitions": max(found[name].partitions for name in chosen.input),
            "replication_factor": replicas,
            "configs": {"cleanup.policy": "delete"},
        }
        missing = [name for name in outputs if name not in found]
        if missing:
            admin.create_topics(dict.fromkeys(missing, options), wait_for_metadata=True)
        return [topic for name, topic in _existing(admin, outputs).items() if name in missing]


@contextmanager
def _admin(kafka: Kafka) -> Iterator[Any]:
    doing = "reach the brokers (kafka.bootstrap_servers)"
    with refused(doing), closing(KafkaAdminClient(**connection(kafka))) as admin:
        yield admin


def _refuse_no_input(settings: Settings, found: dict[str, Topic]) -> None:
    for name in settings.transport.input:
        if name not in found:
            raise TransportError(f"there is no topic {name}: create it, or correct transport.input")


def _cleanup_policy(admin: Any, name: str) -> str:
    found = admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name, None)])["topic"][name]
    return str(found.get("cleanup.policy", {}).get("value", ""))


def _existing(admin: Any, names: list[str]) -> dict[str, Topic]:
    return {
        each["name"]: Topic(each["name"], str(each["topic_id"]), len(each["partitions"]))
        for each in admin.describe_topics(names)
        if each["error_code"] == 0
    }
