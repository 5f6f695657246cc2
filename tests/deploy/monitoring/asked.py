"""All that the board and the rules ask of Prometheus, by name."""

from __future__ import annotations

import re

from deploy.monitoring.alerts import alerts
from deploy.monitoring.board import MARKS, board
from deploy.monitoring.records import records
from deploy.monitoring.windows import Windows
from tests.deploy.monitoring.live import WINDOW, chosen

# What a directory log cannot tell, with the reason; tests/kafka asks for it on Kafka.
KAFKA = {
    "panel Silence C": "only a coordinator answers",
    **{f"panel Events' latency {letter}": "a line of a file has no time of its own" for letter in "ABC"},
}
_SELECTOR = re.compile(r"\b(?:(?:streamrnn|process)_\w+|up|(?:job|instance):\w+:\w+)(?:\{[^}]*\})?")


def panels() -> dict[str, str]:
    """Each panel's expressions."""
    return {
        f"panel {panel['title']} {target['refId']}" + (f" ({panel['id']})" if panel["type"] == "stat" else ""): chosen(
            target["expr"]
        )
        for panel in board()["panels"]
        for target in panel.get("targets", ())
    }


def marks() -> dict[str, str]:
    """What makes a mark, as it would have to be true of some moment of the last minutes."""
    return {f"mark {name}": f"max_over_time(({chosen(text)})[3m:1s])" for name, text, _, _ in MARKS}


def kept() -> dict[str, str]:
    """What the recording rules keep."""
    return {f"record {record.name}": record.name for record in records(_WINDOWS)}


def alerted() -> dict[str, str]:
    """Every series that an alert looks at; whether it then fires is what promtool judges."""
    return {
        f"alert {alert.name}: {selector}": selector
        for alert in alerts(_WINDOWS, ".*streamrnn.*")
        for selector in _SELECTOR.findall(alert.expression)
    }


_WINDOWS = Windows(WINDOW, WINDOW, WINDOW, WINDOW, WINDOW)
