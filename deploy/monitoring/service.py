"""Alerts of the service: is it there, does it answer, would it recover?"""

from __future__ import annotations

from deploy.monitoring.alert import DURATION, HERE, JOB_NAME, NUMBER, PARTITION, PERCENT, TOPIC, VALUE, Alert
from deploy.monitoring.records import INSTANCE, JOB, Names, quantile
from deploy.monitoring.windows import Windows

OURS = f"and on ({INSTANCE}) streamrnn_build_info"  # of metrics that every process has
RESTORING = f'unless on ({INSTANCE}) (streamrnn_state{{state="restoring"}} == 1)'
REPLAYING = f"unless on ({INSTANCE}) (sum by ({INSTANCE}) (streamrnn_replay_left_records) > 0)"
CRITICAL, WARNING = "critical", "warning"


def service_alerts(windows: Windows, job: str) -> list[Alert]:
    """See `deploy.monitoring.alerts.alerts`."""
    return [*_presence(windows, job), *_flow(windows), *_recovery(windows), *_room(windows)]


def _presence(windows: Windows, job: str) -> list[Alert]:
    names = Names(windows)
    committed = (
        "((streamrnn_last_commit_timestamp_seconds > 0) "
        f"or on ({INSTANCE}) (process_start_time_seconds {OURS}))"
    )
    return [
        Alert(
            "StreamrnnAbsent", CRITICAL, "absent(streamrnn_build_info)", "5m",
            "a single instance that is rolled is away for less: stop 30 s, start 10 s, restore",
            "No streamrnn instance is to be seen",
            "Prometheus scrapes no instance of streamrnn: nothing is answered, or nothing is watched.",
        ),
        Alert(
            "StreamrnnDown", WARNING, f'up{{job=~"{job}"}} == 0', "5m",
            "as long as a roll of one instance may take; the others have its partitions after kafka.session_timeout",
            f"streamrnn on {HERE} does not answer",
            f"Prometheus has not reached {HERE} for 5 minutes. If others run they have its partitions.",
        ),
        Alert(
            "StreamrnnStalled", CRITICAL,
            "time() - (streamrnn_last_poll_timestamp_seconds > 0) > 30 "
            f'{RESTORING} unless on ({INSTANCE}) (streamrnn_state{{state="draining"}} == 1)',
            "1m", "before daemon.watchdog (120 s) ends the process, so that stacks can still be taken",
            f"The loop of {HERE} stands still",
            f"{HERE} last asked for records {DURATION} ago; it does so 20 times a "
            "second.",
        ),
        Alert(
            "StreamrnnNotCommitting", CRITICAL,
            f"time() - {committed} > 60 "
            f"and on ({INSTANCE}) (sum by ({INSTANCE}) (streamrnn_consumer_lag_records >= 0) > 0) "
            f"{RESTORING} {REPLAYING}",
            "2m", "Kafka's own patience (kafka.request_timeout, 30 s) twice, and a start that compiles",
            f"{HERE} commits nothing while records wait",
            f"The last commit of {HERE} was {DURATION} ago, and records wait: readers "
            "see no answers.",
        ),
        Alert(
            "StreamrnnRestartLoop", CRITICAL, f"changes(process_start_time_seconds[{windows.events}]) > 3 {OURS}", "0m",
            "four starts within the window are no roll-out",
            f"{HERE} ends again and again",
            f"{HERE} was started {VALUE} times within {windows.events}. The last line of its log says what ended it, "
            "with its kind and its remedy.",
        ),
        Alert(
            "StreamrnnLagGrowing", WARNING,
            f"{names.work} > 60 and deriv({names.lag_records}[{windows.events}]) > 0 "
            f"unless on ({JOB}) ({names.recovering} > 0)",
            "15m", "a burst is worked off within minutes; what grows over two windows is too little capacity",
            f"{JOB_NAME} falls behind",
            f"At the present rate {JOB_NAME} needs {DURATION} for what waits, and more comes "
            "than is answered.",
        ),
    ]  # fmt: skip


