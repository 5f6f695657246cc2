"""Metrics of labels for Prometheus, beside those of `PrometheusSensor`.

Right answers are counted, scored before the update, so that accuracy and skill add up over replicas and restarts::

    sum(rate(streamrnn_correct_labels_total[5m])) / sum(rate(streamrnn_scored_labels_total[5m]))
"""

import math
from functools import cache

from streamrnn.events.columns import Partition
from streamrnn.observe.families import Families, add_all
from streamrnn.observe.sensor import BatchReport, LabelScore, Sensor
from streamrnn.observe.skill import RecentSkill, as_errors

BASELINES = ("last_label", "most_frequent")


class LabelSensor(Sensor):
    """Counts labels, and right answers where they are classes. Labels that are numbers have the metrics of forecasts,
    with horizon 0.

    Parameters
    ----------
    families : where the metrics go
    classes : whether labels are classes
    window : labels over which the skill gauge looks back
    """

    def __init__(self, families: Families, classes: bool, window: float = 10_000) -> None:
        counter = families.counter
        self._matched = counter("matched_labels", "Labels that found their event.")
        self._late = counter("late_labels", "Labels that came more than labels.within events after their own.")
        self._unmatched = counter("unmatched_labels", "Labels that fit no event which awaits one.")
        self._delay = counter("label_delay_events", "Events of the stream between an event and its label, summed.")
        self._lost = counter("lost_answers", "Events whose stream went before their answer fell due.")
        error = "Log loss of an expert's answers." if classes else "Absolute error of an expert's answers."
        experts = (
            counter("label_expert_settled", "Answers of an expert whose label has come.", "expert"),
            counter("label_expert_log_loss" if classes else "label_expert_absolute_error", error, "expert"),
            counter("label_expert_weight", "Weight that an expert had, summed over its settled answers.", "expert"),
        )
        self._experts = cache(lambda name: tuple(each.labels(name) for each in experts))
        self._skill_window = RecentSkill(window)
        if not classes:
            return
        self._scored = counter("scored_labels", "Answers whose label has come.")
        self._correct = counter("correct_labels", "Answers that were right, scored before the update.")
        self._log_loss = counter("log_loss", "Log loss of the answers: minus the logarithm of the label's probability.")
        correct = counter("baseline_correct_labels", "Right answers of a naive classifier.", "baseline")
        log_loss = counter("baseline_log_loss", "Log loss of a naive classifier.", "baseline")
        self._baselines = [(correct.labels(name), log_loss.labels(name)) for name in BASELINES]
        text = (
            "1 - wrong answers / those of the last label (with labels.last: false, of the most frequent one), over "
            "about scoring.window labels; of this process alone."
        )
        self._skill = families.gauge("label_skill", text)
        self._skill.set(math.nan)

    def on_batch(self, partition: Partition, report: BatchReport) -> None:
        found = report.labels
        if found is None:
            return
        for counter, amount in (
            (self._matched, found.matched),
            (self._late, found.late),
            (self._unmatched, found.unmatched),
            (self._delay, found.delay),
            (self._lost, found.lost),
        ):
            counter.inc(amount)
        for name, expert in found.experts.items():
            add_all(self._experts(name), (expert.count, expert.error, expert.weight))
        if found.score is not None:
            self._judge(found.score)

    def _judge(self, score: LabelScore) -> None:
        self._scored.inc(score.count)
        self._correct.inc(score.correct)
        self._log_loss.inc(score.log_loss)
        amounts = (score.last_correct, score.last_log_loss), (score.frequent_correct, score.frequent_log_loss)
        for (correct, log_loss), (right, loss) in zip(self._baselines, amounts, strict=True):
            correct.inc(right)
            log_loss.inc(loss)
        self._skill_window.add({("", 0): as_errors(score)})
        self._skill.set(self._skill_window.of("", 0))
