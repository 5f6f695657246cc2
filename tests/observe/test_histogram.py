"""A histogram of columns is the client's own, observed one by one."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram, generate_latest

from streamrnn.observe.histogram import ColumnHistogram

BUCKETS = (0.01, 0.1, 1.0, 10.0)


def shown(registry: CollectorRegistry) -> list[str]:
    return [line for line in generate_latest(registry).decode().splitlines() if "_created" not in line]


@given(st.lists(st.one_of(st.floats(0, 20), st.sampled_from(BUCKETS)), max_size=30), st.integers(0, 30))
def test_a_column_counts_as_its_values_one_by_one(values: list[float], cut: int) -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    columns, single = ColumnHistogram("a", "Text.", BUCKETS), Histogram("a", "Text.", buckets=BUCKETS, registry=theirs)
    ours.register(columns)
    columns.observe(np.array(values[:cut]))
    columns.observe(np.array(values[cut:]))
    for value in values:
        single.observe(value)
    for mine, other in zip(shown(ours), shown(theirs), strict=True):
        name, _, number = mine.rpartition(" ")
        assert name == other.rpartition(" ")[0]
        if not name.startswith("#"):
            assert float(number) == pytest.approx(float(other.rpartition(" ")[2]))


def test_what_is_not_finite_is_left_out_and_a_negative_value_counts_as_0() -> None:
    registry = CollectorRegistry()
    made = ColumnHistogram("a", "Text.", BUCKETS)
    registry.register(made)
    made.observe(np.array([np.nan, np.inf, -5.0, 0.5]))
    assert registry.get_sample_value("a_count") == 2
    assert registry.get_sample_value("a_sum") == 0.5
    assert registry.get_sample_value("a_bucket", {"le": "0.01"}) == 1


def test_one_value_may_count_many_times() -> None:
    registry = CollectorRegistry()
    made = ColumnHistogram("a", "Text.", BUCKETS)
    registry.register(made)
    made.repeat(0.05, 1000)
    assert registry.get_sample_value("a_bucket", {"le": "0.1"}) == registry.get_sample_value("a_count") == 1000
    assert registry.get_sample_value("a_sum") == pytest.approx(50)
