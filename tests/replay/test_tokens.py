"""A replay of a file of texts: JSON lines and CSV."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from streamrnn.cli.app import app

SMALL = ["model.hidden_size=8", "events.features=[]", "tokens.field=text", "tokens.cells=1024", "streams.max_live=9"]


def replay(path: Path, *overrides: str, options: tuple[str, ...] = ()) -> Result:
    arguments = [word for setting in (*SMALL, *overrides) for word in ("--set", setting)]
    return CliRunner().invoke(app, ["replay", str(path), *arguments, *options])


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    path = tmp_path / "texts.jsonl"
    records = [{"stream": f"s{i % 2}", "time": i, "text": "cat | gato" if i % 3 else "dog | kano"} for i in range(200)]
    bad = {"stream": "s", "time": 1, "text": 7}
    path.write_text("".join(json.dumps(record) + "\n" for record in [*records, bad]))
    return path


WORDS = ("tokens.of=words", "tokens.marker=|", "sequences.record=true")


def test_bits_stand_beside_each_expert_and_answers_are_counted(lines: Path) -> None:
    done = replay(lines, *WORDS, options=("--json",))
    found = json.loads(done.stdout)
    scores = found["tokens"]["text"]
    assert scores["scored"] == 800
    assert scores["bits"] < scores["expert_bits"]["usual token"]
    assert scores["answers"] == 200
    assert scores["exact"] > 180
    assert found["refusals"]["bad_tokens"]["count"] == 1


def test_the_terminal_and_the_page_tell_the_same(lines: Path, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    done = replay(lines, *WORDS, options=("--report", str(page)))
    assert done.exit_code == 0
    assert "bits a token" in done.stdout
    assert "usual token" in done.stdout
    assert re.search(r" of 200 answers exact \(9\d\.\d %\)", page.read_text())
    assert re.search(r" of 200 answers exact \(9\d\.\d %\)", " ".join(done.stdout.split()))
    assert "http" not in page.read_text().replace("http://www.w3.org", "")


def test_a_tables_column_of_texts_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["time,stream,text", *(f"{i},s{i % 2},abc" for i in range(100))]))
    found = json.loads(replay(path, options=("--json",)).stdout)
    assert found["tokens"]["text"]["scored"] == 298
    done = replay(path, "tokens.field=words")
    assert done.exit_code == 2
    assert "there is no column words" in done.stderr
    done = replay(path, "tokens.of=sets")
    assert "write sets of tokens as JSON lines" in done.stderr


def test_a_file_without_texts_says_so(tmp_path: Path) -> None:
    path = tmp_path / "empty.jsonl"
    path.write_text('{"stream": "a", "time": 1}\n')
    assert "no stream had two tokens in its field text" in replay(path).stdout
