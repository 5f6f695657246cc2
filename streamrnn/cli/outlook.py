"""What a start would make of a log's saved state and next records, for ``streamrnn check``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from streamrnn.cli.places import Finding, amount
from streamrnn.exits import ExitCode

if TYPE_CHECKING:
    from streamrnn.events.columns import Partition, Records
    from streamrnn.settings.schema import Settings
    from streamrnn.snapshots.base import SnapshotStore
    from streamrnn.transport.base import Committed
    from streamrnn.transport.kafka.look import KafkaLook
    from streamrnn.transport.look import DirectoryLook
    from streamrnn.transport.pairs import PairedLook

RECORDS = 1000  # looked at of each partition
_LONGEST_NAMES = 200  # letters


def state(
    settings: Settings,
    log: DirectoryLook | KafkaLook | PairedLook,
    store: SnapshotStore,
    partition: Partition,
    committed: Committed | None,
) -> Finding:
    """Whether the partition's saved state fits its log and the settings."""
    from streamrnn.genesis import started, starting_weights
    from streamrnn.recovery import refuse_strangers, restore
    from streamrnn.state_errors import ChangedError, StateError
    from streamrnn.transport.base import TransportError

    try:
        if committed is not None:
            opened = restore(settings, store, partition, committed, log.log_start(partition), log.identity(partition))
            text = f"{partition} goes on at {committed.position:,}, with the snapshot at {opened.header.position:,}"
            return Finding("state", f"{text}; {opened.told}" if opened.told else text)
        refuse_strangers(store, partition, log.identity(partition))
        learned = starting_weights(settings)
        weights = "" if learned is None else f", its weights {started(settings, learned, learned.lacks(settings))}"
        return Finding("state", f"{partition} begins anew{weights}")
    except ChangedError as error:
        would = _with_carry_over(settings, log, store, partition, committed)
        return Finding("state", f"{error}. With --carry-over: {would}", ExitCode.STATE)
    except StateError as error:
        return Finding("state", str(error), ExitCode.STATE)
    except (OSError, TransportError) as error:
        return Finding("state", f"cannot read the snapshots of {partition}: {error}.", ExitCode.TRANSPORT)


def _with_carry_over(
    settings: Settings,
    log: DirectoryLook | KafkaLook | PairedLook,
    store: SnapshotStore,
    partition: Partition,
    committed: Committed | None,
) -> str:
    """What a start with that word would carry over."""
    from streamrnn.recovery import restore
    from streamrnn.state_errors import StateError

    assert committed is not None
    start, identity = log.log_start(partition), log.identity(partition)
    try:
        return restore(settings, store, partition, committed, start, identity, carry=True).told
    except StateError as error:
        return str(error)


def records(settings: Settings, log: DirectoryLook, partition: Partition) -> Iterator[Finding]:
    """Warnings where the next records would be refused, or lack a feature, a boolean or a category altogether."""
    import numpy as np

    from streamrnn.events.decode import Decoder
    from streamrnn.events.traits import MISSING, TraitFields

    raw = log.next_records(partition, RECORDS)
    events = Decoder.from_settings(settings, numbered_time=True).decode(raw)
    of = f"of the next {amount(len(raw), 'record')} of {partition}"
    firsts = {letter.reason: letter for letter in reversed(events.rejects)}
    for reason, count in Counter(letter.reason for letter in events.rejects).most_common():
        first = firsts[reason]
        text = f"{of}, {count:,} would be refused as {reason}, the first at {first.offset:,}: {first.message}"
        yield Finding("events", text, warning=True)
    if not len(events):
        return
    absent = [
        ("feature", name, "events.features")
        for name, values in zip(settings.events.features, events.features.T, strict=True)
        if not np.isfinite(values).any()
    ]
    fields, traits = TraitFields.from_settings(settings), events.traits
    if fields is not None and traits is not None:
        columns = zip(fields.booleans, traits.booleans.T, strict=True)
        absent += [("boolean", name, "inputs.booleans") for name, signs in columns if not signs.any()]
        absent += [
            ("category", category.field, "inputs.categories")
            for category, codes in zip(fields.categories, traits.codes.T, strict=True)
            if (codes == category.first + MISSING).all()
        ]
    for kind, name, setting in absent:
        text = f"{of}, none has the {kind} {name!r}{_fields(raw)}. Compare {setting} with them."
        yield Finding("events", text, warning=True)


def _fields(raw: Records) -> str:
    """The fields of the first record that is an object."""
    for value in raw.values:
        try:
            found = json.loads(value or b"")
        except (ValueError, RecursionError):
            continue
        if isinstance(found, dict):
            names = ", ".join(map(str, found))
            return f"; the first has {names[:_LONGEST_NAMES]}"
    return ""
