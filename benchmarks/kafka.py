"""The daemon on Kafka as a share of the bare client, where a record's time goes, and how old predictions are."""

import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaProducer
from kafka.admin import KafkaAdminClient, NewTopic
from kafka.errors import KafkaError

from tests.kafka.broker import NoBroker, any_broker, free_port

AIM = 0.7  # share of the bare client
DELIVERIES = ("at_least_once", "exactly_once")
STREAMS = 1000
EVENT_BYTES = 200
LOOK_SECONDS = 0.05  # between two looks at the committed positions
PATIENCE = 60.0  # seconds for a run to commit something, and to end
DAEMON = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]
BARE = [sys.executable, "-m", "benchmarks.kafka_client", "bare"]
FOLLOW = [sys.executable, "-m", "benchmarks.kafka_client", "follow"]
PROFILE = [sys.executable, "-m", "benchmarks.kafka_profile"]

Key = tuple[int, str, str]  # partitions, what ran, delivery


@dataclass
class Bench:
    """A broker with inputs, and the numbers so far."""

    servers: str
    folder: Path
    events: int
    rates: dict[Key, list[float]] = field(default_factory=lambda: defaultdict(list))
    stages: dict[Key, dict[str, float]] = field(default_factory=dict)
    runs: int = 0
    name: str = field(default_factory=lambda: f"bench{uuid.uuid4().hex[:8]}")  # a given broker may have older ones

    def input(self, partitions: int) -> str:
        """The input topic of so many partitions."""
        return f"{self.name}-in{partitions}"

    def topics(self, partitions: int, *names: str) -> None:
        """Make these topics."""
        with closing(KafkaAdminClient(bootstrap_servers=self.servers)) as admin:
            admin.create_topics([NewTopic(name, partitions, 1) for name in names])

    def produce(self, partitions: int) -> None:
        """The input topic of so many partitions, all of its events."""
        self.topics(partitions, self.input(partitions))
        now = time.time() - 1000.0
        with closing(KafkaProducer(bootstrap_servers=self.servers, linger_ms=20, compression_type="lz4")) as producer:
            for i in range(self.events):
                producer.send(self.input(partitions), event(i, now + i / 1000), partition=i % STREAMS % partitions)
            producer.flush()

    def overrides(self, partitions: int, delivery: str, *more: str) -> tuple[str, list[str]]:
        """A new consumer group, its new output topics, and the settings of the run."""
        self.runs += 1
        name = f"{self.name}-{self.runs}"
        self.topics(partitions, f"{name}-out", f"{name}-dead")
        return name, [
            "transport.kind=kafka", f"kafka.bootstrap_servers={self.servers}", f"kafka.group_id={name}",
            f"transport.input={self.input(partitions)}", f"transport.predictions={name}-out",
            f"transport.dead_letters={name}-dead", f"snapshots.path={self.folder / name}",
            "snapshots.store=directory", "snapshots.shared=true",
            f"kafka.delivery={delivery}", "logging.level=error", "streams.max_live=2000", *more,
        ]  # fmt: skip

    def measure(self, partitions: int, what: str, delivery: str) -> None:
        """One run from its first commit to its last; events a second."""
        port = free_port()
        more = [f"http.port={port}", f"model.kind={'none' if what == 'no model' else 'network'}"]
        name, overrides = self.overrides(partitions, delivery, *more)
        command = [*BARE, *overrides] if what == "bare client" else [*DAEMON, *words(overrides)]
        with self.running(command) as process:
            rate = self.watch(process, name, self.events)
            self.rates[partitions, what, delivery].append(rate)
            print(f"{partitions:>4} partitions  {delivery:<14} {what:<12}{rate:>8,.0f} events/s", flush=True)
            if what == "daemon":
                self.stages[partitions, what, delivery] = busy(port)

    @contextmanager
    def running(self, command: list[str], talks: bool = False) -> Iterator[subprocess.Popen[str]]:
        """A process beside this one, which ends with the block; what it has to tell is shown where it fails."""
        pipe = subprocess.PIPE if talks else subprocess.DEVNULL
        with tempfile.TemporaryFile("w+", dir=self.folder) as errors:
            process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, text=True)
            try:
                yield process
            except BaseException:
                errors.seek(0)
                print(errors.read(), file=sys.stderr)
                raise
            finally:
                process.kill()
                process.wait()

    def watch(self, process: subprocess.Popen[str], group: str, total: int) -> float:
        """Events a second between the first commit of this group and its last."""
        with closing(KafkaAdminClient(bootstrap_servers=self.servers)) as admin:
            deadline = time.monotonic() + PATIENCE
            first, started, done = 0, 0.0, 0
            while time.monotonic() < deadline and process.poll() is None:
                now, done = time.monotonic(), committed(admin, group)
                if done and not first:
                    first, started = done, now
                if done >= total:
                    return (done - first) / (now - started) if now > started else float("nan")
                time.sleep(LOOK_SECONDS)
        raise TimeoutError(f"group {group} had committed {done} of {total}")

    def median(self, partitions: int, what: str, delivery: str) -> float:
        """Events a second; NaN without a run."""
        found = self.rates.get((partitions, what, delivery), [])
        return statistics.median(found) if found else float("nan")


