"""Every hook reaches a metric."""

import math
from collections.abc import Callable
from itertools import count

import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.prometheus import STAGES, PrometheusSensor
from streamrnn.observe.sensor import BatchReport

PARTITION = Partition("events", 3)
NOW = 1_700_000_000.0


@pytest.fixture
def sensor() -> PrometheusSensor:
    return PrometheusSensor(("value",), (1,), {"version": "0.1"}, clock=lambda: NOW)


@pytest.fixture
def ticking() -> PrometheusSensor:
    """A sensor whose clock goes on by a second at each look."""
    moments = count(1)
    return PrometheusSensor(("value",), (1,), {"version": "0.1"}, clock=lambda: NOW + next(moments))


def value(sensor: PrometheusSensor, name: str, **labels: str) -> float | None:
    return sensor.registry.get_sample_value(f"streamrnn_{name}", labels)


def test_a_batch_is_counted(sensor: PrometheusSensor, make_report: Callable[..., BatchReport]) -> None:
    for _ in range(2):
        sensor.on_batch(PARTITION, make_report())
    expected = {
        "events_consumed_total": 20, "consumed_bytes_total": 4000, "late_events_total": 4, "gradient_clips_total": 4,
        "learning_loss_total": 3, "learning_losses_total": 18, "gradient_norm": 0.25, "streams": 7,
        "batch_events_count": 2,
    }  # fmt: skip
    assert {name: value(sensor, name) for name in expected} == expected
    assert value(sensor, "dead_letters_total", reason="not_json") == 2
    assert value(sensor, "drift_detected_total", scope="stream") == 6
    assert value(sensor, "drift_detected_total", scope="shard") == 2
    assert value(sensor, "expired_streams_total", reason="time") == 8
    assert value(sensor, "updates_total", result="applied") == 6
    assert value(sensor, "updates_total", result="skipped") == 2


def test_errors_are_summed_beside_the_baseline(
    sensor: PrometheusSensor, make_report: Callable[..., BatchReport]
) -> None:
    sensor.on_batch(PARTITION, make_report())
    assert value(sensor, "scored_events_total", target="value", horizon="1") == 10
    assert value(sensor, "absolute_error_total", target="value", horizon="1") == 2.0
    assert value(sensor, "squared_error_total", target="value", horizon="1") == 0.5
    assert value(sensor, "baseline_absolute_error_total", target="value", horizon="1", baseline="last_value") == 4.0
    assert value(sensor, "baseline_squared_error_total", target="value", horizon="1", baseline="last_value") == 2.0
    assert value(sensor, "skill", target="value", horizon="1") == pytest.approx(0.5)


def test_an_error_that_is_not_finite_spoils_no_counter(
    sensor: PrometheusSensor, make_report: Callable[..., BatchReport]
) -> None:
    sensor.on_batch(PARTITION, make_report(loss=math.nan))
    sensor.on_batch(PARTITION, make_report(loss=-1.0))
    sensor.on_batch(PARTITION, make_report(loss=1.5))
    assert value(sensor, "learning_loss_total") == 1.5


def test_replay_shows_in_its_own_metric_only(sensor: PrometheusSensor) -> None:
    sensor.on_replay(PARTITION, 500, 20)
    assert value(sensor, "replayed_events_total") == 500
    assert value(sensor, "events_consumed_total") == 0


def test_busy_time_is_split_by_stage_from_the_start(sensor: PrometheusSensor) -> None:
    assert [value(sensor, "busy_seconds_total", stage=stage) for stage in STAGES] == [0.0] * len(STAGES)
    sensor.on_busy("poll_wait", 0.5)
    assert value(sensor, "busy_seconds_total", stage="poll_wait") == 0.5
    assert value(sensor, "last_poll_timestamp_seconds") == NOW


def test_commits_and_snapshots_are_counted_by_result(sensor: PrometheusSensor) -> None:
    sensor.on_commit(False, 0.1)
    sensor.on_snapshot(PARTITION, False, 0.1, 10)
    assert value(sensor, "last_commit_timestamp_seconds") == 0
    sensor.on_commit(True, 0.1)
    sensor.on_snapshot(PARTITION, True, 3.0, 4096)
    for name in ("commits_total", "snapshots_total"):
        assert (value(sensor, name, result="ok"), value(sensor, name, result="failed")) == (1, 1)
    assert value(sensor, "last_commit_timestamp_seconds") == NOW
    assert value(sensor, "snapshot_size_bytes") == 4096
    assert value(sensor, "snapshot_duration_seconds_count") == value(sensor, "commit_duration_seconds_count") == 2


def test_the_last_snapshot_is_told_of_each_partition_held(ticking: PrometheusSensor) -> None:
    of = {"topic": "events", "partition": "3"}
    ticking.on_assignment(PARTITION, 1, "assigned")  # what it was taken over from counts
    assert value(ticking, "last_snapshot_timestamp_seconds", **of) == NOW + 1
    ticking.on_snapshot(PARTITION, False, 0.1, 10)
    assert value(ticking, "last_snapshot_timestamp_seconds", **of) == NOW + 1
    ticking.on_snapshot(PARTITION, True, 0.1, 10)
    assert value(ticking, "last_snapshot_timestamp_seconds", **of) == NOW + 2
    ticking.on_assignment(PARTITION, 0, "revoked")
    ticking.on_snapshot(PARTITION, True, 0.1, 10)  # begun before, ended later
    assert value(ticking, "last_snapshot_timestamp_seconds", **of) is None


