"""A batch report to vary."""

from collections.abc import Callable
from typing import Any

import pytest

from streamrnn.observe.sensor import BatchReport, TargetScore

MakeReport = Callable[..., BatchReport]


@pytest.fixture
def make_report() -> MakeReport:
    def make(**changes: Any) -> BatchReport:
        fields: dict[str, Any] = {
            "events": 10, "bytes": 2000, "scores": {("value", 1): TargetScore(10, 2.0, 0.5, 4.0, 2.0)},
            "dead_letters": {"not_json": 1}, "late": 2, "updates": 3, "skipped_updates": 1, "clipped_updates": 2,
            "loss": 1.5, "losses": 9, "expired": {"time": 4}, "live_streams": 7, "gradient_norm": 0.25,
            "drifts": {"stream": 3, "shard": 1}, "learning_rate": 0.006,
        }  # fmt: skip
        return BatchReport(**(fields | changes))

    return make
