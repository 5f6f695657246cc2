"""The daemon in a process that tells, when it is stopped, where its time went: `python -m benchmarks.kafka_profile`."""

import json
import os
import re
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

from streamrnn.daemon import Daemon
from streamrnn.observe.sensor import Sensor
from streamrnn.settings import load

SAMPLE_SECONDS = 0.002
TICK = os.sysconf("SC_CLK_TCK")


class Stages(Sensor):
    """Seconds by stage, from the first commit on."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.records = 0
        self.counts = False

    def on_busy(self, stage: str, seconds: float) -> None:
        if self.counts:
            self.seconds[stage] += seconds

    def on_published(self, partition: object, predictions: int, dead_letters: int) -> None:
        if self.counts:
            self.records += predictions

    def on_commit(self, ok: bool, seconds: float) -> None:
        self.counts = True


class Sampler(threading.Thread):
    """Looks every few milliseconds at what the daemon's thread is doing.

    Samples fall where that thread holds or waits for the interpreter; as it is Python's own thread that looks, time in
    calls that hold the interpreter without ever letting go is seen at their end.
    """

    def __init__(self, stages: Stages) -> None:
        super().__init__(name="sampler", daemon=True)
        self._stages = stages
        self.samples: Counter[str] = Counter()
        self.all = 0

    def run(self) -> None:
        main = threading.main_thread().ident
        assert main is not None
        while True:
            time.sleep(SAMPLE_SECONDS)
            if self._stages.counts:
                self.all += 1
                self.samples.update(_inside_publish(sys._current_frames()[main]))


def _inside_publish(frame: FrameType | None) -> set[str]:
    """Names of the functions between `publish` and the innermost one; empty outside `publish`."""
    names: set[str] = set()
    while frame is not None:
        name = frame.f_code.co_qualname
        if name == "KafkaLog.publish":
            return names | {name}
        names.add(name)
        frame = frame.f_back
    return set()


def cpu_by_thread() -> dict[str, float]:
    """Seconds of processor time of each thread, by name; those of the client that have none are its network loops."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    seconds: Counter[str] = Counter()
    for task in Path("/proc/self/task").iterdir():
        fields = (task / "stat").read_text().rpartition(")")[2].split()
        name = re.sub(r"[-_.]?[0-9.]+", "", names.get(int(task.name), "native"))
        seconds[name] += (int(fields[11]) + int(fields[12])) / TICK
    return dict(seconds)


def main() -> None:
    """Run it until the parent sends SIGTERM; the table goes to standard output as JSON."""
    stages = Stages()
    sampler = Sampler(stages)
    sampler.start()
    daemon = Daemon(load(None, sys.argv[1:], {}).settings, [stages])
    cpu: dict[str, float] = {}
    before: dict[str, float] = {}

    def watch() -> None:
        while not stages.counts:
            time.sleep(0.01)
        before.update(cpu_by_thread())
        sys.stdin.readline()  # the parent has seen the last commit
        cpu.update(cpu_by_thread())
        stages.counts = False
        daemon.stop()

    threading.Thread(target=watch, name="watch", daemon=True).start()
    daemon.run()
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in cpu.items()}
    found = {"records": stages.records, "stages": stages.seconds, "samples": sampler.samples, "all": sampler.all}
    print(json.dumps(found | {"cpu": spent}), flush=True)


if __name__ == "__main__":
    main()
