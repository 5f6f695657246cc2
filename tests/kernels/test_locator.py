"""Compiled code is used from a folder that cannot be written to, and what is missing there is compiled all the same."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

WITHOUT_POWER = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]  # root, to whom files' modes apply
_KERNEL = """
from streamrnn.kernels.compile import entry

@entry
def twice(value):
    return 2 * value
"""
_USE = """
import sys
from kernel_of_test import twice
answer = twice(float(sys.argv[1]) if "." in sys.argv[1] else int(sys.argv[1]))
print(answer, sum(twice.stats.cache_hits.values()), sum(twice.stats.cache_misses.values()))
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a kernel."""
    with TemporaryDirectory() as name:
        path = Path(name)
        (path / "kernel_of_test.py").write_text(_KERNEL)
        yield path


def use(folder: Path, argument: str, powerless: bool = False) -> list[str]:
    """Answer, cache hits and misses of a process; ``powerless`` makes the modes of files count for root, too."""
    paths = os.pathsep.join([str(folder), str(Path(__file__).parents[2])])
    environ = dict(os.environ) | {"STREAMRNN_CACHE": str(folder / "cache"), "PYTHONPATH": paths}
    prefix = WITHOUT_POWER if powerless and os.getuid() == 0 else []
    if prefix and shutil.which(prefix[0]) is None:
        pytest.skip("setpriv (util-linux) is not here, and root may write anywhere")
    command = [*prefix, sys.executable, "-B", "-c", _USE, argument]
    done = subprocess.run(command, env=environ, cwd="/", capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_a_cache_that_cannot_be_written_to_is_used_and_left_alone(folder: Path) -> None:
    assert use(folder, "4") == ["8", "0", "1"]
    for path in [folder / "cache", *(folder / "cache").rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted((folder / "cache").rglob("*"))
    try:
        assert use(folder, "4", powerless=True) == ["8", "1", "0"]
        assert use(folder, "1.5", powerless=True) == ["3.0", "0", "1"]  # of another type: not there
        assert sorted((folder / "cache").rglob("*")) == before
    finally:
        for path in [folder / "cache", *before]:
            path.chmod(0o755)
