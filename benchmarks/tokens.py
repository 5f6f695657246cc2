"""Tokens in one pass: bits a letter of plays, and nats a step of chorales, beside what counting alone would give.

``python -m benchmarks tokens``. The texts are those that ``benchmarks.quality.series`` names: the first 300,000 letters
of tinyshakespeare; all 382 chorales of JSB in quarter notes, one after the other, each a sequence that begins anew.
"""

import gzip
import json
import math
import time
from pathlib import Path

from benchmarks.quality.series import folder
from streamrnn.events.columns import Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.events.token_answers import LN_2
from streamrnn.rows.tokens import EXPERTS
from streamrnn.settings import load
from streamrnn.shard import Shard

PARTITION = Partition("tokens", 0)
LETTERS, PIECE = 300_000, 100
COMMON = ("events.features=[]", "events.time=null", "streams.max_live=1")
PLAYS = (
    *COMMON, "tokens.field=text", "model.hidden_size=128", "model.k1=8", "model.k2=24", "model.learning_rate=0.003",
)  # fmt: skip
CHORALES = (
    *COMMON, "tokens.field=notes", "tokens.of=sets", f"tokens.vocabulary=[{','.join(map(str, range(36, 97)))}]",
    "sequences.end=last", "model.hidden_size=96", "model.k1=4", "model.k2=16", "model.learning_rate=0.003",
)  # fmt: skip


def learned(lines: list[bytes], overrides: tuple[str, ...], batch: int = 2000) -> tuple[Shard, float]:
    """A shard behind these records, and the seconds it took, without compiling."""
    settings = load(None, list(overrides), {}).settings
    shard, decoder = Shard(settings, PARTITION), Decoder.from_settings(settings, numbered_time=True)
    shard.process(decoder.decode(Records(PARTITION, [], [], [], [], 0)))
    started = time.perf_counter()
    for at in range(0, len(lines), batch):
        values: list[bytes | None] = list(lines[at : at + batch])
        n = len(values)
        offsets = list(range(at, at + n))
        events = decoder.decode(Records(PARTITION, offsets, [None] * n, values, [math.nan] * n, at + n))
        assert not events.rejects, events.rejects[0]
        shard.process(events)
    return shard, time.perf_counter() - started


def losses(shard: Shard) -> dict[str, float]:
    """Mean log loss (nats) of the published mixture and of each expert."""
    score, sums = shard.token_score(), shard.saved()["expert_sums"]
    means = (sums[:, 0] / sums[:, 2]).tolist()
    return {"published": score.log_loss / score.count, **dict(zip((*EXPERTS, "network"), means, strict=True))}


def plays() -> list[bytes]:
    """The letters, a hundred an event."""
    path: Path = folder() / "tinyshakespeare" / "input.txt.gz"
    with gzip.open(path, "rt", encoding="utf-8") as file:
        text = file.read(LETTERS)
    return [
        json.dumps({"stream": "plays", "text": text[at : at + PIECE]}).encode() for at in range(0, len(text), PIECE)
    ]


def chorales() -> list[bytes]:
    """A step an event; rests within a piece are empty sets."""
    path: Path = folder() / "jsb" / "jsb-chorales-quarter.json.gz"
    with gzip.open(path, "rt") as file:
        pieces = json.load(file)
    return [
        json.dumps({"stream": "bach", "notes": notes, "last": place == len(piece) - 1}).encode()
        for part in ("train", "valid", "test")
        for piece in pieces[part]
        for place, notes in enumerate(piece)
    ]


def main() -> None:
    """Print both tables."""
    shard, seconds = learned(plays(), PLAYS)
    print(f"tinyshakespeare, the first {LETTERS:,} letters, one pass: {LETTERS / seconds:,.0f} letters/s")
    print("                 bits a letter")
    for name, nats in losses(shard).items():
        print(f"{name:<17}{nats / LN_2:.3f}")
    lines = chorales()
    shard, seconds = learned(lines, CHORALES)
    score = shard.token_score()
    print(f"\nJSB chorales, {score.count:,} steps foretold, one pass: {len(lines) / seconds:,.0f} steps/s")
    print("                 nats a step")
    for name, nats in losses(shard).items():
        print(f"{name:<17}{nats:.3f}")
    right, usual = score.correct / score.count, score.usual_correct / score.count
    print(f"all notes of a step right: {right:.3f} (usual notes {usual:.3f})")


if __name__ == "__main__":
    main()