def event(i: int, moment: float) -> bytes:
    """An input record of 200 bytes."""
    who = i % STREAMS
    value = (i * i + 7 * who) % 97 / 10
    text = f'{{"stream":"stream-{who:03d}","time":{moment:.3f},"value":{value:.4f},"note":"'
    return (text + "x" * (EVENT_BYTES - len(text) - 2) + '"}').encode()


def throughput(bench: Bench, counts: tuple[int, ...], rounds: int, until: float) -> None:
    """All combinations, in turn forwards and backwards; the runs without a model only in the first round."""
    for number in range(rounds):
        whats = ("bare client", "daemon", "no model") if number == 0 else ("bare client", "daemon")
        order = [(p, what, delivery) for p in counts for delivery in DELIVERIES for what in whats]
        for key in order if number % 2 == 0 else reversed(order):
            if time.monotonic() < until:
                try:
                    bench.measure(*key)
                except TimeoutError as error:
                    print(f"left out: {error}")
    print(f"\n{'partitions':>10}  {'delivery':<14}{'bare client':>12}{'daemon':>10}{'share':>7}{'no model':>10}"
          f"{'of it':>7}  events/s (median of {rounds}; no model: one run)")  # fmt: skip
    for partitions in counts:
        for delivery in DELIVERIES:
            rate = {what: bench.median(partitions, what, delivery) for what in ("bare client", "daemon", "no model")}
            bare, daemon, none = rate.values()
            print(f"{partitions:>10}  {delivery:<14}{bare:>12,.0f}{daemon:>10,.0f}{daemon / bare:>7.2f}"
                  f"{none:>10,.0f}{daemon / none:>7.2f}")  # fmt: skip
    print(f"aim: a share of {AIM} of the bare client")


def stage_table(bench: Bench) -> None:
    """Time by stage, a record, as /metrics has it; process is on other threads, beside the rest."""
    stages = ("poll_wait", "decode", "process", "encode", "publish", "commit")
    print("\nmicroseconds a record by stage (/metrics, start-up included)")
    print(" " * 26 + "".join(f"{stage:>10}" for stage in stages))
    for (partitions, _, delivery), found in sorted(bench.stages.items()):
        cells = "".join(f"{1e6 * found.get(stage, 0.0) / bench.events:>10.1f}" for stage in stages)
        print(f"{partitions:>10}  {delivery:<14}{cells}")


def profile(bench: Bench, partitions: int) -> None:
    """Processor time by thread, and what the daemon's thread does inside publish."""
    for delivery in DELIVERIES:
        name, overrides = bench.overrides(partitions, delivery, "http.enabled=false")
        with bench.running([*PROFILE, *overrides], talks=True) as process:
            bench.watch(process, name, bench.events)
            out, _ = process.communicate("\n", timeout=PATIENCE)
        found = json.loads(out.splitlines()[-1])
        records = found["records"]
        stages = {stage: 1e6 * seconds / records for stage, seconds in found["stages"].items()}
        print(f"\nprofile, {partitions} partitions, {delivery}: microseconds a record, start-up left out")
        print("  by stage:  " + ", ".join(f"{stage} {spent:.1f}" for stage, spent in stages.items()))
        cpu = sorted(found["cpu"].items(), key=lambda pair: -pair[1])
        spent = (f"{thread} {1e6 * seconds / records:.1f}" for thread, seconds in cpu if seconds > 0.02)
        print("  processor: " + ", ".join(spent))
        inside = found["samples"].get("KafkaLog.publish", 1)
        print("  inside publish, share of its samples that are in or below:")
        del found["samples"]["KafkaLog.publish"]
        for function, seen in sorted(found["samples"].items(), key=lambda pair: -pair[1])[:12]:
            print(f"    {seen / inside:>5.0%}  {stages['publish'] * seen / inside:>5.1f} us  {function}")


