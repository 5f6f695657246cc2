"""Cycles go between commits, and the collector is as it was afterwards."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from streamrnn.garbage import FULL_SECONDS, Garbage


class Node:
    def __init__(self) -> None:
        self.me = self


def test_a_cycle_stays_amid_a_batch_and_goes_when_told() -> None:
    with Garbage() as garbage:
        cycle = weakref.ref(Node())
        junk = [Node() for _ in range(5000)]
        assert cycle() is not None
        del junk
        garbage.collect()
        assert cycle() is None


def test_a_cycle_that_grew_old_goes_within_a_while() -> None:
    now = [0.0]
    with Garbage(lambda: now[0]) as garbage:
        node: Node | None = Node()
        cycle = weakref.ref(node)
        for _ in range(3):
            garbage.collect()
        node = None
        garbage.collect()
        assert cycle() is not None  # it is among what lives long
        now[0] = FULL_SECONDS
        garbage.collect()
        assert cycle() is None


@pytest.fixture
def thawed() -> Iterator[None]:
    """Nothing is frozen; tests otherwise begin with all that they import frozen."""
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    yield
    if frozen:
        gc.freeze()


def test_the_collector_is_as_it_was_afterwards(thawed: None) -> None:
    for enabled in (False, True):
        (gc.enable if enabled else gc.disable)()
        with Garbage():
            assert not gc.isenabled()
            assert gc.get_freeze_count() > 0
        assert gc.isenabled() is enabled
        assert gc.get_freeze_count() == 0


def test_what_was_frozen_before_stays_so(thawed: None) -> None:
    gc.freeze()
    frozen = gc.get_freeze_count()
    with Garbage():
        pass
    assert gc.get_freeze_count() == frozen
