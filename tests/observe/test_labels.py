"""Metrics of labels."""

import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.families import Families
from streamrnn.observe.labels import LabelSensor
from streamrnn.observe.sensor import ExpertScore, LabelReport, LabelScore
from streamrnn.observe.skill import RecentSkill, scores_of

PARTITION = Partition("events", 0)
EXPERTS = {"network": ExpertScore(10, 3.0, 7.5), "last label": ExpertScore(9, 5.0, 2.5)}
SCORE = LabelScore(10, 8, 2.5, 6, 4.0, 5, 7.0)
REPORT = LabelReport(SCORE, matched=11, late=2, unmatched=3, delay=44, experts=EXPERTS, lost=7)


@pytest.fixture
def value(make_report):
    """A metric after two batches."""
    families = Families()
    registry, sensor = families.registry, LabelSensor(families, classes=True)
    for _ in range(2):
        sensor.on_batch(PARTITION, make_report(labels=REPORT))
    return lambda name, **labels: registry.get_sample_value(f"streamrnn_{name}", labels)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scored_labels_total", 20), ("correct_labels_total", 16), ("log_loss_total", 5.0),
        ("matched_labels_total", 22), ("late_labels_total", 4),
        ("unmatched_labels_total", 6), ("label_delay_events_total", 88),
        ("lost_answers_total", 14),
    ],
)  # fmt: skip
def test_a_batchs_labels_are_counted(value, name, expected):
    assert value(name) == expected


def test_naive_classifiers_stand_beside(value):
    assert value("baseline_correct_labels_total", baseline="last_label") == 12
    assert value("baseline_correct_labels_total", baseline="most_frequent") == 10
    assert value("baseline_log_loss_total", baseline="most_frequent") == 14.0


def test_each_experts_error_and_weight_are_counted(value):
    assert value("label_expert_settled_total", expert="last label") == 18
    assert value("label_expert_log_loss_total", expert="network") == 6.0
    assert value("label_expert_weight_total", expert="network") == 15.0


def test_skill_is_in_wrong_answers_of_the_last_label(value):
    assert value("label_skill") == pytest.approx(1 - 2 / 4)


def test_labels_that_are_numbers_have_no_accuracy(make_report):
    families = Families()
    registry, sensor = families.registry, LabelSensor(families, classes=False)
    sensor.on_batch(PARTITION, make_report(labels=LabelReport(None, 5, 0, 0, 0, EXPERTS)))
    assert registry.get_sample_value("streamrnn_label_expert_absolute_error_total", {"expert": "network"}) == 3.0
    assert registry.get_sample_value("streamrnn_matched_labels_total") == 5
    assert registry.get_sample_value("streamrnn_scored_labels_total") is None


def test_the_summarys_skill_is_that_of_labels_where_there_are_any(make_report):
    (score,) = scores_of(make_report(scores={}, labels=REPORT)).values()
    assert (score.count, score.absolute_error, score.baseline_absolute_error) == (10, 2.0, 4.0)
    assert list(scores_of(make_report())) == [("value", 1)]
    skill = RecentSkill()
    skill.add(scores_of(make_report(scores={}, labels=REPORT)))
    assert skill.mean() == pytest.approx(0.5)
