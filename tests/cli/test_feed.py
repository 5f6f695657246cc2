"""``streamrnn feed --from-file`` brings a history into the log, and the daemon learns from it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rows = (f"pump-{n % 3},{1_700_000_000 + 60 * n},{20 + n * 7919 % 101 / 50}" for n in range(900))
    Path("history.csv").write_text("\n".join(["machine,ts,heat", *rows, "pump-1,never,1"]) + "\n")


def call(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def log() -> list[dict[str, object]]:
    return [json.loads(line) for line in Path("var/log/events/0.jsonl").read_text().splitlines()]


def test_a_history_is_fed_with_the_file_that_init_made_of_it() -> None:
    assert call("init", "--preset", "forecast", "--from-file", "history.csv").exit_code == 0
    fed = call("feed", "--config", "config.yaml", "--from-file", "history.csv")
    assert fed.exit_code == 0, fed.output
    sent, refused = fed.stderr.splitlines()
    assert sent == "sent 900 events to events"
    assert refused.startswith("Refused: 1 bad_time, the first in line 902: column ts holds 'never', which is no time")
    assert log()[1] == {"machine": "pump-1", "ts": 1_700_000_060.0, "heat": 20 + 7919 % 101 / 50}
    checked = call("check", "--config", "config.yaml", "--set", "http.port=0")
    assert checked.exit_code == 0 and "WARN" not in checked.output


def test_columns_are_named_and_more_comes_behind_what_is_there() -> None:
    columns = ("--stream", "machine", "--time", "ts", "--feature", "heat")
    for _ in range(2):
        assert call("feed", "--from-file", "history.csv", *columns, "--events", "20").exit_code == 0
    assert len(log()) == 40 and set(log()[39]) == {"stream", "time", "value"}


def test_labels_go_to_their_own_topic() -> None:
    Path("labels.csv").write_text("stream,time,load,heat,id,label\na,1,2,3,x,\na,2,,,x,worn\n")
    assert call("init", "--preset", "delayed-labels", "--labels-topic", "labels").exit_code == 0
    fed = call("feed", "--config", "config.yaml", "--from-file", "labels.csv")
    assert "sent 2 events to events and labels" in fed.stderr
    (label,) = Path("var/log/labels/0.jsonl").read_text().splitlines()
    assert [record["id"] for record in log()] == ["x"] and json.loads(label)["label"] == "worn"


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["--from-file", "nowhere.csv"], "there is no nowhere.csv"),
        (["--from-file", "history.csv"], "there is no column value"),
        (["--from-file", "empty.csv"], "empty.csv is empty"),
        (["--stream", "machine"], "add --from-file"),
    ],
)
def test_what_cannot_be_fed_ends_with_code_2(words: list[str], text: str) -> None:
    Path("empty.csv").touch()
    refused = call("feed", *words)
    assert refused.exit_code == ExitCode.SETTINGS and text in refused.stderr


def test_an_empty_file_of_lines_is_no_failure() -> None:
    Path("empty.jsonl").touch()
    fed = call("feed", "--from-file", "empty.jsonl")
    assert (fed.exit_code, fed.stderr) == (0, "sent 0 events to events\n")
