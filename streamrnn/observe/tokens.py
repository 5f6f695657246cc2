"""Metrics of tokens for Prometheus, beside those of `PrometheusSensor`.

Log losses are in natural logarithms; bits a token are::

    sum(rate(streamrnn_token_log_loss_total[5m])) / sum(rate(streamrnn_scored_tokens_total[5m])) / 0.6931
"""

import math
from functools import cache

from streamrnn.events.columns import Partition
from streamrnn.observe.families import Families, add_all
from streamrnn.observe.sensor import BatchReport, Sensor
from streamrnn.observe.skill import RecentSkill, scores_of


class TokenSensor(Sensor):
    """Counts tokens (of sets these), those that were held likeliest, and what they came as a surprise.

    Parameters
    ----------
    families : where the metrics go
    window : tokens over which the skill gauge looks back
    """

    def __init__(self, families: Families, window: float = 10_000) -> None:
        counter = families.counter
        self._sums = (
            counter("scored_tokens", "Tokens that had been foretold, of sets these."),
            counter("correct_tokens", "Those that had been held likeliest, scored before the update."),
            counter("token_log_loss", "Log loss: minus the logarithm of what had been held likely."),
            counter("baseline_correct_tokens", "Tokens that are the most usual one."),
            counter("baseline_token_log_loss", "Log loss of how usual each token is."),
        )
        self._answers = (
            counter("token_answers", "Events with tokens behind tokens.marker."),
            counter("exact_token_answers", "Those of which each such token had been held likeliest."),
        )
        experts = (
            counter("token_expert_settled", "Answers of an expert whose token has come.", "expert"),
            counter("token_expert_log_loss", "Log loss of an expert's answers.", "expert"),
            counter("token_expert_weight", "Weight that an expert had, summed over its settled answers.", "expert"),
        )
        self._experts = cache(lambda name: tuple(each.labels(name) for each in experts))
        self._skill_window = RecentSkill(window)
        text = "1 - log loss / that of how usual a token is, over about scoring.window tokens; of this process alone."
        self._skill = families.gauge("token_skill", text)
        self._skill.set(math.nan)

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        found = report.tokens
        if found is None:
            return
        score = found.score
        add_all(
            self._sums, (score.count, score.correct, score.log_loss, score.usual_correct, score.usual_log_loss)
        )
        add_all(self._answers, (found.answers, found.exact))
        for name, expert in found.experts.items():
            add_all(self._experts(name), (expert.count, expert.error, expert.weight))
        self._skill_window.add(scores_of(report))
        self._skill.set(self._skill_window.mean())
