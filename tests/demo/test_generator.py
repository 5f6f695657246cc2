import json
import threading
from itertools import chain, islice

import numpy as np
import pytest

from streamrnn.demo.fleet import TICK, Fleet, Trouble
from streamrnn.demo.generator import events, write_events


def lines(count, seed=3, streams=50):
    return list(chain.from_iterable(islice(events(seed, streams), count)))


def test_the_same_seed_gives_the_same_bytes():
    assert lines(50) == lines(50)
    assert lines(50) != lines(50, seed=4)


def test_every_line_is_a_json_object_with_stream_time_and_value():
    for line in lines(200):
        assert line.endswith(b"\n") and line.count(b"\n") == 1
        event = json.loads(line)
        assert set(event) == {"stream", "time", "value"}
        assert isinstance(event["stream"], str) and isinstance(event["time"], float)


def test_events_come_in_time_order():
    times = [json.loads(line)["time"] for line in lines(100)]
    assert times == sorted(times)


def test_every_kind_of_trouble_occurs():
    fleet = Fleet(seed=0, size=300)
    seen = set()
    for _ in range(300):
        seen |= set(fleet.tick().troubles.tolist())
    assert seen == {int(trouble) for trouble in Trouble}


def test_missing_and_garbled_values_are_null_and_text():
    values = [json.loads(line)["value"] for line in lines(400, seed=0, streams=300)]
    assert None in values
    assert any(isinstance(value, str) for value in values)


def test_streams_drop_out_for_a_while_and_come_back():
    seen = {}
    pauses = []
    for line in lines(400, seed=0, streams=100):
        event = json.loads(line)
        pauses.append(event["time"] - seen.get(event["stream"], event["time"]))
        seen[event["stream"]] = event["time"]
    assert max(pauses) > 5 * TICK


def test_streams_die_and_successors_with_new_names_come():
    ticks = [{json.loads(line)["stream"] for line in batch} for batch in islice(events(1, 300), 800)]
    assert ticks[0] - ticks[-1]
    assert any(name.endswith("-2") for name in ticks[-1] - ticks[0])


def test_some_streams_join_only_later():
    ticks = [{json.loads(line)["stream"] for line in batch} for batch in islice(events(1, 300), 210)]
    assert any(name.count("-") == 1 for name in ticks[-1] - ticks[0])


def test_a_day_repeats_itself():
    fleet = Fleet(seed=5, size=200)
    ticks = [fleet.tick() for _ in range(288)]
    series = {}
    for number, tick in enumerate(ticks):
        for name, value in zip(tick.streams, tick.values, strict=True):
            series.setdefault(name, np.full(288, np.nan))[number] = value
    complete = [values for values in series.values() if np.isfinite(values).all()]
    likeness = [np.corrcoef(values[:144], values[144:])[0, 1] for values in complete]
    assert np.median(likeness) > 0.9


def test_a_fleet_of_nobody_is_refused_with_the_remedy():
    with pytest.raises(ValueError, match="raise the number of streams"):
        Fleet(seed=0, size=0)


def test_writing_appends_whole_lines_up_to_the_total(tmp_path):
    topic = tmp_path / "events"
    for _ in range(2):
        written = write_events(topic, 0, events(1, 10), stop=threading.Event(), position=lambda: 0, total=25)
        assert written == 25
    text = (topic / "0.jsonl").read_bytes()
    assert text.count(b"\n") == 50 and text.endswith(b"\n")


def test_writing_waits_for_a_slow_reader(tmp_path):
    stop, position = threading.Event(), [0]
    arguments = {"stop": stop, "position": lambda: position[0], "ahead": 30}
    writer = threading.Thread(target=write_events, args=(tmp_path, 0, events(1, 10)), kwargs=arguments)
    writer.start()
    stop.wait(0.15)
    first = (tmp_path / "0.jsonl").read_bytes().count(b"\n")
    position[0] = 30
    stop.wait(0.15)
    second = (tmp_path / "0.jsonl").read_bytes().count(b"\n")
    stop.set()
    writer.join()
    assert (first, second) == (30, 60)


def test_writing_keeps_to_the_rate(tmp_path):
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    written = write_events(tmp_path, 0, events(1, 10), stop=stop, position=lambda: 0, rate=100)
    assert 1 <= written <= 60


def test_writing_ends_with_its_lines(tmp_path):
    batches = iter([[b"1\n", b"2\n"], [b"3\n"]])
    assert write_events(tmp_path, 7, batches, stop=threading.Event(), position=lambda: 0) == 3
    assert (tmp_path / "7.jsonl").read_bytes() == b"1\n2\n3\n"
