import gzip
import time

import numpy as np
import pytest

from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.replay.source import open_source
from streamrnn.settings.schema import Events


def read(path, options=None, **settings):
    """All batches of a source as lists: streams, times, features, offsets, rejects."""
    batches = list(open_source(path, Events(**settings), options))
    streams = [stream for events in batches for stream in events.streams]
    times = [time for events in batches for time in events.times.tolist()]
    features = [row for events in batches for row in events.features.tolist()]
    offsets = [offset for events in batches for offset in events.offsets.tolist()]
    rejects = [letter for events in batches for letter in events.rejects]
    return streams, times, features, offsets, rejects


@pytest.fixture
def file(tmp_path):
    def write(text, name="load.csv"):
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return path

    return write


@pytest.mark.parametrize("name", ["load.csv", "load.csv.gz"])
def test_a_table_with_all_columns(file, name):
    path = file("stream,time,value\na,10,1.5\nb,20,2.5\n", name)
    assert read(path) == (["a", "b"], [10.0, 20.0], [[1.5], [2.5]], [0, 1], [])


def test_without_a_stream_column_the_file_is_one_stream(file):
    assert read(file("time,value\n1,2\n2,3\n"))[0] == ["load", "load"]


def test_without_a_time_column_the_row_number_is_the_time(file):
    path = file("value\n5\n6\n7\n")
    assert read(path, SourceOptions(batch=2))[1] == [0.0, 1.0, 2.0]


def test_a_date_without_an_offset_is_utc(file):
    path = file("time,value\n1970-01-02 00:00:00,1\n1970-01-02T01:00:00+01:00,1\n1970-01-02T00:00:00Z,1\n")
    assert read(path)[1] == [86_400.0] * 3


def test_milliseconds_follow_the_settings(file):
    assert read(file("time,value\n1500,1\n"), time_format="milliseconds")[1] == [1.5]


def test_empty_cells_are_missing(file):
    path = file("time,value,other\n1,,2\n2,nan,\n3,NA,4\n")
    features = read(path, features=["value", "other"])[2]
    np.testing.assert_array_equal(features, [[np.nan, 2], [np.nan, np.nan], [np.nan, 4]])


def test_a_row_that_is_no_event_is_refused_with_its_place_and_text(file):
    path = file("time,value\n1,5\n2,broken\n,6\n4,inf\n5,1e99\n6,7\n")
    _, times, features, offsets, rejects = read(path)
    assert (times, features, offsets) == ([1.0, 6.0], [[5.0], [7.0]], [0, 5])
    assert [letter.offset for letter in rejects] == [1, 2, 3, 4]
    assert [letter.reason for letter in rejects] == ["not_a_number", "no_time", "not_a_number", "out_of_range"]
    assert "row 1" in rejects[0].message and "value" in rejects[0].message
    assert rejects[0].value == b"2,broken"


def test_a_stream_id_must_be_there_and_not_too_long(file):
    streams, *_, rejects = read(file(f"stream,value\n,1\na,1\n{'x' * 300},1\n"))
    assert streams == ["a"]
    assert [letter.reason for letter in rejects] == ["no_stream", "stream_too_long"]


def test_rows_of_another_length(file):
    path = file("time,value\n1\n2,3,4\n\n5,6\n")
    _, times, features, _, rejects = read(path)
    assert times == [1.0, 5.0]
    np.testing.assert_array_equal(features, [[np.nan], [6.0]])
    assert len(rejects) == 1


def test_wide_makes_every_numeric_column_a_stream_row_by_row(file):
    path = file("time,north,note,south\n1,10,x,20\n2,11,y,\n3,12,z,22\n")
    streams, times, features, offsets, rejects = read(path, SourceOptions(wide=True, batch=2))
    assert streams == ["north", "south"] * 3
    assert times == [1.0, 1.0, 2.0, 2.0, 3.0, 3.0]
    np.testing.assert_array_equal(np.ravel(features), [10, 20, 11, np.nan, 12, 22])
    assert (offsets, rejects) == ([0, 1, 2, 3, 4, 5], [])


