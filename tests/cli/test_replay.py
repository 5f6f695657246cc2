"""``replay`` from outside: what a person with a file of their own meets, at the first try."""

import gzip
import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode

MACHINES = ("pump-1", "pump-2", "fan-3")
NAMES = ("machine", "ts", "temperature", "pressure")
COLUMNS = ("--stream", "machine", "--time", "ts", "--feature", "temperature")
START = 1_700_000_000
# Without its time, which would stand in the test's name and differ between the workers that collect it.
CUT = gzip.compress(b'{"stream": "a", "time": 1, "value": 2}\n' * 5000, mtime=0)[:60]


def run(*arguments):
    return CliRunner().invoke(app, ["replay", *map(str, arguments)], env={"COLUMNS": "80"})


def rows() -> list[dict[str, object]]:
    """Two hundred minutes of three machines, far apart from each other."""
    return [
        {
            "machine": machine,
            "ts": START + 60 * minute,
            "temperature": round(20 * place + math.sin(minute / 5), 3),
            "pressure": round(place + minute % 7 / 10, 3),
        }
        for minute in range(200)
        for place, machine in enumerate(MACHINES)
    ]


@pytest.fixture
def table(tmp_path: Path):
    """Writes the rows as a CSV; keyword arguments are functions that write a column in another way."""

    def write(name: str = "mine.csv", delimiter: str = ",", header: bool = True, **ways) -> Path:
        lines = [delimiter.join(NAMES)] if header else []
        for row in rows():
            lines.append(delimiter.join(str(ways.get(column, str)(row[column])) for column in NAMES))
        path = tmp_path / name
        path.write_text("\n".join(lines) + "\n")
        return path

    return write


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "mine.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    return path


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")


def day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%d.%m.%Y %H:%M")


def test_scores_and_pace_are_told_and_the_report_is_written(table, tmp_path: Path) -> None:
    path = table()
    with path.open("a") as file:
        file.write(f"pump-1,{START},broken,1\n")
    report = tmp_path / "report.html"
    done = run(path, *COLUMNS, "--report", report)
    assert done.exit_code == ExitCode.OK, done.output
    assert "600 events of 3 streams" in done.stdout and "events/s" in done.stdout
    assert "Refused: 1 not_a_number, the first in line 602: column temperature holds 'broken'" in done.stdout
    assert "Replay of mine.csv" in report.read_text() and "line 602" in report.read_text()


def test_json_is_all_that_it_prints(table) -> None:
    done = run(table(), *COLUMNS, "--feature", "pressure", "--json", "--limit", 300)
    numbers = json.loads(done.stdout)
    assert set(numbers["targets"]) == {"temperature", "pressure"} and numbers["events"] == 300
    assert numbers["targets"]["temperature"]["scored"] == 297
    assert numbers["refused"] == 0 and numbers["problem"] is None


def test_progress_is_told_line_by_line_where_there_is_no_terminal(table, monkeypatch) -> None:
    monkeypatch.setattr("streamrnn.cli.replay.TOLD_SECONDS", 0.0)
    path = table()
    assert "600 events, 100.0 % of the file" in run(path, *COLUMNS).stderr.splitlines()
    assert run(path, *COLUMNS, "--json").stderr == ""


def test_settings_can_be_set(table) -> None:
    path = table()
    runs = [run(path, *COLUMNS, "--json", "--set", f"seed={seed}") for seed in (1, 1, 2)]
    scores = [json.loads(done.stdout)["targets"]["temperature"]["mae"] for done in runs]
    assert scores[0] == scores[1] != scores[2]


@pytest.mark.parametrize(
    ("way", "message"),
    [
        ({"ts": day}, "14.11.2023 22:13"),
        ({"temperature": lambda value: f"{value:.3f}".replace(".", ",")}, "write 1.5 for 1,5"),
    ],
)
def test_a_file_of_which_nothing_is_accepted_ends_with_the_reason_everywhere(table, tmp_path, way, message) -> None:
    report = tmp_path / "report.html"
    path = table(delimiter=";", **way)
    text, data = run(path, *COLUMNS, "--report", report), run(path, *COLUMNS, "--json")
    assert text.exit_code == data.exit_code == ExitCode.SETTINGS
    assert "every row was refused (600)" in text.stderr and "line 2: column" in text.stderr
    assert message in text.stderr and message in report.read_text()
    (refusal,) = json.loads(data.stdout)["refusals"].values()
    assert refusal["count"] == 600 and message in refusal["first"]


