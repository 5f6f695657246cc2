"""Bounds are told as numbers, for the partitions held."""

from collections.abc import Callable

from streamrnn import memory
from streamrnn.events.columns import Partition
from streamrnn.loops.chain import bytes_per_stream
from streamrnn.observe.families import Families
from streamrnn.observe.limits import LimitSensor
from streamrnn.observe.sensor import BatchReport
from tests.helpers import PARTITION, settings


def limits(*overrides: str) -> tuple[LimitSensor, Callable[..., float | None]]:
    families = Families()
    sensor = LimitSensor(families, settings(*overrides))
    return sensor, lambda name, **labels: families.registry.get_sample_value(f"streamrnn_{name}", labels)


def test_room_and_need_grow_with_the_partitions_held() -> None:
    sensor, value = limits("streams.max_live=100", "daemon.memory_limit=2GiB")
    assert value("memory_limit_bytes") == 2**31
    for assigned in (1, 2):
        sensor.on_assignment(Partition("events", assigned), assigned, "assigned")
        assert value("streams_max") == assigned * 100
        assert value("memory_needed_bytes") == memory.needed(settings("streams.max_live=100"), assigned)
    sensor.on_assignment(PARTITION, 0, "lost")
    assert value("streams_max") == value("memory_needed_bytes") == 0


def test_the_memory_of_live_streams_is_what_check_foretells(make_report: Callable[..., BatchReport]) -> None:
    sensor, value = limits()
    each = sum(bytes_per_stream(settings()).values()) + memory.INDEX_BYTES
    sensor.on_streams(PARTITION, 3)
    assert value("state_bytes") == 3 * each
    sensor.on_batch(Partition("events", 1), make_report(live_streams=4))
    assert value("state_bytes") == 7 * each
    sensor.on_assignment(PARTITION, 1, "revoked")
    assert value("state_bytes") == 4 * each


def test_numbers_that_stand_in_labels_are_told_as_numbers() -> None:
    _, value = limits("forecast.horizons=[1,24]", "forecast.levels=[0.5,0.9]", "snapshots.every_seconds=60")
    assert value("interval_level", level="0.9") == 0.9
    assert value("horizon_steps", horizon="24") == 24
    assert value("quantile_share", share="0.5") is None
    assert value("snapshot_interval_seconds") == 60


def test_what_is_turned_off_has_no_numbers() -> None:
    for off in (["model.kind=none"], ["labels.mode=field", "labels.kind=class"]):
        _, value = limits(*off)
        assert value("horizon_steps", horizon="1") is None
