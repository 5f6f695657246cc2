"""Writers at a tablet, who draw digits: every event is a movement of the pen, every sequence one digit."""

from collections.abc import Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START
from streamrnn.events.columns import Floats

SAMPLE_SECONDS = 0.02  # of event time between two movements of a digit
_PAUSE = 0.6  # seconds between two digits, about
_IN_THE_AIR = 3.0  # times as far does the pen move between two events when it does not touch

#: Each digit's strokes, as corners in a unit square, x to the right and y upwards.
DIGITS: dict[str, tuple[tuple[tuple[float, float], ...], ...]] = {
    "0": (((0.5, 1), (0.2, 0.85), (0.1, 0.45), (0.35, 0), (0.7, 0.05), (0.9, 0.45), (0.8, 0.85), (0.5, 1)),),
    "1": (((0.25, 0.7), (0.55, 1), (0.5, 0)),),
    "2": (((0.15, 0.8), (0.4, 1), (0.75, 0.9), (0.75, 0.65), (0.15, 0), (0.85, 0.05)),),
    "3": (((0.15, 0.9), (0.5, 1), (0.8, 0.8), (0.4, 0.55), (0.85, 0.3), (0.5, 0), (0.1, 0.1)),),
    "4": (((0.6, 1), (0.1, 0.35), (0.9, 0.35)), ((0.65, 0.65), (0.6, 0))),
    "5": (((0.25, 1), (0.2, 0.55), (0.6, 0.6), (0.85, 0.3), (0.5, 0), (0.1, 0.1)), ((0.25, 1), (0.8, 1))),
    "6": (((0.75, 1), (0.3, 0.7), (0.15, 0.3), (0.4, 0), (0.8, 0.2), (0.6, 0.5), (0.2, 0.3)),),
    "7": (((0.1, 0.95), (0.85, 1), (0.4, 0)), ((0.3, 0.5), (0.75, 0.55))),
    "8": (((0.5, 0.55), (0.2, 0.8), (0.5, 1), (0.8, 0.8), (0.2, 0.25), (0.5, 0), (0.8, 0.25), (0.5, 0.55)),),
    "9": (((0.8, 0.75), (0.5, 1), (0.2, 0.75), (0.5, 0.5), (0.8, 0.75), (0.75, 0.3), (0.45, 0)),),
}
_OPEN = {"7": 1, "5": 1}  # strokes of a digit that some writers leave out
_ROUND = ("0", "8", "6")  # digits that some writers draw the other way about


class _Event(msgspec.Struct):
    stream: str
    time: float
    dx: float
    dy: float
    pen: bool
    last: bool
    label: str | None


class Writer:
    """One hand, with a slant, a size, a speed and ways of its own to draw a digit.

    Parameters
    ----------
    seed : with the number, says all of it
    number : of the writer
    """

    def __init__(self, seed: int, number: int) -> None:
        draw = self._random = np.random.Generator(np.random.PCG64([seed, number]))
        self._size = float(8.0 * np.exp(draw.normal(0.0, 0.4)))  # millimetres
        self._width = np.exp(draw.normal(-0.3, 0.2))
        self._slant, self._turn = draw.normal(0.2, 0.3), draw.normal(0.0, 0.12)
        self._step = draw.uniform(0.12, 0.22)  # sizes that the pen moves from one event to the next
        self._care = draw.uniform(0.05, 0.11)  # sizes by which corners are missed
        self._short = {digit for digit in _OPEN if draw.random() < 0.5}
        self._backwards = {digit for digit in _ROUND if draw.random() < 0.3}
        self._time = float(draw.uniform(0.0, 2.0))

    def digit(self) -> tuple[str, Floats, Floats, list[bool]]:
        """The next digit: its name, times [n] in seconds since the start, movements [n, 2] in millimetres, and whether
        the pen touches."""
        draw = self._random
        name = str(draw.choice(list(DIGITS)))
        strokes = [np.array(each) for each in DIGITS[name][: _OPEN[name] if name in self._short else None]]
        if name in self._backwards:
            strokes = [each[::-1] for each in strokes]
        shape = self._shape()
        pace = float(self._step * np.exp(draw.normal(0.0, 0.15)))
        points: list[Floats] = []
        pens: list[bool] = []
        for number, stroke in enumerate(strokes):
            corners = (stroke + draw.normal(0.0, self._care, stroke.shape)) @ shape
            if number:
                air = _along(np.stack([points[-1][-1], corners[0]]), _IN_THE_AIR * pace)[1:]
                points.append(air)
                pens += [False] * len(air)
            line = _along(corners, pace)
            points.append(line)
            pens += [True] * len(line)
        path = np.concatenate(points)
        moves: Floats = self._size * (np.diff(path, axis=0) + draw.normal(0.0, 0.01, (len(path) - 1, 2)))
        times: Floats = self._time + SAMPLE_SECONDS * np.arange(len(moves), dtype=np.float64)
        self._time = float(times[-1]) + SAMPLE_SECONDS + draw.exponential(_PAUSE)
        return name, times, moves, pens[1:]

    def _shape(self) -> Floats:
        """float64[2, 2], what a digit's corners are multiplied with: this hand's width, slant, turn and size, a
        little different for each digit."""
        draw = self._random
        width, slant = self._width * np.exp(draw.normal(0.0, 0.1)), self._slant + draw.normal(0.0, 0.08)
        turn = self._turn + draw.normal(0.0, 0.06)
        rotate = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
        shape: Floats = np.exp(draw.normal(0.0, 0.1)) * np.array([[width, 0.0], [slant, 1.0]]) @ rotate
        return shape


def writers(seed: int, streams: int) -> list[tuple[str, Writer]]:
    """So many writers, by the names of their streams."""
    return [(f"writer-{number:03d}", Writer(seed, number)) for number in range(streams)]


def _along(corners: Floats, pace: float) -> Floats:
    """float64[n, 2], places at about even distances from the first corner to the last."""
    lengths = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(corners, axis=0).T))])
    at = np.linspace(0.0, lengths[-1], 1 + max(1, round(lengths[-1] / pace)))
    return np.stack([np.interp(at, lengths, corners[:, axis]) for axis in (0, 1)], 1)


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Movements without end, each stream's in time order: for each movement of all writers one list of JSON lines.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : writers

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "dx": millimetres, "dy": millimetres upwards, "pen": whether it
        touches, "last": true at the last movement of a digit, "label": the digit, or null before its last movement}``
        and a newline.
    """
    encode = msgspec.json.Encoder().encode
    drawn = [_movements(name, writer) for name, writer in writers(seed, streams)]
    while True:
        rows = sorted((next(each) for each in drawn), key=lambda row: row.time)
        yield [encode(row) + b"\n" for row in rows]


def _movements(name: str, writer: Writer) -> Iterator[_Event]:
    """One writer's digits, movement by movement."""
    while True:
        digit, times, moves, pens = writer.digit()
        left = len(moves)
        for time, (dx, dy), pen in zip((START + times).round(3).tolist(), moves.round(3).tolist(), pens, strict=True):
            left -= 1
            yield _Event(name, time, dx, dy, pen, left == 0, digit if left == 0 else None)
