"""A replay of a file with labels: CSV, JSON lines, classes and numbers."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streamrnn.cli.app import app
from tests.label_logs import MODES, label_settings, records

SMALL = ["model.hidden_size=8", "events.features=[a,b]", "streams.max_live=9"]


def replay(path: Path, *overrides: str, options: tuple[str, ...] = ()) -> Result:
    arguments = [word for setting in (*SMALL, *overrides) for word in ("--set", setting)]
    return CliRunner().invoke(app, ["replay", str(path), *arguments, *options])


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A CSV whose label follows from a."""
    rows = ["time,stream,a,b,state,last"]
    for i in range(1200):
        a = (i * 37 % 100) / 50 - 1
        label = "" if i % 10 == 9 else "up" if a > 0 else "down"
        rows.append(f"{i},s{i % 3},{a},{i % 7},{label},{'true' if i % 4 == 3 else ''}")
    path = tmp_path / "table.csv"
    path.write_text("\n".join(rows))
    return path


def test_a_table_is_told_with_accuracy_beside_the_last_label(table: Path) -> None:
    done = replay(table, "labels.mode=field", "labels.field=state", options=("--json",))
    found = json.loads(done.stdout)
    scores = found["labels"]["state"]
    assert scores["scored"] == 1079  # the first label had no class to be answered with
    assert scores["accuracy"] > scores["last_accuracy"]
    assert scores["classes"] == ["down", "up"]
    assert sum(map(sum, scores["confusion"])) == scores["scored"]


def test_without_the_last_label_the_most_frequent_is_the_baseline(table: Path, tmp_path: Path) -> None:
    chosen = ["labels.mode=field", "labels.field=state", "labels.last=false"]
    page = tmp_path / "report.html"
    done = replay(table, *chosen, options=("--json", "--report", str(page)))
    scores = json.loads(done.stdout)["labels"]["state"]
    assert "last_accuracy" not in scores
    wrong, naive = 1 - scores["accuracy"], 1 - scores["frequent_accuracy"]
    assert scores["skill"] == pytest.approx(1 - wrong / naive)
    assert "last label" not in page.read_text() and "of the most frequent label&#x27;s" in page.read_text()


def test_the_terminal_has_a_table(table: Path) -> None:
    done = replay(table, "labels.mode=field", "labels.field=state")
    assert done.exit_code == 0
    assert "most frequent label" in done.stdout


def test_the_report_is_a_page_of_its_own(table: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    replay(table, "labels.mode=field", "labels.field=state", options=("--report", str(page)))
    text = page.read_text()
    assert "answered up" in text
    assert "http" not in text.replace("http://www.w3.org", "")


def test_a_column_that_is_not_there_is_named_with_the_setting(table: Path) -> None:
    done = replay(table, "labels.mode=field", "labels.field=stat")
    assert done.exit_code == 2
    assert "there is no column stat" in done.stderr
    assert "labels.field" in done.stderr


def test_ends_of_sequences_are_read_from_a_table(table: Path) -> None:
    sequences = ["labels.sequence=true", "sequences.end=last"]
    done = replay(table, "labels.mode=field", "labels.field=state", *sequences, options=("--json",))
    assert 200 < json.loads(done.stdout)["labels"]["state"]["scored"] <= 300


@pytest.mark.parametrize("kind", ["class", "number"])
def test_what_silence_ended_is_scored(kind: str, tmp_path: Path) -> None:
    rows = [
        {"stream": "s", "time": 1000 * place + step, "a": place % 5, "b": 1.0}
        | ({"label": place % 5 if kind == "number" else str(place % 2)} if step == 2 else {})
        for place in range(100)
        for step in range(3)
    ]
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    silence = ["labels.sequence=true", "sequences.gap=100", f"labels.kind={kind}"]
    done = replay(path, "labels.mode=field", *silence, options=("--json",))
    found = json.loads(done.stdout)
    assert found["events"] == 300
    assert found["targets" if kind == "number" else "labels"]["label"]["scored"] == 98  # all but the first and the last


@pytest.mark.parametrize("mode", ["delayed, class", "delayed, number"])
def test_json_lines_with_labels_of_their_own(mode: str, tmp_path: Path) -> None:
    chosen = label_settings(*MODES[mode])
    path = tmp_path / "log.jsonl"
    path.write_text("".join(json.dumps(record) + "\n" for record in records(chosen, 300)))
    done = replay(path, *MODES[mode], options=("--json",))
    assert done.exit_code == 0
    found = json.loads(done.stdout)
    scored = found["labels" if chosen.labels.kind == "class" else "targets"]["label"]["scored"]
    assert scored > 100


def test_a_file_without_labels_says_so(table: Path) -> None:
    table.write_text("time,stream,a,b,state\n1,s,1,2,\n2,s,1,2,\n")
    done = replay(table, "labels.mode=field", "labels.field=state")
    assert "no event had an answer and then a label state" in done.output


def test_that_no_label_that_is_a_number_came_is_said_as_such(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("time,stream,a,b,state\n" + "".join(f"{i},s,{i % 5},{i % 7},\n" for i in range(50)))
    done = replay(path, "labels.mode=field", "labels.field=state", "labels.kind=number")
    assert "Nothing could be scored: no event had an answer and then a label state." in done.stdout
