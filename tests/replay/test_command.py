import json
import math

import pytest
import typer
from typer.testing import CliRunner

from streamrnn.cli.replay import replay

app = typer.Typer()
app.command()(replay)


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    path = tmp_path_factory.mktemp("replay") / "waves.csv"
    rows = [f"{60 * row},{math.sin(row / 5):.4f},{row % 7}" for row in range(400)]
    path.write_text("\n".join(["clock,height,step", *rows, "24000,broken,1"]))
    return path


def test_it_tells_scores_and_pace_and_writes_the_report(file, tmp_path):
    done = run(file, "--time", "clock", "--feature", "height", "--report", tmp_path / "out" / "report.html")
    assert done.exit_code == 0, done.output
    assert "400 events of 1 stream" in done.stdout and "events/s, 1 refused" in done.stdout
    assert "Replay of waves.csv" in (tmp_path / "out" / "report.html").read_text()


def test_json_is_all_that_it_prints(file):
    done = run(file, "--feature", "height", "--feature", "step", "--json", "--limit", 300)
    numbers = json.loads(done.stdout)
    assert set(numbers["targets"]) == {"height", "step"} and numbers["events"] == 300
    assert numbers["targets"]["height"]["scored"] == 299


def test_settings_can_be_set(file):
    runs = [run(file, "--feature", "height", "--json", "--set", f"seed={seed}") for seed in (1, 1, 2)]
    scores = [json.loads(done.stdout)["targets"]["height"]["mae"] for done in runs]
    assert scores[0] == scores[1] != scores[2]


def test_a_wrong_column_ends_with_the_code_for_settings(file):
    done = run(file, "--time", "when", "--feature", "height")
    assert done.exit_code == 2 and "no column when" in done.stderr
