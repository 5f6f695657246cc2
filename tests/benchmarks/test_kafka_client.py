"""What the daemon on Kafka is measured by does as much as the daemon."""

import msgspec

from benchmarks.kafka_client import Event, made_up
from streamrnn.events.encode import Source, encode_predictions
from streamrnn.settings import load
from streamrnn.shard import Shard
from tests.helpers import PARTITION, walk


def test_the_bare_client_answers_with_as_many_bytes_as_the_daemon() -> None:
    settings = load(None, [], {}).settings
    shard = Shard(settings, PARTITION, "b31686f20d21a96d")
    events = walk(2000, 3, missing=0)
    events.features = events.features.round(3)
    predictions, _ = shard.process(events)
    theirs = encode_predictions(predictions, settings.target_names)[-500:]
    n = range(1500, 2000)
    made = [Event(events.streams[i], float(events.times[i]), float(events.features[i, 0])) for i in n]
    ours = [msgspec.json.encode(made_up(Source("events", 0, i), event, i)) for i, event in zip(n, made, strict=True)]
    assert abs(sum(map(len, ours)) / sum(map(len, theirs)) - 1) < 0.05
    assert msgspec.json.decode(ours[-1]).keys() == msgspec.json.decode(theirs[-1]).keys()
