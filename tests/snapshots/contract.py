"""What every store of snapshots must do; a test module of each store takes it over with a place of its own."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.events.columns import Partition
from streamrnn.snapshots import Frozen, Header, SnapshotError
from streamrnn.snapshots.base import SnapshotStore
from streamrnn.snapshots.choice import Name
from streamrnn.snapshots.header import CarriedOver, Origin

PARTITION = Partition("events", 0)
STATE = {"x": np.arange(3.0)}


class Place(Protocol):
    """Where a store keeps its snapshots, and what can happen to them there."""

    def open(self) -> SnapshotStore:
        """A store of its own on this place that keeps two, as another process would open it."""

    def tear(self, name: Name) -> None:
        """Take away the end of a snapshot."""

    def corrupt(self, name: Name) -> None:
        """Change its last byte."""

    def misname(self, name: Name, position: int) -> None:
        """Give its bytes the name of another position."""

    def die_at_the_end(self, store: SnapshotStore) -> None:
        """Let the process die in the next write, when all but the last step is done."""

    def litter(self) -> int:
        """Pieces that belong to no snapshot."""


def header(position: int = 100, lineage: str = "a1b2", genesis: bool = False, **changes: Any) -> Header:
    fields: dict[str, Any] = {
        "format": 1, "partition": "events-0", "position": position, "records": position, "lineage": lineage,
        "settings_digest": "d1", "seed": 7, "versions": {"streamrnn": "0.1", "numpy": "2"}, "genesis": genesis,
    }  # fmt: skip
    return Header(**(fields | changes))


def arrays() -> dict[str, npt.NDArray[Any]]:
    """Small arrays of every type that a snapshot carries."""
    rng = np.random.default_rng(1)
    return {
        "weights": rng.normal(size=(3, 5)).astype(np.float32),
        "sums": np.array([1.5, np.nan, -0.0, np.inf]),
        "counts": np.arange(7),
        "codes": np.array([[1, -2]], np.int32),
        "keys": np.frombuffer(b"odd", np.uint8).copy(),
        "live": np.array([True, False, True]),
        "empty": np.zeros((0, 4), np.float32),
        "scalar": np.array(3.25),
    }


def save(store: SnapshotStore, position: int, committed: int = 0, **changes: Any) -> Name:
    made = header(position=position, **changes)
    store.write(made, Frozen.of(STATE), committed)
    return Name.of(made)


def load(store: SnapshotStore, at_most: int, refused: list[str] | None = None, **changes: str) -> int | None:
    log: list[str] = [] if refused is None else refused
    asked = {"partition": "events-0", "lineage": "a1b2"} | changes
    found = store.load_newest(**asked, at_most=at_most, on_refused=lambda place, error: log.append(error.reason))
    return None if found is None else found[0].position


def positions(store: SnapshotStore, lineage: str = "a1b2") -> list[str]:
    """Of all snapshots of the lineage, with a mark behind genesis."""
    names = sorted((each.name for each in store.listing()), key=lambda name: (name.position, name.genesis))
    return [f"{name.position}{'g' if name.genesis else ''}" for name in names if name.lineage == lineage]


class StoreContract:
    """Tests of any store; each takes a ``place``."""

    def test_what_is_written_comes_back_bit_for_bit(self, place: Place) -> None:
        written = header(position=7, log="topic-id/4", skipped=((3, 5),))
        size = place.open().write(written, Frozen.of(arrays()), committed=7)
        for found in (
            place.open().load_newest(PARTITION, "a1b2", 7, lambda *_: None),
            place.open().read(Name.of(written)),
        ):
            assert found is not None
            assert found[0] == written
            assert found[1].keys() == arrays().keys()
            for name, array in arrays().items():
                assert (found[1][name].dtype, found[1][name].shape) == (array.dtype, array.shape)
                assert found[1][name].tobytes() == array.tobytes()
        assert [each.size for each in place.open().listing()] == [size]

    def test_the_newest_at_or_below_the_commit_is_loaded(self, place: Place) -> None:
        store = place.open()
        for position in (10, 20, 30):
            save(store, position)
        for each in (store, place.open()):
            assert [load(each, at_most) for at_most in (9, 10, 29, 30, 99)] == [None, 10, 20, 30, 30]

    def test_positions_are_ordered_as_numbers(self, place: Place) -> None:
        store = place.open()
        for position in (100, 9):
            save(store, position)
        assert load(store, 1000) == 100

    def test_genesis_is_taken_only_where_nothing_else_stands_at_its_position(self, place: Place) -> None:
        store = place.open()
        usual = save(store, 9)
        save(store, 9, genesis=True)
        found = store.load_newest(PARTITION, "a1b2", 9, lambda *_: None)
        assert found is not None and not found[0].genesis
        place.corrupt(usual)
        found = store.load_newest(PARTITION, "a1b2", 9, lambda *_: None)
        assert found is not None and found[0].genesis

    def test_what_another_process_wrote_is_found_too(self, place: Place) -> None:
        first, second = place.open(), place.open()
        for position, store in enumerate((first, second, second, first)):
            save(store, position)
            assert (load(first, 9), load(second, 9)) == (position, position)
        save(second, 4)
        save(first, 5)
        assert positions(first) == positions(second) == ["0", "1", "2", "3", "4", "5"]

    def test_partitions_and_lineages_do_not_mix(self, place: Place) -> None:
        store = place.open()
        save(store, 10)
        save(store, 20, lineage="ff")
        save(store, 30, partition="events-1")
        assert load(store, 99) == 10
        assert load(store, 99, lineage="ff") == 20
        assert load(store, 99, partition="events-1") == 30
        assert load(store, 99, partition="events-1", lineage="ff") is None
        assert load(store, 99, partition="events-2") is None

    def test_a_damaged_snapshot_is_reported_and_the_older_one_used(self, place: Place) -> None:
        store = place.open()
        save(store, 10)
        corrupt, torn = save(store, 20), save(store, 30)
        place.corrupt(corrupt)
        place.tear(torn)
        for each in (store, place.open()):
            refused: list[str] = []
            assert load(each, 99, refused) == 10
            assert refused == ["torn", "corrupt"]
        for name, reason in ((corrupt, "corrupt"), (torn, "torn")):
            with pytest.raises(SnapshotError) as caught:
                store.read(name)
            assert caught.value.reason == reason

    @pytest.mark.parametrize(("version", "reason"), [(2, "newer"), (0, "older")])
    def test_another_format_stops(self, place: Place, version: int, reason: str) -> None:
        store = place.open()
        save(store, 10)
        save(store, 20, format=version)
        with pytest.raises(SnapshotError) as caught:
            load(store, 99)
        assert caught.value.reason == reason

    def test_lineages_that_were_carried_over_go_once_the_new_one_is_beyond_them(self, place: Place) -> None:
        store = place.open()
        save(store, 10)
        save(store, 20)
        carried = CarriedOver(Origin("a1b2", "events-0", 20, 20), ("model.k1 was 1 and is 2",), True)
        save(store, 20, lineage="c3d4", carried_over=(carried,))
        assert store.lineages(PARTITION).keys() == {"a1b2", "c3d4"}  # it is not committed yet
        save(store, 30, lineage="c3d4", carried_over=(carried,))
        save(store, 5, lineage="ffff")
        assert store.lineages(PARTITION).keys() == {"c3d4", "ffff"}

    def test_a_snapshot_that_is_not_what_its_name_says_is_not_used(self, place: Place) -> None:
        store = place.open()
        place.misname(save(store, 50), 40)
        refused: list[str] = []
        assert load(store, 45, refused) is None
        assert refused == ["corrupt"]

    def test_a_crash_before_the_end_leaves_the_older_one_and_what_it_left_goes_with_the_next(
        self, place: Place
    ) -> None:
        save(place.open(), 10)
        dying = place.open()
        place.die_at_the_end(dying)
        with pytest.raises(SystemExit):
            save(dying, 20)
        store = place.open()
        assert place.litter() > 0
        assert (load(store, 99), positions(store)) == (10, ["10"])
        save(store, 30)
        assert place.litter() == 0
        assert positions(store) == ["10", "30"]

    def test_pruning_keeps_the_newest_committed_ones_and_genesis(self, place: Place) -> None:
        store = place.open()
        save(store, 0, genesis=True)
        for position in (10, 20, 30):
            save(store, position, committed=position)
        assert positions(store) == positions(place.open()) == ["0g", "20", "30"]
        assert place.litter() == 0
        assert [load(store, at_most) for at_most in (19, 29, 30)] == [0, 20, 30]

    def test_snapshots_ahead_of_the_commit_do_not_push_out_committed_ones(self, place: Place) -> None:
        store = place.open()
        for position in (10, 20, 30, 40):
            save(store, position, committed=20)
        assert load(store, 20) == 20
        assert load(store, 19) == 10

    def test_another_lineage_and_another_partition_are_never_pruned(self, place: Place) -> None:
        store = place.open()
        save(store, 0, genesis=True, lineage="other")
        save(store, 5, lineage="other")
        save(store, 6, partition="events-1")
        for position in (10, 20, 30):
            save(store, position, committed=30)
        assert positions(store, "other") == ["0g", "5"]
        assert positions(store) == ["6", "20", "30"]

    def test_a_snapshot_written_again_is_still_whole(self, place: Place) -> None:
        save(place.open(), 10)
        save(place.open(), 10)
        assert load(place.open(), 99) == 10
        assert positions(place.open()) == ["10"]

    def test_lineages_are_told_with_whether_they_went_beyond_genesis(self, place: Place) -> None:
        store = place.open()
        assert store.lineages(PARTITION) == {}
        save(store, 0, genesis=True)
        save(store, 500, genesis=True, lineage="ffff")
        save(store, 600, lineage="ffff")
        assert store.lineages(PARTITION) == {"a1b2": False, "ffff": True}

    def test_what_is_there_is_listed_the_last_written_first(self, place: Place) -> None:
        store = place.open()
        names = [
            save(store, 30), save(store, 10, genesis=True, records=4), save(store, 20, partition="events-1")
        ]  # fmt: skip
        place.tear(names[0])
        listed = place.open().listing()
        assert [each.name for each in listed] == names[::-1]
        assert [each.problem for each in listed] == [None, None, "torn"]
        assert [each.records for each in listed][:2] == [20, 4]
        assert [each.name for each in store.listing(PARTITION)] == [names[1], names[0]]

    def test_a_lineage_that_cannot_stand_in_a_name_is_refused(self, place: Place) -> None:
        for lineage in ("", "../up", "a/b", ".hidden"):
            with pytest.raises(ValueError, match="cannot stand in a"):
                save(place.open(), 0, lineage=lineage)
