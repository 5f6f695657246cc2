"""Settings that are fine one by one and cannot hold together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from streamrnn.settings.contradiction import Contradiction
from streamrnn.settings.engine import uncompiled
from streamrnn.settings.records import LONGEST_CLASS
from streamrnn.settings.service import is_loopback
from streamrnn.settings.token_contradictions import tokens, vocabulary
from streamrnn.settings.topics import TOPIC

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

LARGEST_RECORD = 1_000_000  # bytes that brokers and the client take by default, with room for headers
ESCAPED = 6  # bytes that one may take in JSON
ANSWER_BYTES = 1000  # of an answer without its classes, its id at its longest
PROBABILITY_BYTES = 28


def contradictions(settings: Settings) -> list[Contradiction]:
    """All contradictions among these settings."""
    groups = (
        _learning, _traces, _lookahead, _networks, _forecast, _fields, _inputs, _time, _labels, _label_fields,
        _label_topic, tokens, vocabulary, _transport, _kafka, _snapshots, _http,
    )  # fmt: skip
    return [found for group in groups for found in group(settings)]


def _learning(settings: Settings) -> Iterator[Contradiction]:
    if settings.model.k1 > settings.model.k2:
        yield Contradiction(
            ("model.k1", "model.k2"),
            "must not be larger than model.k2, or events between two windows are never learned",
        )
    further = [each.model for each in settings.further_networks.values()]
    rates = {
        "model.learning_rate": [settings.model.learning_rate],
        "experts.networks": [model.learning_rate for model in further],
    }
    for key, values in rates.items():
        if settings.drift.shard == "learning_rate" and settings.drift.boost * max(values, default=0.0) > 1.0:
            text = f"must not raise {key} above 1, as it would with drift.shard: learning_rate"
            yield Contradiction(("drift.boost", key, "drift.shard"), text)
    if settings.model.start_from is not None and settings.model.kind == "none":
        yield Contradiction(("model.start_from", "model.kind"), "has no effect without a network: set it to null")
    if settings.model.engine == "compiled":
        for key in uncompiled(settings.model):
            yield Contradiction(("model.engine", key), f"must be auto or torch with such {key}")


def _traces(settings: Settings) -> Iterator[Contradiction]:
    """What the linear recurrent unit's exact gradient does not go with."""
    further = [("experts.networks", each.model) for each in settings.further_networks.values()]
    for key, model in [("model.cell", settings.model), *further]:
        if model.cell != "lru":
            continue
        if model.layers > 1 or model.layer_norm:
            yield Contradiction((key, "model.layers", "model.layer_norm"), "must not be lru with layers or layer_norm")
        if model.k1 > 1:
            yield Contradiction((key, "model.k1"), "must not be lru with k1 above 1: it learns at every event")
        if settings.learns_labels:
            text = "must not be lru with labels, for each answer that waits would keep traces"
            yield Contradiction((key, "labels.mode"), text)
        if settings.learns_tokens:
            yield Contradiction((key, "tokens.field"), "must not be lru with tokens: take gru or lstm")


def _lookahead(settings: Settings) -> Iterator[Contradiction]:
    """What an answer that waits for later events does not go with."""
    if settings.model.lookahead == 0:
        return
    if not settings.learns_labels:
        text = "must be 0 without labels.mode: field or delayed, for a forecast of what comes next cannot wait for it"
        yield Contradiction(("model.lookahead", "labels.mode"), text)
    if settings.labels.sequence:
        text = "must be 0 with labels.sequence, whose answer at the last event has seen the whole sequence"
        yield Contradiction(("model.lookahead", "labels.sequence"), text)
    size = largest_answer(settings)
    if settings.transport.kind == "kafka" and size > LARGEST_RECORD:
        listed = settings.labels.classes is not None
        remedy = "lower it, or have fewer classes" if listed else "lower it, or list the classes, for names may be long"
        text = f"must not let a record's answers come to {size:,} bytes: Kafka takes {LARGEST_RECORD:,}; {remedy}"
        classes = "labels.classes" if listed else "labels.max_classes"
        yield Contradiction(("model.lookahead", classes, "transport.kind"), text)


def largest_answer(settings: Settings) -> int:
    """Bytes of the largest output record in a label mode, where the end of a sequence releases all that waits: each
    answer names all classes with a probability, and up to five of them beside."""
    labels = settings.labels
    if labels.classes is None or labels.kind == "number":
        names = [ESCAPED * LONGEST_CLASS] * labels.most_classes
    else:
        names = [len(msgspec.json.encode(name)) for name in labels.classes]
    one = ANSWER_BYTES + sum(names) + PROBABILITY_BYTES * len(names) + 5 * max(names, default=0)
    return one * (settings.model.lookahead + 2) + ESCAPED * settings.events.max_key_bytes


