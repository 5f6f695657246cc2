import gzip
import json

import numpy as np
import pytest

from streamrnn.replay.options import SourceError, SourceOptions
from streamrnn.replay.source import open_source
from streamrnn.settings.records import Events


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
    assert read(path, time_format="iso8601")[1] == [86_400.0] * 3


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
    assert "line 3: column value holds 'broken'" in rejects[0].message
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
    assert [(letter.reason, letter.message[:27]) for letter in rejects] == [
        ("too_many_cells", "line 3: 3 cells for 2 colum")
    ]


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
    assert rejects[0].message.startswith("line 3: ")


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
        open_source(file("time,value\n1,2\n"), Events(stream="site"), SourceOptions(stream_needed=True))
    with pytest.raises(SourceError, match=r"load\.csv is empty"):
        open_source(file(""), Events())
    with pytest.raises(SourceError, match="no row below it"):
        open_source(file("stream,time,value\n\n"), Events())
    with pytest.raises(SourceError, match="topic's folder"):
        open_source(tmp_path, Events())
    with pytest.raises(SourceError, match="to one name"):
        open_source(file("a,b\n1,2\n"), Events(features=("a", "b")), SourceOptions(wide=True))


def test_all_missing_columns_are_named_at_once_with_the_nearest_ones(file):
    path = file("machine,ts,temperature\na,1,2\n")
    settings = Events(stream="machne", time="TS", features=("temp", "other"))
    with pytest.raises(SourceError) as caught:
        open_source(path, settings, SourceOptions(stream_needed=True, time_needed=True))
    for name, meant in (("machne", "machine"), ("TS", "ts"), ("temp", "temperature")):
        assert f"{name} (did you mean {meant}?)" in str(caught.value)
    assert "other;" in str(caught.value)
    assert "--stream, --time and --feature" in str(caught.value)


def test_wide_is_recommended_only_to_someone_who_named_nothing(file):
    path = file("machine,ts,temperature\na,1,2\n")
    for settings, options, expected in (
        (Events(), SourceOptions(), True),
        (Events(features=("temp",)), SourceOptions(), False),
        (Events(stream="machine"), SourceOptions(stream_needed=True), False),
    ):
        with pytest.raises(SourceError) as caught:
            open_source(path, settings, options)
        assert ("--wide" in str(caught.value)) == expected


def test_a_first_line_of_numbers_points_to_no_header(file):
    with pytest.raises(SourceError, match="with 1, holds no names, add --no-header"):
        open_source(file("a,1,2.5\nb,2,3.5\n"), Events())
    assert "--no-header" in remarks(file("1,2.5\n2,3.5\n"), SourceOptions(wide=True))
    assert "--no-header" not in remarks(file("1,2.5\n2,3.5\n"), SourceOptions(wide=True, no_header=True))


def test_options_for_another_kind_of_file_are_refused(file):
    path = file('{"stream":"a","time":1,"value":2}\n', "load.jsonl")
    for options in (SourceOptions(wide=True), SourceOptions(no_header=True), SourceOptions(delimiter=";")):
        with pytest.raises(SourceError, match="leave out --"):
            open_source(path, Events(), options)
    with pytest.raises(SourceError, match="--partition is for"):
        open_source(path, Events(), SourceOptions(partition=0))


def remarks(path, options=None, **settings):
    source = open_source(path, Events(**settings), options)
    assert sum(map(len, source)) > 0
    return " ".join(source.findings.remarks)


ROWS = "machine,clock,value\na,2024-01-01 00:00,1\nb,2024-01-01 00:00,2\na,2024-01-01 00:01,3\nb,2024-01-01 00:01,4\n"


def test_columns_that_are_made_up_are_pointed_out_with_those_that_may_be_meant(file):
    text = remarks(file(ROWS))
    assert "no column stream, so all rows are one stream" in text and "--stream machine" in text
    assert "no column time, so the rows are numbered" in text and "--time clock" in text


def test_nothing_is_remarked_where_all_columns_are_named(file):
    assert remarks(file(ROWS), stream="machine", time="clock", time_format="iso8601") == ""
    assert remarks(file(ROWS), stream=None, time=None) == ""


@pytest.mark.parametrize(
    ("cell", "name", "time_format"),
    [("1700000000000", "load.csv", "milliseconds"), ("2023-11-14T22:13:20Z", "load.csv", "iso8601"),
     ("1700000000000", "load.jsonl", "milliseconds"), ("2023-11-14T22:13:20Z", "load.jsonl", "iso8601")],
)  # fmt: skip
def test_how_times_are_written_is_found_out_if_asked_and_said(file, cell, name, time_format):
    row = {"stream": "a", "time": int(cell) if cell.isdigit() else cell, "value": 1.0}
    path = file(json.dumps(row) if name.endswith("jsonl") else f"stream,time,value\na,{cell},1\n", name)
    assert f"events.time_format: {time_format}" in remarks(path, SourceOptions(detect_time=True))
    assert read(path, SourceOptions(detect_time=True))[1] == [1.7e9]
    times, rejects = read(path)[1], read(path)[4]
    assert times == [] and "time_format" in rejects[0].message  # as the daemon would judge


def test_the_time_column_is_no_stream_of_a_wide_table(file):
    path = file("ts,north,south\n1700000000,1,2\n1700000060,3,4\n")
    source = open_source(path, Events(), SourceOptions(wide=True))
    with pytest.raises(SourceError, match="add --time ts"):
        next(source)
    assert read(path, SourceOptions(wide=True), time=None)[0][:3] == ["ts", "north", "south"]
    text = remarks(file("Day,north\n2024-01-01,1\n2024-01-02,2\n"), SourceOptions(wide=True))
    assert "--time Day" in text and "No streams" in text


def test_a_long_table_taken_for_a_wide_one_is_pointed_out(file):
    said = remarks(file(ROWS), SourceOptions(wide=True), time="clock", time_format="iso8601")
    assert "--stream machine and no --wide" in said


@pytest.mark.parametrize(
    ("line", "hint"),
    [
        ('{"machine": "a", "time": 1, "value": 2}', "--stream; the first lines have machine, time, value"),
        ('{"stream": "a", "ts": 1, "value": 2}', "--time"),
        ('{"stream": "a", "time": 1, "value": "2"}', "without quotes"),
        ("[", "one JSON object a line"),
    ],
)
def test_a_refused_line_comes_with_the_remedy(file, line, hint):
    (letter,) = read(file(line, "load.jsonl"))[4]
    assert letter.message.startswith("line 1: ") and hint in letter.message


def test_parquet_without_pyarrow_names_the_remedy(file, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(SourceError, match="pip install pyarrow"):
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
    numbers = table.set_column(1, "time", pyarrow.array([0, 1500], pyarrow.int64()))
    parquet.write_table(numbers, tmp_path / "numbers.parquet")
    assert read(tmp_path / "numbers.parquet", time_format="milliseconds")[1] == [0.0, 1.5]
    (tmp_path / "bad.parquet").write_text("nonsense")
    with pytest.raises(SourceError, match=r"bad\.parquet is no Parquet file"):
        open_source(tmp_path / "bad.parquet", Events())


def test_the_fraction_read_rises_to_one(file):
    source = open_source(file("value\n" + "1\n" * 50_000), Events(), SourceOptions(batch=1000))
    fractions = [source.fraction for _ in source] + [source.fraction]
    assert fractions == sorted(fractions) and fractions[0] < 0.5 and fractions[-1] == 1.0
