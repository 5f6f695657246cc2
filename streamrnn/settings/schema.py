"""Every setting: its type, default, unit and bounds."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ByteSize,
    ConfigDict,
    Field,
    PrivateAttr,
    model_validator,
)
from pydantic_core import PydanticCustomError

from streamrnn.settings.engine import choose_engine

Name = Annotated[str, Field(min_length=1)]
REDACTED = "***"
TOPIC = r"^(?!\.{1,2}$)[A-Za-z0-9._-]{1,249}$(?!\n)"  # `$` alone lets a last newline pass
TOPIC_WORDS = "1 to 249 letters, digits, '.', '_' or '-' (not '.' or '..')"
Topic = Annotated[str, Field(pattern=TOPIC)]
Horizon = Annotated[int, Field(ge=1, le=10_000)]


def _ascending(horizons: tuple[int, ...]) -> tuple[int, ...]:
    """The horizons, if they begin with 1 and rise: the network learns from the next step."""
    if horizons[0] != 1 or any(later <= earlier for earlier, later in pairwise(horizons)):
        raise PydanticCustomError("horizons", "must begin with 1 and rise")
    return horizons


# The sections and settings that change state, or which records are accepted.
STATE = {
    "seed", "events", "labels", "sequences", "model", "forecast", "experts", "drift", "anomaly", "streams", "scoring",
}  # fmt: skip


class Section(BaseModel):
    """A frozen group of settings that takes no unknown key and guesses no type (``"8"`` is not a number)."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, regex_engine="python-re")

    _secret: frozenset[str] = PrivateAttr(default=frozenset())

    def __repr_args__(self) -> Any:
        """Name and value of each setting; values that came by interpolation are redacted."""
        for name, value in super().__repr_args__():
            yield name, REDACTED if name in self._secret else value


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
    predictions: str = Field(
        default="predictions",
        pattern=TOPIC,
        json_schema_extra={"allowed": TOPIC_WORDS},
        description="Topic of predictions.",
    )
    dead_letters: str = Field(
        default="dead-letters",
        pattern=TOPIC,
        json_schema_extra={"allowed": TOPIC_WORDS},
        description="Topic of refused records.",
    )
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
        default="streamrnn", description="Consumer group whose members share the partitions; also the prefix of ids."
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
    sasl_plain_password: str | None = Field(
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
    ssl_password: str | None = Field(default=None, description="Password of the key; take ${file:...} or ${NAME}.")
    ssl_check_hostname: bool = Field(default=True, description="Whether a broker's certificate must name its host.")


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
        min_length=1,
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
    sequence: bool = Field(default=False, description="Whether a label is of a whole sequence, and stands at its end.")

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


class Model(Section):
    """The network and how it learns."""

    kind: Literal["network", "none"] = Field(
        default="network",
        description="network: learns and forecasts. none: does nothing, for measuring the daemon alone.",
    )
    engine: Literal["auto", "compiled", "torch"] = Field(
        default="auto",
        description="compiled: fast, same bits on every machine of a kind; one layer without layer_norm. torch: the "
        "slow reference, which runs every network. auto: compiled where it can.",
    )
    precision: Literal["float32", "float64"] = Field(
        default="float32", description="Number format of weights and states."
    )
    cell: Literal["gru", "lstm", "rnn", "rnn_relu"] = Field(
        default="gru",
        description="Recurrent cell: gated recurrent unit, long short-term memory, or Elman's simple network with tanh "
        "or with a rectifier.",
    )
    hidden_size: int = Field(default=32, ge=4, le=512, multiple_of=4, description="Hidden units of a recurrent layer.")
    layers: int = Field(default=1, ge=1, le=4, description="Recurrent layers, each reading the one below.")
    layer_norm: bool = Field(
        default=False, description="Whether each gate's sum is normalised over the hidden units of its layer."
    )
    k1: int = Field(default=1, ge=1, le=256, description="Events of a stream between two learning passes.")
    k2: int = Field(default=8, ge=1, le=256, description="Events that a learning pass goes back.")
    learning_rate: float = Field(default=2e-3, gt=0, le=1, description="Step size of the optimiser (no unit).")
    clip_norm: float = Field(
        default=1.0,
        gt=0,
        le=1e6,
        description="Largest norm of a mean gradient (no unit); a longer one is scaled down to it.",
    )
    loss: Literal["huber", "l1"] = Field(default="huber", description="What learning makes small.")
    huber_delta: float = Field(
        default=1.0, gt=0, le=1e6, description="Error, in running standard deviations, from which huber grows linearly."
    )
    records_per_step: int = Field(
        default=8, ge=1, le=65_536, description="Events per optimiser step; with fewer live streams, as many as those."
    )
    calendar: bool = Field(
        default=False, description="Whether the network sees hour and weekday (UTC) of the event time."
    )


class Forecast(Section):
    """What is forecast, and in which steps."""

    horizons: Annotated[tuple[Horizon, ...], AfterValidator(_ascending)] = Field(
        default=(1, 24),
        strict=False,
        min_length=1,
        max_length=200,
        json_schema_extra={"allowed": "a list of whole numbers that rises from 1, none above 10000"},
        description="Steps ahead of each event that are forecast.",
    )
    interval: float | None = Field(
        default=None,
        gt=0,
        le=1e9,
        description="Seconds of one step of a stream: step = floor(time / interval). null: every event is a step.",
    )
    season: int | None = Field(
        default=None,
        ge=1,
        le=100_000,
        description="Steps of one season; the network sees the value one season ago. null: none.",
    )
    long_season: int | None = Field(
        default=None,
        ge=2,
        le=100_000,
        description="Steps of a longer season, such as the week of a daily one. null: none.",
    )
    levels: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        default=(0.9,),
        strict=False,
        max_length=20,
        json_schema_extra={"allowed": "a list of numbers between 0 and 1, or []"},
        description="Coverage of the intervals that stand with each forecast. []: no intervals.",
    )


