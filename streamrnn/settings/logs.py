"""Settings of the logs: where records come from and where answers go."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from streamrnn.settings.section import Name, Secret, Section
from streamrnn.settings.topics import TOPIC, TOPIC_WORDS, topic_field

Topic = Annotated[str, Field(pattern=TOPIC)]


class Transport(Section):
    """Where records come from and where predictions go."""

    kind: Literal["directory", "standard", "kafka"] = Field(
        default="directory",
        description="directory: folders of JSON lines files. standard: standard input to standard output, no recovery. "
        "kafka: topics of Apache Kafka, see the section kafka.",
    )
    path: Path = Field(
        default=Path("var/log"),
        strict=False,
        description="Root folder of the directory log; a topic is a sub-folder, a partition is <number>.jsonl in it.",
    )
    input: Annotated[tuple[Topic, ...], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)] = (
        Field(
            default=("events",),
            strict=False,
            min_length=1,
            max_length=100,
            json_schema_extra={"allowed": TOPIC_WORDS + "; with Kafka also a list of such names"},
            description="Topic to read events from; with Kafka also a list of topics.",
        )
    )
    predictions: str = topic_field(default="predictions", description="Topic of predictions.")
    dead_letters: str = topic_field(default="dead-letters", description="Topic of refused records.")
    poll_records: int = Field(default=1000, ge=1, le=100_000, description="Largest number of records of one poll.")
    commit_interval: float = Field(
        default=0.1, gt=0, le=60, description="Seconds between commits; output shows to its readers with the commit."
    )

    @property
    def only_input(self) -> str:
        """The topic to read where there can be but one."""
        return self.input[0]


class Kafka(Section):
    """How to reach Apache Kafka; counts only with `transport.kind: kafka`. Names are those of kafka-python."""

    bootstrap_servers: tuple[Name, ...] = Field(
        default=("localhost:9092",), strict=False, min_length=1, description="Brokers to ask first, as host:port."
    )
    group_id: Name = Field(
        default="streamrnn",
        description="Consumer group whose members share the partitions; also the prefix of transactional ids.",
    )
    group_instance_id: Name | None = Field(
        default=None,
        description="Name of a static member, which keeps its partitions over a quick restart. null: none.",
    )
    delivery: Literal["exactly_once", "at_least_once"] = Field(
        default="exactly_once",
        description="exactly_once: predictions, dead letters and positions in one transaction. at_least_once: after a "
        "crash the last answers may come twice.",
    )
    start: str = Field(
        default="earliest",
        json_schema_extra={"allowed": "earliest, latest or an ISO 8601 time such as 2026-01-31T00:00:00Z"},
        description="Where partitions begin that were never committed: earliest, latest, or an ISO 8601 time.",
    )
    assignment: Literal["range", "sticky"] = Field(
        default="range", description="How partitions are shared out: evenly by number, or with few moves."
    )
    session_timeout: float = Field(
        default=10.0, ge=1, le=3600, description="Seconds without a heartbeat after which a member counts as dead."
    )
    transaction_timeout: float = Field(
        default=60.0, ge=1, le=900, description="Seconds after which the broker ends a transaction left open."
    )
    request_timeout: float = Field(
        default=30.0, ge=1, le=600, description="Seconds to wait for a broker, for an acknowledgement or a commit."
    )
    compression: Literal["none", "gzip", "snappy", "lz4", "zstd"] = Field(
        default="lz4", description="Compression of what is published."
    )
    in_flight_records: int = Field(
        default=50_000, ge=100, description="Published records that may await their acknowledgement."
    )
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        default="PLAINTEXT", description="Protection of the connection."
    )
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] | None = Field(
        default=None, description="How to log in with SASL. null: no login."
    )
    sasl_plain_username: str | None = Field(default=None, description="User for PLAIN and SCRAM.")
    sasl_plain_password: Secret | None = Field(
        default=None, description="Password for PLAIN and SCRAM; take ${file:...} or ${NAME}."
    )
    sasl_oauth_token_file: Path | None = Field(
        default=None, strict=False, description="File with the token for OAUTHBEARER, read anew for each login."
    )
    ssl_cafile: Path | None = Field(
        default=None, strict=False, description="Certificates of the authorities to trust. null: the system's."
    )
    ssl_certfile: Path | None = Field(default=None, strict=False, description="This client's certificate.")
    ssl_keyfile: Path | None = Field(default=None, strict=False, description="This client's key.")
    ssl_password: Secret | None = Field(default=None, description="Password of the key; take ${file:...} or ${NAME}.")
    ssl_check_hostname: bool = Field(default=True, description="Whether a broker's certificate must name its host.")
