"""A chart's points are the answers that were published."""

import json
import math

import pytest

from streamrnn.events.encode import encode_predictions
from streamrnn.page.points import points_of
from streamrnn.shard import Shard
from tests.helpers import PARTITION, settings, walk
from tests.label_logs import MODES, decoded, fresh_shard, label_settings, records


def same(mine: float, theirs: float | None) -> bool:
    return theirs is None if math.isnan(mine) else mine == theirs


def test_of_numbers_they_are_those_of_the_output_record() -> None:
    chosen = settings("anomaly.enabled=true", "forecast.levels=[0.5,0.9]", "forecast.horizons=[1,4]")
    p, _ = Shard(chosen, PARTITION).process(walk(400, 3))
    published = [json.loads(each) for each in encode_predictions(p, chosen.target_names)]
    mine = list(points_of(p, "s1"))
    theirs = [each for each in published if each["stream"] == "s1"]
    assert len(mine) == len(theirs) > 50
    for point, record in zip(mine, theirs, strict=True):
        ahead = record["forecasts"][0]
        assert (point.offset, point.time, point.events) == (
            record["source"]["offset"], record["time"], record["events"],
        )  # fmt: skip
        assert same(point.forecasts[0], ahead["forecast"])
        widest = ahead["intervals"][1] if ahead["intervals"] else {"low": None, "high": None}
        assert same(point.low[0], widest["low"]) and same(point.high[0], widest["high"])
        settled = [each for each in record["settled"] if each["horizon"] == 1]
        if settled:
            assert (point.outcomes[0], point.settled[0]) == (settled[0]["outcome"], settled[0]["forecast"])
        if record["anomaly"] is not None:
            assert point.score == record["anomaly"]["score"]
            assert point.alert == record["anomaly"]["alert"]


@pytest.mark.parametrize("mode", MODES)
def test_of_labels_too(mode: str) -> None:
    chosen = label_settings(*MODES[mode])
    p, _ = fresh_shard(chosen).process(decoded(chosen, records(chosen, 400)))
    published = [json.loads(each) for each in encode_predictions(p, chosen.target_names)]
    mine, theirs = list(points_of(p, "s1")), [each for each in published if each["stream"] == "s1"]
    theirs = [each["answers"][-1] if each.get("answers") else each for each in theirs]
    assert len(mine) == len(theirs) > 20
    for point, record in zip(mine, theirs, strict=True):
        if chosen.labels.kind == "number":
            assert point.label is None
            continue
        assert point.label is not None
        told, settled = record["label"], record["settled_label"]
        assert point.label.answer == (None if told is None else told["answer"])
        if told is not None:
            assert point.label.probability == told["probabilities"][told["answer"]]
        if settled is not None:
            assert (point.label.outcome, point.label.settled) == (settled["outcome"], settled["answer"])
    told = sum(point.label is not None and point.label.settled is not None for point in mine)
    assert told == sum(record["settled_label"] is not None for record in theirs)