class Experts(Section):
    """Whose forecasts each stream mixes, beside the last value and the network."""

    ridge: bool = Field(
        default=True,
        description="Whether a seasonal ridge regression forecasts each stream, for the network to correct.",
    )

    linear: tuple[Annotated[float, Field(gt=0.9, le=1)], ...] = Field(
        default=(0.9999,),
        strict=False,
        max_length=4,
        json_schema_extra={"allowed": "a list of at most 4 numbers between 0.9 and 1, or []"},
        description="A linear expert on a stream's last 24 changes for each factor by which its memory fades a record.",
    )
    networks: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        default=(),
        strict=False,
        max_length=4,
        json_schema_extra={"allowed": "a list of at most 4 learning rates, or []"},
        description="Learning rates of further networks like the first, each an expert.",
    )


class Drift(Section):
    """What is done where forecasts have become worse for good."""

    stream: Literal["none", "report", "reset_mixture"] = Field(
        default="report",
        description="none: streams are not watched. report: an alarm is published with the event that raised it. "
        "reset_mixture: besides, the stream's experts are weighed anew.",
    )
    shard: Literal["none", "report", "learning_rate", "reset_moments"] = Field(
        default="report",
        description="none: the network's loss is not watched. report: alarms are counted and logged. learning_rate: "
        "besides, the optimiser takes larger steps for a while. reset_moments: besides, its moments begin anew.",
    )
    threshold: float = Field(
        default=10.0,
        ge=1,
        le=1000,
        description="Deviations by which mean losses must have risen, summed over blocks of 8, for an alarm.",
    )
    boost: float = Field(
        default=2.0, ge=1, le=100, description="Factor on the learning rate after an alarm, with shard: learning_rate."
    )
    boost_records: int = Field(
        default=500,
        ge=1,
        le=1_000_000_000,
        description="Events of the partition that it lasts for, with shard: learning_rate.",
    )


class Anomaly(Section):
    """How records are judged that are unlike what their stream has brought."""

    enabled: bool = Field(default=True, description="Whether records get an anomaly score.")
    memory: int = Field(
        default=250,
        ge=40,
        le=100_000,
        description="Stretches of 3 or 6 events that a stream remembers, to tell whether the last ones are new.",
    )
    threshold: float = Field(
        default=2.6, ge=-100, le=100, description="Score from which an alert is given; one more halves the alerts."
    )


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
    topic: str | None = Field(
        default=None,
        pattern=TOPIC,
        json_schema_extra={"allowed": TOPIC_WORDS + ", or null"},
        description="Topic of the snapshots. null: the name of the consumer group with `-snapshots` behind it.",
    )
    keep: int = Field(default=3, ge=2, le=1000, description="Snapshots kept of each partition.")
    every_records: int = Field(default=1_000_000, ge=1, description="Events between snapshots of a partition.")
    every_seconds: float = Field(
        default=300.0, gt=0, description="Seconds between snapshots of a partition, if sooner."
    )


