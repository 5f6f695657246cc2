"""Logs of tokens that many tests build on: streams in random turn, some with sequences that end, some with silence."""

import json
import math
import random

from streamrnn.events.columns import Events, Records
from streamrnn.events.decode import Decoder
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings

MODES = {
    "characters": ["tokens.vocabulary=40"],
    "characters, few numbers": ["tokens.vocabulary=9", "tokens.order=2"],
    "bytes": ["tokens.of=bytes"],
    "words, each a sequence": ["tokens.of=words", "tokens.vocabulary=30", "sequences.record=true"],
    "items, listed, ends": ["tokens.of=items", "tokens.vocabulary=[the,cat,sat]", "sequences.end=last"],
    "items, silences": ["tokens.of=items", "tokens.vocabulary=20", "sequences.gap=250", "sequences.end=last"],
    "sets": ["tokens.of=sets", "tokens.vocabulary=20", "tokens.most=16"],
    "sets, ends": ["tokens.of=sets", "tokens.vocabulary=[60,62,64,65,67]", "sequences.end=last", "tokens.order=3"],
}
_WORDS = ["the", "cat", "sat", "on", "a", "mat", "dog", "ran"]


def token_settings(*overrides: str) -> Settings:
    """Few streams that come and go; windows of several outcomes."""
    return settings(
        "events.features=[]", "tokens.field=text", "tokens.cells=1024", "streams.max_live=7",
        "streams.expire_after=900", "model.k1=3", "model.k2=6", *overrides,
    )  # fmt: skip


def records(chosen: Settings, n: int, streams: int = 8, seed: int = 0) -> list[dict[str, object]]:
    """n events: a few words or notes each, now and then none."""
    source = random.Random(seed)
    made: list[dict[str, object]] = []
    time = 0.0
    for _ in range(n):
        stream, time = source.randrange(streams), time + source.random() * 60
        many = source.choice([0, 1, 1, 2, 3, 5])
        at = source.randrange(len(_WORDS))
        words = [_WORDS[(at + place * (1 + stream % 2)) % len(_WORDS)] for place in range(many)]
        text: object = " ".join(words)
        if chosen.tokens.of == "items":
            text = words if many != 1 else words[0]
        elif chosen.tokens.of == "sets":
            text = [60 + (at + 2 * place) % 9 for place in range(many)]
        event: dict[str, object] = {"stream": f"s{stream}", "time": time, "text": text}
        if source.random() < 0.05:
            del event["text"]
        if chosen.sequences.end is not None:
            event["last"] = source.random() < 0.2
        made.append(event)
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
