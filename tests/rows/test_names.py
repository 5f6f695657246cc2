"""Each input has the name of what moves it, and nothing else does."""

from collections.abc import Callable

import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.rows.names import code_names, input_names, output_names
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard
from tests.helpers import ALL_INPUTS, PARTITION, settings, walk, with_traits

CHOSEN = [
    "events.features=[a,b]", "events.targets=[b,a]", "forecast.season=3", *ALL_INPUTS, "streams.max_live=4",
]  # fmt: skip


def seen(chosen: Settings, log: Events) -> np.ndarray:
    """What the network was shown of each event: float64[n, inputs without categories]."""
    shard = Shard(chosen, PARTITION)
    found = []
    process = shard._chain.network.process

    def spied(batch: object) -> None:
        found.append(batch.inputs.copy())  # type: ignore[attr-defined]
        process(batch)  # type: ignore[arg-type]

    shard._chain.network.process = spied  # type: ignore[method-assign,assignment]
    shard.process(log)
    return np.concatenate(found)


def changed_a(log: Events) -> None:
    log.features[:, 0] = np.roll(log.features[:, 0], 1) * 3


def changed_times(log: Events) -> None:
    log.times[:] = log.times * 2 + np.arange(len(log)) % 7


def changed_open(log: Events) -> None:
    assert log.traits is not None
    log.traits.booleans[:, 0] *= -1


@pytest.mark.parametrize(
    ("change", "moved"),
    [
        (changed_a, lambda name: " a" in name),
        (changed_times, lambda name: "sine" in name or name == "elapsed"),
        (changed_open, lambda name: name == "boolean open"),
    ],
)
def test_a_field_moves_the_inputs_that_bear_its_name(
    change: Callable[[Events], None], moved: Callable[[str], bool]
) -> None:
    chosen = settings(*CHOSEN)
    log = with_traits(chosen, walk(300, 2, 2))
    before = seen(chosen, log)
    change(log)
    after = seen(chosen, log)
    names = [name for name in input_names(chosen) if not name.startswith("category")]
    assert len(names) == before.shape[1]
    found = {name for name, was, is_ in zip(names, before.T, after.T, strict=True) if (was != is_).any()}
    assert found == {name for name in names if moved(name)}


def test_the_kinds_of_inputs_of_a_feature_stand_in_the_kernels_order() -> None:
    chosen = settings("experts.ridge=false")
    inputs = dict(zip(input_names(chosen), seen(chosen, walk(200, 1)).T, strict=True))
    assert set(inputs["missing of value"]) == {0.0, 1.0}
    there = inputs["missing of value"] == 0
    assert not inputs["level of value"][~there].any() and not inputs["change of value"][~there].any()
    assert abs(inputs["level of value"][there]).mean() < 3 and (inputs["change of value"][there][1:] != 0).all()


def test_what_is_withheld_or_yet_to_come_has_a_name_of_its_own() -> None:
    withheld = settings("events.features=[a,b]", "events.targets=[a]", "events.withheld=[a]")
    assert not set(input_names(withheld)) & {"level of a", "error of a"}
    classes = settings("labels.mode=field", "labels.max_classes=3")
    assert output_names(classes) == ("label to come 1", "label to come 2", "label to come 3")
    assert output_names(classes, ["u"]) == ("label class u", "label to come 2", "label to come 3")
    listed = settings("labels.mode=field", "labels.classes=[v,u]")
    assert output_names(listed, ["u"]) == ("label class v", "label class u")


def test_codes_are_named_by_what_they_stand_for() -> None:
    chosen = settings("inputs.categories={weather: [rain, sun], shop: 2}")
    assert code_names(chosen) == (
        "shop: missing", "shop: bucket 1 of 2", "shop: bucket 2 of 2",
        "weather: missing", "weather: other", "weather: value rain", "weather: value sun",
    )  # fmt: skip