def _flow(windows: Windows) -> list[Alert]:
    names = Names(windows)
    processing = quantile(0.99, "streamrnn_processing_latency_seconds", windows.rate)
    commit = quantile(0.99, "streamrnn_commit_duration_seconds", windows.rate)
    dead = f"sum by ({JOB}) (rate(streamrnn_dead_letters_total[{windows.rate}]))"
    return [
        Alert(
            "StreamrnnSlowAnswers", WARNING, f"{processing} + {commit} > 2", "10m",
            "a full collection, a snapshot or a busy neighbour pass within minutes",
            f"{JOB_NAME} answers slowly",
            f"From an event polled to its answer committed, 99 in 100 take up to {DURATION} in "
            f"{JOB_NAME}; usual is below 0.2 s. What waits before the poll is lag, and not in this.",
        ),
        Alert(
            "StreamrnnDeadLetters", WARNING,
            f"{dead} / {names.records} > 0.01 "
            f"and sum by ({JOB}) (increase(streamrnn_dead_letters_total[{windows.events}])) > 20",
            "10m", "one bad producer's burst ends by itself; a format that changed does not",
            f"{JOB_NAME} refuses records",
            f"{PERCENT} of the records of {JOB_NAME} become dead letters.",
        ),
    ]  # fmt: skip


def _recovery(windows: Windows) -> list[Alert]:
    each = f"{INSTANCE}, topic, partition"
    age = "time() - streamrnn_last_snapshot_timestamp_seconds"
    return [
        Alert(
            "StreamrnnSnapshotStale", WARNING,
            f"{age} > on ({INSTANCE}) group_left () 3 * streamrnn_snapshot_interval_seconds "
            f"and on ({each}) (streamrnn_unsaved_records > 0) {REPLAYING}",
            "10m", "one at a time is written, so many partitions may wait for their turn",
            f"{TOPIC}-{PARTITION} is not saved",
            f"The last snapshot of {TOPIC}-{PARTITION} on {HERE} is "
            f"{DURATION} old, more than three times snapshots.every_seconds, and records came since: "
            "a restart replays all of them, and once the log no longer holds them it cannot.",
        ),
        Alert(
            "StreamrnnRebalanceStorm", WARNING,
            f"increase(streamrnn_rebalance_duration_seconds_count[{windows.rate}]) > 4", "15m",
            "a roll of ten instances makes twenty rebalances, and then no more",
            f"Partitions of {HERE} change hands all the time",
            f"{HERE} stood still for {NUMBER} rebalances within {windows.rate}, for 15 minutes on end.",
        ),
        Alert(
            "StreamrnnRestoreHanging", CRITICAL,
            f"(streamrnn_replay_left_records > 0 and delta(streamrnn_replay_left_records[{windows.rate}]) >= 0) "
            'or (streamrnn_state{state="restoring"} == 1)',
            "10m", "1 GB of state loads in seconds; a replay is as fast as learning, and its rest falls at every look",
            f"{HERE} does not come back",
            f"{{{{ if $labels.state }}}}{HERE} has been loading a snapshot for 10 minutes{{{{ else }}}}{NUMBER} "
            f"offsets of {TOPIC}-{PARTITION} are left of a replay on {HERE}, and do not get fewer{{{{ end }}}}: "
            "what comes is not answered.",
        ),
    ]  # fmt: skip


def _room(windows: Windows) -> list[Alert]:
    evicted = f'increase(streamrnn_expired_streams_total{{reason="capacity"}}[{windows.events}])'
    return [
        Alert(
            "StreamrnnStreamsAtCapacity", WARNING,
            f"sum by ({JOB}) ({evicted}) > 0.01 * sum by ({JOB}) (streamrnn_streams_max) "
            f"and sum by ({JOB}) (streamrnn_streams) > 0",
            "30m", "a wave of new streams may push out old ones once",
            f"{JOB_NAME} forgets streams that are alive",
            f"{NUMBER} streams of {JOB_NAME} made room for others within {windows.events}, which is "
            "above 1 % of what streams.max_live allows: those that come back begin anew.",
        ),
        Alert(
            "StreamrnnMemoryHigh", WARNING,
            f"process_resident_memory_bytes / on ({INSTANCE}) streamrnn_memory_limit_bytes > 0.9", "15m",
            "a snapshot's copy comes and goes within minutes",
            f"{HERE} is short of memory",
            f"{HERE} holds {PERCENT} of the memory that it may use.",
        ),
        Alert(
            "StreamrnnOpenFiles", WARNING, f"process_open_fds / process_max_fds > 0.8 {OURS}", "15m",
            "a flood of readers passes",
            f"{HERE} runs out of file descriptors",
            f"{HERE} has {PERCENT} of the files and connections open that it may have.",
        ),
    ]  # fmt: skip
