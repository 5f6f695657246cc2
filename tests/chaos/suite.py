"""One run: a broker, instances behind proxies, a producer, acts in random order, and the verdict."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from kafka import KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from streamrnn.events.columns import Partition, Records
from streamrnn.snapshots.factory import open_store
from tests.chaos.hand import Hand, Stuck
from tests.chaos.instances import Instance
from tests.chaos.proxy import Proxy
from tests.chaos.verifier import LETTER, PREDICTION, Answer, Oracle, Verdict, compare_state, judge
from tests.helpers import settings
from tests.kafka.broker import JavaBroker, java_broker

PARTITIONS = 4
SLOTS = 3  # the last one comes and goes
EVENTS_PER_SECOND = 400
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
        total = [sum(getattr(verdict, name) for verdict in self.verdicts.values()) for name in _COUNTS]
        lines.append("{} events: {} lost, {} doubled, {} out of order, {} different".format(*total))
        equal = sum(not verdict.state for verdict in self.verdicts.values())
        lines.append(f"final state equal to the oracle's, bit for bit: {equal} of {PARTITIONS} partitions")
        lines.append("hanging transactions: " + (", ".join(self.hanging) or "none"))
        for number, verdict in self.verdicts.items():
            lines += [f"partition {number}: {text}" for text in [*verdict.examples, *verdict.state]]
        lines += [f"TROUBLE: {text}" for text in self.trouble]
        lines.append(f"{'good' if self.good else 'NOT GOOD'}, {self.seconds:.0f} s")
        return "\n".join(lines)


_COUNTS = ("events", "lost", "doubled", "out_of_order", "different")


class Feed:
    """Sends events at a steady rate to all partitions; now and then one that is no event."""

    def __init__(self, bootstrap: str, topic: str, seed: int) -> None:
        self._random = Random(seed)
        self._topic = topic
        self._producer = KafkaProducer(bootstrap_servers=bootstrap, linger_ms=5, delivery_timeout_ms=600_000)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send no more, and wait until all has arrived."""
        self._stop.set()
        self._thread.join()
        self._producer.flush(END_SECONDS)
        self._producer.close()

    def _send(self) -> None:
        number, started = 0, time.monotonic()
        while not self._stop.is_set():
            while number < (time.monotonic() - started) * EVENTS_PER_SECOND:
                value = b'{"stream":"s%d","value":%.3f}' % (number % 97, self._random.gauss(0, 1))
                if self._random.random() < 0.01:
                    value = b'{"stream":'
                self._producer.send(self._topic, value, partition=number % PARTITIONS)
                number += 1
            time.sleep(0.01)


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
            feed = Feed(broker.bootstrap, "in", self._seed)
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
        inputs = read(broker.bootstrap, "in")
        outputs = read(broker.bootstrap, "out"), read(broker.bootstrap, "dead")
        by_source: dict[int, tuple[list[Answer], list[Answer]]] = {n: ([], []) for n in range(PARTITIONS)}
        for records, kind, which in ((outputs[0], PREDICTION, 0), (outputs[1], LETTER, 1)):
            for record in (record for found in records.values() for record in found):
                headers = dict(record.headers)
                answer = Answer(int(headers["offset"]), kind, record.value)
                by_source[int(headers["partition"])][which].append(answer)
        with closing(open_store(chosen)) as store:
            for number, (predictions, letters) in by_source.items():
                partition = Partition("in", number)
                lineage, end = self._commit(broker, number)
                oracle = Oracle(chosen, partition, lineage)
                verdict = judge(oracle.answers(_records(partition, inputs[number])), predictions, letters)
                found = store.load_newest(partition, lineage, end, lambda *_: None)
                at_end = found is not None and found[0].position == end
                compare_state(verdict, found[1] if found is not None and at_end else None, oracle.shard.saved())
                self._report.verdicts[number] = verdict
        self._report.hanging = hanging(broker.bootstrap)

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

    def _commit(self, broker: JavaBroker, number: int) -> tuple[str, int]:
        with closing(KafkaConsumer(bootstrap_servers=broker.bootstrap, group_id="chaos")) as consumer:
            found = consumer.committed(TopicPartition("in", number), metadata=True)
        return ("", 0) if found is None else (found.metadata, found.offset)


def read(bootstrap: str, topic: str) -> dict[int, list[Any]]:
    """All committed records of a topic, by partition."""
    places = [TopicPartition(topic, number) for number in range(PARTITIONS)]
    options = {"isolation_level": "read_committed", "enable_auto_commit": False}
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, **options)) as consumer:
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        found: dict[int, list[Any]] = {number: [] for number in range(PARTITIONS)}
        while any(consumer.position(place) < ends[place] for place in places):
            for place, records in consumer.poll(200).items():
                found[place.partition] += records
    return found


def hanging(bootstrap: str) -> list[str]:
    """Partitions of the output whose committed end is not their end: a transaction is open there."""
    ends: list[dict[TopicPartition, int]] = []
    for isolation in ("read_committed", "read_uncommitted"):
        with closing(KafkaConsumer(bootstrap_servers=bootstrap, isolation_level=isolation)) as consumer:
            places = [TopicPartition(topic, n) for topic in ("out", "dead") for n in range(PARTITIONS)]
            ends.append(consumer.end_offsets(places))
    return [f"{place.topic}-{place.partition}" for place, end in ends[0].items() if end != ends[1][place]]


def _records(partition: Partition, found: list[Any]) -> Records:
    return Records(
        partition,
        [record.offset for record in found],
        [record.key for record in found],
        [record.value for record in found],
        [record.timestamp / 1000 for record in found],
        found[-1].offset + 1 if found else 0,
    )

