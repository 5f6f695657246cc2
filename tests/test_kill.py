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

from streamrnn.demo.scenes import SCENES
from streamrnn.presets.templates import PRESETS
from streamrnn.snapshots.format import read_snapshot

EVENTS = 3000
FOUR_TIMES = (0.2, 0.4, 0.6, 0.8)
STREAMRNN = [sys.executable, "-c", "from streamrnn.cli.app import main; main()"]


def lines() -> list[str]:
    source = random.Random(5)
    made = []
    for i in range(EVENTS):
        event = {"stream": f"s{source.randrange(40)}", "time": i * 10, "value": round(source.gauss(20, 3), 3)}
        made.append("{not json" if source.random() < 0.01 else json.dumps(event))
    return made


def scene(preset: str) -> list[str]:
    """As many records as `lines` makes, of 40 streams, fit for a preset; one in a hundred is not JSON."""
    source = random.Random(5)
    made: list[str] = []
    for batch in SCENES[preset](3, 40):
        made += [line.decode().strip() for line in batch]
        if len(made) >= EVENTS:
            break
    return ["{not json" if source.random() < 0.01 else line for line in made[:EVENTS]]


def start(root: Path, *overrides: str) -> subprocess.Popen[bytes]:
    config = root.parent / "config.yaml"
    chosen = [
        f"transport.path={root}", f"snapshots.path={root}/snapshots", "snapshots.every_records=300", "http.port=0",
        "transport.commit_interval=0.01", "streams.max_live=30", "model.hidden_size=8", *overrides,
    ]  # fmt: skip
    arguments = ["--config", str(config)] if config.exists() else []
    arguments += [word for setting in chosen for word in ("--set", setting)]
    return subprocess.Popen([*STREAMRNN, "run", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def answered(root: Path) -> int:
    """Records whose answers are committed."""
    commits = root / "commits.json"
    return int(json.loads(commits.read_text())["events-0"]["position"]) if commits.exists() else 0


def finish(root: Path, *overrides: str) -> None:
    """Run until every record is answered, then end by SIGTERM."""
    process = start(root, *overrides)
    deadline = time.monotonic() + 120
    while answered(root) < EVENTS and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    assert answered(root) == EVENTS


def final(root: Path) -> tuple[bytes, bytes, dict[str, np.ndarray]]:
    newest = max((root / "snapshots").rglob("*.safetensors"), key=lambda path: path.name.split("-")[1])
    outputs = [(root / topic / "0.jsonl").read_bytes() for topic in ("predictions", "dead-letters")]
    return outputs[0], outputs[1], read_snapshot(newest)[1]


def kill_and_compare(root: Path, records: list[str], *overrides: str, at: tuple[float, ...] = FOUR_TIMES) -> None:
    """Two daemons on the same log, one of them killed at these shares of it while torn pieces are written: all bits are
    equal."""
    whole = "".join(line + "\n" for line in records)
    for name in ("calm", "killed"):
        (root / name / "events").mkdir(parents=True)
    (root / "calm" / "events" / "0.jsonl").write_text(whole)
    finish(root / "calm", *overrides)

    source = random.Random(8)
    log = root / "killed" / "events" / "0.jsonl"
    written = 0
    for limit in at:
        process = start(root / "killed", f"transport.poll_records={source.randrange(5, 400)}", *overrides)
        enough = source.uniform(limit - 0.15, limit - 0.05) * EVENTS
        # Feed torn pieces until that much is answered, then kill in the middle of the work.
        deadline = time.monotonic() + 60
        while answered(root / "killed") < enough and time.monotonic() < deadline:
            piece = whole[written : min(written + source.randrange(1, 5000), int(limit * len(whole)))]
            with log.open("a") as file:
                file.write(piece)
            written += len(piece)
            time.sleep(0.01)
        assert answered(root / "killed") >= enough
        process.kill()
        process.communicate()
    with log.open("a") as file:
        file.write(whole[written:])
    finish(root / "killed", "transport.poll_records=123", *overrides)

    calm, killed = final(root / "calm"), final(root / "killed")
    assert calm[0] == killed[0]
    assert calm[1] == killed[1]
    assert calm[2].keys() == killed[2].keys()
    for name, values in calm[2].items():
        np.testing.assert_array_equal(values, killed[2][name], err_msg=name)


@pytest.mark.timeout(600)
def test_kills_at_random_points_change_not_one_bit(tmp_path: Path) -> None:
    kill_and_compare(tmp_path, lines(), "streams.expire_after=2000", at=(0.3, 0.7))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_with_booleans_and_categories_change_not_one_bit(tmp_path: Path) -> None:
    source = random.Random(3)
    records = [
        line.replace("}", f', "open": {source.choice(["true", "false", "null", "5"])}, "shop": "{i % 90}"}}')
        for i, line in enumerate(lines())
    ]
    chosen = ["inputs.booleans=[open]", "inputs.categories={shop: 40}", "inputs.elapsed=true"]
    kill_and_compare(tmp_path, records, "streams.expire_after=2000", *chosen)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_while_answers_wait_change_not_one_bit(tmp_path: Path) -> None:
    source = random.Random(4)
    records = []
    for line in lines():
        label, end = source.choice(["up", "down"]), source.choice(["true", *["false"] * 9])
        records.append(line.replace("}", f', "label": "{label}", "end": {end}}}'))
    chosen = ["labels.mode=field", "model.lookahead=6", "sequences.end=end", "sequences.gap=900"]
    kill_and_compare(tmp_path, records, "streams.expire_after=2000", *chosen)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("preset", PRESETS)
def test_kills_in_each_presets_run_change_not_one_bit(preset: str, tmp_path: Path) -> None:
    subprocess.run([*STREAMRNN, "init", "--preset", preset], check=True, cwd=tmp_path)
    kill_and_compare(tmp_path, scene(preset))
