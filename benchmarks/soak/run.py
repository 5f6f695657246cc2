"""Two instances, a day of events, a look every few seconds, two restarts, and the verdict."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from kafka import KafkaConsumer, TopicPartition
from kafka.admin import KafkaAdminClient, NewTopic

from benchmarks.soak.life import DAY, LIFE_SECONDS, Producer
from benchmarks.soak.picture import picture
from benchmarks.soak.sums import Sums, compare, of_topics
from benchmarks.soak.watching import Sample, Watched, folder_size, slope
from streamrnn.replay.svg import Line
from tests.chaos.instances import Instance
from tests.kafka.broker import JavaBroker, NoBroker, free_port, java_broker

PARTITIONS = 4
LOOK_SECONDS = 3.0
TELLS = 10  # times in between that the producer is told how many records were answered
WARM_UP = 0.4  # share of the run that is not judged: buffers of fixed size fill, and memory with them
KILL, RESTART = 0.4, 0.6  # when the second instance is killed, and told to stop
GROWTH = 0.01  # of the resident memory, an hour, beyond two standard errors
PATIENCE = 180.0  # seconds for what must come to pass
SNAPSHOTS = {
    "cleanup.policy": "compact", "segment.bytes": str(16 << 20), "segment.ms": "20000",
    "min.cleanable.dirty.ratio": "0.1", "delete.retention.ms": "5000", "min.compaction.lag.ms": "0",
}  # fmt: skip


@dataclass
class Seen:
    """What was seen, at each look: hours of event time, and the rest."""

    seconds: list[float] = field(default_factory=list)
    samples: list[list[Sample]] = field(default_factory=list)
    snapshots: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    def of(self, instance: int, name: str) -> list[float]:
        """One series."""
        return [getattr(each[instance], name) for each in self.samples]


class Soak:
    """Parameters: the broker, a folder for logs, seconds of wall time, and streams that live at a time."""

    def __init__(self, broker: JavaBroker, folder: Path, seconds: float, streams: int) -> None:
        self._broker, self._seconds, self._streams = broker, seconds, streams
        self.seen = Seen()
        self._watched = []
        for i in range(2):
            port, log = free_port(), folder / f"instance-{i}.log"
            overrides = [*self._overrides(), f"kafka.group_instance_id=soak-{i}", f"http.port={port}"]
            self._watched.append(Watched(Instance(overrides, log), port))

    def run(self) -> None:
        """The whole day.

        Raises
        ------
        TimeoutError
            What must come to pass did not.
        """
        self._make_topics()
        for each in self._watched:
            each.instance.start()
        try:
            self._live()
        finally:
            for each in self._watched:
                each.instance.stop(PATIENCE)

    def _live(self) -> None:
        self._wait("both are ready", lambda: all(each.ready() for each in self._watched))
        producer = Producer(self._broker.bootstrap, "in", PARTITIONS, self._streams, self._seconds)
        self._started = time.monotonic()
        second = self._watched[1].instance

        def restart() -> None:
            second.stop(PATIENCE)
            second.start()

        acts: list[tuple[float, Callable[[], None]]] = [
            (KILL, lambda: second.send(signal.SIGKILL)), (RESTART, restart)
        ]  # fmt: skip
        with closing(KafkaConsumer(bootstrap_servers=self._broker.bootstrap, group_id="soak")) as self._consumer:
            while self._elapsed < self._seconds:
                self._look(producer)
                if acts and self._elapsed > acts[0][0] * self._seconds:
                    self._at_a_quiet_moment(producer, acts.pop(0)[1])
                for _ in range(TELLS):
                    time.sleep(LOOK_SECONDS / TELLS)
                    producer.tell(sum(self._positions()))
            producer.stop()
            self._settle(producer)
        self.sent = producer.sent

    def sums(self) -> tuple[Sums, Sums, Sums]:
        """Of the output topics, the metrics, and the page."""
        metrics, page = Counter[str](), Counter[str]()
        for each in self._watched:
            metrics.update(each.metrics.total)
            page.update(each.page.total)
        return of_topics(self._broker.bootstrap, "out", "dead"), dict(metrics), dict(page)

    @property
    def ends(self) -> Counter[int]:
        """Exit codes of the processes."""
        return self._watched[0].instance.ends + self._watched[1].instance.ends

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self._started

    def _look(self, producer: Producer) -> None:
        seen, now = self.seen, self._elapsed
        seen.samples.append([each.look() for each in self._watched])
        answered = sum(self._positions())
        producer.tell(answered)
        seen.rates.append((answered - self._answered) / (now - seen.seconds[-1]) if seen.seconds else 0.0)
        self._answered = answered
        seen.seconds.append(now)
        seen.snapshots.append(folder_size(self._broker.folder / "data", "snapshots"))

    def _at_a_quiet_moment(self, producer: Producer, act: Callable[[], None]) -> None:
        """A process takes with it what it counted since the last look: so nothing may be under way until it is gone,
        nor while one that was told to stop finishes what is in hand."""
        producer.pause(True)
        self._settle(producer)
        act()
        producer.pause(False)

    def _settle(self, producer: Producer) -> None:
        """Wait until all is answered, then look once more."""
        sent = -1

        def settled() -> bool:
            nonlocal sent
            before, sent = sent, producer.sent
            ends = self._consumer.end_offsets(self._places)
            return sent == before and sum(ends.values()) == sum(self._positions()) == sent

        self._wait("all is answered", settled)
        time.sleep(1.0)
        self._look(producer)

    @property
    def _places(self) -> list[TopicPartition]:
        return [TopicPartition("in", number) for number in range(PARTITIONS)]

    def _positions(self) -> list[int]:
        return [self._consumer.committed(place) or 0 for place in self._places]

    def _wait(self, what: str, there: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not there():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {PATIENCE:.0f} s until {what}")
            time.sleep(0.5)

    _answered = 0

    def _overrides(self) -> list[str]:
        return [
            "transport.kind=kafka", f"kafka.bootstrap_servers={self._broker.bootstrap}", "kafka.group_id=soak",
            "transport.input=in", "transport.predictions=out", "transport.dead_letters=dead",
            "snapshots.topic=snapshots", "snapshots.every_seconds=30", "kafka.session_timeout=120",
            "events.late=drop", "events.late_by=600", "events.max_ahead=3600", "events.max_bytes=4096",
            f"streams.expire_after={LIFE_SECONDS / 4}", f"streams.max_live={2 * self._streams}",
            "logging.format=json", "logging.level=warning",
        ]  # fmt: skip

    def _make_topics(self) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self._broker.bootstrap)) as admin:
            admin.create_topics([NewTopic(name, PARTITIONS, 1) for name in ("in", "out", "dead")])
            admin.create_topics({"snapshots": {"num_partitions": PARTITIONS, "configs": SNAPSHOTS}})


def judge(seen: Seen) -> bool:
    """Print the table; whether all is flat. The first instance lives from begin to end: it is judged."""
    start = next(i for i, at in enumerate(seen.seconds) if at >= WARM_UP * seen.seconds[-1])
    hours = [at / 3600 for at in seen.seconds[start:]]
    flat = True
    print(f"\nof the instance that ran through, after {WARM_UP:.0%} of the time")
    print(f"{'':<24}{'median':>10}{'least':>10}{'most':>10}{'an hour (+- 2 standard errors)':>34}")
    for name in ("memory", "descriptors", "files", "threads", "streams", "lag"):
        series = seen.of(0, name)[start:]
        middle, (rise, error) = sorted(series)[len(series) // 2], slope(hours, series)
        print(f"{name:<24}{middle:>10,.1f}{min(series):>10,.1f}{max(series):>10,.1f}", end="")
        print(f"{rise:>22,.2f} +- {2 * error:,.2f}", end="")
        if name == "memory":
            good = rise - 2 * error <= GROWTH * middle
            print(f"   {'PASS' if good else 'FAIL'}: {rise / middle:+.2%} +- {2 * error / middle:.2%} an hour")
        elif name in ("descriptors", "files", "threads"):
            third = len(series) // 3
            before, after = (sorted(part)[third // 2] for part in (series[:third], series[-third:]))
            good = after <= before  # the most of a moment says nothing: a look may meet a file that is being written
            print(f"   {'PASS' if good else 'FAIL'}: median of the first and last third {before:.0f}, {after:.0f}")
        else:
            good = True
            print()
        flat &= good
    sizes = seen.snapshots[start:]
    third = len(sizes) // 3
    good = max(sizes[-third:]) <= 1.25 * max(sizes[:third])
    print(f"{'snapshot topic, MiB':<24}{sorted(sizes)[len(sizes) // 2]:>10,.1f}{min(sizes):>10,.1f}{max(sizes):>10,.1f}"
          f"   {'PASS' if good else 'FAIL'}: most in the first and last third {max(sizes[:third]):.0f}, "
          f"{max(sizes[-third:]):.0f}")  # fmt: skip
    return flat and good


def draw(seen: Seen, seconds: float, subtitle: str) -> str:
    """The picture."""
    hours = [at / seconds * DAY / 3600 for at in seen.seconds]

    def both(name: str) -> Sequence[Line]:
        return [Line("first instance", "forecast", seen.of(0, name)), Line("second", "naive", seen.of(1, name))]

    panels = [
        ("resident memory, MiB", both("memory")),
        ("live streams", both("streams")),
        ("open descriptors", both("descriptors")),
        ("open files", both("files")),
        ("threads", both("threads")),
        ("snapshot topic, MiB", [Line("on the broker", "outcome", seen.snapshots)]),
        ("records behind", both("lag")),
        ("events a second", [Line("of both", "outcome", seen.rates)]),
    ]
    return picture("A day of events, streams coming and going", subtitle, hours, panels)


def main(minutes: float, streams: int, picture: Path) -> bool:
    """Whether all is flat and all numbers agree; without a broker say so."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            broker = java_broker(Path(folder))
        except NoBroker as reason:
            print(f"the soak is left out: {reason}")
            return True
        broker.start()
        try:
            soak = Soak(broker, Path(folder), 60 * minutes, streams)
            soak.run()
            when = time.strftime("%Y-%m-%d", time.gmtime())
            print(f"{soak.sent:,} records in {minutes:g} minutes, {os.cpu_count()} cores shared with the broker; "
                  f"load {os.getloadavg()[2]:.1f}; processes ended with {dict(soak.ends)}")  # fmt: skip
            subtitle = f"{soak.sent:,} records in {minutes:g} minutes, {when}; blue ran through, orange was not let"
            picture.write_text(draw(soak.seen, 60 * minutes, subtitle))
            flat = judge(soak.seen)
            topics, metrics, page = soak.sums()
            answered = int(topics["predictions"] + sum(n for name, n in topics.items() if name.startswith("dead")))
            print(f"\nrecords sent {soak.sent:,}, answered in the output topics {answered:,}")
            equal = compare(topics, metrics, page) and answered == soak.sent
            print(f"\n{'PASS' if flat else 'FAIL'}: flat; {'PASS' if equal else 'FAIL'}: the numbers agree")
            return flat and equal
        finally:
            broker.kill()
