"""What the board asks for that only Kafka can answer, on two instances of a group, one of which is killed."""

from __future__ import annotations

import json
import shutil
import signal
import threading
import time
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from kafka import KafkaProducer

from tests.deploy.monitoring.asked import KAFKA, alerted, marks, panels
from tests.deploy.monitoring.live import Daemon, prometheus
from tests.kafka.conftest import Topics

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.tools,
    pytest.mark.skipif(shutil.which("prometheus") is None, reason="there is no prometheus on the path"),
    pytest.mark.timeout(900),
]

SETTINGS = ["http.enabled=true", "streams.max_live=50", "model.hidden_size=8", "snapshots.every_seconds=1"]


class Producer:
    """Sends events of now to both partitions until closed."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        with closing(KafkaProducer(bootstrap_servers=self._topics.bootstrap, linger_ms=5)) as producer:
            n = 0
            while not self._stop.wait(0.05):
                for _ in range(20):
                    value = json.dumps({"stream": f"s{n % 20}", "value": n % 7}).encode()
                    producer.send(
                        f"{self._topics.name}-in", value, partition=n % 2, timestamp_ms=int(1000 * time.time())
                    )
                    n += 1


def test_what_only_kafka_answers_has_data(topics: Topics, tmp_path: Path) -> None:
    given = [*topics.overrides(tmp_path / "snapshots"), *SETTINGS]
    daemons = []
    with ExitStack() as ends:
        for name in ("a", "b"):
            (tmp_path / name).mkdir()
            daemons.append(Daemon(tmp_path / name, *given))
            ends.callback(daemons[-1].end, signal.SIGTERM)
            daemons[-1].start()
        ends.enter_context(closing(Producer(topics)))
        made = ends.enter_context(prometheus(tmp_path, *daemons))
        assert made.without_data({"both are held": "sum(streamrnn_assigned_partitions) == 2"}) == set()
        ours = {name: expression for name, expression in panels().items() if name in KAFKA}
        assert set(ours) == set(KAFKA)
        asked = panels() | alerted()
        ours |= {name: text for name, text in asked.items() if "Lag" in name or "SnapshotStale" in name}
        assert made.without_data({name: text for name, text in ours.items() if "replay" not in text}) == set()
        rates = "sum by (le) (rate(streamrnn_event_latency_seconds_bucket[30s]))"
        assert made.values(f"histogram_quantile(0.5, {rates})")[0] > 0
        daemons[1].end(signal.SIGKILL)
        hands = {
            "the other takes over": 'increase(streamrnn_rebalances_total{event="assigned"}[30s]) > 0',
            "a rebalance took time": "increase(streamrnn_rebalance_duration_seconds_sum[30s]) > 0",
            **{name: text for name, text in marks().items() if "Rebalances" in name},
        }
        assert made.without_data(hands) == set()
