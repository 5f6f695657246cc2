"""What the page is told of a running daemon agrees with its metrics and with what it published."""

import json
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import quote

import pytest

from streamrnn.page import watchers
from tests.page.conftest import Watched, lines

Watch = Callable[..., Watched]


def messages(watched: Watched, path: str, most: int) -> Iterator[tuple[str, Any]]:
    """Name and content of server-sent events, until so many have come."""
    with urllib.request.urlopen(watched.address + path, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream"
        for _ in range(most):
            name = answer.readline().decode().removeprefix("event: ").strip()
            data = answer.readline().decode().removeprefix("data: ")
            answer.readline()
            yield name, json.loads(data)


def metric(watched: Watched, name: str) -> float:
    found = [line for line in watched.text("metrics").splitlines() if line.startswith(f"streamrnn_{name}")]
    return sum(float(line.split()[-1]) for line in found)


def test_page_metrics_and_output_agree(watch: Watch) -> None:
    watched = watch("forecast.horizons=[1,4]")
    watched.append([*lines(700), "no json", "{}"])
    status = watched.wait_for(700)
    published = watched.published()
    assert status["events"] == metric(watched, "events_consumed_total") == len(published) == 700
    assert sum(status["dead_letters"].values()) == metric(watched, "dead_letters_total") == 2
    for target in status["targets"]:
        settled = [
            each for record in published for each in record["settled"] if each["horizon"] == target["horizon"]
        ]
        assert target["scored"] == len(settled) > 600
        assert target["error"] == pytest.approx(sum(abs(each["error"]) for each in settled) / len(settled))
        naive = sum(abs(each["baseline_error"]) for each in settled) / len(settled)
        assert target["baseline_error"] == pytest.approx(naive)
    assert {each["kind"] for each in status["errors"]} == status["dead_letters"].keys()
    assert {(each["topic"], each["partition"], each["offset"]) for each in status["errors"]} == {
        ("events", 0, 700), ("events", 0, 701),
    }  # fmt: skip
    assert (status["v"], status["state"], status["ready"], status["streams"]) == (1, "running", None, 6)
    assert status["partitions"] == [
        {"topic": "events", "partition": 0, "lag_records": 0.0, "lag_seconds": 0.0, "replay_left": 0.0}
    ]


def test_a_look_says_what_the_last_answer_said(watch: Watch) -> None:
    watched = watch()
    watched.append(lines(500))
    watched.wait_for(500)
    last = {record["stream"]: record for record in watched.published()}
    for stream, record in last.items():
        (found,) = watched.get(f"v1/streams/{stream}")["found"]
        assert watched.get(f"streams/{stream}")["found"] == [found]
        told, ahead, settled = found["stream"], record["forecasts"][0], record["settled"][0]
        assert (found["topic"], found["partition"], told["offset"]) == tuple(record["source"].values())
        assert (found["lineage"], found["records"]) == (record["lineage"], 500)
        assert (told["stream"], told["last_seen"], told["events"]) == (stream, record["time"], record["events"])
        (target,) = told["targets"]
        assert target["forecast"] == ahead["forecast"]
        assert target["intervals"] == ahead["intervals"]
        kept = target["settled"]
        assert {name: settled[name] for name in kept} == kept


def test_a_stream_that_is_not_there_is_not_found(watch: Watch) -> None:
    watched = watch()
    watched.append(lines(20))
    watched.wait_for(20)
    assert watched.status_of("v1/streams/nobody") == 404
    assert watched.status_of("v1/streams/s0/x") == 404


def test_a_strange_id_is_found_by_its_escaped_path(watch: Watch) -> None:
    watched, names = watch(), ["a/b", "é ü", "../../etc/passwd", "<script>alert(1)</script>", "%41", "?x=1#y"]
    watched.append([json.dumps({"stream": name, "time": 1, "value": 1.0}) for name in names])
    watched.wait_for(len(names))
    for name in names:
        assert watched.get(f"v1/streams/{quote(name, safe='')}")["found"][0]["stream"]["stream"] == name
        assert watched.get(f"v1/streams?search={quote(name, safe='')}")["streams"][0]["stream"] == name


def test_streams_are_listed_in_every_order(watch: Watch) -> None:
    watched = watch("anomaly.enabled=true")
    watched.append(lines(600))
    watched.append(lines(7, start=600)[:1])
    watched.append([json.dumps({"stream": "late-comer", "time": 1_700_001_000, "value": 1.0})])
    watched.wait_for(602)
    counts = Counter(record["stream"] for record in watched.published())

    def listed(order: str) -> list[dict[str, Any]]:
        answer = watched.get(f"v1/streams?order={order}")
        assert answer["order"] == order and len(answer["streams"]) == 7
        return list(answer["streams"])

    skills = [each["skill"] for each in listed("worst")]
    assert skills[:-1] == sorted(skills[:-1]) and skills[-1] is None  # too young to be judged
    busiest = listed("busiest")
    assert busiest[0]["stream"] == "s0" and [each["events"] for each in busiest] == sorted(counts.values())[::-1]
    assert listed("newest")[0]["stream"] == listed("latest")[0]["stream"] == "late-comer"
    scores = [each["score"] for each in listed("strangest")]
    assert scores[:-1] == sorted(scores[:-1], reverse=True)


def test_a_search_finds_parts_in_any_case_and_a_limit_holds(watch: Watch) -> None:
    watched = watch()
    watched.append([json.dumps({"stream": name, "time": 1, "value": 1.0}) for name in ("Pump-1", "pump-2", "shop-1")])
    watched.wait_for(3)
    assert {each["stream"] for each in watched.get("v1/streams?search=PUMP")["streams"]} == {"Pump-1", "pump-2"}
    assert len(watched.get("v1/streams?limit=2")["streams"]) == 2
    assert watched.get("v1/streams?search=nothing")["streams"] == []
    for wrong in ("limit=0", "limit=x", "limit=201", "order=best"):
        assert watched.status_of(f"v1/streams?{wrong}") == 400


def test_who_watches_the_whole_gets_its_past_and_then_each_second(watch: Watch) -> None:
    watched = watch()
    watched.append(lines(300))
    watched.wait_for(300)
    told = messages(watched, "v1/live", 4)
    name, whole = next(told)
    assert name == "whole" and whole["status"]["events"] == 300
    watched.append(lines(50, start=300))
    (first, _), (second, curves), (third, tick) = told
    assert (first, second, third) == ("tick", "curves", "tick")
    assert sum(each["scored"] for each in curves["value"]) > 200
    assert tick["events"] == 350 and tick["point"]["events_per_second"] is not None


def test_who_watches_a_stream_gets_its_past_and_then_its_events(watch: Watch) -> None:
    watched = watch()
    watched.append(lines(300))
    watched.wait_for(300)
    told = messages(watched, "v1/watch?stream=s2", 2)
    _, past = next(told)
    mine = [record for record in watched.published() if record["stream"] == "s2"]
    assert [each["offset"] for each in past["points"]] == [each["source"]["offset"] for each in mine]
    assert past["found"][0]["stream"]["stream"] == "s2"
    watched.append(lines(50, start=300))
    _, more = next(told)
    assert more["points"][0]["offset"] >= 300 and more["found"] is None
    assert {each["stream"] for each in watched.published()} == {f"s{i}" for i in range(6)}


def test_no_more_than_so_many_may_watch(watch: Watch) -> None:
    watched = watch()
    with ExitStack() as stack:
        for _ in range(watchers.MOST):
            answer = stack.enter_context(urllib.request.urlopen(watched.address + "v1/live", timeout=10))
            answer.readline()
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(watched.address + "v1/watch?stream=a", timeout=10)
        assert (refused.value.code, refused.value.headers["Retry-After"]) == (503, "10")
        assert watched.get("v1/status")["state"] == "running"
    assert watched.status_of("v1/watch") == 400


def test_labels_are_looked_at_and_listed_too(watch: Watch) -> None:
    watched = watch("labels.mode=field", "labels.classes=[up,down]")
    made = []
    for i in range(400):
        value = (i * 7919 % 13) - 6.0
        label = "up" if value > 0 else "down"
        made.append(json.dumps({"stream": f"s{i % 3}", "time": i, "value": value, "label": label}))
    watched.append(made)
    status = watched.wait_for(400)
    (target,) = status["targets"]
    assert (target["target"], target["horizon"]) == ("label", 0) and 0 < target["error"] < target["baseline_error"]
    (found,) = watched.get("v1/streams/s1")["found"]
    (told,) = found["stream"]["targets"]
    assert told["target"] == "label" and told["forecast"] in ("up", "down")
    assert 0.0 <= told["error"] <= 1.0
    (_, past), *_ = messages(watched, "v1/watch?stream=s1", 1)
    assert past["points"][-1]["label"]["answer"] in ("up", "down") and past["points"][-1]["outcomes"] == []


def test_without_a_model_there_is_a_page_too(watch: Watch) -> None:
    watched = watch("model.kind=none")
    watched.append(lines(40))
    watched.wait_for(40)
    assert watched.get("v1/streams")["streams"] == []
    assert watched.get("v1/streams/s1")["found"][0]["stream"]["targets"] == []
    assert "<title>streamrnn</title>" in watched.text("")


def test_probes_are_answered_without_the_token_and_everything_else_is_not(watch: Watch) -> None:
    watched = watch("http.token=a-token-of-some-length")
    assert watched.status_of("livez") == 200
    assert watched.status_of("readyz") in (200, 503)  # as it still starts, or is there already
    for path in ("", "metrics", "assets/page.js", "v1/status", "v1/streams", "v1/streams/a", "streams/a", "v1/live",
                 "v1/watch?stream=a", "nothing"):  # fmt: skip
        assert watched.status_of(path) == 401, path
    asked = urllib.request.Request(watched.address + "v1/status")
    asked.add_header("Authorization", "Bearer a-token-of-some-length")
    with urllib.request.urlopen(asked, timeout=10) as answer:
        assert b"a-token-of-some-length" not in answer.read()
