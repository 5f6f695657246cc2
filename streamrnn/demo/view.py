"""The live terminal view of a daemon that learns; plain lines where the output is no terminal."""

import math
import os
import threading
import time
from types import TracebackType

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from streamrnn.demo.sensor import DemoSensor
from streamrnn.demo.sparkline import sparkline
from streamrnn.demo.watch import Watch, Watched
from streamrnn.events.columns import Partition, Predictions
from streamrnn.observe.sensor import Sensor

_REFRESH = 0.25  # seconds between two pictures
_LINE_EVERY = 2.0  # seconds between two plain lines


class View(Sensor):
    """Shows a sensor's numbers and a few streams until it is closed; a context manager with a thread of its own.

    Parameters
    ----------
    sensor : where the headline comes from
    console : where to draw; None for standard output
    waiting : what is said until the first events were answered

    Attributes
    ----------
    address : of the daemon's status page, to be shown; empty for none
    """

    def __init__(self, sensor: DemoSensor, console: Console | None = None, waiting: str = "starting") -> None:
        self._sensor = sensor
        self._waiting = waiting
        self._console = Console() if console is None else console
        self.address = ""
        self._watch = Watch()
        self._stop = threading.Event()
        lively = self._console.is_terminal and not self._console.is_dumb_terminal and not os.environ.get("NO_COLOR")
        self._thread = threading.Thread(target=self._draw if lively else self._tell, name="demo-view", daemon=True)

    def __enter__(self) -> "View":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def on_answers(self, partition: Partition, predictions: Predictions) -> None:
        self._watch.add(predictions)

    def picture(self) -> Panel:
        """The whole view as of now."""
        hint = f"{self.address}   Ctrl-C ends" if self.address else "Ctrl-C ends"
        return Panel(
            Group(self._headline(), Text(), self._streams()),
            title="streamrnn demo: one network learns while the events flow",
            subtitle=hint,
            border_style="cyan",
        )

    def line(self) -> str:
        """The headline as one plain line."""
        sensor = self._sensor
        return (
            f"{sensor.events:,} events, {sensor.pace:,.0f}/s, {sensor.live_streams} streams, "
            f"skill {_percent(sensor.recent_skill)} ({self._lately()}), "
            f"{sensor.dead_letters} dead letter{'' if sensor.dead_letters == 1 else 's'}, "
            f"{sensor.updates:,} updates, lag {_count(sensor.lag)}"
        )

    def summary(self) -> str:
        """What the run showed, in one sentence with a number against the last value."""
        sensor = self._sensor
        seconds = sensor.seconds
        pace = f" ({sensor.events / seconds:,.0f}/s)" if seconds else ""
        told = f"Learned from {sensor.events:,} events of {sensor.live_streams} streams in {seconds:.1f} s{pace}"
        if math.isnan(sensor.skill):
            return f"{told}: too few to compare forecasts with the last value."
        error, baseline = sensor.error / sensor.scored, sensor.baseline_error / sensor.scored
        whole = f"of the next step {_better(sensor.skill)} than the last value (MAE {error:.2f} against {baseline:.2f})"
        if sensor.scored > sensor.window:
            whole += f" over the whole run, {_better(sensor.recent_skill)} {self._lately()}"
        return f"{told}: forecasts {whole}."

    def _lately(self) -> str:
        """Which forecasts the recent skill is of."""
        sensor = self._sensor
        return f"over the last {sensor.window:,}" if sensor.scored > sensor.window else "so far"

    def _headline(self) -> Table:
        sensor = self._sensor
        skills = sensor.skills()
        table = Table.grid(padding=(0, 3))
        table.add_row(
            _figure("events", f"{sensor.events:,}"),
            _figure("events/s", f"{sensor.pace:,.0f}"),
            _figure("streams", f"{sensor.live_streams:,}"),
            _figure("updates", f"{sensor.updates:,}"),
            _figure("dead letters", f"{sensor.dead_letters:,}"),
            _figure("lag", _count(sensor.lag)),
            _figure("state", sensor.state if sensor.events or sensor.state != "running" else self._waiting),
        )
        skill = Text.assemble(
            ("next step better than the last value by ", "dim"),
            (f"{_percent(sensor.recent_skill):>7}", _style(sensor.recent_skill)),
            (f" {self._lately()}", "dim"),
            ("; since the start ", "dim") if skills else "",
            (sparkline(skills, low=min([0.0, *skills])), "green"),
        )
        return _stack(table, Text(), skill)

    def _streams(self) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
        table.add_column("stream", no_wrap=True)
        table.add_column("", no_wrap=True)
        table.add_column("last values and what was forecast for them", no_wrap=True)
        for name in ("now", "next", "better by"):  # since the stream is shown
            table.add_column(name, justify="right", no_wrap=True)
        for each in self._watch.streams():
            table.add_row(*_rows(each))
        return table

    def _draw(self) -> None:
        with Live(self.picture(), console=self._console, auto_refresh=False) as live:
            while not self._stop.wait(_REFRESH):
                live.update(self.picture(), refresh=True)
            live.update(self.picture(), refresh=True)

    def _tell(self) -> None:
        self._print(self._waiting)
        due = time.monotonic() + _LINE_EVERY
        while not self._stop.wait(_REFRESH):
            if time.monotonic() >= due and self._sensor.events:
                due = time.monotonic() + _LINE_EVERY
                self._print(self.line())

    def _print(self, line: str) -> None:
        self._console.print(line, highlight=False, soft_wrap=True)


def _rows(each: Watched) -> tuple[Text, Text, Text, str, Text, Text]:
    """Two rows of text in each cell: the outcome above, the forecast below, both on the outcomes' scale."""
    known = [value for value in each.outcomes if math.isfinite(value)]
    low, high = (min(known), max(known)) if known else (None, None)
    lines = Text.assemble(
        (sparkline(list(each.outcomes), low, high), "white"), "\n", (sparkline(list(each.forecasts), low, high), "cyan")
    )
    now = each.outcomes[-1] if each.outcomes else math.nan
    return (
        Text(each.name),
        Text.assemble(("outcome", "dim"), "\n", ("forecast", "dim cyan")),
        lines,
        _number(now),
        Text(_number(each.next_forecast), style="cyan"),
        Text(_percent(each.skill), style=_style(each.skill)),
    )


def _figure(name: str, value: str) -> Text:
    return Text.assemble((value, "bold"), "\n", (name, "dim"))


def _stack(*parts: Table | Text) -> Table:
    table = Table.grid()
    for part in parts:
        table.add_row(part)
    return table


def _number(value: float) -> str:
    return f"{value:.2f}" if math.isfinite(value) else "missing"


def _count(value: int | None) -> str:
    return "?" if value is None else f"{value:,}"


def _percent(skill: float) -> str:
    return f"{100 * skill:+.1f} %" if math.isfinite(skill) else "..."


def _better(skill: float) -> str:
    return f"{100 * abs(skill):.1f} % {'better' if skill >= 0 else 'worse'}"


def _style(skill: float) -> str:
    if not math.isfinite(skill):
        return "dim"
    return "bold green" if skill >= 0 else "bold red"
