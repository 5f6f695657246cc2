"""What readers of a log of two topics must see: all that its journal says, taken in one go by a fresh shard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np

from streamrnn.events.columns import Partition, Records
from streamrnn.events.dead_letter import dead_letters
from streamrnn.events.decode import Decoder
from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from streamrnn.transport.journal import Entry

#: Key, value and timestamp of a record, by its offset: offsets may have holes.
Log = Mapping[int, tuple[bytes | None, bytes | None, float]]


def order(entries: Sequence[bytes], lineage: str) -> list[tuple[int, int]]:
    """Turn (0: events, 1: labels) and next offset of each run, one after the other, as a lineage's entries tell."""
    runs: list[tuple[int, int]] = []
    reached = None
    for encoded in entries:
        entry = msgspec.json.decode(encoded, type=Entry)
        if entry.lineage != lineage:
            continue
        at = [entry.events, entry.labels]
        assert reached in (None, at), f"the journal has a hole at {at}, {reached} was expected"
        for turn, count in enumerate(entry.runs):
            at[turn % 2] += count
            runs.append((turn % 2, at[turn % 2]))
        reached = at
    return runs


def merged(pair: tuple[Partition, Partition], logs: tuple[Log, Log], runs: Sequence[tuple[int, int]]) -> Records:
    """The records of both logs in that order."""
    offsets, rows = [], []
    left = [sorted(log.items(), reverse=True) for log in logs]
    for turn, upto in runs:
        while left[turn] and left[turn][-1][0] < upto:
            offset, row = left[turn].pop()
            offsets.append(~offset if turn else offset)
            rows.append(row)
    keys, values, timestamps = ([row[column] for row in rows] for column in range(3))
    n = len(rows)
    return Records(pair[0], offsets, keys, values, timestamps, n, list(range(n)), pair[1])


def expected(
    settings: Settings, lineage: str, records: Records, numbered_time: bool
) -> tuple[list[bytes], list[tuple[str, Partition, int]], dict[str, np.ndarray]]:
    """Predictions, dead letters (reason, partition, offset) and state."""
    shard = Shard(settings, records.partition, lineage)
    events = Decoder.from_settings(settings, numbered_time).decode(records)
    predictions, _ = shard.process(events)
    letters = [(each.reason, each.partition, each.offset) for each in dead_letters(records, events, predictions)]
    return encode_predictions(predictions, settings.target_names), letters, shard.saved()


def same_state(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> list[str]:
    """Names of the arrays that differ in a bit."""

    def bits(array: Any) -> object:
        return None if array is None else (array.dtype, array.shape, array.tobytes())

    return [name for name in sorted({*ours, *theirs}) if bits(ours.get(name)) != bits(theirs.get(name))]
