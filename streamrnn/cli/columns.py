"""Answers and dead letters as aligned lines. Whatever a record holds, its line has printable characters only."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from streamrnn.events.answers import Answer, Forecast, Interval, LateAnswer, Settled
from streamrnn.events.dead_letter import Envelope
from streamrnn.events.encode import Source
from streamrnn.events.label_answers import Label, SettledLabel
from streamrnn.events.token_answers import Tokens

UNKNOWN = "-"
WIDEST = 60  # what a column grows to: a longer cell shifts its own line only
STREAM_CHARACTERS = 40  # shown of a stream's name, so that the numbers stay in sight
LABEL_CHARACTERS = 24  # and of a class, or a token
TOKENS_SHOWN = 4  # of those that are likely to come
MESSAGE_CHARACTERS = 200  # shown of a dead letter's message
VALUE_CHARACTERS = 80  # and of its value


@dataclass(frozen=True, slots=True)
class Column:
    """A title, the style of the cells below it in rich's words, whether they are numbers, whether their length has no
    pattern, and the width to begin with, if that is more than the title's."""

    title: str
    style: str = ""
    number: bool = False
    varies: bool = False
    least: int = 0


Piece = tuple[str, str]  # text and its style

_PLACE = (Column("time", "dim"), Column("stream", "cyan", varies=True), Column("source", "dim", varies=True))
_TARGET = Column("target", "cyan")
_FORECAST = Column("forecast", "bold", number=True)
_SCORES = (
    Column("last value", number=True), Column("outcome", number=True),
    Column("error", "yellow", number=True), Column("naive error", number=True),
)  # fmt: skip
_LABELS = (
    Column("answer", "bold", varies=True), Column("probability", number=True), Column("baseline"),
    Column("label of", "dim", varies=True), Column("outcome"), Column("answered", "yellow"), Column("baseline then"),
)  # fmt: skip
_TOKENS = (
    Column("tokens", number=True), Column("right", number=True), Column("bits a token", "yellow", number=True),
    Column("usual", number=True), Column("what comes next", "bold", varies=True),
)  # fmt: skip
_EXACT = Column("exact", "bold")
_LETTER = (
    Column("reason", "red"), Column("source", "dim", varies=True), Column("message", varies=True),
    Column("value", "cyan"),
)  # fmt: skip
_EXACTLY = {True: "yes", False: "no", None: UNKNOWN}
_NUMBER_WIDTH = 12  # of -1.23457e-05
_BOUNDS_WIDTH = 22  # of [-1234.56, -1234.56]
_STEP, _SPARE = 8, 4  # characters by which a column grows, and that it has free then: offsets and names get longer


class Table:
    """Lines below their titles; columns grow with what comes, and never shrink; titles that moved come again.

    Parameters
    ----------
    level : of the interval that has a column, known or not; None: none has
    exact : whether there is one that tells if the answer behind a marker was foretold to its last token
    """

    def __init__(self, level: float | None = None, exact: bool = False) -> None:
        self._level, self._exact = level, exact
        self._columns: Sequence[Column] = ()
        self._widths: list[int] = []

    def lines(self, row: Answer | Envelope) -> Iterator[list[Piece]]:
        """The row's line, after the titles where these are new; one for each answer that it tells of earlier events,
        where it tells any."""
        if isinstance(row, Answer) and row.answers:
            for late in row.answers:
                columns, cells = _late(row, late)
                yield from self._lines(columns, cells, row)
            return
        made = _answer(row, self._level, self._exact) if isinstance(row, Answer) else _letter(row)
        yield from self._lines(*made, row)

    def _lines(self, columns: Sequence[Column], cells: list[str], row: Answer | Envelope) -> Iterator[list[Piece]]:
        before = self._widths if columns == self._columns else []
        if not before:
            self._columns = columns
            self._widths = [_NUMBER_WIDTH if each.number else max(each.least, len(each.title)) for each in columns]
        triples = zip(self._widths, cells, columns, strict=True)
        self._widths = [width if len(cell) <= width else _width(len(cell), column) for width, cell, column in triples]
        if self._widths[:-1] != before[:-1]:
            yield [(text, "underline") for text, _ in self._line([column.title for column in columns])]
        yield self._line(cells) + _alert(row)

    def _line(self, cells: list[str]) -> list[Piece]:
        pieces = [
            (cell.rjust(width) if column.number else cell.ljust(width), column.style)
            for column, cell, width in zip(self._columns, cells, self._widths, strict=True)
        ]
        pieces[-1] = (pieces[-1][0].rstrip(), pieces[-1][1])
        return pieces


