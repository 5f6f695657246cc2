"""The daemon as a process on a directory log, killed with SIGKILL at random points: not one bit differs."""

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from streamrnn.snapshots.format import read_snapshot

EVENTS = 3000
COMMAND = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]


def lines() -> list[str]:
    source = random.Random(5)
    made = []
    for i in range(EVENTS):
        event = {"stream": f"s{source.randrange(40)}", "time": i * 10, "value": round(source.gauss(20, 3), 3)}
        made.append("{not json" if source.random() < 0.01 else json.dumps(event))
    return made


def start(root: Path, *overrides: str) -> subprocess.Popen[bytes]:
    chosen = [
        f"transport.path={root}", f"snapshots.path={root}/snapshots", "snapshots.every_records=300", "http.port=0",
        "transport.commit_interval=0.01", "streams.max_live=30", "streams.expire_after=2000",
        "model.hidden_size=8", *overrides,
    ]  # fmt: skip
    arguments = [word for setting in chosen for word in ("--set", setting)]
    return subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def answered(root: Path) -> int:
    return sum(
        path.read_bytes().count(b"\n") if path.exists() else 0
        for path in (root / "predictions" / "0.jsonl", root / "dead-letters" / "0.jsonl")
    )


def finish(root: Path, *overrides: str) -> None:
    """Run until every record is answered, then end by SIGTERM."""
    process = start(root, *overrides)
    deadline = time.monotonic() + 60
    while answered(root) < EVENTS and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors.decode()
    assert answered(root) == EVENTS


def final(root: Path) -> tuple[bytes, bytes, dict[str, np.ndarray]]:
    newest = max((root / "snapshots").rglob("*.safetensors"), key=lambda path: path.name.split("-")[1])
    outputs = [(root / topic / "0.jsonl").read_bytes() for topic in ("predictions", "dead-letters")]
    return outputs[0], outputs[1], read_snapshot(newest)[1]


@pytest.mark.timeout(300)
def test_kills_at_random_points_change_not_one_bit(tmp_path: Path) -> None:
    whole = "".join(line + "\n" for line in lines())
    for name in ("calm", "killed"):
        (tmp_path / name / "events").mkdir(parents=True)
    (tmp_path / "calm" / "events" / "0.jsonl").write_text(whole)
    finish(tmp_path / "calm")

    source = random.Random(8)
    log = tmp_path / "killed" / "events" / "0.jsonl"
    written = 0
    for limit in (0.2, 0.4, 0.6, 0.8):
        process = start(tmp_path / "killed", f"transport.poll_records={source.randrange(5, 400)}")
        enough = source.uniform(limit - 0.15, limit - 0.05) * EVENTS
        # Feed torn pieces until that much is answered, then kill in the middle of the work.
        deadline = time.monotonic() + 30
        while answered(tmp_path / "killed") < enough and time.monotonic() < deadline:
            piece = whole[written : min(written + source.randrange(1, 5000), int(limit * len(whole)))]
            with log.open("a") as file:
                file.write(piece)
            written += len(piece)
            time.sleep(0.01)
        assert answered(tmp_path / "killed") >= enough
        process.kill()
        process.communicate()
    with log.open("a") as file:
        file.write(whole[written:])
    finish(tmp_path / "killed", "transport.poll_records=123")

    calm, killed = final(tmp_path / "calm"), final(tmp_path / "killed")
    assert calm[0] == killed[0]
    assert calm[1] == killed[1]
    assert calm[2].keys() == killed[2].keys()
    for name, values in calm[2].items():
        np.testing.assert_array_equal(values, killed[2][name], err_msg=name)
