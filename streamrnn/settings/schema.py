"""All settings of one daemon, in their sections."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from streamrnn.settings.engine import choose_engine
from streamrnn.settings.inputs import Inputs
from streamrnn.settings.learning import Anomaly, Drift, Experts, Forecast, Model
from streamrnn.settings.logs import Kafka, Transport
from streamrnn.settings.records import Events, Labels, Sequences
from streamrnn.settings.section import REDACTED, Section
from streamrnn.settings.service import Daemon, Http, Logging, Scoring, Snapshots, Streams
from streamrnn.settings.tokens import Tokens

# The sections and settings that change state, or which records are accepted.
STATE = {
    "seed", "events", "labels", "sequences", "tokens", "inputs", "model", "forecast", "experts", "drift", "anomaly",
    "streams", "scoring",
}  # fmt: skip

# What is a mere place among them; what a model starts from lies in its first snapshot.
NO_STATE = {"labels.journal", "model.start_from"}

# What may change while all state goes on, for every array means the same as before. With it stands how the names of the
# arrays begin that must begin anew: "" for none. Whatever is not here is taken to change what the streams' state means.
LIVE = {
    "seed": "",
    "events.max_bytes": "", "events.max_key_bytes": "", "events.max_magnitude": "",
    "events.late": "", "events.late_by": "", "events.max_ahead": "",
    "labels.dead_letters": "", "labels.running": "",
    "model.engine": "", "model.k1": "", "model.learning_rate": "", "model.clip_norm": "", "model.loss": "",
    "model.huber_delta": "", "model.records_per_step": "",
    "drift.stream": "", "drift.shard": "", "drift.threshold": "", "drift.boost": "", "drift.boost_records": "",
    "anomaly.enabled": "", "anomaly.memory": "anomaly_", "anomaly.threshold": "", "anomaly.warm_up": "",
    "streams.max_live": "", "streams.expire_after": "",
    "scoring.window": "window",
}  # fmt: skip


MOST_TEXTS = 100  # events with tokens that are answered together


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
    tokens: Tokens = Field(default_factory=Tokens)
    inputs: Inputs = Field(default_factory=Inputs)
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
    def learns_tokens(self) -> bool:
        """Whether the stream's own next tokens are learned, and no numbers."""
        return self.tokens.field is not None and not self.learns_labels

    @property
    def target_names(self) -> tuple[str, ...]:
        """What is forecast as a number: features, or the label if that is one."""
        if self.learns_tokens:
            return ()
        if not self.learns_labels:
            return self.events.target_names
        return (self.labels.field,) if self.labels.kind == "number" else ()

    @property
    def horizons(self) -> tuple[int, ...]:
        """Steps ahead that are forecast; 0 for the label of the event itself, none where labels are classes."""
        if self.learns_tokens:
            return ()
        if not self.learns_labels:
            return self.forecast.horizons
        return (0,) if self.labels.kind == "number" else ()

    @property
    def expert_names(self) -> tuple[str, ...]:
        """Whose forecasts a stream mixes; the first is the last value."""
        linear = [f"linear {forgetting:g}" for forgetting in self.experts.linear]
        networks = [each.name for each in self.experts.further]
        seasonal = ["seasonal naive"] if self.forecast.season and self.experts.ridge else []
        ridge = ["ridge"] if self.experts.ridge else []
        return ("last value", *seasonal, *ridge, "network", *networks, *linear)

    @property
    def poll_records(self) -> int:
        """Largest number of records of one poll; fewer with tokens, of which an event may have a thousand."""
        return min(self.transport.poll_records, MOST_TEXTS) if self.learns_tokens else self.transport.poll_records

    @property
    def input_topics(self) -> tuple[str, ...]:
        """All topics that are read: the input, and that of the labels if they have one."""
        return self.transport.input if self.labels.topic is None else (*self.transport.input, self.labels.topic)

    @property
    def journal_topic(self) -> str | None:
        """The topic that tells how two inputs interleaved; None where there is one."""
        if self.labels.topic is None:
            return None
        before = self.kafka.group_id if self.transport.kind == "kafka" else self.labels.topic
        return self.labels.journal or f"{before}-journal"

    @property
    def further_networks(self) -> dict[str, Settings]:
        """The settings that each further network is made by, under its name among the experts."""
        found = {}
        for each in self.experts.further:
            model = self.model.model_copy(update={"head": "point", **each.model_dump()})
            found[each.name] = self.model_copy(update={"model": model})
        return found

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
        text = json.dumps(self._state(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def state_settings(self) -> dict[str, Any]:
        """What the digest is over, by path, for people to compare; a value that came by interpolation is redacted."""
        state = self._state()
        state["labels"]["topic"], state["model"]["lookahead"] = self.labels.topic, self.model.lookahead
        seed = state.pop("seed")
        found: dict[str, Any] = {"seed": REDACTED if "seed" in self._secret else seed}
        for name, values in state.items():
            secret = getattr(self, name)._secret
            found |= {f"{name}.{key}": REDACTED if key in secret else value for key, value in values.items()}
        return found

    def _state(self) -> dict[str, Any]:
        state = self.model_dump(mode="json", include=STATE)
        state["events"]["targets"] = list(self.events.target_names)  # null and all features written out are the same
        for key in NO_STATE:
            section, name = key.split(".")
            del state[section][name]
        if self.labels.topic is None:
            del state["labels"]["topic"]  # which keeps the digest of all who have no such topic
        if self.model.lookahead == 0:
            del state["model"]["lookahead"]  # and of all who look ahead at nothing
        if self.tokens.field is None:
            del state["tokens"]
        if not self.sequences.record:
            del state["sequences"]["record"]
        state["model"]["engine"] = choose_engine(self.model).name  # and so are auto and what it chooses
        return state
