"""Tools that wear: what state one is in depends on its readings now and on all the work since its last repair."""

from collections import deque
from collections.abc import Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START, TICK
from streamrnn.events.columns import Floats, Ints

STATES = ("sound", "worn", "failing")
_WORN, _FAILING, _REPAIR = 30.0, 48.0, 58.0  # work done since the last repair, in loads
_SOONEST, _LATEST = 3, 40  # events of its stream after which a label comes
_NEVER, _TWICE = 0.02, 0.01  # labels that are lost, and that come twice


class _Event(msgspec.Struct, omit_defaults=True):
    stream: str
    time: float
    load: float
    heat: float
    id: str | None = None
    label: str | None = None


class _Label(msgspec.Struct):
    stream: str
    time: float
    id: str
    label: str


class Tools:
    """Tools under changing load. Wear adds up unseen; heat tells of load and wear together.

    Parameters
    ----------
    seed : the same seed and size give the same values
    size : tools
    """

    def __init__(self, seed: int, size: int) -> None:
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._tick = 0
        self._delay = np.sort(self._random.uniform(0.0, TICK, size))
        self._wear = self._random.uniform(0.0, _REPAIR, size)
        self._load = np.ones(size)

    def tick(self) -> tuple[Floats, Floats, Floats, Ints]:
        """Times in seconds since 1970, load, heat, and places in `STATES`; one of each tool, in time order."""
        size = len(self._wear)
        shock, noise, doubt = self._random.standard_normal((3, size))
        jump = self._random.random(size) < 0.1  # another job
        self._load = np.where(jump, self._random.uniform(0.2, 2.0, size), self._load + 0.05 * shock).clip(0.1, 2.5)
        self._wear = np.where(self._wear > _REPAIR, 0.0, self._wear + self._load)
        heat = 20.0 + 15.0 * self._load + 0.1 * self._wear * self._load + 0.8 * noise
        # A tool that is worn fails sooner under load.
        felt = self._wear + 6.0 * (self._load - 1.0) + 0.7 * doubt
        states = (felt > _WORN).astype(np.int64) + (felt > _FAILING)
        times = START + self._tick * TICK + self._delay
        self._tick += 1
        return times, self._load, heat, states


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Events that carry their label, without end and in time order: for each tick one list of JSON lines.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : tools

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "load": number, "heat": number, "label": text}`` and a newline.
    """
    encode = msgspec.json.Encoder().encode
    for _, rows in _rows(seed, streams):
        yield [encode(_Event(name, time, load, heat, None, label)) + b"\n" for name, time, load, heat, label in rows]


def events_then_labels(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Events with an id, and their labels 3 to 40 events later as records of their own; few are lost, few come twice.

    Parameters
    ----------
    seed, streams : as of `events`, with the same readings and labels

    Yields
    ------
    list of bytes
        ``{"stream", "time", "load", "heat", "id": text}`` and ``{"stream", "time", "id", "label": text}``, each with a
        newline; a label's time is that of the event with which it comes.
    """
    encode = msgspec.json.Encoder().encode
    chance = np.random.Generator(np.random.PCG64([seed, 1]))
    due: deque[list[tuple[int, str, str]]] = deque([] for _ in range(_LATEST + 1))
    for tick, rows in _rows(seed, streams):
        coming: dict[int, list[tuple[str, str]]] = {}
        for place, name, label in due.popleft():
            coming.setdefault(place, []).append((name, label))
        due.append([])
        delays = chance.integers(_SOONEST, _LATEST, streams).tolist()
        fates = chance.random(streams).tolist()
        lines = []
        for place, (stream, time, load, heat, label) in enumerate(rows):
            name = f"{stream}/{tick}"
            lines.append(encode(_Event(stream, time, load, heat, name)) + b"\n")
            for settled, truth in coming.get(place, ()):
                lines.append(encode(_Label(stream, time, settled, truth)) + b"\n")
            for _ in range(0 if fates[place] < _NEVER else 2 if fates[place] > 1.0 - _TWICE else 1):
                due[delays[place] - 1].append((place, name, label))
        yield lines


def _rows(seed: int, streams: int) -> Iterator[tuple[int, list[tuple[str, float, float, float, str]]]]:
    """Number of the tick, and stream, time, load, heat and label of each tool."""
    tools = Tools(seed, streams)
    names = [f"tool-{number:03d}" for number in range(streams)]
    tick = 0
    while True:
        times, load, heat, states = tools.tick()
        columns = (times.round(3).tolist(), load.round(3).tolist(), heat.round(3).tolist())
        yield tick, list(zip(names, *columns, [STATES[state] for state in states.tolist()], strict=True))
        tick += 1
