"""What is frozen is the state of one record, whatever changes while it is written."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.shard import Shard
from streamrnn.snapshots import DirectoryStore, Frozen, Header, frozen
from tests.helpers import settings, walk

MakeHeader = Callable[..., Header]


def collect(state: Frozen, slabs: dict[str, npt.NDArray[np.float64]], between: Callable[[], None]) -> None:
    for name, row, rows in state.blocks():
        slabs[name][row : row + len(rows)] = rows
        between()


@given(
    rows=st.integers(1, 40),
    block_rows=st.integers(1, 8),
    changes=st.lists(st.lists(st.integers(0, 60), max_size=6), max_size=30),
    before=st.integers(0, 5),
)
def test_rows_that_change_are_written_as_they_were(
    rows: int, block_rows: int, changes: list[list[int]], before: int
) -> None:
    live = {"a": np.arange(60.0 * 2).reshape(60, 2), "b": np.arange(60.0).reshape(60, 1)}
    expected = {name: slab[:rows].copy() for name, slab in live.items()}
    state = Frozen(dict, {name: slab[:rows] for name, slab in live.items()})
    left = iter(changes)

    def change() -> None:
        slots = np.array([slot for slot in next(left, []) if slot < 60], np.int64)
        state.keep(slots)
        for slab in live.values():
            slab[slots] -= 1000.0

    written = {name: np.full_like(slab, np.nan) for name, slab in expected.items()}
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(frozen, "BLOCK", block_rows * 16)
        patched.setattr(frozen, "SHELF", 7)
        for _ in range(before):
            change()
        collect(state, written, change)
    for name, slab in expected.items():
        np.testing.assert_array_equal(written[name], slab)


def test_only_rows_that_are_not_yet_written_are_kept() -> None:
    slab = np.zeros((10, 4))
    state = Frozen(dict, {"a": slab})
    state.keep(np.array([1, 1, 2]))
    state.keep(np.array([2, 3, 25]))
    assert state.kept == 3
    for _ in state.blocks():
        state.keep(np.arange(10))
    assert state.kept == 3


def test_nothing_is_kept_once_released() -> None:
    state = Frozen(dict, {"a": np.zeros((10, 4))})
    state.release()
    state.keep(np.arange(10))
    assert state.kept == 0


def test_a_shard_goes_on_while_it_is_written(tmp_path: Path, make_header: MakeHeader) -> None:
    shard = Shard(settings(), walk(1, 1).partition)
    first, second = walk(300, 20), walk(300, 40, seed=1)
    shard.process(first)
    expected = {name: values.copy() for name, values in shard.saved().items()}
    state = shard.freeze()
    shard.process(second)
    after = shard.digest()
    store = DirectoryStore(tmp_path, 1)
    store.write(make_header(position=300), state, committed=300)
    found = store.load_newest("events-0", "a1b2", 300, lambda path, error: None)
    assert found is not None
    for name, values in expected.items():
        np.testing.assert_array_equal(found[1][name], values)
    restored = Shard(settings(), first.partition)
    restored.load(found[1])
    restored.process(second)
    assert restored.digest() == after