def test_no_header_names_the_columns_by_number(file):
    path = file("1,2\n3,4\n")
    assert read(path, SourceOptions(wide=True, no_header=True))[0] == ["c0", "c1", "c0", "c1"]
    assert read(path, SourceOptions(no_header=True), features=["c1"])[2] == [[2.0], [4.0]]


def test_the_limit_is_kept_to_the_event(file):
    path = file("a,b\n" + "1,2\n" * 10)
    for limit in (1, 3, 7, 100):
        assert len(read(path, SourceOptions(wide=True, limit=limit, batch=2))[0]) == min(limit, 20)


def test_json_lines_go_through_the_decoder(file):
    text = '{"stream":"a","time":1,"value":2}\n{"stream":"b","time":2,"value":null}\nbroken\n'
    streams, times, features, offsets, rejects = read(file(text, "load.jsonl"))
    assert (streams, times, offsets) == (["a", "b"], [1.0, 2.0], [0, 1])
    np.testing.assert_array_equal(features, [[2.0], [np.nan]])
    assert [letter.offset for letter in rejects] == [2]


def test_a_directory_log_with_one_partition(tmp_path):
    (tmp_path / "3.jsonl").write_text('{"stream":"a","time":1,"value":2}\n')
    assert read(tmp_path)[0] == ["a"]


def test_a_directory_log_with_several_partitions_asks_which(tmp_path):
    for number in (0, 1):
        (tmp_path / f"{number}.jsonl").write_text(f'{{"stream":"s{number}","time":1,"value":2}}\n')
    with pytest.raises(SourceError, match="--partition"):
        open_source(tmp_path, Events())
    assert read(tmp_path, SourceOptions(partition=1))[0] == ["s1"]


def test_errors_name_the_remedy(tmp_path, file):
    with pytest.raises(SourceError, match="check the spelling"):
        open_source(tmp_path / "nowhere.csv", Events())
    with pytest.raises(SourceError, match=r"name it \.csv"):
        open_source(file("x", "load.xlsx"), Events())
    with pytest.raises(SourceError, match=r"columns are time, speed.*--feature"):
        open_source(file("time,speed\n1,2\n"), Events())
    with pytest.raises(SourceError, match=r"no column site.*--stream"):
        open_source(file("time,value\n1,2\n"), Events(), SourceOptions(needed=("site",)))
    with pytest.raises(SourceError, match="is empty"):
        open_source(file(""), Events())
    with pytest.raises(SourceError, match="topic's folder"):
        open_source(tmp_path, Events())
    with pytest.raises(SourceError, match="name one"):
        open_source(file("a,b\n1,2\n"), Events(features=("a", "b")), SourceOptions(wide=True))


def test_parquet_without_pyarrow_names_the_remedy(file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SourceError, match="pip install"):
        open_source(file("", "load.parquet"), Events())


def test_parquet_holds_numbers_nulls_and_instants(tmp_path):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    times = pyarrow.array([0, 1500], pyarrow.timestamp("ms", tz="UTC"))
    table = pyarrow.table({"stream": ["a", "b"], "time": times, "value": pyarrow.array([1, None], pyarrow.int64())})
    parquet.write_table(table, tmp_path / "load.parquet")
    streams, seconds, features, _, _ = read(tmp_path / "load.parquet")
    assert (streams, seconds) == (["a", "b"], [0.0, 1.5])
    np.testing.assert_array_equal(features, [[1.0], [np.nan]])


def test_the_fraction_read_rises_to_one(file):
    source = open_source(file("value\n" + "1\n" * 50_000), Events(), SourceOptions(batch=1000))
    fractions = [source.fraction for _ in source] + [source.fraction]
    assert fractions == sorted(fractions) and fractions[0] < 0.5 and fractions[-1] == 1.0


def test_a_large_table_reads_in_seconds(file):
    path = file("stream,time,value\n" + "meter-1,1700000000,20.25\n" * 100_000)
    started = time.perf_counter()
    assert len(read(path)[0]) == 100_000
    assert time.perf_counter() - started < 2.0