@pytest.mark.parametrize(
    ("way", "time_format"), [(iso, "iso8601"), (lambda seconds: seconds * 1000, "milliseconds"), (str, None)]
)
def test_times_give_a_result_at_the_first_try_and_the_daemons_setting(table, way, time_format) -> None:
    done = run(table(ts=way), *COLUMNS)
    assert done.exit_code == ExitCode.OK
    assert ("for the daemon set events.time_format" in done.stdout) == (time_format is not None)
    assert time_format is None or f"events.time_format: {time_format}." in done.stdout


def test_a_time_format_that_somebody_set_counts_as_in_the_daemon(table) -> None:
    done = run(table(ts=iso), *COLUMNS, "--set", "events.time_format=seconds")
    assert done.exit_code == ExitCode.SETTINGS
    assert "set events.time_format=iso8601" in done.stderr


def test_blank_words_are_missing_values_and_are_counted(table) -> None:
    path = table(temperature=lambda value: "N/A")
    done = run(path, *COLUMNS, "--feature", "pressure")
    assert done.exit_code == ExitCode.OK
    assert "Missing values (blank, NA, N/A, NaN, null or none): temperature 600 of 600 events." in done.stdout
    done = run(path, *COLUMNS)
    assert done.exit_code == ExitCode.SETTINGS and "no event has a value of temperature" in done.stderr


def test_a_forgotten_stream_column_and_time_column_are_pointed_out(table) -> None:
    done = run(table(), "--feature", "temperature")
    assert "There is no column stream, so all rows are one stream: name one with --stream." in done.stdout
    assert "--stream machine." in done.stdout and "--time ts." in done.stdout
    assert "There is no column" not in run(table(), *COLUMNS).stdout


@pytest.mark.parametrize("options", [("--stream", "machine"), ("--feature", "temperature")])
def test_wide_takes_neither_stream_nor_feature(table, options) -> None:
    done = run(table(), "--wide", *options)
    assert done.exit_code == ExitCode.SETTINGS and f"leave out --wide or {options[0]}" in done.stderr


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_other_delimiters_are_found_by_themselves(table, delimiter) -> None:
    assert run(table(delimiter=delimiter), *COLUMNS).exit_code == ExitCode.OK


def test_the_delimiter_can_be_given(table) -> None:
    path = table(delimiter="~")
    assert run(path, *COLUMNS, "--delimiter", "~").exit_code == ExitCode.OK
    assert "--delimiter" in run(path, *COLUMNS).stderr


def test_all_wrong_columns_are_named_at_once(table) -> None:
    done = run(table(), "--stream", "machne", "--time", "tss", "--feature", "temprature")
    assert done.exit_code == ExitCode.SETTINGS
    for meant in ("machine", "ts", "temperature"):
        assert f"did you mean {meant}?" in done.stderr


def test_a_column_that_a_setting_names_must_be_there(table) -> None:
    done = run(table(), "--feature", "temperature", "--set", "events.stream=machin")
    assert done.exit_code == ExitCode.SETTINGS and "did you mean machine?" in done.stderr


def test_a_wrong_field_of_json_lines_is_named_with_the_nearest(lines) -> None:
    done = run(lines, "--stream", "machine", "--time", "ts", "--feature", "temprature")
    assert done.exit_code == ExitCode.SETTINGS
    assert "No event has a field temprature (did you mean temperature?)" in done.stderr
    assert "machine, ts, temperature, pressure" in done.stderr


def test_a_wrong_field_beside_a_right_one_is_pointed_out(lines) -> None:
    done = run(lines, "--stream", "machine", "--time", "ts", "--feature", "temprature", "--feature", "pressure")
    assert done.exit_code == ExitCode.OK and "did you mean temperature?" in done.stdout


def test_a_feature_may_have_a_comma_in_its_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text('"temp, C","load, [kW]"\n' + "1,2\n3,4\n" * 20)
    done = run(path, "--feature", "temp, C", "--feature", "load, [kW]", "--json")
    assert set(json.loads(done.stdout)["targets"]) == {"temp, C", "load, [kW]"}


