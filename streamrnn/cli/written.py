"""Streams of tokens continued for people, or as JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from streamrnn.cli.columns import printable
from streamrnn.drawing import Uniforms
from streamrnn.events.reasons import Refused
from streamrnn.events.token_answers import NextToken
from streamrnn.events.tokens import TokenFields
from streamrnn.following import UnknownStreamError
from streamrnn.given import GivenError, GivenReader
from streamrnn.writing import Writer, Written

if TYPE_CHECKING:
    from collections.abc import Iterable

    from streamrnn.settings.schema import Settings
    from streamrnn.shard import Shard

_CLOSE = ("characters", "bytes")  # what stands side by side


class GeneratedTokens(msgspec.Struct):
    """One step: what was drawn, each with the probability that it had been told with; ``end``: the sequence ended."""

    stream: str
    step: int
    tokens: list[NextToken]
    end: bool


def write(
    settings: Settings, shard: Shard, stream: str, given: Iterable[bytes], prompt: str | None, steps: int,
    uniforms: Uniforms, temperature: float, as_json: bool,
) -> None:  # fmt: skip
    """Print what a stream of tokens goes on with.

    Parameters
    ----------
    given : events that come first, as facts
    prompt : a text that comes next, from which nothing is learned; of items and sets parted by spaces

    Raises
    ------
    GivenError
        An event or the prompt cannot be taken.
    UnknownStreamError
        The shard does not have the stream, and nothing begins it.
    """
    writer = _writer(settings, shard, stream, given, prompt)
    printer = _Printer(stream, settings.tokens.of, as_json)
    for step in writer.write(steps, uniforms, temperature):
        printer.print(step)
    printer.end()


def _writer(settings: Settings, shard: Shard, stream: str, given: Iterable[bytes], prompt: str | None) -> Writer:
    """Behind what was given, and the prompt."""
    reader, found = GivenReader(settings, stream, shard.partition, {}), shard.look(stream)
    events = reader.read(given)
    if found is None and prompt is not None and not events:
        events = [reader.blank()]  # it begins without a token
    seen = 0.0 if found is None else found.last_seen
    for event in events:
        event.times[:] = np.where(np.isnan(event.times), seen, event.times)
        event.timestamps[:] = event.times  # as if the log agreed: it may be ahead of the shard's clock
        predictions, _ = shard.process(event)
        for refusal in predictions.refused:
            raise GivenError(f"a given event would be refused: {refusal.message}")
        seen = float(event.times[0])
    codes = [] if prompt is None else shard.codes(_tokens(settings, prompt))
    writer = shard.writer(stream)
    if writer is None:
        raise UnknownStreamError(stream)
    if prompt is not None:
        writer.take(codes)
    if not writer.knows_more:
        problem = f"nothing is foretold of stream {stream!r}, which had no token yet"
        raise GivenError(f"{problem}: give its first ones by --prompt or --given")
    return writer


def _tokens(settings: Settings, prompt: str) -> list[str]:
    fields = TokenFields.from_settings(settings)
    assert fields is not None
    try:
        return list(fields.split(prompt.split() if settings.tokens.of in ("items", "sets") else prompt))
    except Refused as reason:
        raise GivenError(f"--prompt: {reason.message}") from reason


class _Printer:
    """Prints steps as they come: a text as it stands, sets a line each.

    Parameters
    ----------
    stream : whose they are
    of : what tokens are, as ``tokens.of`` says it
    as_json : one object a line
    """

    def __init__(self, stream: str, of: str, as_json: bool) -> None:
        self._stream, self._of, self._json = stream, of, as_json
        self._bytes = bytearray()
        self._any = False

    def print(self, step: Written) -> None:
        """One line, or the next piece of the text."""
        if self._json:
            told = [NextToken(*each) for each in zip(step.tokens, step.chances, strict=True)]
            line = msgspec.json.encode(GeneratedTokens(self._stream, step.number, told, step.ends)).decode()
            sys.stdout.write(f"{line}\n")
        elif self._of == "sets":
            tokens = sorted(step.tokens, key=lambda token: (not token.isdecimal(), len(token), token))
            sys.stdout.write(f"{step.number:>5}  {' '.join(map(printable, tokens))}\n")
        elif self._of == "bytes":
            self._bytes += "".join(step.tokens).encode("latin-1")
        elif step.tokens:
            text = step.tokens[0]
            clean = "".join(c if c.isprintable() or c == "\n" else printable(c) for c in text)
            sys.stdout.write(clean if self._of in _CLOSE or not self._any else f" {clean}")
            self._any = True
        sys.stdout.flush()

    def end(self) -> None:
        """The rest of the text."""
        if self._json or self._of == "sets":
            return
        text = self._bytes.decode(errors="replace")
        sys.stdout.write("".join(c if c.isprintable() or c == "\n" else printable(c) for c in text) + "\n")