def _width(length: int, column: Column) -> int:
    """Of a column for cells up to this length, and for what is likely to come."""
    return min(-(-(length + _SPARE) // _STEP) * _STEP if column.varies else length, WIDEST)


def printable(text: str) -> str:
    """The text with everything that is no visible character as JSON would escape it."""
    return text if text.isprintable() else "".join(c if c.isprintable() else json.dumps(c)[1:-1] for c in text)


def _answer(row: Answer, level: float | None, exact: bool) -> tuple[Sequence[Column], list[str]]:
    """Columns and cells: a group for each target, with its name where there are several; a column for each horizon."""
    settled = {each.target: each for each in row.settled if each.horizon == 1}
    columns = list(_PLACE)
    cells = [shown_time(row.time), _shown(row.stream, STREAM_CHARACTERS), _source(row.source)]
    if row.tokens is not None:
        told, found = ([_EXACT], [_EXACTLY[row.tokens.exact]]) if exact else ([], [])
        return [*columns, *_TOKENS[:-1], *told, _TOKENS[-1]], [*cells, *_tokens(row.tokens, found)]
    if row.final is not None:
        return [*columns, *_LABELS], [*cells, *_labels(row)]
    groups = [list(group) for _, group in groupby(row.forecasts, lambda each: each.target)]
    for group in groups:
        target, baseline = group[0].target, group[0].baseline
        if len(groups) > 1:
            columns.append(_TARGET)
            cells.append(_shown(target, STREAM_CHARACTERS))
        columns.append(_FORECAST)
        cells.append(shown_number(group[0].forecast))
        if level is not None:
            columns.append(Column(f"{level:.4g} interval", varies=True, least=_BOUNDS_WIDTH))
            cells.append(next((_bounds(each) for each in group[0].intervals if each.level == level), UNKNOWN))
        columns += [*(Column(f"+{each.horizon}", "bold", number=True) for each in group[1:]), *_SCORES]
        cells += [*(shown_number(each.forecast) for each in group[1:]), shown_number(baseline)]
        done = settled.get(target)
        outcome, errors = (None, (None, None)) if done is None else (done.outcome, (done.error, done.baseline_error))
        cells += [shown_number(outcome), *(shown_number(error, "+") for error in errors)]
    return columns, cells


def _alert(row: Answer | Envelope) -> list[Piece]:
    """What stands behind a line whose event gave an alert."""
    if not isinstance(row, Answer) or row.anomaly is None or not row.anomaly.alert:
        return []
    return [(f"ALERT {_shown(row.anomaly.target, STREAM_CHARACTERS)} {shown_number(row.anomaly.score)}", "bold red")]


def _labels(row: Answer) -> list[str]:
    """Cells of what is held of the event's label, and of what a label said of an earlier answer, or else of the
    sequence that silence had ended."""
    of, settled, said = None if row.of is None else row.of.offset, row.settled, row.settled_label
    ended = row.ended
    if of is None and ended is not None and (ended.settled or ended.settled_label is not None):
        of, settled, said = ended.offset, ended.settled, ended.settled_label
    cells = _label(row.label, row.forecasts, of, settled, said)
    if cells[0] != UNKNOWN and not row.final:
        cells[0] += " so far"
    return cells


def _late(row: Answer, late: LateAnswer) -> tuple[Sequence[Column], list[str]]:
    """The same of an answer that was told later than at its event."""
    place = [shown_time(row.time), _shown(row.stream, STREAM_CHARACTERS), _source(row.source)]
    cells = _label(late.label, late.forecasts, late.offset, late.settled, late.settled_label)
    return [*_PLACE, *_LABELS], [*place, *cells]


def _label(
    label: Label | None, forecasts: list[Forecast], of: int | None, settled: list[Settled], said: SettledLabel | None
) -> list[str]:
    answer = probability = baseline = outcome = answered = then = UNKNOWN
    if label is not None:
        answer, baseline = (_shown(text, LABEL_CHARACTERS) for text in (label.answer, label.baseline))
        probability = f"{label.probabilities.get(label.answer, 0.0):.3f}"
    elif forecasts:
        answer, baseline = shown_number(forecasts[0].forecast), shown_number(forecasts[0].baseline)
    if said is not None:
        outcome, answered, then = (
            _shown(text, LABEL_CHARACTERS) for text in (said.outcome, said.answer, said.baseline)
        )
    elif settled:
        done = settled[0]
        outcome, answered, then = shown_number(done.outcome), shown_number(done.forecast), shown_number(done.baseline)
    return [answer, probability, baseline, UNKNOWN if of is None else str(of), outcome, answered, then]


def _tokens(found: Tokens, between: list[str]) -> list[str]:
    """Cells of what came, those between, and that of the likeliest tokens to come."""
    many = found.counted
    bits = [shown_number(bits / many if many else None) for bits in (found.bits, found.baseline_bits)]
    likely = [f"{_shown(json.dumps(each.token, ensure_ascii=False), LABEL_CHARACTERS)} {each.probability:.2f}"
              for each in found.next[:TOKENS_SHOWN]]
    return [str(many), str(found.right), *bits, *between, "  ".join(likely) or UNKNOWN]


def _letter(row: Envelope) -> tuple[Sequence[Column], list[str]]:
    text = row.kept[: 4 * VALUE_CHARACTERS].decode(errors="backslashreplace")
    value = UNKNOWN if row.value is None else _shown(text, VALUE_CHARACTERS)
    return _LETTER, [_shown(row.reason, 40), _source(row.source), _shown(row.message, MESSAGE_CHARACTERS), value]


def _shown(text: str, most: int) -> str:
    return printable(text[:most]) + ("…" if len(text) > most else "")


def _source(source: Source) -> str:
    return f"{_shown(source.topic, 249)}-{source.partition} {source.offset}"


def shown_number(value: float | None, sign: str = "-") -> str:
    """Six digits of a number; ``sign`` is + where a sign stands before all."""
    return UNKNOWN if value is None else f"{value:{sign}.6g}"


def _bounds(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return UNKNOWN
    return f"[{shown_number(interval.low)}, {shown_number(interval.high)}]"


def shown_time(seconds: float | None) -> str:
    """A time in UTC, to the millisecond."""
    if seconds is None:
        return UNKNOWN
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return f"{seconds:.3f} s"
