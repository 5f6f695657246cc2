"""What is read is bounded, and enough."""

from collections.abc import Iterator
from itertools import count

import pytest

from streamrnn.presets import sample as module
from streamrnn.presets.record import Record
from streamrnn.presets.sample import EACH, LONG, STREAMS, take
from streamrnn.replay.options import SourceError
from tests.presets.make import START, meters


def endless(streams: int) -> Iterator[Record]:
    for number in count():
        yield Record({"stream": f"s{number % streams}", "time": START + number // streams, "value": float(number % 17)})


@pytest.mark.parametrize("streams", [1, 3, 1000])
def test_an_endless_log_is_left_after_a_bounded_look(streams: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SCANNED", 100_000)
    found = take(endless(streams), False)
    assert found.scanned <= 100_000 and not found.whole
    assert len(found.records) <= EACH * STREAMS
    assert sum(map(len, found.long.values())) <= LONG
    assert max(map(len, found.by_stream().values())) <= EACH


def test_a_short_log_is_seen_whole() -> None:
    found = take(meters(2, 50), False)
    assert found.whole and found.scanned == 100 and found.streams == 2


def test_nothing_to_look_at_is_said() -> None:
    with pytest.raises(SourceError, match="there is no record to look at"):
        take([], False)


@pytest.mark.parametrize(
    ("option", "text"),
    [
        ({"stream": "metre"}, "there is no field metre .did you mean meter.*--stream is one of meter, ts, value"),
        ({"time": "when"}, "--time is one of meter, ts, value"),
        ({"time": "meter"}, "--time meter holds m0, which is no time"),
    ],
)
def test_a_field_that_is_not_there_is_said_with_those_that_are(option: dict[str, str], text: str) -> None:
    with pytest.raises(SourceError, match=text):
        take(meters(2, 50), False, **option)
