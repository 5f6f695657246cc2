"""Metrics of what the network says beside its forecast, beside those of `QualityMetrics`.

Losses are sums, so that skill adds up over replicas and restarts::

    1 - sum by (target) (rate(streamrnn_pinball_loss_total[5m]))
      / sum by (target) (rate(streamrnn_baseline_pinball_loss_total{baseline="last_value"}[5m]))

A log likelihood may have either sign, so its sums are gauges, of this process alone.
"""

from functools import cache

from streamrnn.observe.families import Families, add_all
from streamrnn.observe.sensor import BatchReport

BASELINE = "last_value"


class HeadMetrics:
    """Counts settled quantiles and distributions; without a head that tells them there is no series.

    Parameters
    ----------
    families : where the metrics go
    """

    def __init__(self, families: Families) -> None:
        counter, of = families.counter, ("target", "share")
        settled = counter("quantiles_settled", "Quantiles whose outcome has come.", *of)
        below = counter("quantile_outcomes_below", "Outcomes below a quantile; one that equals it counts half.", *of)
        loss = counter("pinball_loss", "Pinball loss of the quantiles, scored before the update.", *of)
        naive = counter(
            "baseline_pinball_loss", "Pinball loss of the last value with its errors' quantiles.", *of, "baseline"
        )
        experts = (
            counter("quantile_expert_settled", "Quantiles of an expert whose outcome has come.", *of, "expert"),
            counter("quantile_expert_outcomes_below", "Outcomes below an expert's quantile.", *of, "expert"),
            counter("quantile_expert_pinball_loss", "Pinball loss of an expert's quantiles.", *of, "expert"),
            counter(
                "quantile_expert_weight", "Weight that an expert had, summed over its settled quantiles.", *of, "expert"
            ),
        )
        judged = counter("distributions_settled", "Distributions whose outcome has come.", "target")
        likelihood = families.gauge(
            "log_likelihood", "Log likelihood of outcomes in running changes, summed since the start.", "target"
        )
        naive_likelihood = families.gauge(
            "baseline_log_likelihood", "The same of a Gaussian around the last value.", "target", "baseline"
        )
        self._quantiles = cache(
            lambda *key: (
                settled.labels(*key), below.labels(*key), loss.labels(*key), naive.labels(*key, BASELINE),
            )
        )  # fmt: skip
        self._experts = cache(lambda *key: tuple(each.labels(*key) for each in experts))
        self._judged = cache(lambda target: (judged.labels(target),))
        self._likelihoods = cache(lambda target: (likelihood.labels(target), naive_likelihood.labels(target, BASELINE)))

    def count(self, report: BatchReport) -> None:
        """Count one batch."""
        for (target, share), score in report.quantiles.items():
            amounts = score.count, score.below, score.pinball_loss, score.baseline_pinball_loss
            add_all(self._quantiles(target, str(share)), amounts)
        for (target, share, name), expert in report.quantile_experts.items():
            amounts = expert.count, expert.below, expert.pinball_loss, expert.weight
            add_all(self._experts(target, str(share), name), amounts)
        for target, found in report.distributions.items():
            add_all(self._judged(target), (found.count,))
            likelihoods = found.log_likelihood, found.baseline_log_likelihood
            for gauge, amount in zip(self._likelihoods(target), likelihoods, strict=True):
                gauge.inc(amount)
