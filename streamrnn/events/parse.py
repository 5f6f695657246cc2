"""The fields of one JSON record, read strictly, with a reason where they cannot be."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from streamrnn.events import reasons
from streamrnn.events.labels import LabelFields
from streamrnn.events.reasons import Refused
from streamrnn.events.tokens import TokenFields
from streamrnn.events.traits import TraitFields

if TYPE_CHECKING:
    from streamrnn.settings.records import Events as EventSettings

#: Deepest nesting that is read. A bound of our own, for the parser's depends on how deep Python's stack happens to be,
#: and whether a record is accepted must depend on the record alone.
MAX_DEPTH = 128

# Always matches once it meets a quote (text that never ends counts to the end), so the scan is linear.
_TEXT = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
_NOT_A_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
# msgspec renames a field to anything but these.
_ODD_NAME = re.compile(r'["\\\x00-\x1f]')

# Reasons whose explanation says what is allowed.
_EXPLAINED = (
    reasons.BAD_LABEL, reasons.BAD_ID, reasons.BAD_END, reasons.BAD_BOOLEAN, reasons.BAD_CATEGORY, reasons.BAD_TOKENS,
)  # fmt: skip


class Parser:
    """Reads stream, time, features, booleans and categories out of JSON objects; other fields are skipped.

    Rows are structs with the attributes ``stream`` (text, int or None), ``time`` (float, text or None), ``f0``, ``f1``,
    ... (float; None or NaN where missing), ``b0``, ... (boolean or None) and ``c0``, ... (text, int, boolean or None);
    in label modes also ``label``, ``id`` (text, int or None) and ``end`` (boolean or None); where events are tokens
    ``tokens`` (as `TokenFields.kind`) and ``end``. Numbers are finite. Text and booleans are no numbers. Of a field
    that stands twice the last one counts.

    Parameters
    ----------
    settings : the section ``events`` of the settings
    labels : fields of label modes
    traits : fields with booleans and categories
    tokens : the field with tokens
    """

    def __init__(
        self,
        settings: EventSettings,
        labels: LabelFields | None = None,
        traits: TraitFields | None = None,
        tokens: TokenFields | None = None,
    ) -> None:
        self.max_bytes = settings.max_bytes
        self._time_format = settings.time_format
        number = float | None
        time = str | None if settings.time_format == "iso8601" else number
        self._columns: list[tuple[str, str | None, Any, str]] = [
            ("stream", settings.stream, str | int | None, reasons.BAD_STREAM),
            ("time", settings.time, time, reasons.BAD_TIME),
            *((f"f{i}", name, number, reasons.NOT_A_NUMBER) for i, name in enumerate(settings.features)),
        ]
        if traits is not None:
            self._columns += [
                *((f"b{i}", name, bool | None, reasons.BAD_BOOLEAN) for i, name in enumerate(traits.booleans)),
                *(
                    (f"c{i}", category.field, str | int | bool | None, reasons.BAD_CATEGORY)
                    for i, category in enumerate(traits.categories)
                ),
            ]
        if labels is not None:
            label = number if labels.number else str | int | bool | None
            self._columns += [
                ("label", labels.field, label, reasons.BAD_LABEL),
                ("id", labels.id, str | int | None, reasons.BAD_ID),
                ("end", labels.end, bool | None, reasons.BAD_END),
            ]
        if tokens is not None:
            self._columns += [
                ("tokens", tokens.field, tokens.kind, reasons.BAD_TOKENS),
                ("end", tokens.end, bool | None, reasons.BAD_END),
            ]
        read = [(name, kind) for _, name, kind, _ in self._columns if name is not None]
        plain = not any(_ODD_NAME.search(name) for name, _ in read)
        self._row = self._make_row(rename=plain)
        self._objects = msgspec.json.Decoder(dict[str, msgspec.Raw])
        self._fields = {name: msgspec.json.Decoder(kind) for name, kind in read}
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(self._row).decode if plain else self._carefully
        #: A row without anything, as a tombstone has.
        self.nothing: Any = self._row()

    def parse(self, value: bytes) -> Any:
        """The row of one record.

        Raises
        ------
        Refused
            With the reason; never anything else, whatever the bytes are.
        """
        if len(value) > self.max_bytes:
            raise Refused(
                reasons.TOO_LARGE, f"the value has {len(value)} bytes; events.max_bytes allows {self.max_bytes}"
            )
        if _may_be_deep(value) and _depth(value) > MAX_DEPTH:
            raise Refused(reasons.TOO_DEEP, f"the value nests deeper than {MAX_DEPTH} levels")
        try:
            value.decode()  # msgspec does not look into text that it skips
        except UnicodeDecodeError as error:
            raise Refused(reasons.NOT_JSON, f"the value is not UTF-8: {error}") from error
        try:
            return self._decode(value)
        except msgspec.DecodeError as error:
            self._carefully(value)
            raise Refused(reasons.DUPLICATE, f"a field stands twice: {error}") from error

    def parse_all(self, values: Sequence[bytes]) -> list[Any] | None:
        """The rows of many records at once; None where at least one of them needs a closer look.

        Accepts a record exactly if `parse` does, so how records are cut into batches makes no difference.
        """
        if max(map(len, values), default=0) > self.max_bytes:
            return None
        try:
            joined = b"\n".join(values)  # a line feed ends any torn character, so one check serves all
            if not joined.isascii():
                joined.decode()
            # Each record that parses has one opening bracket at least, so no record can have more than the rest.
            openings = joined.count(b"{") + joined.count(b"[") - len(values) + 1
            if openings > MAX_DEPTH and any(map(_may_be_deep, values)):
                return None
            return list(map(self._decode, values))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, Refused):
            return None

    def _carefully(self, value: bytes) -> Any:
        """Field by field: slow, takes any field name, and knows the reason."""
        try:
            found = self._objects.decode(value)
        except msgspec.ValidationError as error:
            raise Refused(reasons.NOT_OBJECT) from error
        except msgspec.DecodeError as error:
            raise Refused(reasons.NOT_JSON, f"the value is not JSON: {error}") from error
        row: dict[str, Any] = {}
        for attribute, name, _, reason in self._columns:
            if name is None or name not in found:
                continue
            try:
                row[attribute] = self._fields[name].decode(found[name])
            except msgspec.DecodeError as error:
                # The text that was skipped as raw JSON is read here for the first time, so it may prove malformed.
                if not isinstance(error, msgspec.ValidationError):
                    raise Refused(reasons.NOT_JSON, f"field {name!r}: {error}") from error
                raise self._wrong(name, reason, bytes(found[name]).lstrip()) from error
        return self._row(**row)

    def _wrong(self, name: str, reason: str, raw: bytes) -> Refused:
        """Why a field's value, of which ``raw`` is the JSON, cannot be what the field stands for."""
        kind = _kind(raw)
        if reason == reasons.BAD_STREAM:
            return Refused(reason, f"field {name!r} is {kind}; a stream id is text or an integer")
        if reason in _EXPLAINED:
            return Refused(reason, f"field {name!r} is {kind}; {reasons.EXPLANATIONS[reason]}")
        text_wanted = reason == reasons.BAD_TIME and self._time_format == "iso8601"
        if kind == "a number" and not text_wanted:
            code = reasons.OUT_OF_RANGE if reason == reasons.NOT_A_NUMBER else reason
            return Refused(code, f"field {name!r} is a number too large for any computer")
        if reason == reasons.BAD_TIME:
            return reasons.bad_time(
                f"field {name!r} is {kind}, which events.time_format: {self._time_format} does not read"
            )
        return Refused(reason, f"field {name!r} is {kind}; a feature is a number or null")

    def _make_row(self, rename: bool) -> Any:
        fields = []
        for attribute, name, kind, _ in self._columns:
            default = math.nan if attribute.startswith("f") else None
            if name is None:
                continue
            fields.append((attribute, kind, msgspec.field(default=default, name=name if rename else None)))
        return msgspec.defstruct("Row", fields, gc=False)


def _kind(raw: bytes) -> str:
    """What a JSON value is, in words."""
    words = {b'"': "text", b"t": "true", b"f": "false", b"n": "null", b"[": "a list", b"{": "an object"}
    return words.get(raw[:1], "a number")


def _may_be_deep(value: bytes) -> bool:
    return len(value) > MAX_DEPTH and value.count(b"[") + value.count(b"{") > MAX_DEPTH


def _depth(value: bytes) -> int:
    """Deepest nesting of brackets outside of text, however malformed the value is."""
    deepest = depth = 0
    for bracket in _TEXT.sub(b"", value).translate(None, _NOT_A_BRACKET):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest
