"""Tokens in one pass: bits a letter of plays, and nats a step of chorales, beside what counting alone would give.

``python -m benchmarks tokens``. The texts are those that ``benchmarks.quality.series`` names: the first 300,000 letters
of tinyshakespeare; all 382 chorales of JSB in quarter notes, one after the other, each a sequence that begins anew; and
made-up translations, most of which come for the first time.
"""

import gzip
import json
import math
import time
from pathlib import Path

import numpy as np

from benchmarks.quality.series import folder
from streamrnn.demo.scenes.sentences import pair
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


PAIRS = (
    *COMMON, "tokens.field=text", "tokens.of=words", "tokens.vocabulary=200", "tokens.marker=|",
    "sequences.record=true", "model.hidden_size=64", "model.k1=16", "model.k2=32", "model.learning_rate=0.006",
)  # fmt: skip
PAIR_COUNT = 15_000


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


def translated() -> list[tuple[int, int, int, int]]:
    """Pairs of a made-up language: for each thousand how many had not come before and of these exact answers, and the
    same of those that had."""
    settings = load(None, list(PAIRS), {}).settings
    shard, decoder = Shard(settings, PARTITION), Decoder.from_settings(settings, numbered_time=True)
    random, known, found = np.random.Generator(np.random.PCG64(0)), set[str](), []
    for at in range(0, PAIR_COUNT, 1000):
        texts = [pair(random) for _ in range(1000)]
        new = []
        for text in texts:
            new.append(text not in known)
            known.add(text)
        values: list[bytes | None] = [json.dumps({"stream": "desk", "text": text}).encode() for text in texts]
        offsets = list(range(at, at + 1000))
        records = Records(PARTITION, offsets, [None] * 1000, values, [math.nan] * 1000, at + 1000)
        predictions, _ = shard.process(decoder.decode(records))
        assert predictions.tokens is not None
        exact, fresh = predictions.tokens.exact == 1, np.array(new)
        found.append((int(fresh.sum()), int(exact[fresh].sum()), int((~fresh).sum()), int(exact[~fresh].sum())))
    return found


def main() -> None:
    """Print all tables."""
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
    print("\ntranslations, exact to the last word, of pairs that had not come before (of those that had)")
    for place, (fresh, exact, old, again) in enumerate(translated(), 1):
        if place % 3 == 0:
            print(f"{1000 * place:>7,} pairs  {exact:>4} of {fresh:<5} {exact / fresh:.3f}   ({again} of {old})")


if __name__ == "__main__":
    main()