def test_streams_of_one_event_each_are_no_failure_but_said(table) -> None:
    done = run(table(), *COLUMNS, "--limit", 3)
    assert done.exit_code == ExitCode.OK and "no stream had two values in a row" in done.stdout


@pytest.mark.parametrize("place", ["", "nowhere/report.html", "mine.csv"])
def test_a_report_that_cannot_be_written_is_refused_before_the_work(table, tmp_path: Path, place) -> None:
    path = table()
    before = path.read_bytes()
    done = run(path, *COLUMNS, "--report", tmp_path / place)
    assert done.exit_code == ExitCode.SETTINGS
    assert "--report" in done.stderr and done.stdout == "" and "Traceback" not in done.output
    assert not (tmp_path / "nowhere").exists() and path.read_bytes() == before
    assert place != "nowhere/report.html" or f"there is no folder {tmp_path / 'nowhere'}" in done.stderr


def test_a_refused_run_leaves_no_empty_report(tmp_path: Path) -> None:
    run(tmp_path / "none.csv", "--report", tmp_path / "report.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "empty.csv is empty"),
        ("header.csv", b"stream,time,value\n", "no row below it"),
        ("quote.csv", b'stream,time,value\na,1,2\n"b,2,3\na,3,4\n', "line 3: a quote is opened and never closed"),
        ("empty.jsonl", b"", "holds no events"),
        ("cut.jsonl.gz", CUT, "Is it whole"),
        ("plain.csv.gz", b"stream,time,value\na,1,2\n", "Is it whole"),
        ("latin.csv", b"time,value\n2024-01-01,\xe9\n", "UTF-8"),
        ("long.csv", b"time,value\n1," + b"9" * 200_000 + b"\n", "line 2"),
    ],
)
def test_a_file_without_events_or_end_is_named_with_the_reason(tmp_path, name, content, reason) -> None:
    (tmp_path / name).write_bytes(content)
    done = run(tmp_path / name)
    assert done.exit_code == ExitCode.SETTINGS
    assert reason in done.stderr and "Traceback" not in done.output


def test_the_help_tells_of_files_columns_times_and_blanks() -> None:
    text = " ".join(run("--help").stdout.replace("│", " ").split())
    for part in (
        "Learn from a file and show how well it forecasts.", "CSV", "JSON lines", "Parquet", "ISO 8601", "milliseconds",
        "Missing values are blank", "--wide", "--no-header", "wins over --set events.features",
        "streamrnn replay history.csv --time ts --stream machine --feature temperature",
    ):  # fmt: skip
        assert part in text


def test_the_pace_of_a_file_of_one_batch_leaves_out_what_comes_before_its_events(table, monkeypatch):
    import streamrnn.shard
    from streamrnn.cli import replay

    clock = {"now": 0.0}
    process = streamrnn.shard.Shard.process

    def slow(shard, events):
        clock["now"] += 2.0 if len(events) else 100.0  # as the compiler takes
        return process(shard, events)

    monkeypatch.setattr(streamrnn.shard.Shard, "process", slow)
    monkeypatch.setattr(replay.time, "perf_counter", lambda: clock["now"])
    done = json.loads(run(table(), *COLUMNS, "--json").stdout)
    assert (done["seconds"], done["events_per_second"]) == (102.0, 300.0)


@pytest.mark.parametrize(
    ("head", "key", "inner"), [("quantiles", "quantiles", {"0.1", "0.5", "0.9"}), ("gaussian", "distribution", None)]
)
def test_what_a_head_tells_has_its_place_in_the_json_of_a_file_without_usable_rows(tmp_path, head, key, inner):
    path = tmp_path / "mine.csv"
    path.write_text("time,stream,value\n" + "never,a,1\n" * 5)
    done = run(path, "--set", f"model.head={head}", "--set", "model.quantiles=[0.1,0.5,0.9]", "--json")
    assert done.exit_code == ExitCode.SETTINGS
    told = json.loads(done.stdout)["targets"]["value"][key]
    assert told["scored"] == 0 if inner is None else set(told) == inner