def _networks(settings: Settings) -> Iterator[Contradiction]:
    further, main = settings.further_networks, settings.model
    made = [(each.learning_rate, each.cell, each.hidden_size, each.k2) for each in (
        main, *(each.model for each in further.values())
    )]  # fmt: skip
    if len(set(made)) < len(made) or len(further) < len(settings.experts.networks):
        text = "must not make a network twice, nor the one of model: change a learning rate, cell, hidden_size or k2"
        yield Contradiction(("experts.networks", "model.learning_rate"), text)
    if any(each.model.k2 < main.k1 for each in further.values()):
        text = "must not have a k2 below model.k1, or events between two windows are never learned"
        yield Contradiction(("experts.networks", "model.k1"), text)


def _forecast(settings: Settings) -> Iterator[Contradiction]:
    forecast = settings.forecast
    if forecast.long_season is None:
        return
    if forecast.season is None or forecast.long_season <= forecast.season:
        text = "must be longer than forecast.season, which must be set; the only season of a stream goes there"
        yield Contradiction(("forecast.long_season", "forecast.season"), text)
    elif not settings.experts.ridge:
        text = "has no effect without experts.ridge: set that to true, or leave out the long season"
        yield Contradiction(("forecast.long_season", "experts.ridge"), text)


def _fields(settings: Settings) -> Iterator[Contradiction]:
    events = settings.events
    if len(set(events.features)) < len(events.features):
        yield Contradiction(("events.features",), "must not name a feature twice")
    if events.targets is not None:
        if len(set(events.targets)) < len(events.targets):
            yield Contradiction(("events.targets",), "must not name a target twice")
        if not set(events.targets) <= set(events.features):
            yield Contradiction(("events.targets", "events.features"), "must all be among events.features")
    if not set(events.withheld) <= set(events.target_names):
        yield Contradiction(("events.withheld", "events.targets"), "must all be among the targets")
    if events.stream is not None and events.stream in events.features:
        yield Contradiction(("events.features", "events.stream"), "must not contain the field of events.stream")
    if events.time is not None and events.time in events.features:
        yield Contradiction(("events.features", "events.time"), "must not contain the field of events.time")
    if events.stream is not None and events.stream == events.time:
        yield Contradiction(("events.time", "events.stream"), "must be another field than events.stream")


def _inputs(settings: Settings) -> Iterator[Contradiction]:
    inputs, events, labels = settings.inputs, settings.events, settings.labels
    if len(set(inputs.booleans)) < len(inputs.booleans):
        yield Contradiction(("inputs.booleans",), "must not name a field twice")
    taken = dict.fromkeys(events.features, "events.features")
    taken |= {name: key for name, key in ((events.stream, "events.stream"), (events.time, "events.time")) if name}
    if settings.learns_labels:
        taken[labels.field] = "labels.field"
        if labels.mode == "delayed" and labels.join == "id":
            taken[labels.id] = "labels.id"
        if settings.sequences.end is not None:
            taken[settings.sequences.end] = "sequences.end"
    for key, names in (("inputs.booleans", inputs.booleans), ("inputs.categories", inputs.category_names)):
        for name in names:
            if name in taken:
                yield Contradiction((key, taken[name]), f"must not name a field of {taken[name]}")
        taken |= dict.fromkeys(names, key)
    seen = (
        inputs.level, inputs.change, inputs.missing, inputs.elapsed, inputs.calendar, inputs.booleans,
        inputs.categories, inputs.seasonal and settings.forecast.season, inputs.error and settings.experts.ridge,
    )  # fmt: skip
    if not any(seen) and not settings.learns_labels and not settings.learns_tokens:
        text = "must leave the network something to see: set inputs.level or inputs.change to true"
        yield Contradiction(("inputs.level", "inputs.change"), text)


def _time(settings: Settings) -> Iterator[Contradiction]:
    events = settings.events
    if events.late_by > 0 and events.late == "process":
        yield Contradiction(("events.late_by", "events.late"), "has no effect without events.late: drop; set that or 0")


