"""Where the tools are that read what lies in deploy/; a test whose tool is missing skips, and says so."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
CHART = DEPLOY / "helm/streamrnn"
_BESIDE = str(Path(sys.executable).parent)  # what `make` installed with the extra `tools`


def tool(name: str, variable: str | None = None) -> str:
    """The program of that name: what a variable names, what is installed beside the interpreter, or on the path."""
    given = os.environ.get(variable, "") if variable is not None else ""
    found = given or shutil.which(name, path=os.pathsep.join([_BESIDE, os.environ.get("PATH", "")]))
    if not found:
        pytest.skip(f"{name} is not here" + (f" ({variable} may name it)" if variable is not None else ""))
    return found


def run(*command: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    """Run to the end, and give what it said."""
    return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300, **options)  # type: ignore[call-overload, no-any-return]
