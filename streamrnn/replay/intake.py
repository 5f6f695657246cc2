"""What came out of a file before any learning: which values are missing, what was refused and why."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from streamrnn.events.columns import Events, Ints, Refusal
from streamrnn.replay import guess
from streamrnn.replay.options import Findings
from streamrnn.rows.labels import EVENT


@dataclass(slots=True)
class Refused:
    """The rows that were refused for one reason.

    Attributes
    ----------
    count : how many
    first : where the first one stands, what is wrong with it, and the remedy
    """

    count: int
    first: str


class Intake:
    """Fed with events batch by batch; says what its user should know of the file.

    Parameters
    ----------
    features : names, in the order of the events' columns
    findings : what the file's reader notices

    Attributes
    ----------
    refused : by reason
    """

    def __init__(self, features: Sequence[str] = (), findings: Findings | None = None) -> None:
        self.refused: dict[str, Refused] = {}
        self._features = features
        self._findings = findings or Findings()
        self._events = 0
        self._missing: Ints = np.zeros(len(features), np.int64)

    def add(self, events: Events, refusals: Sequence[Refusal] = ()) -> None:
        """Count the next batch, and the events of it that the shard did not accept; labels are no events."""
        features = events.features if events.labels is None else events.features[events.labels.kinds == EVENT]
        self._events += len(features)
        self._missing += np.isnan(features).sum(axis=0)
        for letter in events.rejects:
            self._refuse(letter.reason, letter.message)
        for refusal in refusals:
            self._refuse(refusal.reason, f"event {refusal.offset + 1}: {refusal.message}")

    @property
    def refusals(self) -> int:
        """Rows refused, for whatever reason."""
        return sum(each.count for each in self.refused.values())

    def nothing(self, targets: Sequence[str]) -> str | None:
        """Why there cannot be any result; None where there can."""
        if not self._events and self.refusals:
            return f"Nothing could be learned: every row was refused ({self.refusals:,})."
        if not self._events:
            return "Nothing could be learned: the file holds no events."
        if set(targets) <= set(self._never()):
            return f"Nothing could be scored: no event has a value of {', '.join(targets)}."
        return None

    def sentences(self) -> list[str]:
        """What was missing, refused and noticed, a line each."""
        found = []
        some = [f"{name} {count:,}" for name, count in self._counts().items() if count]
        if some:
            found.append(f"Missing values ({self._findings.missing}): {', '.join(some)} of {self._events:,} events.")
        for name in self._never():
            found += self._unknown(name)
        for reason, each in self.refused.items():
            found.append(f"Refused: {each.count:,} {reason}, the first in {each.first}.")
        return found + self._findings.remarks

    def numbers(self) -> dict[str, Any]:
        """The same as plain data for JSON."""
        return {
            "refused": self.refusals,
            "refusals": {reason: asdict(each) for reason, each in self.refused.items()},
            "missing": self._counts(),
            "remarks": [remark for name in self._never() for remark in self._unknown(name)] + self._findings.remarks,
        }

    def _refuse(self, reason: str, message: str) -> None:
        self.refused.setdefault(reason, Refused(0, message)).count += 1

    def _counts(self) -> dict[str, int]:
        return dict(zip(self._features, self._missing.tolist(), strict=True))

    def _never(self) -> list[str]:
        """Features of which no event has a value."""
        return [name for name, count in self._counts().items() if count == self._events]

    def _unknown(self, name: str) -> list[str]:
        """What to say of a feature that none of the first lines had as a field."""
        fields = self._findings.fields
        if not self._events or not fields or name in fields:
            return []
        hint = guess.nearest(name, fields)
        return [f"No event has a field {name}{hint}; the first events have {', '.join(fields)}."]
