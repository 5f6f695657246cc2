"""The page on upgrades says what the code does, and its commands run as they are written."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streamrnn.settings.schema import LIVE

PAGE = (Path(__file__).parents[2] / "docs" / "upgrade.md").read_text()
COMMANDS = re.findall(r"^    (streamrnn .*)$", PAGE, re.MULTILINE)
MAIN = [sys.executable, "-c", "from streamrnn.cli.app import main; main()"]
SMALL = "model: {hidden_size: 4}\nhttp: {enabled: false}\n"


def test_every_setting_that_all_state_outlives_stands_in_the_table_and_no_other() -> None:
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| `")]
    told = {name: row[2] for row in rows for name in re.findall(r"`([a-z_.0-9]+)`", row[1])}
    assert told.keys() == LIVE.keys()
    assert all("all state" in words for words in told.values())
    assert all(("begins anew" in told[path] or "begin anew" in told[path]) for path, arrays in LIVE.items() if arrays)


def run(command: str, events: int = 0) -> subprocess.CompletedProcess[str]:
    """A command of the page; ``run`` is stopped once it has its partition and so many events are answered."""
    words = [*MAIN, *shlex.split(command)[1:]]
    if words[len(MAIN)] != "run":
        return subprocess.run(words, capture_output=True, text=True, timeout=120, check=False)
    told = Path("told.txt")
    with told.open("w") as file:
        process = subprocess.Popen(words, stdout=file, stderr=file)
    deadline = time.monotonic() + 240
    while process.poll() is None and time.monotonic() < deadline:
        if "partitions assigned" in told.read_text() and int(str(committed().get("position", 0))) >= events:
            process.send_signal(signal.SIGTERM)
            break
        time.sleep(0.05)
    return subprocess.CompletedProcess(words, process.wait(60), told.read_text(), "")


def committed() -> dict[str, object]:
    commits = Path("var/log/commits.json")
    return json.loads(commits.read_text()).get("events-0", {}) if commits.exists() else {}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_commands_run_as_they_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))
    Path("var/log/events").mkdir(parents=True)
    events = [{"stream": f"s{i % 3}", "time": i, "value": i * i % 17} for i in range(60)]
    Path("var/log/events/0.jsonl").write_text("".join(json.dumps(event) + "\n" for event in events))
    Path("config.yaml").write_text(SMALL)
    assert run("streamrnn run --config config.yaml", 60).returncode == 0
    first = committed()
    Path("config.yaml").write_text(SMALL + "drift: {threshold: 8}\n")
    Path("new.yaml").write_text(SMALL + "transport: {path: other}\ninputs: {elapsed: true}\n")
    Path("other/events").mkdir(parents=True)
    (Path("other/events") / "0.jsonl").write_bytes(Path("var/log/events/0.jsonl").read_bytes())
    ends = {}
    for command in COMMANDS:
        ended = ends[command] = run(command)
        expected = 3 if command == "streamrnn check --config config.yaml" else 0  # before the word is given
        assert ended.returncode == expected, (command, ended.stdout, ended.stderr)
    assert committed()["lineage"] != first["lineage"] and committed()["position"] == first["position"]
    assert "With --carry-over: all state goes on" in ends["streamrnn check --config config.yaml"].stdout
    told = ends["streamrnn check --config new.yaml --set model.start_from=net.safetensors"].stdout
    assert "drawn anew: stack.cells.0.w for elapsed" in told
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    given = "import torch\nstate = torch.zeros(4)\nseen = torch.ones(4)\n"
    words = [sys.executable, "-c", given + code + "print(said)"]
    python = subprocess.run(words, capture_output=True, text=True, check=False)
    assert python.returncode == 0 and "tensor" in python.stdout, python.stderr
