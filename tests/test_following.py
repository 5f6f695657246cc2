"""A stream goes on: what is given is taken as it stands, and the rest is drawn."""

from collections.abc import Sequence

import numpy as np
import pytest

from streamrnn.drawing import Uniforms
from streamrnn.following import Follower, Manner, Step, UnknownStreamError
from streamrnn.given import GivenError, GivenReader
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.helpers import PARTITION, events, restored, settings, walk


def learned(chosen: Settings) -> Shard:
    """A shard that saw some streams, s0 among them."""
    shard = Shard(chosen, PARTITION)
    shard.process(walk(300, 3, features=len(chosen.events.features)))
    return shard


def follow(
    chosen: Settings, shard: Shard, given: Sequence[str], steps: int, stream: str = "s0", **manner: float
) -> list[Step]:
    reader = GivenReader(chosen, stream, PARTITION, {})
    events = reader.read([line.encode() for line in given])
    how = Manner(Uniforms(0), **manner)
    return list(Follower(chosen, shard, stream, reader.blank(), how).follow(events, steps))


def test_facts_are_learned_as_the_daemon_would() -> None:
    chosen = settings("forecast.interval=1", "streams.max_live=10")
    shard = Shard(chosen, PARTITION)
    shard.process(events(np.arange(200.0) % 7, ["s0"] * 200))
    real, found = restored(shard, chosen), restored(shard, chosen)
    real.process(events([12.0, 13.0], ["s0"] * 2, [200.0, 201.0]))
    facts = ['{"value": 12.0}', '{"time": 201, "stream": "s0", "value": 13.0}']
    steps = follow(chosen, found, facts, 1)
    after = real.continuation("s0")
    assert after is not None and (steps[0].told, steps[0].time) == (after.told, 202.0)
    for name in ("network_weights", "ridge_sums", "interval_tracks", "scores"):
        np.testing.assert_array_equal(found.saved()[name], real.saved()[name])


def test_what_an_event_lacks_is_drawn_and_the_rest_taken_as_it_stands() -> None:
    chosen = settings("events.features=[x,y]", "events.targets=[y]", "streams.max_live=10")
    steps = follow(chosen, learned(chosen), ['{"x": 3.0}', '{"x": null}', '{"y": 8.5, "x": 1}'], 3, every=60.0)
    assert [step.number for step in steps] == [1, 2, 3]
    gaps = np.diff([step.time or 0.0 for step in steps])
    assert gaps.tolist() == [60.0, 120.0]  # between them the third event, of which nothing was to be drawn
    two = settings("events.features=[x,y]", "streams.max_live=10")
    (step,) = follow(two, learned(two), ['{"x": 3.0}'], 1)
    assert step.values[0] == 3.0 and step.values[1] != step.told[1].forecast


def test_a_feature_that_is_given_moves_what_is_told() -> None:
    chosen = settings("events.features=[x,y]", "events.targets=[y]", "experts.ridge=false", "streams.max_live=10")
    shard = learned(chosen)
    told = [
        follow(chosen, restored(shard, chosen), [f'{{"x": {x}}}'], 2, temperature=0.0)[1].told[0].forecast
        for x in (-5.0, 5.0)
    ]
    assert told[0] != told[1]


def test_a_new_stream_begins_with_what_is_given() -> None:
    chosen = settings("forecast.interval=1", "streams.max_live=10")
    shard = Shard(chosen, PARTITION)
    shard.process(events(np.arange(200.0) % 7, ["s0"] * 200))
    steps = follow(chosen, restored(shard, chosen), ['{"value": 4, "time": 5}', '{"value": 5}'], 2, stream="new")
    assert [step.time for step in steps] == [7.0, 8.0]
    with pytest.raises(UnknownStreamError):
        follow(chosen, restored(shard, chosen), [], 2, stream="new")
    with pytest.raises(GivenError, match="needs a time"):
        follow(chosen, restored(shard, chosen), ['{"value": 4}'], 2, stream="new")


def test_a_fact_that_the_daemon_would_refuse_ends_it() -> None:
    chosen = settings("events.late=drop", "streams.max_live=10")
    with pytest.raises(GivenError, match=r"would be refused: .* older than"):
        follow(chosen, learned(chosen), ['{"value": 1, "time": 1}'], 1)


def test_the_time_of_day_as_an_input_needs_a_pace() -> None:
    chosen = settings("inputs.calendar=true", "streams.max_live=10")
    with pytest.raises(GivenError, match="--every"):
        follow(chosen, learned(chosen), [], 1)
    assert follow(chosen, learned(chosen), [], 1, every=600.0)[0].time is not None
    assert follow(settings(), learned(settings()), [], 1)[0].time is None
