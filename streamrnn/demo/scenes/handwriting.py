"""Digits as the directions that a pen takes, by the writers of `streamrnn.demo.scenes.strokes`."""

from collections.abc import Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START
from streamrnn.demo.scenes.strokes import writers
from streamrnn.events.columns import Floats

#: By sixteenths of a turn, against the clock from the right.
DIRECTIONS = ("e", "ene", "ne", "nne", "n", "nnw", "nw", "wnw", "w", "wsw", "sw", "ssw", "s", "sse", "se", "ese")


class _Drawn(msgspec.Struct):
    stream: str
    time: float
    path: str


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Digits without end.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : writers

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "path": "1 nne ene s s sse s"}`` and a newline, one of each
        stream: the digit, then a direction for each movement of the pen, in capitals where it does not touch.
    """
    encode = msgspec.json.Encoder().encode
    known = writers(seed, streams)
    while True:
        lines = []
        for name, writer in known:
            digit, times, moves, pens = writer.digit()
            path = " ".join([digit, *directions(moves, pens)])
            lines.append(encode(_Drawn(name, round(START + float(times[-1]), 3), path)) + b"\n")
        yield lines


def directions(moves: Floats, pens: list[bool]) -> list[str]:
    """The direction of each movement [n, 2], to the right and upwards; in capitals where the pen does not touch."""
    turns = np.round(np.arctan2(moves[:, 1], moves[:, 0]) * len(DIRECTIONS) / (2.0 * np.pi)).astype(int)
    names = [DIRECTIONS[turn] for turn in (turns % len(DIRECTIONS)).tolist()]
    return [name if pen else name.upper() for name, pen in zip(names, pens, strict=True)]
