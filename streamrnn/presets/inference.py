"""What a sample of records says about the settings, each with its evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from streamrnn.events.columns import Floats
from streamrnn.presets.columns import Column, described
from streamrnn.presets.labels import end_field, end_gap, id_field, label_field, longest_wait
from streamrnn.presets.lines import Preset
from streamrnn.presets.record import Record
from streamrnn.presets.sample import LONG, Sample
from streamrnn.presets.seasons import find_seasons
from streamrnn.presets.spacing import find_spacing
from streamrnn.presets.templates import PRESETS
from streamrnn.presets.tokens import TokenField
from streamrnn.replay import cells
from streamrnn.replay.options import SourceError
from streamrnn.settings.inputs import MOST_FIELDS
from streamrnn.settings.keys import Value
from streamrnn.settings.tokens import MOST, Tokens

MOST_FEATURES = 256
_UNUSED = frozenset({"constant", "identifier", "text", "nested", "time"})
_MOST_TOKENS: int = Tokens().most
_ENDS = frozenset({"sequences.record", "sequences.end", "sequences.gap"})
_LARGEST = 1e15  # as events.max_magnitude has it: beyond, a record is refused
_LOOKED_AT = 8  # features in which a season is looked for
_HOLES = 0.3  # share of missing steps above which it is not
_LEAST_LIVE = 1000  # a look shows few of the streams that come, and room is only taken as they do
_FARTHEST = 300  # steps that are suggested: a state is kept for each (128 bytes), for every stream


@dataclass(slots=True)
class Inferred:
    """Settings by path, and why; what was noticed beside them.

    Attributes
    ----------
    values : of settings
    why : evidence for each setting, in words
    remarks : sentences for the person who gave the data
    open : settings that nothing was found for, and without which the file is of no use
    said : settings that the user gave, which nothing that was seen changes
    """

    values: dict[str, Value] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    said: frozenset[str] = frozenset()

    @classmethod
    def of_user(cls, said: Mapping[str, Value]) -> Inferred:
        """What the user gave, and nothing else yet."""
        return cls(dict(said), dict.fromkeys(said, "as you said"), said=frozenset(said))

    def say(self, key: str, value: Value, why: str) -> None:
        """Settle one setting, unless the user did."""
        if key not in self.said:
            self.values[key], self.why[key] = value, why


def infer(
    sample: Sample, preset: str, label: str | None = None, keyed_log: bool = False,
    said: Mapping[str, Value] | None = None,
) -> Inferred:  # fmt: skip
    """Settings for this preset, as far as the sample tells.

    Parameters
    ----------
    sample : what was read
    preset : its name
    label : the field that the user called the label
    keyed_log : whether records have keys and times of their own, as in Kafka
    said : settings that the user gave

    Raises
    ------
    SourceError
        There is nothing to learn from in it.
    """
    found = sample.columns()
    inferred = Inferred.of_user(said or {})
    _places(inferred, sample, keyed_log)
    taken = {name for name in (sample.stream.name, sample.time.name) if name is not None}
    learns = PRESETS[preset].learns
    if learns == "tokens":
        _tokens(inferred, sample, found, PRESETS[preset], taken)
    else:
        taken |= set() if learns == "next" else _labels(inferred, sample, found, learns, label, taken)
        _features(inferred, found, taken, targets=learns == "next")
    if learns == "next":
        _steps(inferred, sample, found, many=preset == "forecast")
    seen = f"{sample.streams:,} {'stream' if sample.streams == 1 else 'streams'} in {sample.scanned:,} records"
    if sample.whole:
        live = max(_LEAST_LIVE, round(10 * sample.streams, 1 - len(str(10 * sample.streams))))
        inferred.say("streams.max_live", live, f"{seen}; about ten times as many, {_LEAST_LIVE:,} at least, for room")
    else:
        inferred.why["streams.max_live"] = f"{seen}, and more records behind them"
    return inferred


def _places(inferred: Inferred, sample: Sample, keyed_log: bool) -> None:
    stream, time = sample.stream, sample.time
    if stream.name is not None or stream.keyed:
        inferred.say("events.stream", stream.name, stream.why)
    elif keyed_log:
        inferred.say("events.stream", None, f"{stream.why}: each key is one")
    elif "events.stream" not in inferred.said:
        inferred.why["events.stream"] = f"{stream.why}: all rows count as one"
        hint = f" {stream.like} looks like one: --stream {stream.like}." if stream.like else ""
        inferred.remarks.append(
            f"No field names the streams: `replay` and `feed` take all rows for one, and a record needs `stream`.{hint}"
        )
    if sample.unnamed:
        what = "key" if stream.keyed else stream.name
        inferred.remarks.append(
            f"{sample.unnamed:,} of {sample.scanned:,} records have no {what}: they will be refused (no_stream)."
        )
    if time.name is None:
        instead = "those of the log count" if keyed_log else "lines are numbered"
        inferred.say("events.time", None, f"no field holds times: {instead}")
    else:
        example = next((value for record in sample.records if (value := record.fields.get(time.name)) is not None), "")
        inferred.say("events.time", time.name, f"such as {example}")
        inferred.say("events.time_format", time.written, "as they are written")


def _tokens(
    inferred: Inferred, sample: Sample, found: Mapping[str, Column], preset: Preset, taken: set[str]
) -> None:
    """Settle which field is taken apart, and what ends sequences."""
    usual = {line.key: line.value for line in preset.lines} | inferred.values
    tokens = sample.tokens
    if tokens is None:
        wanted = "lists" if usual["tokens.of"] == "sets" else "texts"
        raise SourceError(f"no field holds {wanted}: the records have {', '.join(found)}. Name it with --label")
    inferred.say("tokens.field", tokens.name, tokens.why)
    if tokens.of != usual["tokens.of"]:
        inferred.say("tokens.of", tokens.of, "the field holds no texts")
    _room(inferred, tokens, usual.get("tokens.most", _MOST_TOKENS))
    parted = _parted(inferred, sample, tokens, usual.get("tokens.marker"))
    ends = end_field(found, sample.records, taken | {tokens.name})
    if usual.get("sequences.record") and parted and ends is not None:
        inferred.say("sequences.record", False, "questions and answers come as events of their own")
        inferred.say("sequences.end", *ends)
    elif "sequences.end" in usual and not usual.get("sequences.record"):
        inferred.say("sequences.end", *(ends or (None, "no flag marks the last event of a sequence")))
        if ends is None and usual.get("tokens.marker") is not None and not inferred.said & _ENDS:
            if parted:
                _leave_ends_open(inferred)
            else:
                inferred.say("sequences.record", True, "texts have their answers behind the marker")


def _room(inferred: Inferred, tokens: TokenField, usual: int) -> None:
    """Room for the longest text; twice as much until it fits, for a longer one is to come."""
    most = usual
    while most < tokens.longest:
        most *= 2
    if most > usual:
        inferred.say("tokens.most", min(most, MOST), f"the longest has {tokens.longest:,}")
    most = inferred.values.get("tokens.most", most)
    if most < tokens.longest:
        many = f"{tokens.beyond:,}" if most == MOST else "Some"
        inferred.remarks.append(
            f"{many} of {tokens.name} have more tokens than tokens.most allows ({most:,}; the longest has "
            f"{tokens.longest:,}): they will be dead letters. Part them into several records."
        )


def _parted(inferred: Inferred, sample: Sample, tokens: TokenField, marker: str | None) -> bool:
    """Whether questions and answers come apart, as most have no answer behind a marker of their own."""
    if marker is None:
        return False
    values = [value for record in sample.records if (value := record.fields.get(tokens.name)) is not None]
    texts = [list(tokens.split(value)) for value in values]
    if not any(marker in text for text in texts):
        inferred.remarks.append(
            f"No {tokens.name} holds the token {marker} behind which answers stand: name yours in tokens.marker, or "
            "none will be told to be exact."
        )
    return 2 * sum(marker in text[:-1] for text in texts) < len(texts)


def _labels(
    inferred: Inferred, sample: Sample, found: Mapping[str, Column], learns: str, named: str | None, taken: set[str]
) -> set[str]:
    """Settle what is predicted; gives the fields that are no features because of it."""
    ends = end_field(found, sample.records, taken | ({named} if named else set()))
    ended = {ends[0]} if ends is not None and learns == "sequence" else set()
    label = label_field(found, named, taken | ended)
    if label is None:
        raise SourceError(
            f"no field could be a label: the records have {', '.join(found)}. Name it with --label, or take the "
            "preset forecast"
        )
    inferred.say("labels.field", label.name, label.why)
    inferred.say("labels.kind", label.kind, "as the field's values are")
    if ends is not None and ended:
        inferred.say("sequences.end", *ends)
    elif learns == "sequence":
        _silence(inferred, sample, label.name)
    if learns != "delayed":
        return {label.name} | ended
    name = id_field(found, label.name, sample.records, taken)
    if name is None:
        text = "No field names the event that a label belongs to in both records: set labels.id, or labels.join: time."
        inferred.remarks.append(text)
        inferred.open.append("labels.id")
        return {label.name}
    inferred.say("labels.id", name, "in events and labels alike, another one in each event")
    wait = longest_wait(sample.by_stream().values(), label.name, name)
    if wait is not None:
        inferred.say("labels.within", wait[1], f"labels came up to {wait[0]} events later")
    return {label.name, name}


def _silence(inferred: Inferred, sample: Sample, label: str) -> None:
    """What ends a sequence where no field does."""
    gap = end_gap(((records, sample.seconds(records)) for records in sample.by_stream().values()), label)
    if gap is not None:
        inferred.say("sequences.end", None, "no flag marks the last event of a sequence")
        inferred.say("sequences.gap", *gap)
        return
    _leave_ends_open(inferred)


def _leave_ends_open(inferred: Inferred) -> None:
    inferred.remarks.append(
        "No flag marks the last event of a sequence: add a field that is true there, and name it in sequences.end. Or "
        "let silence alone end one: sequences.end: null, and sequences.gap: so many seconds."
    )
    inferred.open.append("sequences.end or sequences.gap")


def _features(inferred: Inferred, found: Mapping[str, Column], taken: set[str], targets: bool) -> None:
    left = {name: column for name, column in found.items() if name not in taken}
    names = [name for name, column in left.items() if column.numeric]
    if not names and "events.features" not in inferred.said:
        hint = _where_numbers_are(left)
        raise SourceError(f"no field holds numbers to learn from: the records have {', '.join(found)}. {hint}")
    if len(names) > MOST_FEATURES:
        inferred.remarks.append(f"Of {len(names)} fields with numbers the first {MOST_FEATURES} were taken.")
        names = names[:MOST_FEATURES]
    numeric = described({name: left[name] for name in names}, ("flag",))
    passed = [name for name, column in left.items() if column.kind in _UNUSED]
    why = "fields with numbers" + (f"; flags among them: {numeric}" if numeric else "")
    why += f"; left out: {', '.join(passed)}" if passed else ""
    inferred.say("events.features", names, why)
    flags = [name for name, column in left.items() if column.kind == "flag" and not column.numeric][:MOST_FIELDS]
    if flags:
        inferred.say("inputs.booleans", flags, described({name: left[name] for name in flags}, ("flag",)))
    listed = {name: list(filter(None, column.values)) for name, column in left.items() if column.kind == "class"}
    classes = dict([(name, values) for name, values in listed.items() if values][:MOST_FIELDS])
    if classes:
        seen = described({name: left[name] for name in classes}, ("class",))
        inferred.say("inputs.categories", classes, f"fields with few texts: {seen}; another one counts as other")
    if quoted := described(left, ("number in text",)):
        inferred.remarks.append(f"Numbers in quotes, which the daemon refuses: {quoted}. Write them without.")
    measured = [name for name in names if found[name].kind == "number"]
    if targets and measured and len(measured) < len(names):
        inferred.say("events.targets", measured, "flags help to forecast, and are not forecast")


def _steps(inferred: Inferred, sample: Sample, found: Mapping[str, Column], many: bool) -> None:
    spacing = find_spacing(sample.seconds(records) for records in sample.by_stream().values())
    inferred.say("forecast.interval", spacing.interval, spacing.why)
    names = inferred.values.get("events.targets") or inferred.values["events.features"]
    series = [
        each
        for records in sample.long.values()
        for each in _series(records, sample.seconds(records), names[:_LOOKED_AT], spacing.interval)
    ]
    season, long = find_seasons(series, spacing.interval)
    inferred.say("forecast.season", season.steps, season.why)
    if long.steps is not None or long.why:
        inferred.say("forecast.long_season", long.steps, long.why)
    calendar = season.steps is not None and spacing.interval is not None and season.steps * spacing.interval >= 86_400
    inferred.say("inputs.calendar", calendar, "a day or a week shows" if calendar else "no day and no week shows")
    if many:
        inferred.say("forecast.horizons", *_horizons(season.steps))


def _where_numbers_are(left: Mapping[str, Column]) -> str:
    """What to do where no field holds any."""
    if quoted := described(left, ("number in text",)):
        return f"These are numbers in quotes, which the daemon refuses: {quoted}. Write them without."
    if nested := [name for name, column in left.items() if column.kind == "nested"]:
        example = f'"{nested[0]}1": 0.5, "{nested[0]}2": 1.5'
        return f"Give each number in {', '.join(nested)} a field of its own, such as {example}."
    return "Give each number a field of its own, such as \"value\": 0.5; for texts there is the preset text."


def _horizons(season: int | None) -> tuple[list[int], str]:
    far = [] if season is None else sorted({max(2, season // 4), season})
    near = [horizon for horizon in far if horizon <= _FARTHEST]
    if not near:
        return [1, 24], "the usual ones, for want of a season that is short enough"
    return [1, *near], "the next step, a quarter season, a season" if near == far else "the next step, a quarter season"


def _series(records: Sequence[Record], times: Floats, names: Sequence[str], interval: float | None) -> list[Floats]:
    """One value a step of each feature; none of a stream that has too many holes to tell."""
    if interval is None:
        steps = np.arange(len(records))
    else:
        known = np.isfinite(times)
        records = [record for record, there in zip(records, known, strict=True) if there]
        steps = np.floor(times[known] / interval).astype(np.int64)
        steps -= steps.min(initial=steps[0] if len(steps) else 0)
    if not len(steps) or steps.max() >= 4 * LONG:
        return []
    found = []
    for name in names:
        values = np.full(int(steps.max()) + 1, np.nan)
        values[steps] = [_number(record.fields.get(name)) for record in records]
        if np.isnan(values).mean() <= _HOLES:
            found.append(values)
    return found


def _number(value: object) -> float:
    number = cells.or_nan("" if value is None or isinstance(value, bool) else str(value), float)
    return number if abs(number) <= _LARGEST else float("nan")
