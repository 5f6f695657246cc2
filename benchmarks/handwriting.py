"""Digits that are drawn: are they those that were asked for?

The judge is the preset strokes, which learned digits of the same writers from their movements, and never saw a drawn
one. Real digits pass through the same sixteen directions before it sees them.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from benchmarks.uses import decoded, preset_settings, scene
from streamrnn.demo.fleet import START
from streamrnn.demo.scenes.handwriting import DIRECTIONS
from streamrnn.demo.scenes.strokes import DIGITS
from streamrnn.drawing import Uniforms
from streamrnn.events.columns import Floats, Partition
from streamrnn.events.token_answers import LN_2
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

LEARNED, EACH, LONGEST = 20_000, 20, 80  # digits to learn from, drawings of each digit, movements at most
STEP, LIFTED = 1.4, 3.0  # millimetres of a movement, and how many times as far without touching
_PARTITION = Partition("handwriting", 0)


class Judge:
    """Tells which digit movements look like."""

    def __init__(self, settings: Settings, movements: int = 100_000) -> None:
        self._settings, self._shard = settings, Shard(settings, _PARTITION)
        lines = scene("strokes", movements)
        for at in range(0, len(lines), 5000):
            self._shard.process(decoded(settings, lines[at : at + 5000]))
        self._learned = {name: array.copy() for name, array in self._shard.saved().items()}

    def right(self, drawn: Sequence[Sequence[str]]) -> float:
        """The share of digits, each its name and then its movements, that it tells."""
        self._shard.load(self._learned)
        lines, ends, time = [], [], START + 1e6
        for name, *path in drawn:
            for number, ((dx, dy), pen) in enumerate(zip(*movements(path), strict=True), 1):
                last = number == len(path)
                event = {"stream": "drawn", "time": time, "dx": dx, "dy": dy, "pen": pen, "last": last, "label": None}
                lines.append(msgspec.json.encode(event))
                ends.append(name if last else "")
                time += 0.02
            time += 0.6
        told = self._shard.process(decoded(self._settings, lines))[0].labels
        assert told is not None
        answers = [told.classes[code] for code in told.answers.tolist()]
        return sum(answer == end for answer, end in zip(answers, ends, strict=True)) / len(drawn)


class Hand:
    """What the preset handwriting has learned.

    Parameters
    ----------
    settings : the preset's
    lines : digits to learn from
    """

    def __init__(self, settings: Settings, lines: Sequence[bytes]) -> None:
        self._shard, self.bits, self.usual = Shard(settings, _PARTITION), 0.0, 0.0
        log = decoded(settings, list(lines))
        for at in range(0, len(log), 1000):
            told = self._shard.process(log.cut(at, at + 1000))[0].tokens
            assert told is not None
            many = told.counts.sum() * LN_2
            self.bits, self.usual = told.losses.sum() / many, told.usual_losses.sum() / many  # of the last thousand
        self._learned = {name: array.copy() for name, array in self._shard.saved().items()}

    def draw(self, digit: str, seed: int, temperature: float) -> list[str]:
        """The digit, and movements until it says that they end."""
        self._shard.load(self._learned)
        writer = self._shard.writer("writer-003")
        assert writer is not None
        writer.take(self._shard.codes([digit]))
        return [digit, *(t for step in writer.write(LONGEST, Uniforms(seed), temperature) for t in step.tokens)]


def movements(path: Sequence[str]) -> tuple[list[tuple[float, float]], list[bool]]:
    """Millimetres to the right and upwards of each direction, and whether the pen touches; of no direction nothing."""
    moves, pens = [], []
    for name in path:
        pens.append(not name.isupper())
        if name.lower() not in DIRECTIONS:  # another digit's name, say
            moves.append((0.0, 0.0))
            continue
        turn = 2.0 * np.pi * DIRECTIONS.index(name.lower()) / len(DIRECTIONS)
        length = STEP if pens[-1] else LIFTED * STEP
        moves.append((length * float(np.cos(turn)), length * float(np.sin(turn))))
    return moves, pens


def picture(rows: Sequence[Sequence[Sequence[str]]], wide: int = 60) -> str:
    """An SVG of digits in rows."""
    lines = []
    for down, row in enumerate(rows):
        for across, (_, *path) in enumerate(row):
            moves, pens = movements(path)
            places = np.concatenate([np.zeros((1, 2)), np.cumsum(np.array(moves).reshape(-1, 2), axis=0)])
            lines.append(_line(places, pens, across * wide, down * wide, wide))
    size = wide * max(len(row) for row in rows), wide * len(rows)
    style = "<style>path{fill:none;stroke:#1f6feb;stroke-width:2.5;stroke-linecap:round;stroke-linejoin:round}</style>"
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size[0]} {size[1]}" width="{size[0]}">'
    return "\n".join([head, style, *lines, "</svg>\n"])


def _line(places: Floats, pens: Sequence[bool], left: float, top: float, wide: float) -> str:
    """One digit, in the middle of its square."""
    low, high = places.min(0), places.max(0)
    scale = 0.75 * wide / max(float((high - low).max()), 1e-9)
    points = (places - (low + high) / 2) * [scale, -scale] + [left + wide / 2, top + wide / 2]
    steps = [f"M{points[0][0]:.1f} {points[0][1]:.1f}"]
    steps += [f"{'L' if pen else 'M'}{x:.1f} {y:.1f}" for pen, (x, y) in zip(pens, points[1:], strict=True)]
    return f'<path d="{" ".join(steps)}"/>'


def main() -> None:
    """Print the shares, and keep a picture where one is asked for."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--picture", type=Path, help="an SVG of real digits, a row, and of drawn ones, two")
    wanted = parser.parse_known_args()[0].picture
    lines = scene("handwriting", LEARNED + 400)
    real = [msgspec.json.decode(line)["path"].split() for line in lines[LEARNED:]]
    hand = Hand(preset_settings("handwriting"), lines[:LEARNED])
    judge = Judge(preset_settings("strokes"))
    print(f"bits a movement, the last thousand of {LEARNED:,} digits: {hand.bits:.2f}; as is usual {hand.usual:.2f}")
    print(f"told by the preset strokes: of {len(real)} real digits {judge.right(real):.3f}")
    for temperature in (1.0, 0.8, 0.6, 0.4, 0.0):
        seeds = range(EACH if temperature else 1)
        drawn = [hand.draw(digit, seed, temperature) for seed in seeds for digit in DIGITS]
        ended = sum(len(each) <= LONGEST for each in drawn) / len(drawn)
        right = judge.right(drawn)
        print(f"of {len(drawn):3d} drawn at temperature {temperature}: {right:.3f}; came to an end: {ended:.3f}")
    if wanted is not None:
        first = [next(each for each in real if each[0] == digit) for digit in DIGITS]
        drawn = [[hand.draw(digit, seed, 0.6) for digit in DIGITS] for seed in (0, 1)]
        wanted.write_text(picture([first, *drawn]))


if __name__ == "__main__":
    main()
