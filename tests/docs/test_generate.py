"""The commands of the page on generation run as they are written, on fewer events."""

import json
from pathlib import Path

import pytest

from tests.docs.commands import blocks, run


@pytest.mark.timeout(600)  # the first start on a machine compiles
@pytest.mark.slow
def test_the_commands_run_as_written_in_the_clone(tmp_path: Path) -> None:
    (lines,) = blocks("generate")
    done = run(lines, tmp_path)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    titles = [number for number, line in enumerate(told) if line.split()[:3] == ["step", "time", "value"]]
    assert len(titles) == 2 and len(told) - titles[1] == 1 + 24
    best = [json.loads(line) for line in told[titles[0] + 5 : titles[1]]]
    assert [row["step"] for row in best] == list(range(1, 97))
