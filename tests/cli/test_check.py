"""``streamrnn check`` tells whether the daemon could start, and changes nothing."""

import fcntl
import re
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.cli.check import memory_table
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition, Predictions
from streamrnn.exits import ExitCode
from streamrnn.loops.chain import bytes_per_stream
from streamrnn.observe.sensor import Sensor
from streamrnn.settings import load
from streamrnn.transport import TransportError

SMALL = ("http.port=0", "model.hidden_size=4", "streams.max_live=100")
Check = Callable[..., Any]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Run ``check`` in a folder that has one partition to read."""
    monkeypatch.chdir(tmp_path)
    Path("var/log/events").mkdir(parents=True)
    Path("var/log/events/0.jsonl").touch()
    return lambda *overrides: CliRunner().invoke(
        app, ["check", *(part for text in (*SMALL, *overrides) for part in ("--set", text))]
    )


@pytest.fixture
def lived(check: Check) -> Check:
    """The same where a daemon has answered some events and stopped."""
    event = '{"stream": "a", "time": %d, "value": 1.5}\n'
    Path("var/log/events/0.jsonl").write_text("".join(event % time for time in range(20)))

    class Stop(Sensor):
        def on_answers(self, partition: Partition, predictions: Predictions) -> None:
            daemon.stop()

    daemon = Daemon(load(None, list(SMALL), {}).settings, [Stop()])
    assert daemon.run() == ExitCode.OK
    return check


def everything() -> list[tuple[Path, int]]:
    return sorted((path, path.stat().st_mtime_ns) for path in Path().rglob("*"))


def marked(result: Any, mark: str) -> list[str]:
    return [line for line in result.stdout.splitlines() if line.startswith(mark)]


def test_a_daemon_that_could_start_gives_0_and_no_new_file(check: Check) -> None:
    before = everything()
    result = check()
    assert result.exit_code == ExitCode.OK
    assert marked(result, "FAIL") == marked(result, "WARN") == []
    assert "var/log/events has 1 partition\n" in result.stdout
    assert "http: 127.0.0.1, any free port\n" in result.stdout
    assert "events-0 begins anew" in result.stdout
    assert everything() == before


def test_a_daemon_that_could_go_on_gives_0_and_no_new_file(lived: Check) -> None:
    before = everything()
    result = lived()
    assert result.exit_code == ExitCode.OK
    assert "events-0 goes on at 20, with the snapshot at 20\n" in result.stdout
    assert everything() == before


def test_standard_input_needs_no_folder(check: Check) -> None:
    result = check("transport.kind=standard", "transport.path=/nowhere")
    assert result.exit_code == ExitCode.OK
    assert "cannot be recovered" in result.stdout


@pytest.mark.parametrize(
    ("override", "text", "code"),
    [
        (
            "transport.input=other",
            "the working folder): make it and put files <number>.jsonl there",
            ExitCode.TRANSPORT,
        ),
        ("transport.predictions=file", "file is not a folder", ExitCode.TRANSPORT),
        ("transport.predictions=taken", "may not write var/log/taken/0.jsonl", ExitCode.TRANSPORT),
        ("snapshots.path=var/log/file/x", "file is not a folder", ExitCode.TRANSPORT),
        ("http.host=192.0.2.1 http.unprotected=true", "cannot listen at 192.0.2.1:0", ExitCode.SETTINGS),
        ("daemon.memory_limit=1KiB", "lower streams.max_live", ExitCode.SETTINGS),
    ],
)
def test_what_would_stop_the_daemon_is_named_with_its_exit_code(
    check: Check, override: str, text: str, code: ExitCode
) -> None:
    Path("var/log/file").touch()
    Path("var/log/taken/0.jsonl").mkdir(parents=True)
    result = check(*override.split())
    assert result.exit_code == code
    (failure,) = marked(result, "FAIL")
    assert text in failure


@pytest.mark.parametrize(
    ("overrides", "mark", "text"),
    [
        ([], "ok", "engine: compiled, as model.engine is auto"),
        (["model.engine=torch"], "ok", "engine: torch, as model.engine says"),
        (["model.layers=2"], "WARN", "engine: torch, for model.layers (model.engine is auto)"),
        (["model.kind=none"], "ok", "engine: none, as model.kind says"),
        (["model.head=quantiles"], "ok", "engine: compiled, as model.engine is auto"),
        (["model.head=gaussian"], "WARN", "engine: torch, for model.head (model.engine is auto)"),
        (["model.head=student_t", "experts.networks=0.005"], "WARN", "(network 0.005: compiled)"),
    ],
)
def test_the_engine_is_named_with_the_reason(check: Check, overrides: list[str], mark: str, text: str) -> None:
    result = check(*overrides)
    assert result.exit_code == ExitCode.OK
    assert any(text in line for line in marked(result, mark))


def start() -> ExitCode:
    """What a start that goes wrong ends with."""
    try:
        return Daemon(load(None, list(SMALL), {}).settings).run()
    except TransportError:
        return ExitCode.TRANSPORT


def lose_snapshots() -> None:
    shutil.rmtree("var/log/snapshots")


def lose_commits() -> None:
    Path("var/log/commits.json").unlink()


def lose_commits_and_outputs() -> None:
    lose_commits()
    for topic in ("predictions", "dead-letters"):
        Path("var/log", topic, "0.jsonl").unlink()


def damage_commits() -> None:
    Path("var/log/commits.json").write_text("{")


def lose_input() -> None:
    Path("var/log/events/0.jsonl").unlink()


def replace_input() -> None:
    Path("var/log/events/0.jsonl").write_text("other\n" * 1000)


def cut_output() -> None:
    Path("var/log/predictions/0.jsonl").write_text("")


@pytest.mark.parametrize(
    ("damage", "text", "code"),
    [
        (lose_snapshots, "no whole snapshot of that lineage", ExitCode.STATE),
        (lose_commits, "nothing of its partition is committed", ExitCode.TRANSPORT),
        (lose_commits_and_outputs, "has snapshots in folder var/log/snapshots but no commit", ExitCode.STATE),
        (damage_commits, "commits.json is damaged", ExitCode.TRANSPORT),
        (lose_input, "0.jsonl is gone, but was committed", ExitCode.TRANSPORT),
        (replace_input, "0.jsonl is not the file it was", ExitCode.TRANSPORT),
        (cut_output, "predictions/0.jsonl has 0 bytes", ExitCode.TRANSPORT),
    ],
)
def test_a_log_that_does_not_fit_its_saved_state_is_found_as_at_a_start(
    lived: Check, damage: Callable[[], None], text: str, code: ExitCode
) -> None:
    damage()
    result = lived()
    assert result.exit_code == code
    (failure,) = marked(result, "FAIL")
    assert text in failure
    assert start() == code


def test_changed_settings_of_the_model_are_found(lived: Check) -> None:
    result = lived("model.hidden_size=8")
    assert result.exit_code == ExitCode.STATE
    (failure,) = marked(result, "FAIL")
    assert "other settings" in failure and "--new-lineage" in failure
    assert "with other settings (model.hidden_size was 4 and is 8)" in failure


def test_what_would_be_carried_over_is_told_beforehand(lived: Check) -> None:
    before = everything()
    (failure,) = marked(lived("model.learning_rate=0.1"), "FAIL")
    assert "With --carry-over: all state goes on" in failure
    (failure,) = marked(lived("inputs.elapsed=true"), "FAIL")
    assert "streams begin anew; drawn anew: stack.cells.0.w for elapsed" in failure
    result = lived("model.learning_rate=0.1", "snapshots.revision=1")
    assert result.exit_code == ExitCode.OK
    assert any("goes on at 20" in line and "all state goes on" in line for line in marked(result, "ok"))
    assert everything() == before


def test_what_a_new_model_takes_from_another_is_told_beforehand(lived: Check, tmp_path: Path) -> None:
    exported = CliRunner().invoke(app, ["export", *(part for text in SMALL for part in ("--set", text))])
    assert exported.exit_code == ExitCode.OK, exported.output
    assert "net.safetensors" in exported.output and "events-0 at 20" in exported.output
    Path("var/log/commits.json").unlink()
    for made in ("snapshots", "predictions", "dead-letters"):
        shutil.rmtree(f"var/log/{made}")
    for fits, told in (([], "all of them fit"), (["inputs.elapsed=true"], "drawn anew: stack.cells.0.w for elapsed")):
        result = lived("model.start_from=net.safetensors", *fits)
        begins = [line for line in marked(result, "ok") if "events-0 begins anew, its weights from" in line]
        assert len(begins) == 1 and told in begins[0], result.stdout
    result = lived("model.start_from=gone.safetensors")
    assert result.exit_code == ExitCode.STATE and "gone.safetensors" in marked(result, "FAIL")[0]


def test_a_daemon_that_works_on_the_log_is_found_and_not_disturbed(lived: Check) -> None:
    with Path("var/log/lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        result = lived()
    assert result.exit_code == ExitCode.TRANSPORT
    assert "another process works in var/log" in marked(result, "FAIL")[0]
    with Path("var/log/lock").open() as lock:
        assert lived().exit_code == ExitCode.OK
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_of_two_failures_the_one_that_a_start_meets_first_gives_the_code(lived: Check) -> None:
    lose_snapshots()
    assert lived("http.host=192.0.2.1", "http.unprotected=true").exit_code == ExitCode.SETTINGS


def test_a_folder_without_partitions_is_a_warning_as_the_daemon_would_wait(check: Check) -> None:
    Path("var/log/other").mkdir()
    Path("var/log/other/history.jsonl").touch()
    result = check("transport.input=other")
    assert result.exit_code == ExitCode.OK
    (warning,) = marked(result, "WARN")
    assert "var/log/other has no file <number>.jsonl: the daemon would wait" in warning


def test_an_empty_folder_is_no_warning_as_init_makes_it(check: Check) -> None:
    Path("var/log/empty").mkdir()
    result = check("transport.input=empty")
    assert result.exit_code == ExitCode.OK and marked(result, "WARN") == []
    assert "var/log/empty is empty: the daemon would wait for a file 0.jsonl" in result.stdout


def test_a_feature_that_no_record_has_is_a_warning_with_the_fields_there_are(check: Check) -> None:
    Path("var/log/events/0.jsonl").write_text('{"stream": "a", "time": 1, "vaule": 2}\n' * 3)
    result = check()
    assert result.exit_code == ExitCode.OK
    (warning,) = marked(result, "WARN")
    assert "of the next 3 records of events-0, none has the feature 'value'" in warning
    assert "stream, time, vaule" in warning and "events.features" in warning


def test_booleans_and_categories_that_no_record_has_are_warnings_and_what_is_seen_is_listed(check: Check) -> None:
    Path("var/log/events/0.jsonl").write_text('{"stream": "a", "time": 1, "value": 2, "open": true, "sky": "rain"}\n')
    result = check("inputs.booleans=[open, opne]", "inputs.categories={sky: [rain, sun], shop: 90}")
    found = [warning.split(", none has ")[1].split("; ")[0] for warning in marked(result, "WARN")]
    assert found == ["the boolean 'opne'", "the category 'shop'"]
    seen = [line.split() for line in result.stdout.splitlines() if line.startswith(("booleans", "category", "level"))]
    assert [line[:2] for line in seen] == [["level", "1"], ["booleans", "2"], ["category", "8"], ["category", "8"]]
    assert "2 values, other and missing: learned" in result.stdout and "90 buckets: learned" in result.stdout


def test_records_that_would_be_refused_are_a_warning_for_each_reason_the_most_frequent_first(check: Check) -> None:
    Path("var/log/events/0.jsonl").write_text('nonsense\n' + '{"stream": "a", "time": "2024-01-01", "value": 2}\n' * 2)
    result = check()
    assert result.exit_code == ExitCode.OK
    times, nonsense = marked(result, "WARN")
    assert "2 would be refused as bad_time, the first at 1: " in times and "events.time_format" in times
    assert "1 would be refused as not_json, the first at 0: " in nonsense


def test_a_taken_port_is_found(check: Check) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        result = check(f"http.port={port}")
        assert result.exit_code == ExitCode.SETTINGS
        assert f"cannot listen at 127.0.0.1:{port}" in result.stdout
        assert "maybe by a streamrnn that runs already" in result.stdout
        assert check(f"http.port={port}", "http.enabled=false").exit_code == ExitCode.OK


def test_what_makes_the_memory_line_more_than_the_table_is_told(check: Check) -> None:
    result = check()
    line = next(line for line in result.stdout.splitlines() if "ok    memory:" in line)
    total = next(line for line in result.stdout.splitlines() if line.startswith("all ")).split("  ")[-1]
    assert f": {total} streams as in the table below, " in line
    assert line.endswith(f", {total} one partition's copy while a snapshot is written")


def test_memory_of_answers_that_wait_is_told() -> None:
    settings = load(None, ["labels.mode=delayed", "model.lookahead=8"], {}).settings
    rows = memory_table(settings).splitlines()
    assert any(row.startswith("labels: answers that wait for later events  ") for row in rows)


def test_memory_is_told_for_one_stream_and_for_all() -> None:
    settings = load(None, ["streams.max_live=2048", "model.hidden_size=16"], {}).settings
    size = sum(bytes_per_stream(settings).values())
    header, *rows = memory_table(settings).splitlines()
    assert "2,048 streams" in header
    assert re.fullmatch(rf"all +{size / 1024:.1f} KiB +{size * 2048 / 2**20:.1f} MiB", rows[-1])
    assert any(row.startswith("network: states and windows  ") for row in rows)
