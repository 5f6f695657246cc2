"""Earlier settings as snapshots tell them: what differs is named, what cannot be known is refused."""

import json

import pytest

from streamrnn.settings import load
from streamrnn.settings.past import PastError, changed, rebuilt
from streamrnn.settings.schema import Settings
from tests.helpers import settings
from tests.label_logs import MODES, label_settings

MANY = [
    "events.features=[a,b]", "events.targets=[b]", "experts.networks=[0.005,{k2: 5, cell: lstm}]",
    "inputs.categories={shop: 3, sky: [rain, sun]}", "forecast.horizons=[1,3]", "forecast.season=4",
]  # fmt: skip


def told(chosen: Settings) -> dict[str, object]:
    """As a header holds it."""
    found: dict[str, object] = json.loads(json.dumps(chosen.state_settings()))
    return found


@pytest.mark.parametrize("chosen", [settings(), settings(*MANY), *(label_settings(*each) for each in MODES.values())])
def test_settings_come_back_from_what_a_snapshot_tells(chosen: Settings) -> None:
    assert rebuilt(told(chosen), settings("logging.level=debug")).state_digest() == chosen.state_digest()


def test_what_differs_is_told_by_path_and_what_is_the_same_is_not() -> None:
    then, now = settings(*MANY), settings(*MANY, "model.k2=9", "logging.level=debug")
    assert changed(told(then), then.state_digest(), then) == {}
    assert changed(told(then), then.state_digest(), now) == {"model.k2": "model.k2 was 8 and is 9"}


def test_what_an_earlier_version_did_not_know_had_its_default() -> None:
    then = told(settings())
    del then["drift.boost"], then["model.k1"]
    assert changed(then, "older", settings()) == {}
    assert list(changed(then, "older", settings("model.k1=2"))) == ["model.k1"]


def test_a_setting_that_is_none_any_more_counts_as_changed() -> None:
    then = told(settings()) | {"model.gone": 3}
    assert changed(then, "older", settings()) == {"model.gone": "model.gone was 3 and is no setting any more"}
    rebuilt(then, settings())


def secret(seed: int, *overrides: str) -> Settings:
    return load(None, ["seed=${SEED}", *overrides], {"SEED": str(seed)}).settings


def test_a_secret_that_can_be_proven_the_same_is_no_obstacle_and_else_asked_for() -> None:
    then = secret(3)
    assert told(then)["seed"] == "***"
    now = secret(3, "model.k2=9")
    assert list(changed(told(then), then.state_digest(), now)) == ["model.k2"]
    with pytest.raises(PastError, match=r"seed came by \$\{...\}"):
        changed(told(then), then.state_digest(), secret(4, "model.k2=9"))


def test_a_snapshot_of_before_settings_were_kept_tells_nothing() -> None:
    assert changed({}, settings().state_digest(), settings()) == {}
    with pytest.raises(PastError, match="did not keep its settings"):
        changed({}, "older", settings())
