"""Settings of the running service: memory, snapshots, the HTTP server, logging, its end."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from typing import Literal

from pydantic import ByteSize, Field

from streamrnn.settings.section import Secret, Section
from streamrnn.settings.topics import topic_field


class Streams(Section):
    """How many streams are kept, and for how long."""

    max_live: int = Field(
        default=10_000,
        ge=1,
        le=100_000_000,
        description="Streams that a partition keeps; the longest silent one makes room.",
    )
    expire_after: float | None = Field(
        default=None,
        gt=0,
        description="Seconds of event time without an event after which a stream is forgotten. null: never.",
    )


class Scoring(Section):
    """How quality is measured."""

    window: int = Field(default=10_000, ge=20, le=1_000_000_000, description="Events that the sliding scores cover.")


class Snapshots(Section):
    """When state is saved, and where."""

    store: Literal["directory", "kafka"] | None = Field(
        default=None,
        description="directory: a folder. kafka: a compacted topic. null: kafka with `transport.kind: kafka`, else "
        "directory.",
    )
    path: Path | None = Field(
        default=None, strict=False, description="Folder of the snapshots. null: `snapshots` in the folder of the log."
    )
    shared: bool = Field(
        default=False, description="Whether every member of the consumer group sees the same folder under `path`."
    )
    topic: str | None = topic_field(
        default=None,
        description="Topic of the snapshots. null: the name of the consumer group with `-snapshots` behind it.",
    )
    keep: int = Field(default=3, ge=2, le=1000, description="Snapshots kept of each partition.")
    every_records: int = Field(default=1_000_000, ge=1, description="Events between snapshots of a partition.")
    every_seconds: float = Field(
        default=300.0, gt=0, description="Seconds between snapshots of a partition, if sooner."
    )
    revision: int | None = Field(
        default=None,
        ge=1,
        le=2**53,
        description="Number that rises with each change of settings or version. What was learned under a lower one is "
        "carried over, once; under this or a higher one, or with null, such a change stops the start.",
    )


class Http(Section):
    """Health, metrics and the status page."""

    enabled: bool = Field(default=True, description="Whether the HTTP server runs.")
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen at; 0.0.0.0 for every interface."
    )
    port: int = Field(default=9464, ge=0, le=65_535, description="TCP port to listen at; 0 takes a free one.")
    token: Secret | None = Field(
        default=None,
        min_length=16,
        json_schema_extra={"allowed": "a text of 16 characters or more, or null"},
        description="What a client must show, as a bearer token or as the password of Basic authentication, for all "
        "but the probes; take ${file:...} or ${NAME}. null: nothing.",
    )
    certificate: Path | None = Field(
        default=None, strict=False, description="This server's certificate chain, PEM, which brings TLS. null: no TLS."
    )
    key: Path | None = Field(default=None, strict=False, description="The certificate's key, PEM, without a password.")
    client_ca: Path | None = Field(
        default=None,
        strict=False,
        description="Certificates of the authorities, PEM, one of which must have signed the client's own, for all but "
        "the probes. null: clients need none.",
    )
    unprotected: bool = Field(
        default=False,
        description="Whether anybody may read who reaches an address beyond this machine, without token or client_ca.",
    )
    ready_within: float = Field(
        default=10.0,
        gt=0,
        description="Seconds without a heartbeat, or without a commit while records wait, after which /readyz says no.",
    )
    ready_lag: int | None = Field(
        default=None, ge=0, description="Records behind the log's end above which /readyz says no. null: any."
    )


    @property
    def protected(self) -> bool:
        """Whether a client has to show who it is."""
        return self.token is not None or self.client_ca is not None


def is_loopback(host: str) -> bool:
    """Whether an address is one of this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class Logging(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severity that is logged."
    )
    format: Literal["auto", "text", "json"] = Field(
        default="auto", description="auto: text at a terminal, JSON lines elsewhere."
    )


class Daemon(Section):
    """How the process ends, and how much memory it may need."""

    drain_deadline: float = Field(
        default=30.0, gt=0, le=3600, description="Seconds that a stop may take to finish, commit and save."
    )
    watchdog: float = Field(
        default=120.0,
        gt=0,
        description="Seconds without a turn of the loop after which the process ends itself, for a restart.",
    )
    memory_limit: ByteSize | None = Field(
        default=None,
        json_schema_extra={"allowed": "a number of bytes such as 2GiB, or null"},
        description="Bytes that all streams may come to need, such as 2GiB; above it the daemon does not start. "
        "null: what the machine or the container has.",
    )
