"""Workers keep each partition's order, and let partitions run beside each other."""

import threading
from functools import partial

import pytest

from streamrnn.events.columns import Partition
from streamrnn.workers import Workers


def test_the_calls_of_a_partition_keep_their_order() -> None:
    workers, seen = Workers(), list[int]()
    futures = [workers.submit(Partition("events", 0), partial(seen.append, i)) for i in range(200)]
    for future in futures:
        future.result(timeout=10)
    assert seen == list(range(200))
    workers.close()


def test_an_error_comes_up_where_the_answer_is_asked_for() -> None:
    workers = Workers()

    def fail() -> None:
        raise MemoryError("no room")

    with pytest.raises(MemoryError, match="no room"):
        workers.submit(Partition("events", 0), fail).result(timeout=10)
    workers.close()


def test_closing_waits_for_what_is_under_way_and_drops_the_rest() -> None:
    workers, begun, go = Workers(), threading.Event(), threading.Event()

    def slow() -> bool:
        begun.set()
        return go.wait(10)

    partition = Partition("events", 0)
    first, second = workers.submit(partition, slow), workers.submit(partition, slow)
    assert begun.wait(10)
    threading.Timer(0.05, go.set).start()
    workers.close()
    assert first.result() and second.cancelled()
