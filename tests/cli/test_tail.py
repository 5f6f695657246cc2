"""``streamrnn tail`` shows what was committed, line by line, and lets no record do more than be shown."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

from streamrnn.cli import refusals
from streamrnn.cli.app import app
from streamrnn.cli.columns import Table, printable
from streamrnn.events.answers import OutputRecord, UnreadableError, answer, letter
from streamrnn.events.columns import DeadLetter, Partition
from streamrnn.events.encode import Anomaly, Forecast, Interval, Prediction, Settled, Source, TokenPrediction
from streamrnn.events.token_answers import NextToken, Tokens
from streamrnn.exits import ExitCode
from streamrnn.transport import committed
from streamrnn.transport.base import Committed, TransportError
from streamrnn.transport.directory import DirectoryLog
from streamrnn.transport.reader import BEGINNING, open_reader
from tests.helpers import output, settings

ZERO, ONE = Partition("events", 0), Partition("events", 1)
COMMAND = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "tail"]


def prediction(offset: int, stream: str = "pump-7", time: float = 1_700_000_000.0, targets: int = 1) -> bytes:
    """A record as the daemon publishes it."""
    names = ["heat", "flow"][:targets]
    ahead = [Forecast(name, 1, 21.53, 21.5, []) for name in names]
    done = [Settled(name, 21.5, 21.25, 0.25, 21.75, -0.25, 1) for name in names]
    source = Source("events", 0, offset)
    return msgspec.json.encode(Prediction(1, source, stream, time, 9, ahead, done, "f00", 9, None, None))


@pytest.fixture
def log(tmp_path: Path) -> Iterator[DirectoryLog]:
    """A log of two partitions whose lines are all read."""
    (tmp_path / "events").mkdir()
    for name in ("0.jsonl", "1.jsonl"):
        (tmp_path / "events" / name).write_text("{}\n" * 100)
    with closing(DirectoryLog(tmp_path, "events", "predictions", "dead-letters", fsync=False)) as log:
        log.changes()
        log.poll(0.0)
        yield log


def commit(log: DirectoryLog, *predictions: bytes, partition: Partition = ZERO, letters: int = 0) -> None:
    letter = DeadLetter("not_json", "no JSON", partition, 5, b"k", b'{"a": \x1b[2J\xff' + b"x" * 100)
    log.publish(replace(output(partition, *predictions), dead_letters=[letter] * letters))
    log.commit({partition: Committed(1, "f00")})


def tail(root: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["tail", "--set", f"transport.path={root}", *options])


def rows(result: Result) -> list[list[str]]:
    return [line.split() for line in result.stdout.splitlines()]


def test_a_line_has_time_stream_source_forecast_last_value_and_what_the_event_settled(
    log: DirectoryLog, tmp_path: Path
) -> None:
    commit(log, prediction(12))
    titles, line = tail(tmp_path, "--from-beginning", "--count", "1").stdout.splitlines()
    assert " ".join(titles.split()) == "time stream source forecast 0.9 interval last value outcome error naive error"
    assert line.split() == ["2023-11-14T22:13:20.000Z", "pump-7", "events-0", "12", "21.53", "-", "21.5", "21.5",
                            "+0.25", "-0.25"]  # fmt: skip
    assert titles.index("forecast") + len("forecast") == line.index("21.53") + len("21.53")


def test_what_is_unknown_is_a_dash(log: DirectoryLog, tmp_path: Path) -> None:
    nan = float("nan")
    ahead = [Forecast("heat", 1, nan, nan, [])]
    ended = Prediction(1, Source("events", 0, 1), "a", nan, 0, ahead, [], "f00", 9, None, None)
    commit(log, msgspec.json.encode(ended))
    assert rows(tail(tmp_path, "--last", "1", "--count", "1"))[1] == ["-", "a", "events-0", "1", *"------"]


def test_columns_stand_below_their_titles_however_long_the_names_become(log: DirectoryLog, tmp_path: Path) -> None:
    names = ["a", "pump-7", "a-stream-with-a-long-name", "b", "x" * 300, "c"]
    commit(log, *(prediction(10**i, name) for i, name in enumerate(names)))
    lines = tail(tmp_path, "--from-beginning", "--count", str(len(names))).stdout.splitlines()
    place, titled = 0, 0
    for line in lines:
        if line.startswith("time"):
            place, titled = line.index("source"), titled + 1
        assert line[place - 2 : place] == "  " and line[place:].startswith(("source", "events-0"))
    assert titled == 3


def test_several_targets_stand_side_by_side_with_their_names(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(1, targets=2))
    (_, line) = rows(tail(tmp_path, "--last", "1", "--count", "1"))
    assert line[4:] == ["heat", "21.53", "-", "21.5", "21.5", "+0.25", "-0.25", "flow", "21.53", "-", "21.5", "21.5",
                        "+0.25", "-0.25"]  # fmt: skip


def test_a_line_has_the_first_interval_and_the_alert(log: DirectoryLog, tmp_path: Path) -> None:
    nan = float("nan")
    known = [Interval(0.9, 20.0, 23.25), Interval(0.99, 1.0, 99.0)]
    unknown = [Interval(0.9, nan, nan), Interval(0.99, nan, nan)]
    ahead = [Forecast("heat", 1, 21.53, 21.5, known), Forecast("heat", 24, 22.0, 21.5, known)]
    young = [Forecast("heat", 1, 21.53, 21.5, unknown), Forecast("heat", 24, 22.0, 21.5, [])]
    loud = [Anomaly("heat", 3.79, 0.5, 0.1, alert) for alert in (True, False)]
    made = [(ahead, loud[0]), (ahead, loud[1]), (young, None)]
    source = Source("events", 0, 1)
    commit(log, *(msgspec.json.encode(Prediction(1, source, "a", 1.0, 9, forecasts, [], "f00", 9, anomaly, None))
                  for forecasts, anomaly in made))  # fmt: skip
    titles, *lines = tail(tmp_path, "--from-beginning", "--count", "3").stdout.splitlines()
    assert " ".join(titles.split()).startswith("time stream source forecast 0.9 interval +24 last value outcome")
    alert, quiet, unknown_yet = (line.split()[4:] for line in lines)
    assert alert == ["21.53", "[20,", "23.25]", "22", "21.5", "-", "-", "-", "ALERT", "heat", "3.79"]
    assert quiet == alert[:-3]
    assert unknown_yet == ["21.53", "-", "22", "21.5", "-", "-", "-"]


@pytest.mark.parametrize("options", [("--from-beginning",), ("--last", "3")])
def test_a_stream_that_is_not_there_is_told_once_all_was_read_and_waited_for(
    log: DirectoryLog, tmp_path: Path, options: tuple[str, ...]
) -> None:
    commit(log, *(prediction(offset, stream) for offset, stream in enumerate(["pump-7", "pump-8", "fan"])))
    command = [*COMMAND, "--set", f"transport.path={tmp_path}", *options, "--stream", "pump-77", "--count", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None and process.stdout is not None
        told = process.stderr.readline()
        assert told.startswith("no prediction of pump-77 (did you mean pump-7?) among the 3 there are so far")
        commit(log, prediction(4, "pump-77"))
        assert process.wait(20) == 0
        assert process.stderr.read() == "" and "pump-77" in process.stdout.read()


@pytest.mark.parametrize("options", [(), ("--from-beginning",), ("--last", "3"), ("--last", "3", "--stream", "a")])
def test_dead_letters_alone_are_told_with_the_way_to_see_them(
    log: DirectoryLog, tmp_path: Path, options: tuple[str, ...]
) -> None:
    commit(log, letters=3)
    command = [*COMMAND, "--set", f"transport.path={tmp_path}", *options, "--count", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        told = process.stderr.readline()
        assert told.startswith("no predictions yet; 3 dead letters: `streamrnn tail --dead-letters --from-beginning`")
        commit(log, prediction(4, "a"))
        assert process.wait(20) == 0 and process.stderr.read() == ""


def test_dead_letters_beside_predictions_are_not_told(
    log: DirectoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refusals, "PATIENCE_SECONDS", 0.0)
    looking = refusals.Refusals(settings(f"transport.path={tmp_path}"))
    assert looking.told() is None  # nothing at all was committed
    commit(log, letters=2)
    assert "2 dead letters" in (looking.told() or "")
    commit(log, prediction(1))
    assert looking.told() is None


def test_the_last_of_a_stream_are_its_own_last(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, *(prediction(n, "ab"[n > 3]) for n in range(400)))
    commit(log, *(prediction(n, "c") for n in range(4)), partition=ONE)
    found = rows(tail(tmp_path, "--last", "2", "--stream", "a", "--stream", "c", "--count", "4"))
    assert [(line[1], line[3]) for line in found[1:]] == [("a", "2"), ("a", "3"), ("c", "2"), ("c", "3")]
    few = rows(tail(tmp_path, "--last", "9", "--stream", "a", "--count", "3"))
    assert [line[3] for line in few[1:]] == ["0", "1", "2"]


def test_behind_the_last_of_a_stream_come_its_next(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, *(prediction(n, "ab"[n > 3]) for n in range(9)))
    command = [*COMMAND, "--set", f"transport.path={tmp_path}", "--last", "1", "--stream", "a", "--count", "2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("time")
        assert process.stdout.readline().split()[3] == "3"
        commit(log, prediction(10, "b"), prediction(11, "a"))
        assert process.stdout.readline().split()[3] == "11"
        assert process.wait(20) == 0


def test_exact_answers_have_a_column_where_there_is_a_marker(log: DirectoryLog, tmp_path: Path) -> None:
    source = Source("events", 0, 1)
    of_tokens = [Tokens(3, 2, 1.5, 4.5, [NextToken("si", 0.75)], exact) for exact in (True, False, None)]
    made = [TokenPrediction(1, source, "a", 1.0, 9, [], [], "f00", 9, None, None, each) for each in of_tokens]
    commit(log, *map(msgspec.json.encode, made))
    said = ("--set", "tokens.field=text", "--set", "events.features=[]", "--set", "sequences.record=true")
    options = ("--from-beginning", "--count", "3", *said)
    titles, *lines = rows(tail(tmp_path, *options, "--set", "tokens.marker=|"))
    assert " ".join(titles[3:]) == "tokens right bits a token usual exact what comes next"
    assert [line[8] for line in lines] == ["yes", "no", "-"] and lines[0][9:] == ['"si"', "0.75"]
    assert "exact" not in rows(tail(tmp_path, *options))[0]


def test_it_begins_with_what_is_committed_after_its_start(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(0))
    with open_reader(settings(f"transport.path={tmp_path}"), dead_letters=False, last=0) as reader:
        assert reader.read(0.0) == []
        commit(log, prediction(1))
        commit(log, prediction(2), partition=ONE)  # a file that was not there
        assert [record.value for record in reader.read(5.0)] == [prediction(1), prediction(2)]
        assert reader.read(0.0) == []


def test_lines_that_are_not_committed_are_no_records_yet(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(0))
    with (tmp_path / "predictions" / "0.jsonl").open("ab") as file:
        file.write(prediction(1) + b"\n")
    with open_reader(settings(f"transport.path={tmp_path}"), dead_letters=False, last=BEGINNING) as reader:
        assert [record.value for record in reader.read(0.0)] == [prediction(0)]
        assert reader.read(0.1) == []


@pytest.mark.parametrize("block", [1, 7, 500, 1 << 20])
def test_the_last_lines_are_found_whatever_the_blocks(
    log: DirectoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, block: int
) -> None:
    monkeypatch.setattr(committed, "BLOCK", block)
    lines = [prediction(offset) for offset in range(5)]
    commit(log, *lines)
    commit(log, *lines, partition=ONE)
    for last in (1, 2, 5, 9):
        with open_reader(settings(f"transport.path={tmp_path}"), dead_letters=False, last=last) as reader:
            found: list[bytes | None] = []
            while read := reader.read(0.0) or reader.read(0.0):
                found += [record.value for record in read]
            wanted = lines[-last:] * 2
            while len(found) < len(wanted):
                found += [record.value for record in reader.read(0.0)]
        assert sorted(map(str, found)) == sorted(map(str, wanted))


def test_one_stream_can_be_asked_for(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, *(prediction(offset, stream) for offset, stream in enumerate("abcabc")))
    found = rows(tail(tmp_path, "--from-beginning", "--count", "3", "--stream", "b", "--stream", "c"))
    assert [(line[1], line[3]) for line in found[1:]] == [("b", "1"), ("c", "2"), ("b", "4")]


def test_json_is_the_record_byte_for_byte(log: DirectoryLog, tmp_path: Path) -> None:
    newer = prediction(1, "é")[:-1] + b',"later":{"field":1}}'
    commit(log, prediction(0), newer)
    result = tail(tmp_path, "--from-beginning", "--count", "2", "--json")
    assert result.stdout_bytes == prediction(0) + b"\n" + newer + b"\n"


def test_dead_letters_show_reason_place_message_and_the_values_beginning(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, letters=2)
    options = ("--dead-letters", "--last", "1", "--count", "1")
    _, line = tail(tmp_path, *options).stdout.splitlines()
    kept = '{"a": \\u001b[2J\\xff' + "x" * 66 + "…"
    assert re.split("  +", line) == ["not_json", "events-0 5", "no JSON", kept]
    assert json.loads(tail(tmp_path, *options, "--json").stdout)["length"] == 111


HOSTILE = [
    b"", b"null", b"[]", b"{", b'"\xff"', b'{"v":1,"x":' + b"[" * 100_000, b'{"v":1}',
    prediction(0).replace(b'"v":1', b'"v":2'),
    prediction(0).replace(b'"pump-7"', b"7"), prediction(0).replace(b"21.53", b"1e999"),
    prediction(0).replace(b'"events"', b'"\x1b[2J"', 1), b'{"v":"\xe2\x80\xae\x1b]0;title\x07"}',
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("option", ["--json", "--count=1", "--dead-letters"])
def test_a_record_that_is_not_ours_is_told_with_its_place_and_reading_goes_on(
    log: DirectoryLog, tmp_path: Path, value: bytes, option: str
) -> None:
    commit(log, prediction(0), value, prediction(2), letters=1)
    if option == "--dead-letters":
        (tmp_path / "dead-letters" / "0.jsonl").write_bytes(value + b"\n" + letter_line())
        set_committed(tmp_path, len(value) + 1 + len(letter_line()))
    count = "1" if option == "--dead-letters" else "2"
    result = tail(tmp_path, "--from-beginning", option, "--count", count)
    assert result.exit_code == 0
    assert result.stderr.startswith("unreadable: ") and ".jsonl, byte " in result.stderr
    assert result.stderr.count("\n") == 1 and printable(result.stderr[:-1]) == result.stderr[:-1]


def letter_line() -> bytes:
    source = {"topic": "events", "partition": 0, "offset": 3}
    text = {"v": 1, "reason": "r", "message": "m", "source": source, "key": None, "value": "e30=", "length": 2}
    return json.dumps(text | {"sha256": ""}).encode() + b"\n"


def set_committed(root: Path, length: int) -> None:
    entries = json.loads((root / "commits.json").read_text())
    entries["events-0"]["dead_letters_bytes"] = length
    (root / "commits.json").write_text(json.dumps(entries))


def test_nothing_in_a_record_reaches_the_terminal_as_a_command(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(0, "a\x1b[2J\x9b\u202e\n\u2028" + "[red]b[/red]"))
    line = tail(tmp_path, "--from-beginning", "--count", "1").stdout.splitlines()[1]
    assert "a\\u001b[2J\\u009b\\u202e\\n\\u2028[red]b[/red]" in line


def test_times_beyond_the_calendar_are_seconds() -> None:
    found = answer(OutputRecord("here", None, prediction(0, time=1e300), None))
    _, line = Table().lines(found)
    assert line[0][0].strip().endswith(" s")


def test_a_damaged_dead_letter_in_kafka_is_unreadable() -> None:
    headers = {"topic": b"t", "partition": b"x", "offset": b"1", "reason": b"r", "message": b"m", "sha256": b"s"}
    for damaged in (headers, headers | {"partition": b"0"}, headers | {"message": b"\xff"}, {}):
        with pytest.raises(UnreadableError):
            letter(OutputRecord("here", None, b"", damaged))


def test_a_log_that_was_begun_anew_ends_the_reading(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(0), letters=1)
    with open_reader(settings(f"transport.path={tmp_path}"), dead_letters=True, last=0) as reader:
        set_committed(tmp_path, 1)
        with pytest.raises(TransportError, match="begun anew"):
            reader.read(0.0)


def test_a_missing_folder_ends_with_code_4_and_the_setting(tmp_path: Path) -> None:
    result = tail(tmp_path / "nowhere")
    assert result.exit_code == ExitCode.TRANSPORT
    assert "transport.path" in result.stderr and len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "options",
    [
        ("--set", "transport.kind=standard"), ("--set", "transport.kin=x"), ("--from-beginning", "--last", "1"),
        ("--dead-letters", "--stream", "a"), ("--count", "0"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_ends_with_code_2(tmp_path: Path, options: tuple[str, ...]) -> None:
    assert tail(tmp_path, *options).exit_code == ExitCode.SETTINGS


def take_interrupts() -> None:
    """A shell's background jobs ignore them, and so would what they start."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_a_reader_that_closes_the_pipe_and_ctrl_c_end_it_quietly(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(0))
    command = [*COMMAND, "--set", f"transport.path={tmp_path}", "--from-beginning"]
    for way, code in (("close", 0), ("interrupt", ExitCode.INTERRUPTED)):
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=take_interrupts
        ) as process:
            assert process.stdout is not None and process.stderr is not None
            assert process.stdout.readline() and process.stdout.readline()  # now it waits, and writes nothing
            if way == "close":
                process.stdout.close()
            else:
                process.send_signal(signal.SIGINT)
            assert process.stderr.read() == b""
            assert process.wait(20) == code


def test_it_starts_without_the_engines(log: DirectoryLog, tmp_path: Path) -> None:
    commit(log, prediction(0))
    code = """
import sys
from streamrnn.cli.app import app
app(sys.argv[1:], prog_name="streamrnn", standalone_mode=False)
print(sorted({"torch", "numba", "pandas"} & sys.modules.keys()))
"""
    command = [sys.executable, "-c", code, *COMMAND[3:], "--set", f"transport.path={tmp_path}", "--last=1", "--count=1"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=dict(os.environ))
    assert "pump-7" in done.stdout and done.stdout.splitlines()[-1] == "[]"


def test_colours_are_for_terminals_that_want_them(
    log: DirectoryLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(log, prediction(0, "[red]x[/red]"))
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(Console, "is_terminal", property(lambda self: True))
    options = ("--from-beginning", "--count", "1")
    coloured = tail(tmp_path, *options).stdout
    assert "\x1b[" in coloured and "[red]x[/red]" in coloured
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in tail(tmp_path, *options).stdout
