"""What the comments of a preset say of costs is what the settings come to."""

from pathlib import Path

from streamrnn.loops.chain import bytes_per_stream
from streamrnn.presets.lines import NO_ANOMALIES
from streamrnn.settings.schema import Settings

COSTS = Path(__file__).parents[2] / "docs" / "costs.md"


def test_the_anomaly_score_has_one_price() -> None:
    size = sum(part for name, part in bytes_per_stream(Settings()).items() if name.startswith("anomaly"))
    assert f"at the cost of {size / 1000:.1f} kB a stream and target" in NO_ANOMALIES.comment
    assert f"| +{size:,} |" in COSTS.read_text()
