"""A rolling restart: two instances, one after the other stopped and started again, while events go on coming."""

from __future__ import annotations

import threading
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.settings import load
from tests.chaos.feed import Feed
from tests.chaos.follower import Follower
from tests.chaos.instances import Instance
from tests.chaos.judging import hanging, verdicts
from tests.chaos.verifier import Verdict
from tests.kafka.broker import free_port

READY_SECONDS = 120.0  # by then an instance must be ready
END_SECONDS = 120.0  # by then all that was produced is answered, or an instance has ended
LOOK = 0.05


@dataclass(frozen=True, slots=True)
class Restart:
    """One of them, in seconds of the monotonic clock.

    Attributes
    ----------
    told, ended, ready : SIGTERM, the process's end, the next one's first word that it is ready
    flowing : when committed answers of all partitions had come since then
    partitions : what the instance had before
    revoked : partitions that the other one had taken from it meanwhile
    """

    told: float
    ended: float
    ready: float
    flowing: float
    partitions: frozenset[int]
    revoked: int


@dataclass
class Rolled:
    """What became of it.

    Attributes
    ----------
    restarts : in their order
    arrivals : of each partition, when committed answers came, in seconds of the monotonic clock
    verdicts, hanging : see `tests.chaos.judging`
    failed : instances that ended otherwise than told
    """

    restarts: list[Restart] = field(default_factory=list)
    arrivals: dict[int, list[float]] = field(default_factory=dict)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    hanging: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether no answer is lost, doubled, out of order or different, and each shard is what the log makes of it."""
        return all(verdict.good for verdict in self.verdicts.values()) and not self.hanging and not self.failed


class Rolling:
    """Two instances under load on a broker.

    Parameters
    ----------
    bootstrap : the broker
    folder : for the logs
    static : whether the instances are static members of their group
    partitions, rate, streams : of the input; events a second
    overrides : further settings
    """

    def __init__(
        self, bootstrap: str, folder: Path, static: bool, partitions: int, rate: float, streams: int, *overrides: str
    ) -> None:
        self._bootstrap = bootstrap
        self._partitions, self._rate, self._streams = partitions, rate, streams
        self._name = f"{'static' if static else 'dynamic'}-{uuid.uuid4().hex[:8]}"  # a given broker may have older ones
        self._overrides = [
            "transport.kind=kafka", f"kafka.bootstrap_servers={bootstrap}", f"kafka.group_id={self._name}",
            f"transport.input={self._name}-in", f"transport.predictions={self._name}-out",
            f"transport.dead_letters={self._name}-dead", f"snapshots.topic={self._name}-snapshots",
            "events.time=null", "logging.format=json", *overrides,
        ]  # fmt: skip
        self._ports = [free_port(), free_port()]
        self._instances = []
        for i, port in enumerate(self._ports):
            member = [f"kafka.group_instance_id={self._name}-{i}"] if static else []
            log = folder / f"{self._name}-{i}.log"
            self._instances.append(Instance([*self._overrides, *member, f"http.port={port}"], log))

    def run(self, rounds: int, between: float) -> Rolled:
        """So many times first the one, then the other; ``between`` seconds after all partitions are answered again.

        Raises
        ------
        TimeoutError
            An instance was not ready in time, did not end, or the end was not reached.
        """
        found = Rolled()
        self._make_topics()
        with self._both_running():
            feed = Feed(self._bootstrap, f"{self._name}-in", self._partitions, 0, self._rate, self._streams)
            with Follower(self._bootstrap, f"{self._name}-out", self._partitions) as follower:
                self._wait_flowing(follower, time.monotonic())
                for _ in range(rounds):
                    for i in range(len(self._instances)):
                        time.sleep(between)
                        found.restarts.append(self._restart(i, follower))
                found.arrivals = follower.arrivals
            feed.stop()
            self._reach_the_end()
        found.failed = [each.log.name for each in self._instances if each.failed]
        chosen = load(None, self._overrides, {}).settings
        found.verdicts = verdicts(chosen, self._partitions)
        found.hanging = hanging(chosen, self._partitions)
        return found

    def _restart(self, i: int, follower: Follower) -> Restart:
        before, mine = self._revoked(1 - i), self._held(i)
        told = time.monotonic()
        self._instances[i].stop(END_SECONDS)
        ended = time.monotonic()
        self._instances[i].start()
        self._wait_ready(i)
        ready = time.monotonic()
        self._wait_flowing(follower, ready)
        return Restart(told, ended, ready, time.monotonic(), mine, self._revoked(1 - i) - before)

    @contextmanager
    def _both_running(self) -> Iterator[None]:
        try:
            for instance in self._instances:
                instance.start()
            for i in range(len(self._instances)):
                self._wait_ready(i)
            yield
        finally:
            stops = [threading.Thread(target=each.stop, args=(END_SECONDS,)) for each in self._instances]
            for stop in stops:
                stop.start()
            for stop in stops:
                stop.join()

    def _wait_ready(self, i: int) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                self._ask(i, "/readyz")
                return
            except OSError:
                time.sleep(LOOK)
        raise TimeoutError(f"not ready within {READY_SECONDS:.0f} s: see {self._instances[i].log}")

    def _wait_flowing(self, follower: Follower, since: float) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not all(each and each[-1] > since for each in follower.arrivals.values()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"a partition had no answers for {READY_SECONDS:.0f} s")
            time.sleep(LOOK)

    def _revoked(self, i: int) -> int:
        """Partitions that were taken from an instance since its start, given back or not."""
        lines = self._ask(i, "/metrics").splitlines()
        names = ('streamrnn_rebalances_total{event="revoked"}', 'streamrnn_rebalances_total{event="lost"}')
        return sum(int(float(line.split()[-1])) for line in lines if line.startswith(names))

    def _held(self, i: int) -> frozenset[int]:
        lines = self._ask(i, "/metrics").splitlines()
        held = (line for line in lines if line.startswith("streamrnn_consumer_lag_records{"))
        return frozenset(int(line.split('partition="')[1].split('"')[0]) for line in held)

    def _ask(self, i: int, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self._ports[i]}{path}", timeout=5) as answer:
            return str(answer.read().decode())

    def _reach_the_end(self) -> None:
        places = [TopicPartition(f"{self._name}-in", number) for number in range(self._partitions)]
        deadline = time.monotonic() + END_SECONDS
        with closing(KafkaConsumer(bootstrap_servers=self._bootstrap, group_id=self._name)) as consumer:
            ends = consumer.end_offsets(places)
            while any((consumer.committed(place) or 0) < ends[place] for place in places):
                if time.monotonic() > deadline:
                    raise TimeoutError(f"the end was not reached within {END_SECONDS:.0f} s")
                time.sleep(LOOK)

    def _make_topics(self) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self._bootstrap)) as admin:
            names = [f"{self._name}-{kind}" for kind in ("in", "out", "dead")]
            admin.create_topics([NewTopic(name, self._partitions, 1) for name in names])
            options = {"num_partitions": self._partitions, "configs": {"cleanup.policy": "compact"}}
            admin.create_topics({f"{self._name}-snapshots": options})
