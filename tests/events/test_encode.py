"""The output record, version 1: readers depend on every byte of it."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.events import Partition, Predictions
from streamrnn.events.encode import encode_predictions

NAN = math.nan


def predictions(**columns: list[Any]) -> Predictions:
    n = len(next(iter(columns.values())))
    given: dict[str, Any] = {
        "streams": ["a"] * n, "offsets": range(40, 40 + n), "times": [60.5] * n, "counts": [2] * n, "records": [9] * n,
        "forecasts": [[NAN]] * n, "baselines": [[NAN]] * n, "outcomes": [[NAN]] * n, "settled": [[NAN]] * n,
        "settled_baselines": [[NAN]] * n,
    } | columns  # fmt: skip
    arrays: dict[str, Any] = {name: column if name == "streams" else np.array(column) for name, column in given.items()}
    for name in ("forecasts", "settled", "settled_baselines"):
        arrays[name] = arrays[name][:, None]
    return Predictions(partition=Partition("events", 3), horizons=(1,), lineage="1f2e", **arrays)


def test_version_1_of_the_record_is_these_bytes() -> None:
    p = predictions(
        streams=["pump ü/7"], times=[1700000000.25], counts=[12], records=[3456],
        forecasts=[[1.5, 0.1]], baselines=[[1.0, 2e300]],
        outcomes=[[1.0, NAN]], settled=[[0.75, 2.0]], settled_baselines=[[2.0, 2.0]],
    )  # fmt: skip
    [record] = encode_predictions(p, ("load", "flow"))
    assert record.decode() == (
        '{"v":1,"source":{"topic":"events","partition":3,"offset":40},"stream":"pump ü/7","time":1700000000.25,'
        '"events":12,"forecasts":[{"target":"load","horizon":1,"forecast":1.5,"baseline":1.0,"intervals":[]},'
        '{"target":"flow","horizon":1,"forecast":0.1,"baseline":2e300,"intervals":[]}],'
        '"settled":[{"target":"load","outcome":1.0,"forecast":0.75,"error":0.25,"baseline":2.0,"baseline_error":-1.0,"horizon":1}],'
        '"lineage":"1f2e","records":3456,"anomaly":null,"drift":null}'
    )


def test_with_a_head_that_tells_quantiles_the_next_step_has_them_behind_the_rest() -> None:
    p = predictions(streams=["a", "b"], forecasts=[[1.5], [NAN]], baselines=[[1.0], [NAN]])
    p.shares, p.quantiles = (0.05, 0.5), np.array([[[1.25, 1.5]], [[NAN, NAN]]])
    known, unknown = encode_predictions(p, ("x",))
    start = '{"target":"x","horizon":1,"forecast":1.5,"baseline":1.0,"intervals":[],'
    assert start + '"quantiles":{"0.05":1.25,"0.5":1.5}}' in known.decode()
    assert json.loads(unknown)["forecasts"][0]["quantiles"] is None


def test_with_a_head_that_tells_a_distribution_the_next_step_has_it_behind_the_rest() -> None:
    p = predictions(streams=["a", "b", "c"])
    p.distribution, p.parameters = "student_t", np.array([[[1.5, 0.25, 4.0]], [[1.5, 0.25, NAN]], [[NAN, NAN, NAN]]])
    student, gaussian, unknown = (json.loads(each)["forecasts"][0] for each in encode_predictions(p, ("x",)))
    assert list(student)[-1] == "distribution"
    assert student["distribution"] == {
        "kind": "student_t", "location": 1.5, "scale": 0.25, "degrees_of_freedom": 4.0,
    }  # fmt: skip
    assert gaussian["distribution"]["degrees_of_freedom"] is None
    assert unknown["distribution"] is None


def test_farther_horizons_have_neither() -> None:
    p = predictions(streams=["a"])
    p.horizons, p.shares, p.quantiles = (1, 24), (0.5,), np.array([[[1.5]]])
    p.forecasts = p.settled = p.settled_baselines = np.array([[[1.5], [2.5]]])
    near, far = json.loads(encode_predictions(p, ("x",))[0])["forecasts"]
    assert "quantiles" in near and "quantiles" not in far


def test_one_target_and_several_are_written_alike() -> None:
    one = json.loads(encode_predictions(predictions(forecasts=[[1.5]], baselines=[[2.5]]), ("x",))[0])
    two = json.loads(encode_predictions(
        predictions(forecasts=[[1.5, 0]], baselines=[[2.5, 0]], outcomes=[[NAN] * 2], settled=[[NAN] * 2],
                    settled_baselines=[[NAN] * 2]), ("x", "y"))[0])  # fmt: skip
    assert one["forecasts"] == two["forecasts"][:1]


def test_unknown_forecasts_are_null() -> None:
    [record] = encode_predictions(predictions(streams=["a"]), ("x",))
    nothing = {"target": "x", "horizon": 1, "forecast": None, "baseline": None, "intervals": []}
    assert json.loads(record)["forecasts"] == [nothing]


@pytest.mark.parametrize(("outcome", "settled"), [(NAN, 1.0), (1.0, NAN), (NAN, NAN)])
def test_without_outcome_or_forecast_nothing_settles(outcome: float, settled: float) -> None:
    [record] = encode_predictions(predictions(outcomes=[[outcome]], settled=[[settled]]), ("x",))
    assert json.loads(record)["settled"] == []


def test_each_row_is_one_record_in_order() -> None:
    records = encode_predictions(predictions(streams=["a", "b", "c"]), ("x",))
    assert [json.loads(record)["stream"] for record in records] == ["a", "b", "c"]
    assert [json.loads(record)["source"]["offset"] for record in records] == [40, 41, 42]


def test_drift_is_said_by_the_event_that_shows_it_and_null_where_it_is_not_watched() -> None:
    watched = encode_predictions(predictions(streams=["a", "b"], drift=[False, True]), ("x",))
    assert [json.loads(record)["drift"] for record in watched] == [False, True]
    [blind] = encode_predictions(predictions(streams=["a"]), ("x",))
    assert json.loads(blind)["drift"] is None


def test_a_tombstone_without_a_time_has_null() -> None:
    [record] = encode_predictions(predictions(times=[NAN], counts=[0]), ("x",))
    content = json.loads(record)
    assert (content["time"], content["events"]) == (None, 0)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_floats_read_back_as_the_same_bits(numbers: list[float]) -> None:
    records = encode_predictions(predictions(forecasts=[[number] for number in numbers]), ("x",))
    read = [json.loads(record)["forecasts"][0]["forecast"] for record in records]
    assert np.array(read, np.float64).tobytes() == np.array(numbers).tobytes()
