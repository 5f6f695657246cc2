"""Whatever bytes come, the decoder gives one event or one dead letter for each record, and never raises."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from streamrnn.events import Records
from streamrnn.events.decode import Decoder
from streamrnn.events.reasons import EXPLANATIONS
from streamrnn.events.traits import TraitFields
from streamrnn.settings import load

MakeRecords = Callable[..., Records]
MakeDecoder = Callable[..., Decoder]

NUMBERS = st.one_of(
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(),
    st.sampled_from([0, -0.0, 1e15, 1.1e15, 5e-324, 10**400, 2**63, -6.2e10, 2.6e11]),
)
LEAVES = st.one_of(st.none(), st.booleans(), NUMBERS, st.text(max_size=20), st.just("\ud800"))
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
FIELDS = st.dictionaries(st.sampled_from(["stream", "time", "value", "b", "other"]), LEAVES | JSON, max_size=5)
LIKELY = st.fixed_dictionaries({"stream": st.sampled_from(["a", "ü", 3]), "time": NUMBERS, "value": NUMBERS})
PIECES = st.lists(
    st.sampled_from(
        [
            b"{",
            b"}",
            b"[",
            b"]",
            b'"',
            b"\\",
            b":",
            b",",
            b" ",
            b"\n",
            b'"stream"',
            b'"time"',
            b'"value"',
            b'"a"',
            b"1",
            b"-",
            b"1e999",
            b"NaN",
            b"Infinity",
            b"null",
            b"true",
            b"\\ud800",
            b"\\u0000",
            b"\xff",
            b"\xc3",
            b"[" * 300,
            b"9" * 5000,
        ]
    ),
    max_size=12,
).map(b"".join)


def dumped(content: Any) -> bytes:
    return json.dumps(content).encode()


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A likely record with a few bytes changed, cut out or put in."""
    content = draw(LIKELY.map(dumped))
    at = draw(st.integers(0, len(content)))
    return content[:at] + draw(st.binary(max_size=3) | PIECES) + content[at + draw(st.integers(0, 3)) :]


VALUES = st.one_of(
    LIKELY.map(dumped), FIELDS.map(dumped), JSON.map(dumped), PIECES, damaged(), st.binary(max_size=50), st.none()
)
KEYS = st.one_of(st.none(), st.binary(max_size=5), st.just(b"k" * 300), st.just(b"a"))
BATCHES = st.lists(st.tuples(VALUES, KEYS, st.floats()), max_size=12)

TRAITS = TraitFields.from_settings(
    load(None, ["inputs.booleans=[b]", 'inputs.categories={other: 7, value: [a]}', "events.features=x"], {}).settings
)
CONFIGURATIONS: list[dict[str, Any]] = [
    {},
    {"features": ["value", "b"], "time_format": "milliseconds", "max_bytes": 200},
    {"stream": None, "time": None, "numbered_time": True},
    {"stream": None, "time": None},
    {"time_format": "iso8601"},
    {"features": ["value", 'odd"name']},
    {"features": ["time2"], "traits": TRAITS},
]


def check(decoder: Decoder, records: Records, max_magnitude: float = 1e15) -> None:
    events = decoder.decode(records)
    refused = [letter.offset for letter in events.rejects]
    assert sorted([*events.offsets.tolist(), *refused]) == records.offsets
    assert refused == sorted(refused)
    assert events.offsets.tolist() == sorted(events.offsets.tolist())
    assert {letter.reason for letter in events.rejects} <= EXPLANATIONS.keys()
    assert np.isfinite(events.times[~events.ends]).all()
    assert not (np.abs(events.features) > max_magnitude).any()
    assert all(0 < len(stream.encode()) <= 256 for stream in events.streams)
    assert events.ends.tolist() == [records.values[records.offsets.index(at)] is None for at in events.offsets]
    if events.traits is not None:
        assert len(events.traits.codes) == len(events.traits.booleans) == len(events)
        assert ((events.traits.codes >= 0) & (events.traits.codes < 11)).all()
    # No record changes what becomes of another: one by one gives the same.
    for i in range(len(records)):
        alone = decoder.decode(
            Records(
                records.partition,
                records.offsets[i : i + 1],
                records.keys[i : i + 1],
                records.values[i : i + 1],
                records.timestamps[i : i + 1],
                records.offsets[i] + 1,
            )
        )
        assert [letter.offset for letter in alone.rejects] == [at for at in refused if at == records.offsets[i]]


@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=BATCHES)
def test_any_bytes(
    make_decoder: MakeDecoder, make_records: MakeRecords, configuration: dict[str, Any], batch: list[Any]
) -> None:
    values, keys, timestamps = (list(column) for column in zip(*batch, strict=True)) if batch else ([], [], [])
    check(make_decoder(**configuration), make_records(values, keys, timestamps, first=5))


@pytest.mark.slow
@pytest.mark.parametrize("configuration", CONFIGURATIONS)
@settings(max_examples=1_700, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=st.lists(st.tuples(VALUES, KEYS, st.floats()), min_size=10, max_size=16))
def test_any_bytes_at_length(
    make_decoder: MakeDecoder, make_records: MakeRecords, configuration: dict[str, Any], batch: list[Any]
) -> None:
    """At least 6 x 1,700 x 10 = 102,000 records."""
    values, keys, timestamps = (list(column) for column in zip(*batch, strict=True))
    check(make_decoder(**configuration), make_records(values, keys, timestamps, first=5))