def test_what_a_restart_would_replay_is_told_of_each_partition_held(sensor: PrometheusSensor) -> None:
    sensor.on_unsaved(PARTITION, 500)
    assert value(sensor, "unsaved_records", topic="events", partition="3") == 500
    sensor.on_assignment(PARTITION, 0, "lost")
    assert value(sensor, "unsaved_records", topic="events", partition="3") is None


def test_a_change_of_partitions_shows_how_long_the_loop_stood_still(sensor: PrometheusSensor) -> None:
    sensor.on_rebalance(0.25)
    assert value(sensor, "rebalance_duration_seconds_sum") == 0.25


def test_streams_that_were_restored_show_before_the_first_event(sensor: PrometheusSensor) -> None:
    sensor.on_streams(PARTITION, 12)
    assert value(sensor, "streams") == 12
    assert value(sensor, "events_consumed_total") == 0


def test_every_reason_is_there_from_the_start_so_that_its_first_count_is_an_increase(sensor: PrometheusSensor) -> None:
    assert value(sensor, "dead_letters_total", reason="not_json") == 0
    assert value(sensor, "expired_streams_total", reason="capacity") == 0
    assert value(sensor, "rebalances_total", event="lost") == 0


def test_lag_is_given_by_partition_and_goes_with_it(sensor: PrometheusSensor) -> None:
    sensor.on_lag(PARTITION, 12, 0.5)
    sensor.on_lag(Partition("events", 4), None, None)
    assert value(sensor, "consumer_lag_records", topic="events", partition="3") == 12
    assert value(sensor, "consumer_lag_seconds", topic="events", partition="3") == 0.5
    assert math.isnan(value(sensor, "consumer_lag_records", topic="events", partition="4") or 0.0)
    sensor.on_assignment(PARTITION, 1, "revoked")
    assert value(sensor, "consumer_lag_records", topic="events", partition="3") is None
    sensor.on_lag(PARTITION, 5, 0.1)
    assert value(sensor, "consumer_lag_records", topic="events", partition="3") == 5
    assert value(sensor, "assigned_partitions") == 1
    assert value(sensor, "rebalances_total", event="revoked") == 1


def test_streams_are_summed_over_partitions(sensor: PrometheusSensor, make_report: Callable[..., BatchReport]) -> None:
    sensor.on_batch(PARTITION, make_report(live_streams=5))
    sensor.on_batch(Partition("events", 4), make_report(live_streams=6))
    sensor.on_batch(PARTITION, make_report(live_streams=4))
    assert value(sensor, "streams") == 10


def test_the_largest_learning_rate_of_the_partitions_held_shows(
    sensor: PrometheusSensor, make_report: Callable[..., BatchReport]
) -> None:
    sensor.on_batch(PARTITION, make_report(learning_rate=0.006))
    sensor.on_batch(Partition("events", 4), make_report(learning_rate=0.002))
    assert value(sensor, "learning_rate") == 0.006
    sensor.on_assignment(PARTITION, 1, "revoked")
    assert value(sensor, "learning_rate") == 0.002


def test_exactly_one_state_is_on(sensor: PrometheusSensor) -> None:
    for state in ("starting", "running"):
        sensor.on_state(state)
        on = [
            sample.labels["state"]
            for metric in sensor.registry.collect()
            if metric.name == "streamrnn_state"
            for sample in metric.samples
            if sample.value
        ]
        assert on == [state]


def test_output_and_build_are_shown(sensor: PrometheusSensor) -> None:
    sensor.on_published(PARTITION, 9, 1)
    assert value(sensor, "predictions_published_total") == 9
    assert value(sensor, "build_info", version="0.1") == 1


def test_two_sensors_do_not_share_a_registry() -> None:
    first, second = (PrometheusSensor(("a",), (1,), {"version": "1"}) for _ in range(2))
    first.on_published(PARTITION, 1, 0)
    assert value(second, "predictions_published_total") == 0


def test_a_recovery_shows_its_time_and_what_is_left_of_it(sensor: PrometheusSensor) -> None:
    sensor.on_restore(PARTITION, 0.25)
    assert value(sensor, "restore_duration_seconds_sum") == 0.25
    sensor.on_replay(PARTITION, 100, 400)
    assert value(sensor, "replay_left_records", topic="events", partition="3") == 400
    sensor.on_replay(PARTITION, 400, 0)
    assert value(sensor, "replay_left_records", topic="events", partition="3") == 0
    sensor.on_assignment(PARTITION, 0, "lost")
    assert value(sensor, "replay_left_records", topic="events", partition="3") is None
    assert value(sensor, "rebalances_total", event="lost") == 1


def test_the_other_side_is_heard_at_a_time_and_its_refusals_are_counted_by_kind(sensor: PrometheusSensor) -> None:
    sensor.on_contact(2.0)
    assert value(sensor, "last_contact_timestamp_seconds") == NOW - 2.0
    sensor.on_contact(None)
    assert math.isnan(value(sensor, "last_contact_timestamp_seconds") or 0.0)
    sensor.on_failure("fenced")
    assert value(sensor, "failures_total", kind="fenced") == 1
