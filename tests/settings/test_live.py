"""Which settings may change while all state goes on: each is on one side, and none on the wrong one."""

import numpy as np
import pytest

from streamrnn.loops.chain import make_chain
from streamrnn.rows.names import code_names, input_names, output_names
from streamrnn.rows.weights import axes_of, count
from streamrnn.settings.schema import LIVE
from streamrnn.settings.schema import Settings as AllSettings
from streamrnn.streams.classes import ClassRegistry
from tests.helpers import settings

BASE = [
    "events.features=[a,b]", "inputs.categories={shop: 3}", "forecast.season=4", "forecast.horizons=[1,3]",
    "experts.networks=[0.01]",
]  # fmt: skip
NEXT: list[str] = []
FIELD = ["labels.mode=field", "forecast.season=null", "forecast.horizons=[1,24]"]
DELAYED = [*FIELD, "labels.mode=delayed", "labels.kind=number"]

# For each live setting another value, and what it takes for it to matter.
OTHER = {
    "seed": ["seed=5"],
    "events.max_bytes": ["events.max_bytes=99"],
    "events.max_key_bytes": ["events.max_key_bytes=9"],
    "events.max_magnitude": ["events.max_magnitude=10"],
    "events.late": ["events.late=drop"],
    "events.late_by": ["events.late=drop", "events.late_by=3"],
    "events.max_ahead": ["events.max_ahead=100"],
    "labels.dead_letters": ["labels.dead_letters=true"],
    "labels.running": ["labels.running=0.5"],
    "model.engine": ["model.engine=torch"],
    "model.k1": ["model.k1=3"],
    "model.learning_rate": ["model.learning_rate=0.1"],
    "model.clip_norm": ["model.clip_norm=3"],
    "model.loss": ["model.loss=l1"],
    "model.huber_delta": ["model.huber_delta=2"],
    "model.records_per_step": ["model.records_per_step=2"],
    "drift.stream": ["drift.stream=none"],
    "drift.shard": ["drift.shard=learning_rate"],
    "drift.threshold": ["drift.threshold=3"],
    "drift.boost": ["drift.boost=9"],
    "drift.boost_records": ["drift.boost_records=9"],
    "anomaly.enabled": ["anomaly.enabled=false"],
    "anomaly.memory": ["anomaly.memory=60"],
    "anomaly.threshold": ["anomaly.threshold=1"],
    "anomaly.warm_up": ["anomaly.warm_up=1"],
    "streams.max_live": ["streams.max_live=7"],
    "streams.expire_after": ["streams.expire_after=7"],
    "scoring.window": ["scoring.window=400"],
}

# For each other setting a change that shows in arrays or in the names of inputs and outputs.
SHOWN = {
    "events.features": ["events.features=[b,a]"],
    "events.targets": ["events.targets=[a]"],
    "events.withheld": ["events.withheld=[a]"],
    "labels.mode": FIELD,
    "labels.field": [*FIELD, "labels.kind=number", "labels.field=other"],
    "labels.kind": [*FIELD, "labels.kind=number"],
    "labels.classes": [*FIELD, "labels.classes=[u,v]"],
    "labels.max_classes": [*FIELD, "labels.max_classes=4"],
    "labels.last": [*FIELD, "labels.last=false"],
    "labels.within": [*DELAYED, "labels.within=3"],
    "sequences.gap": [*DELAYED, "labels.sequence=true", "sequences.end=last", "sequences.gap=100"],
    "inputs.level": ["inputs.level=false"],
    "inputs.change": ["inputs.change=false"],
    "inputs.missing": ["inputs.missing=false"],
    "inputs.elapsed": ["inputs.elapsed=true"],
    "inputs.calendar": ["inputs.calendar=true"],
    "inputs.seasonal": ["inputs.seasonal=false"],
    "inputs.error": ["inputs.error=false"],
    "inputs.booleans": ["inputs.booleans=[open]"],
    "inputs.categories": ["inputs.categories={stop: 3}"],
    "inputs.embedding": ["inputs.embedding=4"],
    "model.kind": ["model.kind=none"],
    "model.precision": ["model.precision=float64"],
    "model.cell": ["model.cell=lstm"],
    "model.head": ["model.head=quantiles"],
    "model.quantiles": ["model.head=quantiles", "model.quantiles=[0.1,0.5]"],
    "model.hidden_size": ["model.hidden_size=16"],
    "model.layers": ["model.layers=2"],
    "model.layer_norm": ["model.layer_norm=true"],
    "model.k2": ["model.k2=9"],
    "model.lookahead": [*FIELD, "model.lookahead=2"],
    "forecast.horizons": ["forecast.horizons=[1,4]"],
    "forecast.season": ["forecast.season=5"],
    "forecast.long_season": ["forecast.long_season=16"],
    "forecast.levels": ["forecast.levels=[0.8,0.9]"],
    "experts.ridge": ["experts.ridge=false"],
    "experts.linear": ["experts.linear=[]"],
    "experts.networks": ["experts.networks=[]"],
}

# These change what equal arrays mean: whose they are, when, in which steps, or what a label is of.
SILENT = {
    "events.stream", "events.time", "events.time_format", "labels.topic", "labels.join", "labels.id", "labels.sequence",
    "sequences.end", "forecast.interval",
}  # fmt: skip


def layout(chosen: AllSettings) -> dict[str, object]:
    """Each array's shape but for the number of streams, and type."""
    chain = make_chain(chosen, np.zeros(count(axes_of(chosen))))
    arrays = {name: (slab.shape[1:], slab.dtype) for name, slab in chain.slabs(0).items()}
    shared = {name: (values.shape, values.dtype) for name, values in chain.shared().items()}
    found = {name: (values.shape, values.dtype) for name, values in ClassRegistry(chosen).saved().items()}
    return arrays | shared | found


def names(chosen: AllSettings) -> tuple[object, ...]:
    return input_names(chosen), output_names(chosen), code_names(chosen)


def test_every_setting_that_changes_state_is_on_one_side() -> None:
    sides = [LIVE.keys(), SHOWN.keys(), SILENT]
    assert OTHER.keys() == LIVE.keys()
    assert set.union(*map(set, sides)) == set(settings().state_settings())
    assert sum(map(len, sides)) == len(settings().state_settings())


# Settings that count with some labels only.
SEQUENCES = [*FIELD, "labels.sequence=true", "sequences.end=last"]
MODES = {"labels.dead_letters": [DELAYED], "labels.running": [SEQUENCES], "model.k1": [NEXT]}
CASES = [(path, base) for path in LIVE for base in MODES.get(path, [NEXT, FIELD, DELAYED])]


@pytest.mark.parametrize(("path", "base"), CASES)
def test_a_live_setting_leaves_every_array_its_shape_and_every_input_its_name(path: str, base: list[str]) -> None:
    before, after = settings(*BASE, *base), settings(*BASE, *base, *OTHER[path])
    assert before.state_digest() != after.state_digest()
    assert names(before) == names(after)
    was, is_ = layout(before), layout(after)
    anew = LIVE[path] or " "
    both = [name for name in was.keys() & is_.keys() if not name.startswith(anew)]
    assert both and [name for name in both if was[name] != is_[name]] == []


@pytest.mark.parametrize("path", SHOWN)
def test_what_is_not_live_shows_in_an_array_or_a_name(path: str) -> None:
    changes = SHOWN[path]
    before = settings(*BASE, *(each for each in changes[:-1] if not each.startswith(f"{path}=")))
    after = settings(*BASE, *changes)
    if path == "labels.kind":
        before = settings(*BASE, *FIELD)
    assert (layout(before), names(before)) != (layout(after), names(after))