def _labels(settings: Settings) -> Iterator[Contradiction]:
    labels, sequences, mode = settings.labels, settings.sequences, "labels.mode"
    if labels.classes is not None:
        if labels.kind == "number":
            yield Contradiction(("labels.classes", "labels.kind"), "must be null where labels are numbers")
        if len(set(labels.classes)) < len(labels.classes):
            yield Contradiction(("labels.classes",), "must not name a class twice")
    if labels.dead_letters and labels.mode != "delayed":
        yield Contradiction(("labels.dead_letters", mode), "has no effect without labels.mode: delayed")
    if labels.kind == "number" and not labels.last:
        text = "must be true where labels are numbers, for the network corrects the last known one"
        yield Contradiction(("labels.last", "labels.kind"), text)
    if labels.sequence and sequences.end is None and sequences.gap is None:
        text = "must come with sequences.end or sequences.gap, which tell where a sequence ends"
        yield Contradiction(("labels.sequence", "sequences.end", "sequences.gap"), text)
    if labels.running > 0 and not labels.sequence:
        yield Contradiction(("labels.running", "labels.sequence"), "has no effect without labels.sequence")
    if not settings.learns_labels:
        for key, used in (("labels.sequence", labels.sequence), ("labels.last", not labels.last)):
            if used:
                yield Contradiction((key, mode), "has no effect without labels.mode: field or delayed")
        ends = (("sequences.end", sequences.end is not None), ("sequences.gap", sequences.gap is not None))
        for key, used in ends:
            if used and not settings.learns_tokens:
                text = "has no effect without labels.mode: field or delayed, or tokens.field"
                yield Contradiction((key, mode, "tokens.field"), text)
        return
    if labels.mode == "delayed" and labels.join == "time" and settings.events.time is None:
        yield Contradiction(("labels.join", "events.time"), "must be id where events.time names no field")
    next_alone = "has no effect with labels, which take the place of forecasts: set it to its default"
    if settings.events.targets is not None:
        yield Contradiction(("events.targets", mode), next_alone)
    if settings.forecast.interval is not None:
        yield Contradiction(("forecast.interval", mode), next_alone)
    if settings.forecast.season is not None:
        yield Contradiction(("forecast.season", mode), next_alone)
    if settings.model.k1 > 1:
        yield Contradiction(("model.k1", mode), "must be 1 with labels: each is learned when it comes")
    if settings.model.kind != "network":
        yield Contradiction(("model.kind", mode), "must be network with labels")
    if settings.model.head != "point":
        text = "must be point with labels: classes have probabilities, and numbers a forecast alone"
        yield Contradiction(("model.head", mode), text)


def _label_fields(settings: Settings) -> Iterator[Contradiction]:
    if not settings.learns_labels:
        return
    events, labels, end = settings.events, settings.labels, settings.sequences.end
    taken = {events.stream: "events.stream", events.time: "events.time"}
    if labels.field in events.features:
        text = "must not be among events.features: the network would be shown what it is to tell"
        yield Contradiction(("labels.field", "events.features"), text)
    taken_too = {"labels.field": labels.field}
    if labels.mode == "delayed" and labels.join == "id":
        taken_too["labels.id"] = labels.id
    if end is not None:
        taken_too["sequences.end"] = end
    for key, name in taken_too.items():
        if name in taken:
            yield Contradiction((key, taken[name]), f"must be another field than {taken[name]}")
        elif key != "labels.field" and name in events.features:
            yield Contradiction((key, "events.features"), "must not be among events.features")
        taken.setdefault(name, key)


def _label_topic(settings: Settings) -> Iterator[Contradiction]:
    labels, transport, key = settings.labels, settings.transport, "labels.topic"
    if labels.topic is None:
        if labels.journal is not None:
            text = "has no effect without labels.topic: set that, or this to null"
            yield Contradiction(("labels.journal", key), text)
        return
    if labels.mode != "delayed":
        text = "has no effect without labels.mode: delayed; set that, or this to null"
        yield Contradiction((key, "labels.mode"), text)
    if transport.kind == "standard":
        yield Contradiction((key, "transport.kind"), "must be null with standard input, which is but one")
    if len(transport.input) > 1:
        text = "must be null with more than one input topic: give each pair of events and labels a service of its own"
        yield Contradiction((key, "transport.input"), text)
    if transport.kind == "kafka" and settings.kafka.assignment != "range":
        text = "must be range with labels.topic, so that a member gets both partitions of a number"
        yield Contradiction(("kafka.assignment", key), text)
    if not re.match(TOPIC, settings.journal_topic or ""):
        text = "must be set, for what stands for it with -journal behind it cannot be a topic's name"
        yield Contradiction(("labels.journal", key), text)
    seen = {topic: "transport.input" for topic in transport.input}
    seen |= {transport.predictions: "transport.predictions", transport.dead_letters: "transport.dead_letters"}
    if transport.kind == "kafka" and settings.snapshot_store == "kafka":
        seen[settings.snapshot_topic] = "snapshots.topic"
    for name, topic in ((key, labels.topic), ("labels.journal", settings.journal_topic)):
        if topic in seen:
            yield Contradiction((name, seen[topic]), f"must be another topic than {seen[topic]}")
        seen.setdefault(str(topic), name)


