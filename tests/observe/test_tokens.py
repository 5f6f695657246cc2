"""Metrics of tokens."""

import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.families import Families
from streamrnn.observe.sensor import ExpertScore, TokenReport, TokenScore
from streamrnn.observe.tokens import TokenSensor

PARTITION = Partition("events", 0)
REPORT = TokenReport(TokenScore(10, 8, 2.5, 3, 10.0), {"counts": ExpertScore(10, 3.0, 7.5)}, answers=4, exact=3)


@pytest.fixture
def value(make_report):
    """A metric after two batches."""
    families = Families()
    registry, sensor = families.registry, TokenSensor(families)
    for _ in range(2):
        sensor.on_batch(PARTITION, make_report(tokens=REPORT))
    return lambda name, **labels: registry.get_sample_value(f"streamrnn_{name}", labels)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("scored_tokens_total", 20), ("correct_tokens_total", 16), ("token_log_loss_total", 5.0),
        ("baseline_correct_tokens_total", 6), ("baseline_token_log_loss_total", 20.0),
        ("token_answers_total", 8), ("exact_token_answers_total", 6),
    ],
)  # fmt: skip
def test_a_batchs_tokens_are_counted(value, name, expected):
    assert value(name) == expected


def test_each_experts_log_loss_and_weight_are_counted(value):
    assert value("token_expert_settled_total", expert="counts") == 20
    assert value("token_expert_log_loss_total", expert="counts") == 6.0
    assert value("token_expert_weight_total", expert="counts") == 15.0


def test_skill_is_in_log_loss_of_the_usual_token(value):
    assert value("token_skill") == pytest.approx(0.75)
