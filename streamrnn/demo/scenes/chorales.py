"""Pieces for four voices: chords that follow one another as they do in tonal music, voices that move little."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START, TICK

_SCALE = (0, 2, 4, 5, 7, 9, 11)
_FOLLOWS = {  # degrees of the scale, and how often each follows another
    0: {3: 3, 4: 3, 5: 2, 1: 1}, 1: {4: 4, 6: 1}, 2: {5: 2, 3: 1}, 3: {4: 3, 0: 2, 1: 1}, 4: {0: 5, 5: 2},
    5: {1: 2, 3: 2, 4: 1}, 6: {0: 3},
}  # fmt: skip
_RANGES = ((60, 79), (55, 72), (48, 67))  # of the upper voices
_SHORTEST, _LONGEST = 12, 40  # beats of a piece


class _Beat(msgspec.Struct):
    stream: str
    time: float
    notes: list[int]
    last: bool


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """The beats of pieces, one piece after the other in each stream, without end.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : players

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "notes": [numbers of keys, 60 the middle c], "last": whether the
        piece ends}`` and a newline, one of each stream.
    """
    encode = msgspec.json.Encoder().encode
    players = [(f"player-{number:03d}", _pieces(seed, number)) for number in range(streams)]
    tick = 0
    while True:
        lines = []
        for place, (name, beats) in enumerate(players):
            notes, last = next(beats)
            time = round(START + tick * TICK + place * TICK / streams, 3)
            lines.append(encode(_Beat(name, time, notes, last)) + b"\n")
        yield lines
        tick += 1


def _pieces(seed: int, player: int) -> Iterator[tuple[list[int], bool]]:
    """The notes of each beat, and whether the piece ends with it."""
    random = np.random.Generator(np.random.PCG64([seed, player]))
    keys = random.choice(12, 3, replace=False)  # that this player likes
    while True:
        key, beats = int(random.choice(keys)), int(random.integers(_SHORTEST, _LONGEST))
        degree, voices = 0, [67, 64, 55]
        for beat in range(beats):
            last = beat == beats - 1
            if beat:
                ways = _FOLLOWS[degree]
                weights = np.array(list(ways.values()), float)
                degree = 0 if last else int(random.choice(list(ways), p=weights / weights.sum()))
            chord = [(key + _SCALE[(degree + third) % 7]) % 12 for third in (0, 2, 4)]
            voices = [_nearest(note, chord, *bounds) for note, bounds in zip(voices, _RANGES, strict=True)]
            bass = 36 + (key + _SCALE[degree]) % 12
            yield sorted({bass, *voices}), last


def _nearest(note: int, chord: list[int], low: int, high: int) -> int:
    """The chord's note within the bounds that is nearest to where the voice was."""
    return min((each for each in range(low, high + 1) if each % 12 in chord), key=lambda each: (abs(each - note), each))
