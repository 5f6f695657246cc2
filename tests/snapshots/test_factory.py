"""Which store the settings name, and which settings cannot hold together."""

from pathlib import Path

import pytest

from streamrnn.settings import SettingsError
from streamrnn.snapshots import DirectoryStore
from streamrnn.snapshots.factory import open_store
from streamrnn.snapshots.topic import TopicStore
from tests.helpers import settings

KAFKA = "transport.kind=kafka"


def test_the_store_is_of_the_same_kind_as_the_log_unless_it_is_named() -> None:
    assert open_store(settings()).place == f"folder {Path('var/log/snapshots')}"
    assert open_store(settings(KAFKA)).place == "topic streamrnn-snapshots"
    assert open_store(settings(KAFKA, "kafka.group_id=west")).place == "topic west-snapshots"
    assert open_store(settings(KAFKA, "snapshots.topic=saved")).place == "topic saved"
    shared = settings(KAFKA, "snapshots.store=directory", "snapshots.shared=true")
    assert isinstance(open_store(shared), DirectoryStore)


def test_a_store_names_the_setting_that_says_where_it_is() -> None:
    assert open_store(settings()).setting == "path"
    assert open_store(settings(KAFKA)).setting == "topic"


def test_a_topic_store_is_made_without_a_broker() -> None:
    store = open_store(settings(KAFKA, "kafka.bootstrap_servers=127.0.0.1:1"))
    assert isinstance(store, TopicStore)
    store.close()


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        ([KAFKA, "snapshots.store=directory"], "snapshots.shared: false is not possible: must be true where members"),
        (["snapshots.store=kafka"], "snapshots.store: kafka is not possible: must be directory, except"),
        ([KAFKA, "kafka.group_id=a b"], "snapshots.topic: null is not possible: must be set, for kafka.group_id"),
        ([KAFKA, f"kafka.group_id={'g' * 249}"], "snapshots.topic: null is not possible: must be set"),
        ([KAFKA, "snapshots.topic=events"], "must be another topic than transport.input"),
        ([KAFKA, "transport.predictions=streamrnn-snapshots"], "must be another topic than transport.predictions"),
        ([KAFKA, "snapshots.topic=a/b"], "snapshots.topic: a/b is not allowed"),
        (["snapshots.keep=1"], "snapshots.keep: 1 is not allowed"),
    ],
)
def test_contradictions_are_refused(overrides: list[str], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        settings(*overrides)
    assert problem in str(caught.value)


def test_an_odd_group_is_fine_where_the_topic_is_named_or_not_needed() -> None:
    settings(KAFKA, "kafka.group_id=a b", "snapshots.topic=saved")
    settings(KAFKA, "kafka.group_id=a b", "snapshots.store=directory", "snapshots.shared=true")
    settings("kafka.group_id=a b")
