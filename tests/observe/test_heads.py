"""Metrics of quantiles and distributions."""

import pytest

from streamrnn.events.columns import Partition
from streamrnn.observe.prometheus import PrometheusSensor
from streamrnn.observe.sensor import DistributionScore, QuantileExpertScore, QuantileScore


@pytest.fixture
def value(make_report):
    """A metric after two batches."""
    sensor = PrometheusSensor(("value",), (1,), {"version": "0.1"})
    report = make_report(
        quantiles={("value", 0.05): QuantileScore(10, 1.5, 2.0, 4.0)},
        quantile_experts={("value", 0.05, "tracked"): QuantileExpertScore(10, 2.0, 3.0, 6.5)},
        distributions={"value": DistributionScore(8, -4.0, 2.5)},
    )
    for _ in range(2):
        sensor.on_batch(Partition("events", 0), report)
    return lambda name, **labels: sensor.registry.get_sample_value(f"streamrnn_{name}", labels)


OF = {"target": "value", "share": "0.05"}


def test_quantiles_are_counted_beside_the_last_values(value):
    assert value("quantiles_settled_total", **OF) == 20
    assert value("quantile_outcomes_below_total", **OF) == 3
    assert value("pinball_loss_total", **OF) == 4
    assert value("baseline_pinball_loss_total", **OF, baseline="last_value") == 8


def test_each_expert_shows_what_it_is_worth(value):
    of = OF | {"expert": "tracked"}
    assert value("quantile_expert_settled_total", **of) == 20
    assert value("quantile_expert_outcomes_below_total", **of) == 4
    assert value("quantile_expert_pinball_loss_total", **of) == 6
    assert value("quantile_expert_weight_total", **of) == 13


def test_a_log_likelihood_may_have_either_sign(value):
    assert value("distributions_settled_total", target="value") == 16
    assert value("log_likelihood", target="value") == -8
    assert value("baseline_log_likelihood", target="value", baseline="last_value") == 5


def test_other_heads_have_no_series(make_report):
    sensor = PrometheusSensor(("value",), (1,), {"version": "0.1"})
    sensor.on_batch(Partition("events", 0), make_report())
    assert sensor.registry.get_sample_value("streamrnn_quantiles_settled_total", OF) is None
