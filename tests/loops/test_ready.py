"""Loops are compiled before they are needed, and only if they must be."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numba
import pytest

import streamrnn.kernels  # noqa: F401  # sets the cache folder, which a test here changes
from streamrnn.loops.ready import compile_loop, must_compile
from tests.helpers import settings


def test_an_empty_cache_means_that_the_compiler_will_be_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert must_compile(settings())
    assert not must_compile(settings("model.engine=torch"))
    assert not must_compile(settings("model.layers=2"))
    assert not must_compile(settings("model.kind=none"))
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "network.process_gru-200.py311.nbi").touch()
    assert not must_compile(settings())
    assert must_compile(settings("model.cell=lstm"))


def test_a_batch_of_no_records_goes_through_every_loop() -> None:
    chosen = settings("experts.networks=[0.005]", "forecast.season=6")
    for number in range(10):
        compile_loop(chosen, number)
    with pytest.raises(IndexError):
        compile_loop(chosen, 10)


def test_the_compilers_processes_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    code = "from streamrnn.loops.ready import compile_loops; from tests.helpers import settings; "
    code += "compile_loops(settings())"
    environment = os.environ | {"STREAMRNN_CACHE": str(tmp_path)}
    parent = subprocess.Popen([sys.executable, "-c", code], env=environment, cwd=Path(__file__).parents[2])
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    deadline = time.monotonic() + 60
    while len(started := children.read_text().split()) < 3 and time.monotonic() < deadline:  # one tracks resources
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    while any(map(runs, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(started) == 3 and not any(map(runs, started))


def runs(process: str) -> bool:
    status = Path(f"/proc/{process}/stat")
    try:
        return status.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
