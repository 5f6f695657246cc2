"""The board's lower rows: how it runs."""

from __future__ import annotations

from deploy.monitoring.expressions import NAMED, RATE, P, S, quantiles, rate, share
from deploy.monitoring.panel import GREEN, RED, Panel, Query, Row


def service_rows() -> list[Row]:
    """Those of flow, log, streams, errors and process."""
    return [_flow(), _kafka(), _streams(), _errors(), _process()]


def _flow() -> Row:
    return Row("Throughput and latency", [
        Panel("Events and predictions", "Events taken in and predictions handed to the log, a second, by instance. "
              "They are equal but for tombstones.", "cps",
              (Query(rate("events_consumed_total", "instance"), "events {{instance}}"),
               Query(rate("predictions_published_total", "instance"), "predictions {{instance}}")), least=0),
        Panel("Busy", "Share of wall time by stage, mean of the instances. process runs beside the others, on a core "
              "for each partition; poll_wait is what is left.", "percentunit",
              (Query(f"avg by (stage) (rate(streamrnn_busy_seconds_total{{{S}}}[{RATE}]))", "{{stage}}"),), least=0,
              stacked=True),
        Panel("Replay", "Records a second that are replayed silently after a restart or a rebalance, and offsets that "
              "are left of it. Nothing of it is published or scored.", "short",
              (Query(rate("replayed_events_total"), "replayed a second"),
               Query(f"sum(streamrnn_replay_left_records{{{P}}})", "left")), least=0),
        Panel("Processing", "From an event polled to its answer published.", "s",
              quantiles("processing_latency_seconds"), least=0, steps=((None, GREEN), (2, RED))),
        Panel("Events' latency", "From the time that Kafka has of an event to the commit that shows its answer. Clocks "
              "that differ show in it. Of a directory log it is not known.", "s",
              quantiles("event_latency_seconds"), least=0),
        Panel("Commits", "Time that a commit took: outputs and positions, in one.", "s",
              quantiles("commit_duration_seconds"), least=0, steps=((None, GREEN), (2, RED))),
    ])  # fmt: skip


def _kafka() -> Row:
    each = "topic, partition"
    return Row("Kafka, or the directory log", [
        Panel("Lag in records", "Records between the position and the log's end.", "short",
              (Query(f"max by ({each}) (streamrnn_consumer_lag_records{{{P}}} >= 0)", NAMED),),
              width=6, least=0),
        Panel("Lag in seconds", "Age of the last record read, or since the end was last reached; 0 at the end.", "s",
              (Query(f"max by ({each}) (streamrnn_consumer_lag_seconds{{{P}}} >= 0)", NAMED),),
              width=6, least=0),
        Panel("Partitions", "Partitions that each instance holds, and those that changed hands a minute.", "none",
              (Query(f"sum by (instance) (streamrnn_assigned_partitions{{{S}}})", "held by {{instance}}"),
               Query(f"60 * {rate('rebalances_total', 'event')}", "{{event}} a minute")), width=6, least=0),
        Panel("Silence", "Seconds since the loop last polled, last committed, and the coordinator last answered. No "
              "answer for kafka.request_timeout ends the process; without Kafka there is no such curve.", "s",
              tuple(Query(f"max by (instance) (time() - (streamrnn_last_{what}_timestamp_seconds{{{S}}} > 0))",
                          f"{what} {{{{instance}}}}") for what in ("poll", "commit", "contact")), width=6, least=0),
    ])  # fmt: skip


def _streams() -> Row:
    each = "topic, partition"
    return Row("Streams and memory", [
        Panel("Live streams", "Streams kept, beside the room that streams.max_live gives the partitions held.", "short",
              (Query(f"sum(streamrnn_streams{{{S}}})", "live"), Query(f"sum(streamrnn_streams_max{{{S}}})", "room")),
              least=0),
        Panel("Streams let go", "A minute: silent for streams.expire_after (time), making room for others (capacity), "
              "ended by a tombstone.", "cpm",
              (Query(f"60 * {rate('expired_streams_total', 'reason')}", "{{reason}}"),), least=0),
        Panel("Memory", "What the process holds, what its live streams take of it, what all streams that it may have "
              "would need, and its limit.", "bytes",
              (Query(f"max(process_resident_memory_bytes{{{S}}})", "held"),
               *(Query(f"max(streamrnn_{what}_bytes{{{S}}})", words) for what, words in
                 (("state", "live streams"), ("memory_needed", "all streams"), ("memory_limit", "limit")))), least=0),
        Panel("Age of snapshots", "Since the partition's last snapshot; a snapshot is due every "
              "snapshots.every_seconds, but not where nothing came.", "s",
              (Query(f"max by ({each}) (time() - streamrnn_last_snapshot_timestamp_seconds{{{P}}})", NAMED),), least=0),
        Panel("Unsaved records", "Records since the partition's last snapshot: what a restart replays.", "short",
              (Query(f"max by ({each}) (streamrnn_unsaved_records{{{P}}})", NAMED),), least=0),
        Panel("Snapshots", "Mean time that a snapshot took over the window, from its first byte to durable, and a "
              "restore since the start; size of the last snapshot.", "short",
              (Query(share("snapshot_duration_seconds_sum", "snapshot_duration_seconds_count", where=S), "saving"),
               Query(f"sum(streamrnn_restore_duration_seconds_sum{{{S}}}) "
                     f"/ sum(streamrnn_restore_duration_seconds_count{{{S}}})", "restoring"),
               Query(f"max(streamrnn_snapshot_size_bytes{{{S}}}) / 1048576", "MiB")), least=0),
    ])  # fmt: skip


def _errors() -> Row:
    return Row("Errors", [
        Panel("Dead letters", "Records refused a minute, by reason; the dead-letter topic has each of them.", "cpm",
              (Query(f"60 * {rate('dead_letters_total', 'reason')} > 0", "{{reason}}"),
               Query(f"60 * {rate('dead_letters_total')}", "all")), least=0),
        Panel("Commits and snapshots", "A minute, by result. A commit that fails ends the process; a snapshot that "
              "fails costs a longer replay.", "cpm",
              (Query(f"60 * {rate('commits_total', 'result')}", "commits {{result}}"),
               Query(f"60 * {rate('snapshots_total', 'result')}", "snapshots {{result}}")), least=0),
        Panel("Pauses", "Share of time that the loop stood still for changes of partitions, and to begin snapshots.",
              "percentunit",
              (Query(rate("rebalance_duration_seconds_sum", "instance"), "rebalance {{instance}}"),
               Query(rate("busy_seconds_total", "instance", f'{S}, stage="snapshot"'), "snapshot {{instance}}")),
              least=0),
    ])  # fmt: skip


def _process() -> Row:
    return Row("Process", [
        Panel("Processor", "Cores that each instance takes.", "short",
              (Query(f"rate(process_cpu_seconds_total{{{S}}}[{RATE}])", "{{instance}}"),), least=0),
        Panel("Files and threads", "Open files and connections, and threads. They stay flat.", "none",
              (Query(f"process_open_fds{{{S}}}", "files {{instance}}"),
               Query(f"streamrnn_threads{{{S}}}", "threads {{instance}}")), least=0),
        Panel("Uptime", "Since the process started; what ended it is the last line of its log.", "s",
              (Query(f"time() - process_start_time_seconds{{{S}}}", "{{instance}}"),), least=0),
    ])  # fmt: skip
