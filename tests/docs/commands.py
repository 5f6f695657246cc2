"""The commands of a page, run as they are written."""

import os
import re
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
FEWER = 10  # times


def blocks(page: str) -> list[list[str]]:
    """The page's blocks of commands that make up a whole run."""
    text = (DOCS / f"{page}.md").read_text()
    found = [block.splitlines() for block in re.findall(r"\n\n((?:    \S.*\n)+)", text)]
    return [[line.strip() for line in block] for block in found if "streamrnn run " in "".join(block)]


def asides(page: str) -> list[str]:
    """The page's commands that continue a stream, each a block of its own, once that run is over."""
    return re.findall(r"\n\n    (streamrnn generate .*)\n\n", (DOCS / f"{page}.md").read_text())


def run(lines: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run them in the clone, on fewer events, with temporary files in ``folder``."""
    command = folder / "bin" / "streamrnn"
    command.parent.mkdir()
    guarded = "if __name__ == \"__main__\":\n    main()\n"  # the compilers' processes import it too
    command.write_text(f"#!{sys.executable}\nfrom streamrnn.cli.app import main\n{guarded}")
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    fewer = [re.sub(r"(--(?:events|count)) (\d+)", lambda m: f"{m[1]} {int(m[2]) // FEWER}", line) for line in lines]
    environment = os.environ | {
        "PATH": f"{command.parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(DOCS.parent),
        "TMPDIR": str(folder),
        "STREAMRNN_HTTP__PORT": "0",
        "STREAMRNN_ANOMALY__WARM_UP": "100",  # of fewer events
    }
    ends = "trap 'kill -KILL %1 2> /dev/null || true' EXIT"
    script = "\n".join(["set -eo pipefail", ends, *fewer])
    return subprocess.run(
        ["bash", "-c", script], cwd=DOCS.parent, env=environment, capture_output=True, text=True, timeout=580
    )
