"""Records of an output topic to standard output, a line each."""

from __future__ import annotations

import sys
from collections import deque

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from streamrnn.cli.columns import Table, printable
from streamrnn.events.answers import Answer, OutputRecord, UnreadableError, answer, letter
from streamrnn.events.dead_letter import Envelope
from streamrnn.replay.guess import nearest

_MOST_OTHERS = 10_000  # names that are remembered, to find the one that was meant


class Printer:
    """Prints records until there were enough.

    Parameters
    ----------
    streams : of these only; all, if empty
    dead_letters : records are such
    json : print them whole
    most : lines to print; None knows no end
    level : of the interval to show; None: of none
    exact : show whether answers behind a marker were foretold
    last : records of each of these streams that are held back, the newest ones, until they are let go; 0 holds none
    """

    def __init__(
        self, streams: set[str], dead_letters: bool, json: bool, most: int | None, level: float | None = None,
        exact: bool = False, last: int = 0,
    ) -> None:  # fmt: skip
        self._streams, self._dead_letters, self._json = streams, dead_letters, json
        self._unseen = set(streams)
        self._others: set[str] = set()
        self._read = 0
        self._left = most
        self._table = Table(level, exact)
        self._held = {name: deque[tuple[int, OutputRecord, Answer]](maxlen=last) for name in streams if last}
        self._console = Console(soft_wrap=True, highlight=False)
        self._terminal = self._console.is_terminal
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(errors="backslashreplace")

    @property
    def done(self) -> bool:
        """Whether there were enough."""
        return self._left == 0

    @property
    def read(self) -> int:
        """Records that came so far, wanted or not."""
        return self._read

    @property
    def holds(self) -> bool:
        """Whether records are held back."""
        return bool(self._held)

    def let_go(self) -> None:
        """Print what was held back, in the order in which it came; from here on all."""
        held, self._held = self._held, {}
        for _, record, found in sorted((each for kept in held.values() for each in kept), key=lambda each: each[0]):
            self._put(record, found)
        sys.stdout.flush()

    def missing(self) -> str | None:
        """What to say of wanted streams of which no record has come so far; None where all have, or there is
        none of any."""
        if not (self._unseen and self._read):
            return None
        names = ", ".join(f"{printable(name)}{nearest(name, self._others)}" for name in sorted(self._unseen))
        return f"no prediction of {names} among the {self._read:,} there are so far; waiting for one"

    def print(self, records: list[OutputRecord]) -> None:
        """One line for each record that is wanted and can be read."""
        for record in records:
            if self.done:
                break
            try:
                found = letter(record) if self._dead_letters else answer(record)
            except UnreadableError as error:
                self._tell(record, error)
                continue
            self._read += 1
            if isinstance(found, Answer) and self._streams and found.stream not in self._streams:
                if len(self._others) < _MOST_OTHERS:
                    self._others.add(found.stream)
                continue
            if isinstance(found, Answer):
                self._unseen.discard(found.stream)
                if self._held:
                    self._held[found.stream].append((self._read, record, found))
                    continue
            self._put(record, found)
        sys.stdout.flush()

    def _put(self, record: OutputRecord, found: Answer | Envelope) -> None:
        if not self.done:
            self._show(record, found)
            self._left = None if self._left is None else self._left - 1

    def _show(self, record: OutputRecord, found: Answer | Envelope) -> None:
        if self._json:
            sys.stdout.write(_whole(record, found, self._terminal) + "\n")
            return
        for pieces in self._table.lines(found):
            if not self._terminal or self._console.no_color:
                sys.stdout.write("  ".join(text for text, _ in pieces) + "\n")
            else:
                self._console.print(Text("  ").join(Text(text, style) for text, style in pieces))

    def _tell(self, record: OutputRecord, error: Exception) -> None:
        if not self._streams:  # it is nobody's
            sys.stdout.flush()
            typer.echo(f"unreadable: {printable(record.place)}: {printable(str(error))}", err=True)


def _whole(record: OutputRecord, found: Answer | Envelope, terminal: bool) -> str:
    """The record's value; of a dead letter in Kafka, whose value is the original, what a directory log would have.

    What a terminal might obey instead of showing it is escaped as JSON does, so that the object stays the same.
    """
    value = record.value or b""
    if record.headers is not None and not isinstance(found, Answer):
        value = msgspec.json.encode(found)
    elif b"\n" in value or b"\r" in value or b"\t" in value:
        value = msgspec.json.format(value, indent=-1)
    text = value.decode(errors="backslashreplace")  # what the reader passes over may be no UTF-8
    return printable(text) if terminal else text
