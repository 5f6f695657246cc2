"""Pen strokes that go on: movements as tokens, drawn until a digit ends, and named by the preset strokes.

A movement is one token, its direction (of 24), its length in steps of .6 mm and whether the pen touches.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benchmarks.uses import decoded, preset_settings, scene
from streamrnn.drawing import Uniforms
from streamrnn.events.columns import Partition
from streamrnn.settings import load
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

EVENTS = 100_000
DIRECTIONS, LENGTH, LONGEST = 24, 0.6, 9  # millimetres
MOST = 60  # movements of a digit
LATER = 2e9  # seconds since 1970
SETTINGS = (
    "events.features=[]", "tokens.field=move", "tokens.of=items", "tokens.vocabulary=500", "sequences.end=last",
    "model.hidden_size=64", "model.k1=8", "model.k2=32", "model.learning_rate=0.006", "streams.max_live=20",
)  # fmt: skip
_PARTITION = Partition("pens", 0)
Record = dict[str, Any]


@dataclass(slots=True)
class Drawn:
    """Digits: how many ended by themselves, the movements of each, in how many the pen was lifted, and the largest
    probability that the preset strokes gave each."""

    ended: int = 0
    lifted: int = 0
    lengths: list[int] = field(default_factory=list)
    told: list[float] = field(default_factory=list)


def token_of(event: Record) -> str:
    """A movement as text."""
    turn = math.atan2(event["dy"], event["dx"]) / math.tau
    length = min(round(math.hypot(event["dx"], event["dy"]) / LENGTH), LONGEST)
    return f"{round(turn * DIRECTIONS) % DIRECTIONS}/{length}/{'down' if event['pen'] else 'up'}"


def movement_of(token: str) -> Record:
    """The movement that a token stands for."""
    turn, length, pen = token.split("/")
    angle, size = math.tau * int(turn) / DIRECTIONS, LENGTH * int(length)
    return {"dx": size * math.cos(angle), "dy": size * math.sin(angle), "pen": pen == "down"}


def learned(chosen: Settings, log: list[Record]) -> Shard:
    """A shard that has seen these records."""
    shard = Shard(chosen, _PARTITION)
    shard.process(decoded(chosen, [json.dumps(record).encode() for record in log]))
    return shard


def twin(shard: Shard, chosen: Settings) -> Shard:
    """Another that goes on from a copy of its state."""
    arrays = {name: values.copy() for name, values in shard.saved().items()}
    made = Shard(chosen, _PARTITION, weights=arrays["network_weights"])
    made.load(arrays)
    return made


def whole(count: int) -> list[Record]:
    """The first movements that `feed` sends, without those of digits that are not at their end."""
    log = [json.loads(line) for line in scene("strokes", count)]
    ends = {event["stream"]: place for place, event in enumerate(log) if event["last"]}
    return [event for place, event in enumerate(log) if place <= ends[event["stream"]]]


def digits(count: int = EVENTS, each: int = 6) -> tuple[Drawn, Drawn]:
    """Digits that are drawn after so many movements, and the writers' own as tokens; so many of each writer."""
    log = whole(count)
    moves = [{name: event[name] for name in ("stream", "time", "last")} | {"move": token_of(event)} for event in log]
    chosen, judging = load(None, [*SETTINGS], {}).settings, preset_settings("strokes")
    pens, judge = learned(chosen, moves), learned(judging, log)
    mine, theirs = Drawn(), Drawn()
    for name in sorted({event["stream"] for event in log}):
        for seed in range(each):
            writer = twin(pens, chosen).writer(name)
            assert writer is not None
            steps = list(writer.write(MOST, Uniforms(seed), 1.0))
            drawn = [step.tokens[0] for step in steps if step.tokens]
            _add(mine, twin(judge, judging), name, drawn, steps[-1].ends)
        own = " ".join(move["move"] + (" ;" if move["last"] else "") for move in moves if move["stream"] == name)
        for digit in own.split(";")[-1 - each : -1]:
            _add(theirs, twin(judge, judging), name, digit.split(), True)
    return mine, theirs


def _add(drawn: Drawn, judge: Shard, stream: str, tokens: list[str], ended: bool) -> None:
    """Take a digit in, as this shard of the preset strokes names it."""
    movements = [movement_of(token) for token in tokens]
    log = [
        {"stream": stream, "time": LATER + place, "last": place == len(tokens) - 1} | movement
        for place, movement in enumerate(movements)
    ]
    answers = judge.process(decoded(preset_settings("strokes"), [json.dumps(record).encode() for record in log]))[0]
    assert answers.labels is not None
    drawn.ended += ended
    drawn.lifted += not all(movement["pen"] for movement in movements)
    drawn.lengths.append(len(tokens))
    drawn.told.append(float(np.nanmax(answers.labels.probabilities[-1])))


def main() -> None:
    """Print both."""
    print(f"{EVENTS:,} movements as tokens")
    print(f"{'':16s}{'digits':>8s}{'ended':>8s}{'lifted':>8s}{'movements, 5 to 95 %':>24s}{'named with':>12s}")
    for name, drawn in zip(("drawn", "the writers' own"), digits(), strict=True):
        shortest, longest = np.percentile(drawn.lengths, [5, 95])
        few = f"{np.mean(drawn.lengths):.1f}, {shortest:.0f} to {longest:.0f}"
        print(f"{name:16s}{len(drawn.told):8d}{drawn.ended:8d}{drawn.lifted:8d}{few:>24s}{np.mean(drawn.told):12.2f}")
