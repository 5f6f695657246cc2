"""What an alert is."""

from __future__ import annotations

from dataclasses import dataclass

# What Prometheus fills in.
HERE, JOB_NAME = "{{ $labels.instance }}", "{{ $labels.job }}"
TOPIC, PARTITION = "{{ $labels.topic }}", "{{ $labels.partition }}"
TARGET, HORIZON = "{{ $labels.target }}", "{{ $labels.horizon }}"
LEVEL, SHARE = "{{ $labels.level }}", "{{ $labels.share }}"
VALUE, NUMBER = "{{ $value }}", "{{ $value | humanize }}"
PERCENT, DURATION = "{{ $value | humanizePercentage }}", "{{ $value | humanizeDuration }}"

RUNBOOK = "docs/operations.md"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule.

    Attributes
    ----------
    name : in words run together
    severity : critical calls a person at any hour, warning in working hours
    expression : what holds while it is wrong
    wait : how long it must hold
    because : why so long, for the reader of the rules
    summary : one line, with labels
    description : what is meant, with the number
    """

    name: str
    severity: str
    expression: str
    wait: str
    because: str
    summary: str
    description: str

    @property
    def anchor(self) -> str:
        """Where its runbook stands in ``docs/operations.md``."""
        return self.name.lower()
