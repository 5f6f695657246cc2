"""The client's errors become few kinds, however deep in a text they stand."""

import pytest

pytest.importorskip("kafka")  # the package that it is part of

from kafka import errors

from streamrnn.transport.base import TransportError
from streamrnn.transport.kafka.client import kind_of, refused


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.FencedInstanceIdError(("group", "a")), "fenced"),
        (errors.ProducerFencedError(), "fenced"),
        (errors.CommitFailedError(), "stale_generation"),
        (errors.RequestTimedOutError("Request timed out after 30000 ms"), "timeout"),
        (errors.KafkaConnectionError("111 ECONNREFUSED"), "unreachable"),
        (errors.KafkaError(f"Could not execute: {errors.RequestTimedOutError('after 30000 ms')}"), "timeout"),
        (errors.KafkaError("because a previous one failed", errors.InvalidProducerEpochError()), "fenced"),
        (errors.KafkaError("of no known kind"), "other"),
        (None, "other"),
    ],
)
def test_each_error_has_its_kind(error: Exception | None, kind: str) -> None:
    assert kind_of(error) == kind


def test_a_refusal_says_what_was_done_why_not_and_what_to_do() -> None:
    wanted = r"^cannot read: KafkaTimeoutError: no answer\. Wait a little$"
    with pytest.raises(TransportError, match=wanted), refused("read", "Wait a little"):
        raise errors.KafkaTimeoutError("no answer")
