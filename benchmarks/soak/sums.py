"""The same sums from three sides: Prometheus' counters, the page's status, and the output topics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from typing import Any

import msgspec
from kafka import KafkaConsumer, TopicPartition
from prometheus_client.parser import text_string_to_metric_families

Sums = dict[str, float]

#: Counters by how they are called here; labels stand behind the name.
COUNTERS = {
    "streamrnn_events_consumed_total": ("events", ()),
    "streamrnn_predictions_published_total": ("predictions", ()),
    "streamrnn_dead_letters_total": ("dead letters", ("reason",)),
    "streamrnn_scored_events_total": ("scored", ("horizon",)),
    "streamrnn_absolute_error_total": ("absolute error", ("horizon",)),
    "streamrnn_baseline_absolute_error_total": ("baseline's", ("horizon",)),
}


class Increase:
    """Counters added up over the lives of a process: what falls has begun anew, as Prometheus' increase takes it."""

    def __init__(self) -> None:
        self._before: Counter[str] = Counter()
        self._last: Sums = {}

    def see(self, sums: Mapping[str, float]) -> None:
        """As they stand now."""
        if any(sums.get(name, 0.0) < last for name, last in self._last.items()):
            self._before.update(self._last)
        self._last = dict(sums)

    @property
    def total(self) -> Sums:
        """Of all lives."""
        return dict(self._before + Counter(self._last))


def of_metrics(text: str) -> Sums:
    """What /metrics says."""
    found: Sums = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            if sample.name in COUNTERS:
                name, labels = COUNTERS[sample.name]
                found[" ".join([name, *(sample.labels[label] for label in labels)])] = sample.value
    return found


def of_status(status: Mapping[str, Any]) -> Sums:
    """What /v1/status says; it has means, which are multiplied again."""
    found = {"events": float(status["events"])}
    found |= {f"dead letters {reason}": float(count) for reason, count in status["dead_letters"].items()}
    for target in status["targets"]:
        scored, horizon = target["scored"], target["horizon"]
        found[f"scored {horizon}"] = float(scored)
        if scored:
            found[f"absolute error {horizon}"] = target["error"] * scored
            found[f"baseline's {horizon}"] = target["baseline_error"] * scored
    return found


class _Settled(msgspec.Struct):
    error: float
    baseline_error: float
    horizon: int


class _Answer(msgspec.Struct):
    events: int
    settled: list[_Settled]


def of_topics(bootstrap: str, predictions: str, dead_letters: str) -> Sums:
    """What the output topics hold, read committed from the beginning."""
    found: Counter[str] = Counter()
    decode = msgspec.json.Decoder(_Answer).decode
    for record in _committed(bootstrap, predictions):
        found["predictions"] += 1
        answer = decode(record.value)
        found["events"] += answer.events > 0  # a tombstone's answer has none
        for settled in answer.settled:
            found[f"scored {settled.horizon}"] += 1
            found[f"absolute error {settled.horizon}"] += abs(settled.error)  # type: ignore[assignment]
            found[f"baseline's {settled.horizon}"] += abs(settled.baseline_error)  # type: ignore[assignment]
    for record in _committed(bootstrap, dead_letters):
        found[f"dead letters {dict(record.headers)['reason'].decode()}"] += 1
    return dict(found)


def _committed(bootstrap: str, topic: str) -> Any:
    options = {"isolation_level": "read_committed", "enable_auto_commit": False, "max_poll_records": 5000}
    with closing(KafkaConsumer(bootstrap_servers=bootstrap, **options)) as consumer:
        places = [TopicPartition(topic, number) for number in consumer.partitions_for_topic(topic) or ()]
        consumer.assign(places)
        consumer.seek_to_beginning(*places)
        ends = consumer.end_offsets(places)
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(200).values():
                yield from records


def compare(topics: Sums, metrics: Sums, status: Sums) -> bool:
    """Print them side by side; whether counts are equal, and sums to float tolerance."""
    print(f"\n{'':<28}{'output topics':>18}{'/metrics':>18}{'differ by':>12}{'/v1/status':>18}{'differ by':>12}")
    equal = True
    for name in sorted({*topics, *metrics, *status}):
        here = topics.get(name, metrics.get(name, 0.0))
        counted = "error" not in name and "baseline" not in name
        cells = f"{topics[name]:>18,.12g}" if name in topics else f"{'':>18}"
        for other in (metrics, status):
            if name not in other and name == "predictions":  # which the page does not tell
                cells += f"{'':>30}"
                continue
            differ = other.get(name, 0.0) - here
            equal &= abs(differ) <= (0.0 if counted else 1e-9 * abs(here))
            cells += f"{other.get(name, 0.0):>18,.12g}{differ:>12.2g}"
        print(f"{name:<28}{cells}")
    return equal
