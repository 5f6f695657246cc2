"""One run: a broker, instances behind proxies, a producer, acts in random order, and the verdict."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from tests.chaos.feed import Feed
from tests.chaos.hand import Hand, Stuck
from tests.chaos.instances import Instance
from tests.chaos.judging import hanging, told, verdicts
from tests.chaos.proxy import Proxy
from tests.chaos.verifier import Verdict
from tests.helpers import settings
from tests.kafka.broker import JavaBroker, java_broker

PARTITIONS = 4
SLOTS = 3  # the last one comes and goes
EVENTS_PER_SECOND = 400
STREAMS = 97
END_SECONDS = 120.0  # by then all that was produced is committed, and everybody has ended
TOPICS = ("in", "out", "dead")


@dataclass
class Report:
    """What was done, and what became of it."""

    acts: Counter[str] = field(default_factory=Counter)
    ends: Counter[int] = field(default_factory=Counter)
    verdicts: dict[int, Verdict] = field(default_factory=dict)
    hanging: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        """Whether every promise was kept."""
        kept = len(self.verdicts) == PARTITIONS and all(verdict.good for verdict in self.verdicts.values())
        return kept and not self.hanging and not self.trouble

    def __str__(self) -> str:
        lines = [f"{count:>6}  {name}" for name, count in sorted(self.acts.items())]
        lines.append("ends of processes, by exit code: " + ", ".join(f"{c}: {n}" for c, n in sorted(self.ends.items())))
        lines += told(self.verdicts)
        lines.append("hanging transactions: " + (", ".join(self.hanging) or "none"))
        lines += [f"TROUBLE: {text}" for text in self.trouble]
        lines.append(f"{'good' if self.good else 'NOT GOOD'}, {self.seconds:.0f} s")
        return "\n".join(lines)


class Suite:
    """Runs acts against a group of instances.

    Parameters
    ----------
    folder : for all that it writes
    seed : of the order of acts and of the events
    store : directory or kafka, where snapshots are kept
    """

    def __init__(self, folder: Path, seed: int, store: str) -> None:
        self._folder = folder
        self._seed = seed
        self._store = store
        self._report = Report()

    def run(self, plan: dict[str, int], on_act: Any = lambda name: None) -> Report:
        """Carry out so many acts of each kind, in random order, and judge.

        Raises
        ------
        NoBroker
            There is no Apache Kafka here.
        """
        started = time.monotonic()
        random = Random(self._seed)
        broker = java_broker(self._folder, SLOTS)
        broker.start()
        try:
            self._make_topics(broker)
            slots = self._slots(broker)
            for instance, _ in slots[:-1]:
                instance.start()
            feed = Feed(broker.bootstrap, "in", PARTITIONS, self._seed, EVENTS_PER_SECOND, STREAMS)
            with self._positions(broker) as positions:
                snapshots = "snapshots" if self._store == "kafka" else None
                hand = Hand(random, broker, slots, positions, snapshots)
                try:
                    hand.settle()
                    self._carry_out(hand, plan, random, on_act)
                except (Stuck, TimeoutError) as error:
                    self._report.trouble.append(str(error))
                feed.stop()
                self._end(broker, slots, positions)
            self._judge(broker)
        finally:
            broker.kill()
        self._report.seconds = time.monotonic() - started
        return self._report

    def _carry_out(self, hand: Hand, plan: dict[str, int], random: Random, on_act: Any) -> None:
        acts = hand.acts()
        order = [name for name, count in plan.items() for _ in range(count)]
        random.shuffle(order)
        for name in order:
            on_act(name)
            try:
                acts[name]()
                hand.settle()
            except (Stuck, TimeoutError) as error:
                raise Stuck(f"after '{name}': {error}") from error
            self._report.acts[name] += 1

    def _end(self, broker: JavaBroker, slots: list[tuple[Instance, Proxy]], positions: Any) -> None:
        """Let the instances catch up and stop; note how they ended over all their lives."""
        places = [TopicPartition("in", number) for number in range(PARTITIONS)]
        with closing(KafkaConsumer(bootstrap_servers=broker.bootstrap)) as consumer:
            ends = consumer.end_offsets(places)
        deadline = time.monotonic() + END_SECONDS
        while positions() != [ends[place] for place in places]:
            if time.monotonic() > deadline:
                self._report.trouble.append(f"the end was not reached: {positions()} of {list(ends.values())}")
                break
            time.sleep(0.05)
        for instance, proxy in slots:
            try:
                if instance.pid is not None:
                    instance.stop(END_SECONDS)
            except TimeoutError as error:
                self._report.trouble.append(str(error))
            proxy.close()
            self._report.ends += instance.ends
            if instance.failed:
                self._report.trouble.append(f"{instance.log.name} needs a person: it ended with {dict(instance.ends)}")

    def _judge(self, broker: JavaBroker) -> None:
        chosen = settings(*self._overrides(broker.bootstrap))
        self._report.verdicts = verdicts(chosen, PARTITIONS)
        self._report.hanging = hanging(chosen, PARTITIONS)

    def _overrides(self, bootstrap: str) -> list[str]:
        return [
            "transport.kind=kafka", f"kafka.bootstrap_servers={bootstrap}", "kafka.group_id=chaos",
            "transport.input=in", "transport.predictions=out", "transport.dead_letters=dead",
            "transport.commit_interval=0.05", "kafka.session_timeout=2", "kafka.request_timeout=5",
            f"snapshots.path={self._folder / 'snapshots'}", "snapshots.every_records=300", "events.time=null",
            "model.hidden_size=8", "streams.max_live=200", "scoring.window=200", "http.enabled=false",
            "daemon.watchdog=20", "daemon.drain_deadline=10",
            "logging.format=json",
            f"snapshots.store={self._store}", "snapshots.topic=snapshots", "snapshots.shared=true",
        ]  # fmt: skip

    def _slots(self, broker: JavaBroker) -> list[tuple[Instance, Proxy]]:
        found = []
        for i, (upstream, port) in enumerate(broker.proxies):
            log = self._folder / f"instance-{i}.log"
            log.touch()
            found.append((Instance(self._overrides(f"127.0.0.1:{port}"), log), Proxy(upstream, port)))
        return found

    def _make_topics(self, broker: JavaBroker) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=broker.bootstrap)) as admin:
            admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in TOPICS])
            if self._store == "kafka":
                options = {"num_partitions": PARTITIONS, "configs": {"cleanup.policy": "compact"}}
                admin.create_topics({"snapshots": options})

    @contextmanager
    def _positions(self, broker: JavaBroker) -> Iterator[Any]:
        """A function that gives the committed offsets of all partitions, 0 where there is none."""
        options = {"group_id": "chaos", "enable_auto_commit": False, "request_timeout_ms": 2000}
        with closing(KafkaConsumer(bootstrap_servers=broker.bootstrap, **options)) as consumer:
            last = [0] * PARTITIONS

            def positions() -> list[int]:
                for number in range(PARTITIONS):
                    try:
                        found = consumer.committed(TopicPartition("in", number), timeout_ms=2000)
                    except Exception:  # the broker is away
                        continue
                    last[number] = found or last[number]
                return list(last)

            yield positions
