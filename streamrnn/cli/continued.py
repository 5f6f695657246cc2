"""Generated steps as lines for people, or as JSON; and what people hold fields at."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from streamrnn.cli.columns import UNKNOWN, printable, shown_number, shown_time
from streamrnn.demo.sparkline import sparkline
from streamrnn.events.encode import Interval
from streamrnn.following import Step
from streamrnn.given import GivenError
from streamrnn.replay.guess import nearest

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_LONGEST = 120  # steps that are drawn as a line of blocks
_NUMBER, _BOUNDS = 12, 26  # characters


class GeneratedValue(msgspec.Struct):
    """A target's value: what came, what had been forecast, and within which bounds."""

    target: str
    value: float
    forecast: float
    intervals: list[Interval]


class Generated(msgspec.Struct):
    """One step; ``time`` is null where the stream's pace is not known."""

    stream: str
    step: int
    time: float | None
    values: list[GeneratedValue]


class Printer:
    """Prints steps as they come.

    Parameters
    ----------
    stream : whose they are
    as_json : one object a line
    level : of the interval to show; None: of none
    """

    def __init__(self, stream: str, as_json: bool, level: float | None) -> None:
        self._stream, self._json, self._level = stream, as_json, level
        self._series: dict[str, list[float]] = {}

    def print(self, step: Step) -> None:
        """One line, after the titles where it is the first."""
        values = [
            GeneratedValue(told.target, value, told.forecast, [Interval(*each) for each in told.intervals])
            for told, value in zip(step.told, step.values, strict=True)
        ]
        if self._json:
            line = msgspec.json.encode(Generated(self._stream, step.number, step.time, values)).decode()
            sys.stdout.write(f"{line}\n")
            return
        if not self._series:
            sys.stdout.write(self._line("step", "time", [(each.target, "forecast", self._title) for each in values]))
        for each in values:
            self._series.setdefault(each.target, []).append(each.value)
        cells = [(shown_number(each.value), shown_number(each.forecast), self._bounds(each)) for each in values]
        sys.stdout.write(self._line(str(step.number), shown_time(step.time), cells))

    def end(self) -> None:
        """At a terminal, the shape of what came."""
        if not sys.stdout.isatty():
            return
        for target, values in self._series.items():
            if 1 < len(values) <= _LONGEST:
                ends = f"{shown_number(min(values))} to {shown_number(max(values))}"
                sys.stdout.write(f"\n{printable(target)}  {sparkline(values)}  {ends}\n")

    @property
    def _title(self) -> str:
        return "" if self._level is None else f"{self._level:g} interval"

    def _bounds(self, value: GeneratedValue) -> str:
        found = (each for each in value.intervals if each.level == self._level)
        return next((f"[{shown_number(each.low)}, {shown_number(each.high)}]" for each in found), UNKNOWN)

    def _line(self, step: str, time: str, targets: list[tuple[str, str, str]]) -> str:
        cells = [f"{step:>5}", f"{time:<24}"]
        for value, forecast, bounds in targets:
            cells += [f"{printable(value):>{_NUMBER}}", f"{forecast:>{_NUMBER}}"]
            cells += [] if self._level is None else [f"{bounds:<{_BOUNDS}}"]
        return "  ".join(cells).rstrip() + "\n"


def held(words: Iterable[str], settings: Settings) -> dict[str, Any]:
    """What fields are held at, by ``FIELD=VALUE``: a JSON value, or else text.

    Raises
    ------
    GivenError
        It is no such word, or no such field.
    """
    targets = settings.events.target_names
    others = [name for name in settings.events.features if name not in targets]
    fields = [*others, *settings.inputs.booleans, *settings.inputs.category_names]
    found: dict[str, Any] = {}
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise GivenError(f"--hold {word}: write FIELD=VALUE")
        if name in targets:
            raise GivenError(f"--hold {name}: that is a target, which is drawn; give its values by --given")
        if name not in fields:
            there = f"there are {', '.join(fields)}" if fields else "all that the settings name are targets"
            raise GivenError(f"--hold {name}: there is no such field{nearest(name, fields)}; {there}")
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return found
