"""Logs with labels that many tests build on: labels follow from the features; some are late, missing or of no event."""

import json
import math
import random

from streamrnn.events.columns import Events, Records
from streamrnn.events.decode import Decoder
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings

MODES = {
    "field, class": ["labels.mode=field"],
    "field, listed": ["labels.mode=field", "labels.classes=[up,down,flat]"],
    "field, class, no hint": ["labels.mode=field", "labels.last=false"],
    "field, number": ["labels.mode=field", "labels.kind=number"],
    "delayed, class": ["labels.mode=delayed", "labels.within=6"],
    "delayed by time, class": ["labels.mode=delayed", "labels.within=6", "labels.join=time"],
    "delayed, number": ["labels.mode=delayed", "labels.kind=number", "labels.within=6"],
    "sequences, class": ["labels.mode=field", "labels.sequence=true", "sequences.end=last", "sequences.gap=300"],
    "sequences, on the way": [
        "labels.mode=field", "labels.sequence=true", "sequences.end=last", "labels.running=0.3",
    ],
    "sequences, number, on the way": [
        "labels.mode=field", "labels.kind=number", "labels.sequence=true", "sequences.end=last", "labels.running=1",
    ],
    "sequences, delayed number": [
        "labels.mode=delayed", "labels.kind=number", "labels.within=6", "labels.sequence=true", "sequences.end=last",
    ],
    "silences, class": [
        "labels.mode=field", "labels.sequence=true", "sequences.gap=250", "inputs.booleans=[open]",
        "inputs.categories={sky: [rain, sun]}",
    ],
    "silences, number": ["labels.mode=field", "labels.kind=number", "labels.sequence=true", "sequences.gap=250"],
    "silences, delayed class": [
        "labels.mode=delayed", "labels.within=6", "labels.sequence=true", "sequences.gap=250", "sequences.end=last",
    ],
    "field, class, traits": [
        "labels.mode=field", "inputs.booleans=[open]", "inputs.categories={sky: [rain, sun], shop: 30}",
        "inputs.elapsed=true", "inputs.embedding=3",
    ],
    "delayed, number, traits": [
        "labels.mode=delayed", "labels.kind=number", "labels.within=6", "inputs.booleans=[open, hot]",
        "inputs.categories={sky: [rain, sun]}",
    ],
    "lookahead, class": ["labels.mode=field", "model.lookahead=3"],
    "lookahead, number": ["labels.mode=field", "labels.kind=number", "model.lookahead=2", "sequences.gap=250"],
    "lookahead, delayed class": [
        "labels.mode=delayed", "labels.within=6", "model.lookahead=3", "sequences.end=last", "sequences.gap=250",
        "inputs.booleans=[open]", "inputs.categories={sky: [rain, sun]}", "inputs.embedding=3",
    ],
    "lookahead, delayed number": [
        "labels.mode=delayed", "labels.kind=number", "labels.within=2", "model.lookahead=4", "labels.join=time",
    ],
}  # fmt: skip


def label_settings(*overrides: str) -> Settings:
    """Two features, few streams that come and go."""
    return settings("events.features=[a,b]", "streams.max_live=7", "streams.expire_after=900", *overrides)


def records(chosen: Settings, n: int, streams: int = 8, seed: int = 0) -> list[dict[str, object]]:
    """n records and more: events in random turn, and what labels the mode asks for."""
    source = random.Random(seed)
    made: list[dict[str, object]] = []
    later: list[tuple[int, dict[str, object]]] = []  # labels by the place at which they come
    level = [0.0] * streams
    time = 0.0
    for i in range(n):
        stream, time = source.randrange(streams), time + source.random() * 60
        a, b = source.gauss(0, 1), source.gauss(0, 1)
        level[stream] = 0.8 * level[stream] + a
        label: object = level[stream] + 0.1 * b
        if chosen.labels.kind == "class":
            label = "up" if level[stream] > 0.5 else "down" if level[stream] < -0.5 else "flat"
        event: dict[str, object] = {"stream": f"s{stream}", "time": time, "id": i, "a": a, "b": b}
        if source.random() < 0.1:
            del event["a"]
        extra = random.Random(i)  # of its own, so that the rest is the same with and without
        for name in chosen.inputs.booleans:
            event[name] = extra.choice([True, False, None])
        for name in chosen.inputs.categories:
            event[name] = extra.choice(["rain", "sun", "hail", 3, None])
        if chosen.sequences.end is not None:
            event["last"] = source.random() < 0.2
        if source.random() < 0.1:
            label = None
        if chosen.labels.mode == "field":
            event["label"] = label
        elif label is not None:
            answer = {"stream": f"s{stream}", "time": time, "id": i, "label": label}
            for place in [i + source.randrange(1, 60)] * (1 + (source.random() < 0.1)):
                later.append((place, answer))
            if source.random() < 0.05:
                later.append((i + 1, answer | {"id": -i - 1, "time": time + 0.001}))
        made.append(event)
        made += [answer for place, answer in later if place == i]
    return made


def decoded(chosen: Settings, log: list[dict[str, object]], start: int = 0) -> Events:
    """The log as the daemon's decoder hands it to the shard."""
    n = len(log)
    values: list[bytes | None] = [json.dumps(record).encode() for record in log]
    raw = Records(PARTITION, list(range(start, start + n)), [None] * n, values, [math.nan] * n, start + n)
    return Decoder.from_settings(chosen, numbered_time=False).decode(raw)


def fresh_shard(chosen: Settings) -> Shard:
    """A shard before its first record."""
    return Shard(chosen, PARTITION)
