"""What each head is worth: how many outcomes fall below each quantile, and what it loses, beside the last value."""

from __future__ import annotations

import numpy as np

from benchmarks.quality.forecasts import LIGHT
from benchmarks.quality.series import NAB, Run, Series, run
from streamrnn.observe.sensor import QuantileExpertScore, QuantileScore
from streamrnn.rows.quantiles import EXPERTS

SERIES = (
    Series("etth1 OT", "etth1/ETTh1.csv.gz", [7]),
    Series("nyc_taxi", f"{NAB}/nyc_taxi.csv.gz", [1]),
    Series("machine temperature", f"{NAB}/machine_temperature_system_failure.csv.gz", [1]),
)
SLOW_ROWS = 4000  # of each series on the torch engine
NEXT = ["forecast.horizons=[1]", *LIGHT]


def heads(overrides: list[str]) -> None:
    """Print errors of the network's median beside its point forecast, quantiles of each expert, and likelihoods."""
    for series in SERIES:
        values = series.rows()
        naive = np.abs(np.diff(values[:, 0])).mean()
        point, told = (run(values, False, [*NEXT, f"model.head={head}", *overrides]) for head in ("point", "quantiles"))
        errors = [each.shard.experts()["c0", 1]["network"] / naive for each in (point, told)]
        print(f"{series.name}: MAE / last value's of the network alone, head point {errors[0]:.4f}, "
              f"quantiles {errors[1]:.4f}")  # fmt: skip
        _quantiles(told)
        for head in ("gaussian", "student_t"):
            slow = run(values[:SLOW_ROWS], False, [*NEXT, f"model.head={head}", *overrides])
            score = slow.shard.distribution_scores()["c0"]
            print(
                f"  {head:9s} first {SLOW_ROWS:,} rows: log likelihood {score.log_likelihood / score.count:+.4f}, "
                f"Gaussian around the last value {score.baseline_log_likelihood / score.count:+.4f}",
                flush=True,
            )


def _quantiles(done: Run) -> None:
    """Percent of outcomes below, and pinball loss as a multiple of the last value's."""
    mixed, experts = done.shard.quantile_scores(), done.shard.quantile_experts()
    naive = [score.baseline_pinball_loss for score in mixed.values()]
    rows: dict[str, list[QuantileScore | QuantileExpertScore]] = {
        name: [experts["c0", share, name] for _, share in mixed] for name in EXPERTS
    }
    rows["mixture"] = list(mixed.values())
    print(f"  {'':12s} {'  '.join(f'{share:>11}' for _, share in mixed)}   all   (percent below, loss / naive loss)")
    for name, scores in rows.items():
        cells = [
            f"{100 * score.below / score.count:5.1f} {score.pinball_loss / loss:5.3f}"
            for score, loss in zip(scores, naive, strict=True)
        ]
        whole = sum(score.pinball_loss for score in scores) / sum(naive)
        print(f"  {name:12s} {'  '.join(cells)}  {whole:.4f}", flush=True)