class Http(Section):
    """Health, metrics and the status page."""

    enabled: bool = Field(default=True, description="Whether the HTTP server runs.")
    host: str = Field(
        default="127.0.0.1", min_length=1, description="Address to listen at; 0.0.0.0 for every interface."
    )
    port: int = Field(default=9464, ge=0, le=65_535, description="TCP port to listen at; 0 takes a free one.")
    ready_within: float = Field(
        default=10.0,
        gt=0,
        description="Seconds without a heartbeat, or without a commit while records wait, after which /readyz says no.",
    )
    ready_lag: int | None = Field(
        default=None, ge=0, description="Records behind the log's end above which /readyz says no. null: any."
    )


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


class Settings(Section):
    """All settings of one daemon. Defaults are those of ``config.yaml``.

    Raises
    ------
    pydantic.ValidationError
        A value is out of its bounds, or two contradict each other (see `streamrnn.settings.contradictions`).
    """

    seed: int = Field(
        default=0, ge=0, le=2**63 - 1, description="Seed of the initial weights and of every random draw."
    )
    transport: Transport = Field(default_factory=Transport)
    kafka: Kafka = Field(default_factory=Kafka)
    events: Events = Field(default_factory=Events)
    labels: Labels = Field(default_factory=Labels)
    sequences: Sequences = Field(default_factory=Sequences)
    model: Model = Field(default_factory=Model)
    forecast: Forecast = Field(default_factory=Forecast)
    experts: Experts = Field(default_factory=Experts)
    drift: Drift = Field(default_factory=Drift)
    anomaly: Anomaly = Field(default_factory=Anomaly)
    streams: Streams = Field(default_factory=Streams)
    scoring: Scoring = Field(default_factory=Scoring)
    snapshots: Snapshots = Field(default_factory=Snapshots)
    http: Http = Field(default_factory=Http)
    logging: Logging = Field(default_factory=Logging)
    daemon: Daemon = Field(default_factory=Daemon)

    @model_validator(mode="after")
    def _refuse_contradictions(self) -> Self:
        from streamrnn.settings.contradictions import contradictions

        found = contradictions(self)
        if found:
            text = "; ".join(f"{each.keys[0]} {each.text}" for each in found)
            raise PydanticCustomError("contradiction", "{text}", {"text": text, "found": found})
        return self

    @property
    def learns_labels(self) -> bool:
        """Whether labels are learned, and not the stream's own future."""
        return self.labels.mode != "next"

    @property
    def target_names(self) -> tuple[str, ...]:
        """What is forecast as a number: features, or the label if that is one."""
        if not self.learns_labels:
            return self.events.target_names
        return (self.labels.field,) if self.labels.kind == "number" else ()

    @property
    def horizons(self) -> tuple[int, ...]:
        """Steps ahead that are forecast; 0 for the label of the event itself, none where labels are classes."""
        if not self.learns_labels:
            return self.forecast.horizons
        return (0,) if self.labels.kind == "number" else ()

    @property
    def expert_names(self) -> tuple[str, ...]:
        """Whose forecasts a stream mixes; the first is the last value."""
        linear = [f"linear {forgetting:g}" for forgetting in self.experts.linear]
        networks = [f"network {rate:g}" for rate in self.experts.networks]
        seasonal = ["seasonal naive"] if self.forecast.season and self.experts.ridge else []
        ridge = ["ridge"] if self.experts.ridge else []
        return ("last value", *seasonal, *ridge, "network", *networks, *linear)

    @property
    def snapshot_folder(self) -> Path:
        """Where the snapshots are: by default beside the log, as they fit no other."""
        return self.snapshots.path or self.transport.path / "snapshots"

    @property
    def snapshot_topic(self) -> str:
        """The topic that holds the snapshots, where their store is Kafka."""
        return self.snapshots.topic or f"{self.kafka.group_id}-snapshots"

    @property
    def snapshot_store(self) -> Literal["directory", "kafka"]:
        """What holds the snapshots: by default the same kind of place that holds the log."""
        return self.snapshots.store or ("kafka" if self.transport.kind == "kafka" else "directory")

    def state_digest(self) -> str:
        """Sixteen hex digits over the settings that change state or which records are accepted.

        Paths, ports, log levels and intervals do not enter, so they may change between runs of one lineage.
        """
        state = self.model_dump(mode="json", include=STATE)
        state["events"]["targets"] = list(self.events.target_names)  # null and all features written out are the same
        state["model"]["engine"] = choose_engine(self.model).name  # and so are auto and what it chooses
        text = json.dumps(state, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]
