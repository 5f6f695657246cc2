"""What every setting must have, and what the digest covers."""

import pytest

from streamrnn.settings import json_schema, load
from streamrnn.settings.differences import differences
from streamrnn.settings.keys import keys

PATHS = list(keys())


@pytest.mark.parametrize("path", PATHS)
def test_every_setting_is_described(path):
    assert keys()[path].description.endswith(".")
    assert keys()[path].allowed


def test_the_json_schema_refuses_unknown_keys_everywhere():
    schema = json_schema()
    groups = [schema, *schema["$defs"].values()]
    assert all(group["additionalProperties"] is False for group in groups)
    assert all("description" in entry or "$ref" in entry for group in groups for entry in group["properties"].values())


def digest(*overrides: str) -> str:
    return load(None, overrides, {}).settings.state_digest()


def test_the_digest_is_sixteen_hex_digits():
    assert len(digest()) == 16
    assert int(digest(), 16) >= 0


@pytest.mark.parametrize(
    "override",
    [
        "seed=1",
        "drift.threshold=9",
        "events.features=a",
        "events.max_bytes=9",
        "model.k1=2",
        "model.cell=lstm",
        "model.head=quantiles",
        "model.quantiles=0.1,0.5",
        "experts.networks={cell: lstm}",
        "model.engine=torch",
        "streams.max_live=5",
        "scoring.window=20",
        "labels.mode=field",
        "labels.within=9",
    ],
)
def test_what_changes_state_changes_the_digest(override):
    assert digest(override) != digest()


@pytest.mark.parametrize(
    "override",
    [
        "transport.path=x",
        "transport.poll_records=1",
        "snapshots.keep=2",
        "http.port=1",
        "logging.level=debug",
        "daemon.watchdog=9",
        "events.targets=value",  # the same as null: all of them
        "model.engine=compiled",  # what auto chooses
    ],
)
def test_what_does_not_change_state_leaves_the_digest(override):
    assert digest(override) == digest()


def test_targets_are_all_features_unless_named():
    assert load(None, ["events.features=a,b"], {}).settings.events.target_names == ("a", "b")
    assert load(None, ["events.features=a,b", "events.targets=b"], {}).settings.events.target_names == ("b",)


def test_what_the_digest_is_over_is_told_by_path_and_compared():
    then, now = (load(None, made, {}).settings.state_settings() for made in ([], ["model.hidden_size=8"]))
    assert set(then) == set(now) and "kafka.sasl_plain_password" not in then and "http.port" not in then
    assert then["labels.topic"] is None and then["seed"] == 0
    assert differences(then, now) == ["model.hidden_size was 32 and is 8"]
    assert differences({}, now) == differences(now, now) == []


def test_values_that_came_by_interpolation_are_not_told(tmp_path):
    path = tmp_path / "hush.yaml"
    path.write_text("seed: ${SEED}\nlabels: {field: '${HUSH}'}\n")
    told = load(path, environ={"HUSH": "hushed", "SEED": "3"}).settings.state_settings()
    assert (told["labels.field"], told["seed"], told["model.k2"]) == ("***", "***", 8)
