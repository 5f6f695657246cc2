"""``streamrnn config``, and what wrong settings do to the command line."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from streamrnn import __version__
from streamrnn.cli import app as module
from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from streamrnn.settings import describe, load


def plain(text: str) -> str:
    """A help text without its frames, colours and line breaks."""
    return " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╭╮╰╯─]", " ", text).split())


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    return CliRunner(env={"COLUMNS": "120", "TERM": "dumb"})


def test_show_prints_the_settings_that_count(runner):
    Path("my.yaml").write_text("model:\n  k2: 4\n")
    result = runner.invoke(app, ["config", "show", "-c", "my.yaml", "--set", "http.port=1", "--set", "seed=2"])
    assert result.exit_code == ExitCode.OK
    assert result.stdout == describe(load(Path("my.yaml"), ["http.port=1", "seed=2"], {}))


def test_show_origin_says_where_each_value_comes_from(runner):
    result = runner.invoke(app, ["config", "show", "--origin"], env={"STREAMRNN_MODEL__K2": "4"})
    assert re.search(r"k2: 4 +# environment STREAMRNN_MODEL__K2", result.stdout)
    assert re.search(r"k1: 1 +# default", result.stdout)


def test_without_config_a_file_in_the_folder_is_not_read(runner):
    Path("config.yaml").write_text("seed: 5")
    assert "seed: 0" in runner.invoke(app, ["config", "show"]).stdout


def test_a_secret_is_not_shown(runner):
    Path("my.yaml").write_text('http:\n  unprotected: true\n  host: "${HIDDEN}"\n')
    result = runner.invoke(app, ["config", "show", "-c", "my.yaml"], env={"HIDDEN": "hunter2"})
    assert "host: ***" in result.stdout
    assert "hunter2" not in result.output


def test_schema_prints_a_json_schema(runner):
    result = runner.invoke(app, ["config", "schema"])
    assert json.loads(result.stdout)["properties"]["seed"]["default"] == 0


@pytest.mark.parametrize("verb", [["config", "show"], ["check"]])
def test_wrong_settings_end_with_code_2_and_every_problem_on_standard_error(runner, verb):
    result = runner.invoke(app, [*verb, "--set", "model.k1=x", "--set", "http.prt=1"])
    assert result.exit_code == ExitCode.SETTINGS
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        "--set http.prt: unknown key. Did you mean port?",
        "--set model.k1: x is not allowed. Allowed: a whole number from 1 to 256.",
    ]


def test_an_interrupt_ends_with_code_130(runner, monkeypatch):
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("streamrnn.settings.load", interrupt)
    assert runner.invoke(app, ["config", "show"]).exit_code == ExitCode.INTERRUPTED


def test_other_errors_keep_their_trace(runner, monkeypatch):
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("streamrnn.settings.load", fail)
    result = runner.invoke(app, ["config", "show"])
    assert result.exit_code == ExitCode.INTERNAL
    assert isinstance(result.exception, ZeroDivisionError)


def test_version(runner):
    assert runner.invoke(app, ["--version"]).stdout == f"streamrnn {__version__}\n"


@pytest.mark.parametrize("verb", ["run", "replay", "check", "inspect", "export", "demo", "config"])
def test_every_verb_has_help_and_stands_in_the_list(runner, verb):
    assert f" {verb} " in plain(runner.invoke(app, ["--help"]).stdout)
    result = runner.invoke(app, [verb, "--help"], prog_name="streamrnn")
    assert result.exit_code == ExitCode.OK
    assert f"Usage: streamrnn {verb}" in plain(result.stdout)


@pytest.mark.parametrize("verb", [["run"], ["replay"], ["check"], ["config", "show"]])
def test_verbs_that_read_settings_share_their_options(runner, verb):
    text = plain(runner.invoke(app, [*verb, "--help"]).stdout)
    assert "--config" in text
    assert "--set" in text


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["rpelay"], "there is no command 'rpelay'. Did you mean replay?"),
        (["config", "shwo"], "there is no command 'shwo'. Did you mean show?"),
        (["zzz"], "There are demo, init, check, run, tail, replay, feed, compile, probe, inspect, export, generate, "),
        (["run", "my.yaml"], "'my.yaml' is not expected here. A settings file goes with --config: streamrnn run"),
        (["config", "show", "my.yaml"], "A settings file goes with --config: streamrnn config show --config my.yaml"),
        (["check", "more"], "'more' is not expected here."),
    ],
)
def test_a_slip_of_the_command_line_is_met_with_a_hint(runner, words, hint):
    result = runner.invoke(app, words, prog_name="streamrnn")
    assert result.exit_code == ExitCode.SETTINGS
    assert hint in plain(result.stderr)


@pytest.mark.parametrize(
    "verb", [["run"], ["replay"], ["check"], ["inspect"], ["export"], ["demo"], ["config", "show"]]
)
def test_help_has_an_example_and_flags_take_no_value(runner, verb):
    text = plain(runner.invoke(app, [*verb, "--help"]).stdout)
    assert f"streamrnn {' '.join(verb)} " in text.partition("Example")[2]
    assert "<bool>" not in text


def test_the_command_line_imports_nothing_heavy():
    code = f"import sys, {module.__name__}; print(sorted({{'torch', 'numba', 'numpy', 'pydantic'}} & set(sys.modules)))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