def latency(bench: Bench, partitions: int, seconds: float) -> None:
    """Age of predictions as readers get them, at half of the daemon's throughput."""
    print(f"\nage of predictions, {partitions} partitions, half of the daemon's throughput, produce to reader:")
    for delivery in DELIVERIES:
        rate = bench.median(partitions, "daemon", delivery) / 2
        _, overrides = bench.overrides(partitions, delivery, "http.enabled=false", "kafka.start=latest")
        with bench.running([*DAEMON, *words(overrides)]), contextlib.ExitStack() as stack:
            paced(bench, partitions, rate, 5.0)  # it starts and comes to its stride
            readers = {
                each: stack.enter_context(bench.running([*FOLLOW, each, str(seconds), *overrides], talks=True))
                for each in ("read_uncommitted", "read_committed")
            }
            paced(bench, partitions, rate, seconds + 1.5)
            for isolation, process in readers.items():
                found = json.loads(process.communicate(timeout=PATIENCE)[0])
                ages = f"p50 {found['p50']:.0f} ms, p99 {found['p99']:.0f} ms" if found["n"] else "nothing came"
                behind = ", FELL BEHIND: the machine has no room for producer and readers"
                behind = behind if found["n"] < 0.9 * rate * seconds else ""
                print(f"  {delivery:<14} {isolation:<17} {ages} ({found['n']:,} at {rate:,.0f} events/s{behind})")


def paced(bench: Bench, partitions: int, rate: float, seconds: float) -> None:
    """Produce so many events a second, each with the time at which it is sent."""
    with closing(KafkaProducer(bootstrap_servers=bench.servers, linger_ms=0)) as producer:
        started, sent = time.monotonic(), 0
        while (spent := time.monotonic() - started) < seconds:
            while sent < spent * rate:
                producer.send(bench.input(partitions), event(sent, time.time()), partition=sent % STREAMS % partitions)
                sent += 1
            time.sleep(0.005)
        producer.flush()


def committed(admin: KafkaAdminClient, group: str) -> int:
    """Sum of the group's positions; inputs begin at offset 0 and have no holes."""
    try:
        found = admin.list_group_offsets(group)
    except KafkaError as error:
        if error.retriable:  # a new broker makes its topic of positions first
            return 0
        raise
    return sum(max(0, position.offset) for position in found[group].values())


def busy(port: int) -> dict[str, float]:
    """Seconds by stage."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
        lines = answer.read().decode().splitlines()
    found = (line.split('"') for line in lines if line.startswith("streamrnn_busy_seconds_total{"))
    return {parts[1]: float(parts[2].split()[-1]) for parts in found}


def words(overrides: list[str]) -> list[str]:
    """As options of the command line."""
    return [word for each in overrides for word in ("--set", each)]


def main(quick: bool = False) -> None:
    """Print the tables, in 6 minutes, or a glance of 1; without a broker say so."""
    counts, rounds, events, minutes = ((4,), 1, 60_000, 0.7) if quick else ((1, 4, 32), 3, 120_000, 4.5)
    try:
        with tempfile.TemporaryDirectory() as folder, any_broker(Path(folder)) as servers:
            bench = Bench(servers, Path(folder), events)
            for partitions in counts:
                bench.produce(partitions)
            bench.measure(counts[0], "daemon", "at_least_once")  # compiles
            bench.rates.clear()
            throughput(bench, counts, rounds, time.monotonic() + 60 * minutes)
            stage_table(bench)
            profile(bench, 4)
            latency(bench, 4, 3.0 if quick else 8.0)
    except NoBroker as reason:
        print(f"Kafka is left out: {reason}")
