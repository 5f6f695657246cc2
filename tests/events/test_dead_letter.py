"""A dead letter tells why and where, and holds the original bytes as far as they fit."""

import base64
import hashlib
import json

from streamrnn.events import DeadLetter, Partition
from streamrnn.events.dead_letter import encode_dead_letter


def letter(key: bytes | None, value: bytes | None) -> DeadLetter:
    return DeadLetter("not_json", "the value is not JSON", Partition("events", 2), 17, key, value)


def test_version_1_of_the_envelope_is_these_bytes() -> None:
    assert encode_dead_letter(letter(b"k", b"\xff{"), 100) == (
        b'{"v":1,"reason":"not_json","message":"the value is not JSON",'
        b'"source":{"topic":"events","partition":2,"offset":17},"key":"aw==","value":"/3s=","length":2,'
        b'"sha256":"b26f99543485cab0666a50160ed4281d01669a10feb99985525b10dd791f1e9d"}'
    )


def test_a_long_value_is_cut_and_length_and_digest_tell() -> None:
    value = bytes(range(256)) * 10
    content = json.loads(encode_dead_letter(letter(None, value), 100))
    assert base64.b64decode(content["value"]) == value[:100]
    assert content["length"] == 2560
    assert content["sha256"] == hashlib.sha256(value).hexdigest()


def test_missing_key_and_value_are_null() -> None:
    content = json.loads(encode_dead_letter(letter(None, None), 100))
    assert content["key"] is None
    assert content["value"] is None
    assert content["length"] == 0


def test_any_message_can_be_written() -> None:
    odd = DeadLetter("not_a_number", "field 'größe\x00'", Partition("events", 0), 0, b"", b"")
    assert json.loads(encode_dead_letter(odd, 0))["message"] == "field 'größe\x00'"
