"""No outcome is used before it is known: what follows an origin changes no bit of what was said up to it.

Every log goes through in one batch, so the loops hold all later rows in their hands while they answer the earlier ones.
"""

import json
import random
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.events.encode import encode_predictions
from streamrnn.rows.cells import NAMES
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.helpers import ALL_INPUTS, PARTITION, settings, walk, with_traits
from tests.label_logs import MODES, decoded, label_settings, records

ORIGINS = (1, 700, 1501, 1999)
ALL = [
    "forecast.season=7", "forecast.long_season=21", "forecast.horizons=[1,2,5,24]", "forecast.levels=[0.5,0.9]",
    "experts.linear=[0.99,0.9999]", "experts.networks=[0.01]", "anomaly.memory=40", "anomaly.warm_up=0",
    "drift.stream=reset_mixture", "drift.shard=learning_rate", "drift.threshold=2",
]  # fmt: skip
CHAINS = {
    "default": [],
    "all parts": ALL,
    "quantiles": [*ALL, "model.head=quantiles"],
    "all parts on a grid": [*ALL, "forecast.interval=200", "inputs.calendar=true", "model.k1=3"],
    "all inputs": [*ALL, *ALL_INPUTS],
    "streams that come and go": [*ALL, "streams.max_live=4", "streams.expire_after=2000"],
} | {cell: [*ALL, f"model.cell={cell}"] for cell in NAMES}


def answers(chosen: Settings, log: Events) -> list[bytes]:
    """The output records of one batch."""
    return encode_predictions(Shard(chosen, PARTITION, lineage="a").process(log)[0], chosen.target_names)


def with_noise_after(chosen: Settings, log: Events, origin: int) -> Events:
    """The same up to ``origin`` rows; values, times, streams and traits of the others are drawn anew."""
    rng = np.random.default_rng(origin)
    left = len(log) - origin
    features, times = log.features.copy(), log.times.copy()
    features[origin:] = rng.normal(0, 1e3, features[origin:].shape)
    times[origin:] = times[origin - 1] + np.cumsum(rng.random(left) * 100)
    streams = log.streams[:origin] + [f"s{i}" for i in rng.integers(0, 12, left)]
    noisy = with_traits(chosen, replace(log, features=features, times=times, streams=streams), seed=origin)
    if log.traits is not None and noisy.traits is not None:
        noisy.traits.booleans[:origin] = log.traits.booleans[:origin]
        noisy.traits.codes[:origin] = log.traits.codes[:origin]
    return noisy


@pytest.mark.parametrize("chain", CHAINS)
def test_noise_after_an_origin_changes_nothing_said_before(chain: str) -> None:
    chosen = settings("events.features=[a,b]", *CHAINS[chain])
    log = with_traits(chosen, walk(2000, 5, features=2))
    said = answers(chosen, log)
    assert any(b'"horizon":24' in line for line in said)
    assert any(b'"score":' in line for line in said) or "go" in chain  # there all are too young for one
    for origin in ORIGINS:
        other = answers(chosen, with_noise_after(chosen, log, origin))
        assert other[:origin] == said[:origin]
        assert other[origin:] != said[origin:]  # what follows is another stream of events indeed


@pytest.mark.parametrize("mode", MODES)
def test_noise_after_an_origin_changes_no_answer_on_labels(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = records(chosen, 600)
    said = answers(chosen, decoded(chosen, log))
    source = random.Random(1)
    for origin in (1, 300, 599):
        noisy = [*log[:origin], *(noise(record, source) for record in log[origin:])]
        assert answers(chosen, decoded(chosen, noisy))[:origin] == said[:origin]


def noise(record: dict[str, object], source: random.Random) -> dict[str, object]:
    """The record with other features and another label."""
    drawn: dict[str, object] = {name: source.gauss(0, 50) for name in ("a", "b") if name in record}
    if isinstance(record.get("label"), str):
        drawn["label"] = source.choice(["up", "down", "flat"])
    elif record.get("label") is not None:
        drawn["label"] = source.gauss(0, 50)
    return record | drawn


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode.startswith(("field", "sequences, class"))])
def test_an_event_is_answered_before_its_own_label_is_read(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    log = records(chosen, 600)
    labelled = [i for i, record in enumerate(log) if record.get("label") is not None and i > 200][:3]
    for i in labelled:
        others = ["up", "down", "flat"] if isinstance(log[i]["label"], str) else [-3.0, 0.0, 3.0]
        said = {
            json.dumps(_answer(answers(chosen, decoded(chosen, [*log[:i], log[i] | {"label": other}]))[-1]))
            for other in others
        }
        assert len(said) == 1


def _answer(record: bytes) -> object:
    fields = msgspec.json.decode(record)
    return fields["forecasts"], fields["label"]
