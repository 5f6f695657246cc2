"""Columns with true and false, and with categories, in the tables and lines of a replay."""

import json
from pathlib import Path

import pytest

from streamrnn.events import reasons
from streamrnn.events.columns import Events
from streamrnn.events.traits import TraitFields
from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.replay.source import open_source
from streamrnn.settings import load

SETTINGS = load(None, ["inputs.booleans=[open]", "inputs.categories={sky: [rain, sun], shop: [3, true]}"], {}).settings
# Codes of shop: missing, other, 3, true; then of sky: missing, other, rain, sun.
TABLE = """stream,time,value,open,sky,shop
a,1,1,true,rain,3
b,2,2,False,sun,7
a,3,3,,hail,
b,4,4,1,NA,true
a,5,5,maybe,sun,3
"""
CODES = [[2, 6], [1, 7], [0, 5], [3, 4]]


def read(path: Path, wide: bool = False) -> Events:
    options = SourceOptions(wide=wide, traits=TraitFields.from_settings(SETTINGS))
    (events,) = open_source(path, SETTINGS.events, options)
    return events


def check(events: Events) -> None:
    assert events.traits is not None
    assert events.traits.booleans[:, 0].tolist() == [1.0, -1.0, 0.0, 1.0]
    assert events.traits.codes.tolist() == CODES


def test_a_csv(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    events = read(tmp_path / "table.csv")
    check(events)
    assert [letter.reason for letter in events.rejects] == [reasons.BAD_BOOLEAN]
    assert "line 6: column open holds 'maybe'" in events.rejects[0].message


def test_json_lines(tmp_path: Path) -> None:
    rows = [
        {"open": True, "sky": "rain", "shop": 3}, {"open": False, "sky": "sun", "shop": 7}, {"sky": "hail"},
        {"open": True, "sky": None, "shop": True}, {"open": "maybe"},
    ]  # fmt: skip
    lines = [json.dumps({"stream": "a", "time": i, "value": i, **row}) for i, row in enumerate(rows)]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    events = read(tmp_path / "log.jsonl")
    check(events)
    assert "field 'open' is text" in events.rejects[0].message and "without quotes" in events.rejects[0].message


def test_parquet(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    columns = {
        "stream": ["a", "b", "a", "b"], "time": [1, 2, 3, 4], "value": [1.0, 2.0, 3.0, 4.0],
        "open": [True, False, None, True], "sky": ["rain", "sun", "hail", None], "shop": ["3", "7", None, "true"],
    }  # fmt: skip
    parquet.write_table(pyarrow.table(columns), tmp_path / "table.parquet")
    check(read(tmp_path / "table.parquet"))


def test_a_wide_table_has_those_of_the_row_in_each_stream(tmp_path: Path) -> None:
    (tmp_path / "wide.csv").write_text("time,open,sky,shop,x,y\n1,1,rain,3,5,6\n2,0,sun,4,7,8\n")
    events = read(tmp_path / "wide.csv", wide=True)
    assert events.streams == ["x", "y", "x", "y"] and events.traits is not None
    assert events.traits.booleans[:, 0].tolist() == [1.0, 1.0, -1.0, -1.0]
    assert events.traits.codes.tolist() == [[2, 6], [2, 6], [1, 7], [1, 7]]


def test_a_column_that_is_not_there_is_named(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("stream,time,value,opn,sky,shop\na,1,1,true,rain,3\n")
    with pytest.raises(SourceError, match=r"no column open \(did you mean opn\?\): name what is there in inputs"):
        read(tmp_path / "table.csv")
