"""Classes in the order in which they are found, up to a most."""

from streamrnn.streams.classes import ClassRegistry
from tests.label_logs import decoded, fresh_shard, label_settings

FOUND = label_settings("labels.mode=field", "labels.max_classes=2")


def log(*labels: object) -> list[dict[str, object]]:
    return [{"stream": "s", "time": i, "a": 1.0, "b": 1.0, "label": label} for i, label in enumerate(labels)]


def test_classes_have_codes_in_the_order_in_which_they_come() -> None:
    registry = ClassRegistry(FOUND)
    assert [registry.admit(name) for name in ("b", None, "a", "b")] == [None] * 4
    assert registry.names == ("b", "a")
    assert registry.code("a") == 1


def test_listed_classes_have_their_codes_from_the_start() -> None:
    assert ClassRegistry(label_settings("labels.mode=field", "labels.classes=[x,y,z]")).names == ("x", "y", "z")


def test_one_class_more_than_allowed_becomes_a_dead_letter_and_changes_nothing() -> None:
    with_third, without = fresh_shard(FOUND), fresh_shard(FOUND)
    third = decoded(FOUND, log("a", "b", "c", "a"))
    predictions, _ = with_third.process(third)
    assert [(each.offset, each.reason) for each in predictions.refused] == [(2, "too_many_classes")]
    assert predictions.offsets.tolist() == [0, 1, 3]
    for piece in (third.cut(0, 2), third.cut(3, 4)):
        without.process(piece)
    assert with_third.digest() == without.digest()


def test_an_event_that_is_refused_adds_no_class() -> None:
    chosen = label_settings("labels.mode=field", "events.max_ahead=10")
    events = log("a", "b", "c")
    events[1]["time"] = 1e6
    shard = fresh_shard(chosen)
    predictions, _ = shard.process(decoded(chosen, events))
    assert predictions.labels is not None
    assert predictions.labels.classes == ("a", "c")


def test_names_of_any_script_survive_saving() -> None:
    registry, again = ClassRegistry(FOUND), ClassRegistry(FOUND)
    for name in ("größer", "小"):
        registry.admit(name)
    again.load(registry.saved())
    assert again.names == ("größer", "小")
    assert again.admit("third") is not None
