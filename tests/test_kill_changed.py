"""Settings that change, and a daemon killed with SIGKILL as it carries over and after: not one bit differs."""

import json
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.test_kill import EVENTS, answered, final, finish, lines, start

HALF = EVENTS // 2
NEW = ["snapshots.revision=2", "model.learning_rate=0.02", "streams.max_live=20"]


def lineages(root: Path) -> set[str]:
    return {path.name.split("-")[0] for path in (root / "snapshots").rglob("*.safetensors")}


def wait_for(seen: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not seen():
        assert time.monotonic() < deadline
        time.sleep(0.001)


def first_half(root: Path, records: list[str]) -> None:
    """A daemon with the old settings answers half of the log and is stopped; the other half is there then."""
    (root / "events").mkdir(parents=True)
    log = root / "events" / "0.jsonl"
    log.write_text("".join(line + "\n" for line in records[:HALF]))
    process = start(root)
    wait_for(lambda: answered(root) == HALF)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors.decode()
    with log.open("a") as file:
        file.write("".join(line + "\n" for line in records[HALF:]))


@pytest.mark.timeout(600)
def test_kills_while_settings_change_and_after_change_not_one_bit(tmp_path: Path) -> None:
    records, source = lines(), random.Random(2)
    for name in ("calm", "killed"):
        first_half(tmp_path / name, records)
    finish(tmp_path / "calm", *NEW)

    root = tmp_path / "killed"
    (old,), enough = lineages(root), HALF + source.randrange(100, 800)
    for seen in (
        lambda: lineages(root) - {old},  # it is saved, and hardly committed
        lambda: json.loads((root / "commits.json").read_text())["events-0"]["lineage"] != old,
        lambda: answered(root) > enough,
    ):
        process = start(root, *NEW, f"transport.poll_records={source.randrange(5, 200)}")
        wait_for(seen)
        process.kill()
        process.communicate()
    finish(root, *NEW, "transport.poll_records=77")

    calm, killed = final(tmp_path / "calm"), final(root)
    assert calm[:2] == killed[:2]
    assert calm[2].keys() == killed[2].keys()
    for name, values in calm[2].items():
        np.testing.assert_array_equal(values, killed[2][name], err_msg=name)
    assert len({json.loads(line)["lineage"] for line in calm[0].splitlines()}) == 2
