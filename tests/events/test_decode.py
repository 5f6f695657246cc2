"""Every record becomes one event or one dead letter, and nothing else happens."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from streamrnn.events import Records
from streamrnn.events.decode import Decoder

MakeRecords = Callable[..., Records]
MakeDecoder = Callable[..., Decoder]


GOOD = b'{"stream": "a", "time": 60, "value": 1.5}'


def only(events: Any) -> tuple[str, float, list[float]]:
    assert not events.rejects
    assert len(events) == 1
    return events.streams[0], float(events.times[0]), events.features[0].tolist()


def value(**fields: Any) -> bytes:
    return json.dumps({"stream": "a", "time": 60, "value": 1.5} | fields).encode()


def without(name: str) -> bytes:
    fields = json.loads(GOOD)
    del fields[name]
    return json.dumps(fields).encode()


def test_an_event_has_stream_time_and_features(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    events = make_decoder().decode(make_records([GOOD], timestamps=[61.5], first=7))
    assert only(events) == ("a", 60.0, [1.5])
    assert events.offsets.tolist() == [7]
    assert events.timestamps.tolist() == [61.5]
    assert events.ends.tolist() == [False]


def test_no_records_give_no_events(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    events = make_decoder(features=["x", "y"]).decode(make_records([]))
    assert len(events) == 0
    assert events.features.shape == (0, 2)


def test_features_keep_the_order_of_the_settings(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    events = make_decoder(features=["y", "x"]).decode(make_records([value(x=1, y=2)]))
    assert only(events) == ("a", 60.0, [2.0, 1.0])


@pytest.mark.parametrize("missing", [without("value"), value(value=None)])
def test_an_event_without_features_is_a_heartbeat(
    make_decoder: MakeDecoder, make_records: MakeRecords, missing: bytes
) -> None:
    events = make_decoder().decode(make_records([missing]))
    assert math.isnan(only(events)[2][0])


@pytest.mark.parametrize("name", ["a.b c", "größe", 'a"b', "a\\b", "tab\t", "type", "__class__", "f1", "stream2"])
def test_a_feature_may_have_any_name(make_decoder: MakeDecoder, make_records: MakeRecords, name: str) -> None:
    decoder = make_decoder(features=["value", name])
    assert only(decoder.decode(make_records([value(**{name: 2})]))) == ("a", 60.0, [1.5, 2.0])
    [letter] = decoder.decode(make_records([value(**{name: "2"})])).rejects
    assert letter.reason == "not_a_number"


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"", "not_json"),
        (b"nonsense", "not_json"),
        (GOOD[:-1], "not_json"),
        (GOOD + GOOD, "not_json"),
        (b"\xef\xbb\xbf" + GOOD, "not_json"),
        (GOOD[:-1] + b', "note": "\xff"}', "not_json"),
        (GOOD[:-1] + b', "note": "\\ud800"}', "not_json"),
        (b'{"stream": "\\ud800", "time": 1}', "not_json"),
        (b'{"stream": "a", "time": 1, "value": NaN}', "not_json"),
        (b'{"stream": "a", "time": 1, "value": -Infinity}', "not_json"),
        (b"[1, 2]", "not_object"),
        (b"null", "not_object"),
        (b"1e999", "not_object"),
        (without("stream"), "no_stream"),
        (value(stream=None), "no_stream"),
        (value(stream=""), "no_stream"),
        (value(stream=1.5), "bad_stream"),
        (value(stream=True), "bad_stream"),
        (value(stream=["a"]), "bad_stream"),
        (b'{"stream": ' + b"9" * 5000 + b', "time": 1}', "bad_stream"),
        (value(stream="x" * 257), "stream_too_long"),
        (value(stream="ü" * 129), "stream_too_long"),
        (b'{"stream": ' + b"9" * 300 + b', "time": 1}', "stream_too_long"),
        (without("time"), "no_time"),
        (value(time=None), "no_time"),
        (value(time="60"), "bad_time"),
        (value(time=True), "bad_time"),
        (value(time=2.7e11), "bad_time"),
        (b'{"stream": "a", "time": 1e999}', "bad_time"),
        (value(value="1.5"), "not_a_number"),
        (value(value=False), "not_a_number"),
        (value(value={"of": 1}), "not_a_number"),
        (value(value=1.1e15), "out_of_range"),
        (b'{"stream": "a", "time": 1, "value": -1e999}', "out_of_range"),
        (b'{"stream": "a", "time": 1, "value": ' + b"9" * 5000 + b"}", "out_of_range"),
        (b'{"stream": "a", "time": 1, "value": "b", "value": 1}', "duplicate"),
        (value(note="x" * 65_536), "too_large"),
        (b"[" * 60_000, "too_deep"),
        (b'{"a":' * 10_000, "too_deep"),
        (GOOD[:-1] + b', "x": ' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"),
    ],
    ids=lambda content: content if isinstance(content, str) else ascii(content[:40]),
)
def test_a_bad_record_is_one_dead_letter_with_its_reason(
    make_decoder: MakeDecoder, make_records: MakeRecords, record: bytes, reason: str
) -> None:
    records = make_records([GOOD, record, GOOD], keys=[None, b"k", None], first=10)
    events = make_decoder().decode(records)
    [letter] = events.rejects
    assert (letter.reason, letter.offset, letter.key, letter.value) == (reason, 11, b"k", record)
    assert letter.message
    assert events.offsets.tolist() == [10, 12]
    assert events.features.tolist() == [[1.5], [1.5]]


def test_rejects_and_events_keep_log_order(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    bad_feature, bad_time, bad_json = value(value=1e30), value(time=1e30), b"?"
    events = make_decoder().decode(make_records([bad_feature, GOOD, bad_json, bad_time, GOOD, bad_json]))
    assert [letter.offset for letter in events.rejects] == [0, 2, 3, 5]
    assert events.offsets.tolist() == [1, 4]


def test_of_a_field_that_stands_twice_the_last_counts(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    record = b'{"stream": "a", "stream": "b", "time": 1, "value": 1, "value": 2}'
    assert only(make_decoder().decode(make_records([record]))) == ("b", 1.0, [2.0])


def test_brackets_within_text_are_not_nesting(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    record = value(note='\\"[{' * 500)
    assert only(make_decoder().decode(make_records([record]))) == ("a", 60.0, [1.5])


@pytest.mark.parametrize(("stream", "text"), [("ü", "ü"), (17, "17"), (-3, "-3"), (10**30, str(10**30))])
def test_a_stream_id_is_text_or_an_integer(
    make_decoder: MakeDecoder, make_records: MakeRecords, stream: str | int, text: str
) -> None:
    assert only(make_decoder().decode(make_records([value(stream=stream)])))[0] == text


def test_the_key_is_the_stream_where_no_field_is_named(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    keys = ["ü".encode(), None, b"", b"\xff", b"x" * 257]
    events = make_decoder(stream=None).decode(make_records([GOOD] * 5, keys=keys))
    assert events.streams == ["ü"]
    reasons = [letter.reason for letter in events.rejects]
    assert reasons == ["no_stream", "no_stream", "bad_stream", "stream_too_long"]


@pytest.mark.parametrize(("stream", "missing"), [(None, "the record has no key"), ("who", "field 'who' is missing")])
def test_a_missing_stream_is_told_with_the_setting_that_names_it(
    make_decoder: MakeDecoder, make_records: MakeRecords, stream: str | None, missing: str
) -> None:
    (letter,) = make_decoder(stream=stream).decode(make_records([GOOD], keys=[None])).rejects
    assert letter.message.startswith(missing) and "by events.stream" in letter.message


def test_a_null_value_ends_the_stream_of_its_key(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    records = make_records([GOOD, None, None], keys=[None, b"a", None], timestamps=[1.0, 2.0, 3.0])
    events = make_decoder().decode(records)
    assert events.streams == ["a", "a"]
    assert events.ends.tolist() == [False, True]
    assert events.times.tolist() == [60.0, 2.0]
    [letter] = events.rejects
    assert (letter.offset, letter.reason, letter.value) == (2, "no_stream", None)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:01:00Z", 60.0),
        ("1970-01-01T01:01:00.25+01:00", 60.25),
        ("1970-01-01 00:01:00", 60.0),
        ("1970-01-02", 86400.0),
    ],
)
def test_iso8601_without_an_offset_is_utc(
    make_decoder: MakeDecoder, make_records: MakeRecords, text: str, seconds: float
) -> None:
    events = make_decoder(time_format="iso8601").decode(make_records([value(time=text)]))
    assert only(events)[1] == seconds


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("soon", "bad_time"),
        ("", "bad_time"),
        ("0001-01-01T00:00:00+23:59", "bad_time"),
        (60, "bad_time"),
        (None, "no_time"),
    ],
)
def test_what_is_not_iso8601_is_refused(
    make_decoder: MakeDecoder, make_records: MakeRecords, time: Any, reason: str
) -> None:
    events = make_decoder(time_format="iso8601").decode(make_records([value(time=time), value(time="1970-01-01")]))
    assert [letter.reason for letter in events.rejects] == [reason]
    assert events.times.tolist() == [0.0]


@pytest.mark.parametrize(
    ("written", "time", "told"),
    [
        ("seconds", "2024-01-01T00:00:00Z", "field 'time' is text, which events.time_format: seconds does not read"),
        ("seconds", 1_700_010_000_000, "1.70001e+12 s lies thousands of years away as events.time_format: seconds"),
        ("milliseconds", "2024-01-01", "field 'time' is text, which events.time_format: milliseconds does not read"),
        ("iso8601", 60, "field 'time' is a number, which events.time_format: iso8601 does not read"),
        ("iso8601", "soon" * 1000, f"the event time {('soon' * 10 + '...')!r} is not ISO 8601"),
    ],
)
def test_a_time_that_is_written_otherwise_names_the_setting(
    make_decoder: MakeDecoder, make_records: MakeRecords, written: str, time: Any, told: str
) -> None:
    [letter] = make_decoder(time_format=written).decode(make_records([value(time=time)])).rejects
    assert told in letter.message
    assert letter.message.endswith("Set events.time_format to how it is written: seconds, milliseconds or iso8601")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"value": "high"}, "field 'value' is text; a feature is a number or null"),
        ({"value": [1]}, "field 'value' is a list; a feature is a number or null"),
        ({"stream": 1.5}, "field 'stream' is a number; a stream id is text or an integer"),
    ],
)
def test_a_field_of_the_wrong_type_is_told_in_words(
    make_decoder: MakeDecoder, make_records: MakeRecords, fields: dict[str, Any], told: str
) -> None:
    [letter] = make_decoder().decode(make_records([value(**fields)])).rejects
    assert letter.message == told


def test_milliseconds_become_seconds(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    events = make_decoder(time_format="milliseconds").decode(make_records([value(time=1_700_000_000_123)]))
    assert only(events)[1] == 1_700_000_000.123


def test_without_a_time_field_the_log_gives_the_time_or_the_number_does(
    make_decoder: MakeDecoder, make_records: MakeRecords
) -> None:
    records = make_records([GOOD, GOOD], timestamps=[5.5, math.nan], first=40)
    assert make_decoder(time=None, numbered_time=True).decode(records).times.tolist() == [5.5, 41.0]
    events = make_decoder(time=None).decode(records)
    assert events.times.tolist() == [5.5]
    assert [letter.reason for letter in events.rejects] == ["no_time"]


def test_the_bounds_are_within(make_decoder: MakeDecoder, make_records: MakeRecords) -> None:
    decoder = make_decoder(max_magnitude=10.0, max_key_bytes=3)
    records = make_records([value(value=-10, stream="abc", time=-6.2e10), value(value=10, stream="ü1", time=2.6e11)])
    assert not decoder.decode(records).rejects
