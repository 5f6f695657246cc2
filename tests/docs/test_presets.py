"""The commands of each preset's page run as they are written, on fewer events."""

import os
import re
import shlex
import subprocess
import sys
from itertools import chain, islice
from pathlib import Path

import pytest

from streamrnn.demo.scenes import SCENES
from streamrnn.presets.templates import PRESETS
from tests.docs.commands import DOCS, asides, blocks, run

VERBS = ["init", "check", "feed", "run", "tail"]
BEGIN = 'cd "$(mktemp -d)"'  # so that nothing is in the way, wherever it is pasted
NEXT = "====="
END = "kill $! && wait $!"  # so that the next block's daemon finds its port free


RUNS = [(preset, number) for preset in PRESETS for number in range(len(blocks(preset)))]


def test_every_preset_has_a_page_of_five_commands() -> None:
    assert {preset for preset, _ in RUNS} == set(PRESETS)
    for preset, number in RUNS:
        first, *verbs, last = blocks(preset)[number]
        assert (first, last) == (BEGIN, END)
        assert [line.split()[1] for line in verbs] == VERBS
    assert ("delayed-labels", 1) in RUNS


SENT = re.compile(r'^    (\{"stream":.*(?:\n     .*)*)$', re.MULTILINE)  # a long record goes on, indented by one more


@pytest.mark.parametrize("preset", ["delayed-labels", "strokes", "frames", "handwriting"])
def test_the_records_that_a_page_shows_are_what_its_feed_sends(preset: str) -> None:
    text = (DOCS / f"{preset}.md").read_text()
    shown = [re.sub(r"\n     ", "", each).encode() + b"\n" for each in SENT.findall(text)]
    found = re.search(r"--streams (\d+) --events (\d+)", text)
    assert shown and found
    left = set(shown)
    for line in islice(chain.from_iterable(SCENES[preset](0, int(found[1]))), int(found[2])):
        left.discard(line)
        if not left:
            break
    assert left == set()


@pytest.mark.timeout(600)  # the first start on a machine compiles
@pytest.mark.parametrize(
    ("preset", "number"), [pytest.param(*run, marks=pytest.mark.slow if run != RUNS[0] else ()) for run in RUNS]
)
def test_the_commands_of_a_page_run_as_written_in_the_clone(preset: str, number: int, tmp_path: Path) -> None:
    continued = asides(preset)
    done = run([*blocks(preset)[number], *(each for line in continued for each in (f"echo {NEXT}", line))], tmp_path)
    assert done.returncode == 0, done.stderr
    told, *generated = done.stdout.split(f"{NEXT}\n")
    last = told.splitlines()[-1]
    assert "meter-000" in last or last.startswith('{"v":1')
    assert len(generated) == len(continued) and all(text.strip() for text in generated)


def test_the_pages_of_tokens_continue_a_stream() -> None:
    tokens = [name for name, preset in PRESETS.items() if preset.learns == "tokens"]
    assert len(tokens) == 5 and all(asides(name) for name in tokens)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_command_for_quantiles_runs_as_written(tmp_path: Path) -> None:
    text = (DOCS / "forecast.md").read_text()
    command = re.search(r"\n    streamrnn (replay history.csv .*model\.head=quantiles.*)\n", text)
    assert command is not None
    rows = (f"{1_700_000_000 + 60 * i},pump-{i % 3},{20 + (i * 7919 % 101) / 50}" for i in range(900))
    (tmp_path / "history.csv").write_text("\n".join(["time,stream,value", *rows]))
    (tmp_path / "config.yaml").write_text("streams: {max_live: 10}\n")
    done = subprocess.run(
        [sys.executable, "-c", "from streamrnn.cli.app import main; main()", *shlex.split(command[1])],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(DOCS.parent)}, capture_output=True, text=True, timeout=580,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.partition("Quantiles of the next step")[2].splitlines()
    assert [line.split()[1] for line in lines if line.split()[:1] == ["value"]][:3] == ["0.1", "0.5", "0.8"]
