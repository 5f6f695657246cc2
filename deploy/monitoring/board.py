"""The board: rows of panels, what can be chosen above them, and marks across them."""

from __future__ import annotations

from typing import Any

from deploy.monitoring.expressions import P, S
from deploy.monitoring.panel import SOURCE, laid_out
from deploy.monitoring.quality_rows import glance, learning
from deploy.monitoring.service_rows import service_rows

SCHEMA = 39  # of Grafana 11, which later ones read


def board() -> dict[str, Any]:
    """The dashboard as Grafana reads it."""
    return {
        "uid": "streamrnn",
        "title": "streamrnn",
        "description": "Whether it learns, what it is worth, and how it runs. Made by `make monitoring`.",
        "tags": ["streamrnn"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "links": [],
        "templating": {"list": _choices()},
        "annotations": {"list": [_mark(*each) for each in MARKS]},
        "panels": laid_out([glance(), learning(), *service_rows()]),
    }


# What a moment is called, when it is one, what is told of it, and its colour.
MARKS = (
    ("Restarts", f"changes(process_start_time_seconds{{{S}}}[1m]) > 0", "{{instance}} was started", "red"),
    ("Snapshots", f"changes(streamrnn_last_snapshot_timestamp_seconds{{{P}}}[1m]) > 0",
     "{{topic}}-{{partition}} was saved", "green"),
    ("Rebalances", f"increase(streamrnn_rebalance_duration_seconds_count{{{S}}}[1m]) > 0",
     "partitions of {{instance}} changed hands", "orange"),
    ("Drift", f'increase(streamrnn_drift_detected_total{{{S}, scope="shard"}}[1m]) > 0',
     "errors of {{instance}} rose", "purple"),
)  # fmt: skip


def _mark(name: str, expression: str, text: str, color: str) -> dict[str, Any]:
    return {
        "name": name, "datasource": SOURCE, "enable": name != "Snapshots", "iconColor": color, "expr": expression,
        "step": "30s", "titleFormat": name, "textFormat": text, "tagKeys": "instance", "useValueForTime": False,
    }  # fmt: skip


def _choices() -> list[dict[str, Any]]:
    source = {
        "name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus", "refresh": 1,
        "current": {}, "hide": 0, "multi": False, "includeAll": False,
    }  # fmt: skip
    return [
        source,
        _choice("job", "Job", "label_values(streamrnn_build_info, job)"),
        _choice("instance", "Instance", 'label_values(streamrnn_build_info{job=~"$job"}, instance)'),
        _choice("topic", "Topic", f"label_values(streamrnn_consumer_lag_records{{{S}}}, topic)"),
        _choice("target", "Target", f"label_values(streamrnn_scored_events_total{{{S}}}, target)"),
        {
            "name": "window", "label": "Quality over", "type": "interval", "query": "5m,15m,1h,6h,1d", "auto": False,
            "current": {"text": "15m", "value": "15m"}, "hide": 0, "refresh": 2,
            "options": [{"text": each, "value": each, "selected": each == "15m"}
                        for each in ("5m", "15m", "1h", "6h", "1d")],
        },
    ]  # fmt: skip


def _choice(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name, "label": label, "type": "query", "datasource": SOURCE, "definition": query,
        "query": {"query": query, "refId": name}, "refresh": 2, "sort": 1, "multi": True, "includeAll": True,
        "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]}, "hide": 0, "options": [], "regex": "",
    }  # fmt: skip