def _transport(settings: Settings) -> Iterator[Contradiction]:
    transport = settings.transport
    if transport.kind == "standard" and settings.events.stream is None:
        yield Contradiction(
            ("events.stream", "transport.kind"), "must name a field, for lines of standard input have no key"
        )
    if transport.kind != "kafka" and len(transport.input) > 1:
        text = "must be one topic, except with transport.kind: kafka"
        yield Contradiction(("transport.input", "transport.kind"), text)
    if len(set(transport.input)) < len(transport.input):
        yield Contradiction(("transport.input",), "must not name a topic twice")
    topics = [("input", topic) for topic in sorted(set(transport.input))]
    topics += [("predictions", transport.predictions), ("dead_letters", transport.dead_letters)]
    seen: dict[str, str] = {}
    for name, topic in topics:
        if topic in seen:
            first = f"transport.{seen[topic]}"
            yield Contradiction((f"transport.{name}", first), f"must be another topic than {first}")
        seen.setdefault(topic, name)


def _kafka(settings: Settings) -> Iterator[Contradiction]:
    kafka = settings.kafka
    if kafka.start not in ("earliest", "latest") and not _is_time(kafka.start):
        yield Contradiction(("kafka.start",), "must be earliest, latest or an ISO 8601 time with its zone")
    sasl = kafka.security_protocol.startswith("SASL")
    if sasl != (kafka.sasl_mechanism is not None):
        yield Contradiction(
            ("kafka.sasl_mechanism", "kafka.security_protocol"),
            "must be set with security_protocol SASL_PLAINTEXT or SASL_SSL, and with no other",
        )
    if kafka.sasl_mechanism == "OAUTHBEARER":
        if kafka.sasl_oauth_token_file is None:
            yield Contradiction(("kafka.sasl_oauth_token_file", "kafka.sasl_mechanism"), "must be set for OAUTHBEARER")
    elif kafka.sasl_mechanism is not None and (kafka.sasl_plain_username is None or kafka.sasl_plain_password is None):
        yield Contradiction(
            ("kafka.sasl_plain_password", "kafka.sasl_plain_username", "kafka.sasl_mechanism"),
            "must be set, and the user, for this mechanism",
        )
    if (kafka.ssl_certfile is None) != (kafka.ssl_keyfile is None):
        yield Contradiction(("kafka.ssl_certfile", "kafka.ssl_keyfile"), "must come with a key, and the key with it")


def _snapshots(settings: Settings) -> Iterator[Contradiction]:
    kafka = settings.transport.kind == "kafka"
    if settings.snapshot_store == "directory":
        if kafka and not settings.snapshots.shared:
            yield Contradiction(
                ("snapshots.shared", "snapshots.store", "transport.kind"),
                "must be true where members of a consumer group keep snapshots in a folder: each must see the same one",
            )
        return
    if not kafka:
        text = "must be directory, except with transport.kind: kafka"
        yield Contradiction(("snapshots.store", "transport.kind"), text)
    elif not re.match(TOPIC, settings.snapshot_topic):
        text = "must be set, for kafka.group_id with -snapshots behind it cannot be a topic's name"
        yield Contradiction(("snapshots.topic", "kafka.group_id"), text)
    for name in ("input", "predictions", "dead_letters"):
        taken = getattr(settings.transport, name)
        if settings.snapshot_topic in ([taken] if isinstance(taken, str) else taken):
            key = f"transport.{name}"
            yield Contradiction(("snapshots.topic", key), f"must be another topic than {key}")


def _http(settings: Settings) -> Iterator[Contradiction]:
    http = settings.http
    if (http.certificate is None) != (http.key is None):
        yield Contradiction(("http.certificate", "http.key"), "must come with a key, and the key with it")
    elif http.client_ca is not None and http.certificate is None:
        text = "needs TLS: set http.certificate and http.key, too"
        yield Contradiction(("http.client_ca", "http.certificate"), text)
    if http.enabled and not is_loopback(http.host) and not http.protected and not http.unprotected:
        text = (
            "is an address beyond this machine: set http.token or http.client_ca, or http.unprotected to true where "
            "only those reach it who may read"
        )
        yield Contradiction(("http.host", "http.token", "http.client_ca", "http.unprotected"), text)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
