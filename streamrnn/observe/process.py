"""Metrics of the process itself: the client's own, and its threads."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import ProcessCollector

from streamrnn.observe.families import Families, Family

_TASKS = Path("/proc/self/task")
_THEIRS = (
    Family("process_resident_memory_bytes", "gauge", "Memory that the process holds."),
    Family("process_virtual_memory_bytes", "gauge", "Address space that the process has."),
    Family("process_cpu_seconds_total", "counter", "Processor time that the process took."),
    Family("process_open_fds", "gauge", "Files and connections that the process has open."),
    Family("process_max_fds", "gauge", "Files and connections that the process may have open."),
    Family("process_start_time_seconds", "gauge", "When the process started."),
)


def watch_process(families: Families) -> None:
    """Add them; on systems without ``/proc`` there is none."""
    if not _TASKS.exists():
        return
    ProcessCollector(registry=families.registry)
    for family in _THEIRS:
        families.describe(family)
    families.gauge("threads", "Threads of the process.").set_function(_threads)


def _threads() -> float:
    return float(sum(1 for _ in _TASKS.iterdir()))
