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
from streamrnn.presets.tokens import token_field
from streamrnn.replay import cells, guess
from streamrnn.replay.options import SourceError
from streamrnn.settings.inputs import MOST_FIELDS
from streamrnn.settings.keys import Value

MOST_FEATURES = 256
_UNUSED = frozenset({"constant", "identifier", "text", "nested", "time"})
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
    """

    values: dict[str, Value] = field(default_factory=dict)
    why: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    def say(self, key: str, value: Value, why: str) -> None:
        """Settle one setting."""
        self.values[key], self.why[key] = value, why


def infer(sample: Sample, preset: str, label: str | None = None, keyed_log: bool = False) -> Inferred:
    """Settings for this preset, as far as the sample tells.

    Parameters
    ----------
    sample : what was read
    preset : its name
    label : the field that the user called the label
    keyed_log : whether records have keys and times of their own, as in Kafka

    Raises
    ------
    SourceError
        There is nothing to learn from in it.
    """
    found = sample.columns()
    if label is not None and label not in found:
        raise SourceError(
            f"there is no field {label}{guess.nearest(label, found)}; --label is one of {', '.join(found)}"
        )
    inferred = Inferred()
    _places(inferred, sample, keyed_log)
    taken = {name for name in (sample.stream.name, sample.time.name) if name is not None}
    learns = PRESETS[preset].learns
    if learns == "tokens":
        _tokens(inferred, sample, found, PRESETS[preset], label, taken)
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
    if stream.name is not None or stream.keyed or keyed_log:
        inferred.say("events.stream", stream.name, stream.why)
    else:
        inferred.why["events.stream"] = stream.why
        inferred.remarks.append("No field names the streams: each event needs one, by default `stream`.")
    if time.name is None:
        instead = "those of the log count" if keyed_log else "lines are numbered"
        inferred.say("events.time", None, f"no field holds times: {instead}")
    else:
        example = next((value for record in sample.records if (value := record.fields.get(time.name)) is not None), "")
        inferred.say("events.time", time.name, f"such as {example}")
        inferred.say("events.time_format", time.written, "as they are written")


def _tokens(
    inferred: Inferred, sample: Sample, found: Mapping[str, Column], preset: Preset, named: str | None, taken: set[str]
) -> None:
    """Settle which field is taken apart, and what ends sequences."""
    keys = {line.key: line.value for line in preset.lines}
    name = named or token_field(found, sample.records, taken, sets=keys["tokens.of"] == "sets")
    if name is None:
        wanted = "lists" if keys["tokens.of"] == "sets" else "texts"
        raise SourceError(f"no field holds {wanted}: the records have {', '.join(found)}. Name it with --label")
    inferred.say("tokens.field", name, "as you said" if named else "the field with the most in it")
    if "sequences.end" in keys:
        ends = end_field(found, sample.records, taken | {name})
        if ends is None:
            inferred.say("sequences.end", None, "no flag marks the last event of a sequence")
        else:
            inferred.say("sequences.end", *ends)


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
    inferred.remarks.append(
        "No flag marks the last event of a sequence: add a field that is true there, and name it in sequences.end. Or "
        "let silence alone end one: sequences.end: null, and sequences.gap: so many seconds."
    )
    inferred.open.append("sequences.end or sequences.gap")


def _features(inferred: Inferred, found: Mapping[str, Column], taken: set[str], targets: bool) -> None:
    left = {name: column for name, column in found.items() if name not in taken}
    names = [name for name, column in left.items() if column.numeric]
    if not names:
        quoted = described(left, ("number in text",))
        hint = f" These are numbers in quotes, which the daemon refuses: {quoted}." if quoted else ""
        raise SourceError(f"no field holds numbers to learn from: the records have {', '.join(found)}.{hint}")
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
