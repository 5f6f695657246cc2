"""The whole daemon on a directory log, with a model and without; its memory, and how soon it answers."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from streamrnn.memory import needed
from streamrnn.settings import load

EVENTS = 200_000

CHILD = """
import sys, time
started = time.perf_counter()
from streamrnn.daemon import Daemon
from streamrnn.observe.sensor import Sensor
from streamrnn.settings import load
settings = load(None, sys.argv[2:], {}).settings
total, first, seen = int(sys.argv[1]), [], [0]
class Count(Sensor):
    def on_answers(self, partition, predictions):
        if not first:
            first.append(time.perf_counter())
        seen[0] += len(predictions)
        if seen[0] >= total:
            daemon.stop()
daemon = Daemon(settings, [Count()])
daemon.run()
ended = time.perf_counter()
status = open("/proc/self/status").read()  # getrusage would give the parent's peak at the fork
peak = 1024 * int(status.split("VmHWM:")[1].split()[0])
print(first[0] - started, ended - first[0], peak)
"""


def write_log(root: Path, events: int, streams: int) -> None:
    """A directory log of one partition, streams in random turn."""
    rng = np.random.default_rng(0)
    (root / "events").mkdir(parents=True)
    who = rng.permutation(np.arange(events) % streams)
    values = np.sin(np.arange(events) / streams / 4) + rng.normal(0, 0.1, events)
    with (root / "events" / "0.jsonl").open("w") as file:
        for i in range(events):
            file.write(json.dumps({"stream": f"stream-{who[i]}", "time": i, "value": round(values[i], 4)}) + "\n")


def write_small(root: Path) -> Path:
    """A log that is hardly more than empty."""
    write_log(root, 1000, 10)
    return root


def run(root: Path, events: int, *overrides: str, cache: str | None = None) -> tuple[float, float, float]:
    """Seconds to the first answer, seconds for the rest, bytes of memory at the peak."""
    chosen = [f"transport.path={root}", f"snapshots.path={root}/snapshots", "http.enabled=false", *overrides]
    environment = dict(os.environ) | ({"STREAMRNN_CACHE": cache} if cache else {})
    command = [sys.executable, "-c", CHILD, str(events), *chosen]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    first, rest, peak = map(float, done.stdout.split()[-3:])
    return first, rest, peak


def many(folder: Path) -> None:
    """Print what 100,000 streams needed at the defaults, beside what ``streamrnn check`` foretells."""
    live, events = "streams.max_live=100000", 400_000
    root = folder / "many"
    write_log(root, events, 100_000)
    empty = run(write_small(folder / "empty"), 1000)
    _, rest, peak = run(root, events, live, "snapshots.every_records=150000")
    foretold = needed(load(None, [live], {}).settings, 1)
    print(
        f"100,000 streams, snapshots taken, {events / rest:,.0f} events/s: {(peak - empty[2]) / 2**20:,.0f} MiB over a "
        f"daemon of 10 streams; foretold, with a snapshot's copy: {foretold / 2**20:,.0f} MiB"
    )


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        rates = {}
        for kind in ("network", "none", "network", "none"):
            root = Path(folder) / f"{kind}-{time.monotonic_ns()}"
            write_log(root, EVENTS, 1000)
            _, rest, _ = run(root, EVENTS, f"model.kind={kind}")
            rates.setdefault(kind, []).append(EVENTS / rest)
        best = {kind: max(found) for kind, found in rates.items()}
        print(f"whole daemon, 1,000 streams: {best['network']:,.0f} events/s; without a model {best['none']:,.0f}")
        print(f"share of the daemon without a model: {best['network'] / best['none']:.2f}")
        many(Path(folder))
        for name in ("first", "later"):
            first, _, _ = run(write_small(Path(folder) / name), 1000, cache=f"{folder}/cache")
            print(f"{name} start: {first:.1f} s to the first answer")
