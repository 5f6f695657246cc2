"""A table's rows as records: the daemon's decoder reads from them what ``replay`` reads from the table."""

import gzip
import json
import math
from pathlib import Path

import numpy as np
import pytest

from streamrnn.events.columns import Events, Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.events.labels import LabelFields
from streamrnn.events.traits import TraitFields
from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.replay.outgoing import Outgoing
from streamrnn.replay.source import open_source
from streamrnn.settings.schema import Settings
from tests.helpers import settings

ROWS = [
    "machine,ts,heat,load,open,sky,state,last,id",
    "a,2024-01-01 00:00:00.250,1.5,3,yes,rain,up,true,x1",
    "b,2024-01-01 00:01:00,NA,4,0,sun,,,x2",
    "a,2024-01-01 00:02:00,nonsense,5,no,rain,down,false,x3",
    '"é ""q""",2024-01-01 00:03:00,-2e-3,6,,,true,1,x4',
]
NAMES = ["events.stream=machine", "events.time=ts", "events.features=[heat,load]"]
TRAITS = ["inputs.booleans=[open]", "inputs.categories={sky: [rain, sun]}"]
FIELD = ["labels.mode=field", "labels.field=state", "sequences.end=last"]
DELAYED = ["labels.mode=delayed", "labels.field=state", "labels.id=id"]
NUMBER = ["labels.mode=field", "labels.field=load", "labels.kind=number", "events.features=[heat]"]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(ROWS))
    return path


def decoded(chosen: Settings, lines: list[bytes]) -> Events:
    n = len(lines)
    records = Records(Partition("table", 0), list(range(n)), [None] * n, list(lines), [math.nan] * n, n)
    return Decoder.from_settings(chosen, numbered_time=True).decode(records)


def told(path: Path, chosen: Settings, **columns: object) -> list[bytes]:
    return [line for batch in Outgoing(path, chosen, **columns) for line in batch]


@pytest.mark.parametrize("time_format", ["seconds", "milliseconds", "iso8601"])
@pytest.mark.parametrize("more", [[], TRAITS, FIELD, DELAYED, NUMBER, [*TRAITS, *FIELD]])
def test_the_daemon_reads_what_replay_reads(table: Path, more: list[str], time_format: str) -> None:
    chosen = settings(*NAMES, *more, f"events.time_format={time_format}")
    fields = {"labels": LabelFields.from_settings(chosen), "traits": TraitFields.from_settings(chosen)}
    (wanted,) = open_source(table, chosen.events, SourceOptions(detect_time=True, **fields))
    found = decoded(chosen, told(table, chosen))
    assert (found.rejects, len(wanted.rejects)) == ([], 1)
    assert found.streams == wanted.streams and found.streams[-1] == 'é "q"'
    np.testing.assert_array_equal(found.times, wanted.times)
    np.testing.assert_array_equal(found.features, wanted.features)
    for of in ("labels", "traits"):
        one, other = getattr(found, of), getattr(wanted, of)
        assert (one is None) == (other is None)
        for name in () if one is None else one.__slots__:
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_columns_of_other_names_become_the_fields_of_the_settings(table: Path) -> None:
    first, *_ = told(table, settings(), stream="machine", time="ts", features=("load",))
    assert json.loads(first) == {"stream": "a", "time": 1704067200.25, "value": 3.0}


def test_what_is_left_out_is_told(table: Path) -> None:
    history = Outgoing(table, settings(*NAMES))
    assert sum(map(len, history)) == 3
    assert any(text.startswith("Refused: 1 not_a_number, the first in line 4") for text in history.intake.sentences())
    assert not any("events.time_format" in text for text in history.intake.sentences())


@pytest.mark.parametrize("packed", [False, True])
def test_json_lines_go_as_they_are(tmp_path: Path, packed: bool) -> None:
    text = b'{"stream": "a", "more": [1]}\r\n\nnonsense\n{"last": 1}'
    path = tmp_path / ("lines.jsonl.gz" if packed else "lines.jsonl")
    path.write_bytes(gzip.compress(text) if packed else text)
    assert told(path, settings()) == [b'{"stream": "a", "more": [1]}\n', b"nonsense\n", b'{"last": 1}\n']
    with pytest.raises(SourceError, match="go as they are"):
        Outgoing(path, settings(), time="ts")


@pytest.mark.parametrize(
    ("name", "columns", "text"),
    [
        ("table.csv", {"stream": "machin"}, "did you mean machine"),
        ("table.csv", {"features": ("heat", "load")}, "--feature names 2 columns, and events.features 1 fields"),
        ("nowhere.csv", {}, "there is no "),
        ("nowhere.jsonl", {}, "nowhere.jsonl cannot be read: No such file"),
        ("torn.csv.gz", {"features": ("a",)}, "torn.csv.gz cannot be read to its end"),
        (".", {}, "is a folder: name a file"),
    ],
)
def test_what_cannot_be_read_is_said(table: Path, name: str, columns: dict[str, object], text: str) -> None:
    (table.parent / "torn.csv.gz").write_bytes(gzip.compress(b"a,b\n" + b"1,2\n" * 100_000)[:-20])
    with pytest.raises(SourceError, match=text):
        told(table.parent / name, settings(), **columns)
