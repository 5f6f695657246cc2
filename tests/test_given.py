"""Events that a person gives: read as the daemon reads them, and refused with their line."""

import numpy as np
import pytest

from streamrnn.events.columns import Events
from streamrnn.events.traits import TraitFields
from streamrnn.given import GivenError, GivenReader
from tests.helpers import ALL_INPUTS, PARTITION, settings


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "line 1 of --given is no JSON object"),
        ('{"stream": "s1", "value": 1}', "of stream 's1', not 's0'"),
        ('{"value": "high"}', "'value' is text"),
        ('{"value": 1, "time": "noon"}', "time"),
    ],
)
def test_what_is_no_event_is_refused_with_its_line(line: str, why: str) -> None:
    with pytest.raises(GivenError, match=why):
        GivenReader(settings(), "s0", PARTITION, {}).read([line.encode()])


def test_held_fields_count_where_an_event_lacks_them() -> None:
    chosen = settings(*ALL_INPUTS)
    blank, held = GivenReader(chosen, "s0", PARTITION, {}), GivenReader(chosen, "s0", PARTITION, {"weather": "sun"})
    fields = TraitFields.from_settings(chosen)
    assert fields is not None
    place = [category.field for category in fields.categories].index("weather")
    codes = fields.categories[place].values
    assert codes is not None
    sun, rain = codes["sun"], codes["rain"]

    def code(events: Events) -> int:
        assert events.traits is not None
        return int(events.traits.codes[0, place])

    assert (code(held.blank()), code(held.read([b'{"weather": "rain"}'])[0])) == (sun, rain)
    assert code(blank.blank()) not in (sun, rain)


def test_time_and_stream_may_be_left_out_and_times_are_read_as_the_settings_say() -> None:
    chosen = settings("events.time_format=milliseconds", "events.time=when")
    lines = [b'{"value": 1}', b"", b'{"when": 5000, "value": 2}']
    found = GivenReader(chosen, "s0", PARTITION, {}).read(lines)
    assert [event.streams for event in found] == [["s0"], ["s0"]]
    assert np.isnan(found[0].times[0]) and found[1].times.tolist() == [5.0]
    assert [event.features.tolist() for event in found] == [[[1.0]], [[2.0]]]
