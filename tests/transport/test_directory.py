"""A folder of files is a log that can be followed, committed and recovered."""

import errno
import fcntl
import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from streamrnn.events import Partition
from streamrnn.transport import Committed, TransportError
from streamrnn.transport.directory import DirectoryLog
from tests.helpers import output

P0, P1 = Partition("events", 0), Partition("events", 1)
Open = Callable[..., DirectoryLog]
Write = Callable[..., None]


def values(log: DirectoryLog, timeout: float = 0.0) -> list[bytes | None]:
    return [value for records in log.poll(timeout) for value in records.values]


def answer(log: DirectoryLog, position: int, *predictions: bytes, partition: Partition = P0) -> None:
    log.publish(output(partition, *predictions))
    log.commit({partition: Committed(position, "L")})


def test_new_lines_are_followed_as_they_come(open_log: Open, write: Write) -> None:
    write(b"one\n")
    log = open_log()
    log.changes()
    assert values(log) == [b"one"]
    write(b"two\nthree\n")
    assert values(log) == [b"two", b"three"]


def test_a_torn_last_line_waits_for_its_line_feed(open_log: Open, write: Write) -> None:
    write(b"one\ntw")
    log = open_log()
    log.changes()
    assert values(log) == [b"one"]
    assert values(log) == []
    assert log.lag(P0) == 0
    write(b"o\n")
    assert values(log) == [b"two"]


def test_an_empty_line_holds_an_offset(open_log: Open, write: Write) -> None:
    write(b"\n\none\n")
    log = open_log()
    log.changes()
    [records] = log.poll(0)
    assert (records.offsets, records.values) == ([0, 1, 2], [b"", b"", b"one"])


def test_each_partition_gets_its_share_of_a_poll(open_log: Open, write: Write) -> None:
    write(b"a\n" * 1000)
    write(b"b\n" * 3, number=1)
    log = open_log()
    log.changes()
    assert {str(records.partition): len(records) for records in log.poll(0)} == {"events-0": 10, "events-1": 3}


def test_a_new_file_is_a_new_partition(open_log: Open, write: Write) -> None:
    log = open_log()
    assert log.changes().assigned == []
    write(b"one\n", number=1)
    assert log.changes().assigned == [P1]
    assert log.changes().assigned == []
    assert values(log) == [b"one"]


def test_other_files_are_no_partitions(open_log: Open, root: Path) -> None:
    for name in ("01.jsonl", "x.jsonl", "0.json", "-1.jsonl", "0.jsonl.gz"):
        (root / "events" / name).write_bytes(b"one\n")
    assert open_log().changes().assigned == []


def test_identity_is_that_of_the_first_line(open_log: Open, write: Write) -> None:
    write(b"on")
    log = open_log()
    log.changes()
    assert log.identity(P0) == ""
    write(b"e\n")
    first = log.identity(P0)
    write(b"two\n")
    assert log.identity(P0) == first != ""


def test_a_restart_goes_on_after_the_commit(open_log: Open, write: Write) -> None:
    write(b"one\ntwo\nthree\n")
    log = open_log(poll_records=2)
    log.changes()
    assert values(log) == [b"one", b"two"]
    answer(log, 2, b"p1", b"p2")
    log.close()
    log = open_log()
    log.changes()
    assert log.committed(P0) == Committed(2, "L")
    log.seek(P0, 2)
    assert values(log) == [b"three"]
    log.seek(P0, 0)
    assert values(log) == [b"one", b"two", b"three"]


def test_a_restart_cuts_outputs_back_to_the_commit(open_log: Open, write: Write, root: Path) -> None:
    write(b"one\ntwo\n")
    log = open_log()
    log.changes()
    answer(log, 1, b"p1")
    log.close()
    for topic in ("predictions", "dead-letters"):
        with open(root / topic / "0.jsonl", "ab") as file:
            file.write(b"torn and never commit")
    open_log().changes()
    assert (root / "predictions/0.jsonl").read_bytes() == b"p1\n"
    assert (root / "dead-letters/0.jsonl").read_bytes() == b""


def test_output_without_any_commit_is_kept_and_stops_the_start(open_log: Open, write: Write, root: Path) -> None:
    write(b"one\n")
    (root / "predictions").mkdir()
    (root / "predictions/0.jsonl").write_bytes(b"of a log whose commit file was lost\n")
    with pytest.raises(TransportError, match=r"put commits\.json back"):
        open_log().changes()
    assert (root / "predictions/0.jsonl").read_bytes() == b"of a log whose commit file was lost\n"


def test_an_output_that_is_replaced_while_it_grows_is_noticed(open_log: Open, write: Write, root: Path) -> None:
    write(b"one\n")
    log = open_log()
    (partition,) = log.changes().assigned
    log.commit({partition: Committed(0, "a")})
    log.poll(0)
    log.publish(output(partition, b"answer"))
    (root / "predictions/0.jsonl").rename(root / "predictions/moved")
    (root / "predictions/0.jsonl").touch()
    with pytest.raises(TransportError, match="was replaced"):
        log.commit({partition: Committed(1, "a")})


def test_a_commit_of_one_partition_does_not_commit_the_output_of_another(
    open_log: Open, write: Write, root: Path
) -> None:
    write(b"one\n")
    write(b"one\n", number=1)
    log = open_log()
    log.changes()
    log.poll(0)
    log.publish(output(P1, b"not yet"))
    answer(log, 1, b"p1")
    assert (root / "predictions/1.jsonl").read_bytes() == b""
    assert log.committed(P1) is None


def test_a_commit_before_what_was_polled_knows_its_byte(open_log: Open, write: Write, root: Path) -> None:
    write(b"one\ntwo\nthree\n")
    log = open_log()
    log.changes()
    log.poll(0)
    answer(log, 2)
    assert json.loads((root / "commits.json").read_bytes())["events-0"]["byte"] == 8


def test_commits_reach_the_disk_when_asked_to(open_log: Open, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", synced.append)
    write(b"one\n")
    log = open_log(fsync=True)
    log.changes()
    synced.clear()
    answer(log, 1, b"p1")
    assert len(synced) == 3  # the output, the commit file, the folder


def test_a_cut_commit_leaves_the_older_one(
    open_log: Open, write: Write, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(b"one\ntwo\n")
    log = open_log()
    log.changes()
    answer(log, 1, b"p1")

    def fail(source: Path, target: Path) -> None:
        raise OSError("the power is gone")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", fail)
        with pytest.raises(TransportError, match="power"):
            answer(log, 2, b"p2")
    log.close()
    log = open_log()
    log.changes()
    assert log.committed(P0) == Committed(1, "L")
    assert (root / "predictions/0.jsonl").read_bytes() == b"p1\n"


def committed_log(open_log: Open, write: Write) -> None:
    write(b"one\ntwo\nthree\n")
    log = open_log()
    log.changes()
    answer(log, 2, b"p1", b"p2")
    log.close()


@pytest.mark.parametrize(
    "content",
    [b"", b"one\n", b"other\ntwo\nthree\n", b"one\nxtwo\nthree\n"],
    ids=["empty", "short", "first", "shifted"],
)
def test_an_input_that_is_not_the_one_of_the_commit_stops(
    open_log: Open, write: Write, root: Path, content: bytes
) -> None:
    committed_log(open_log, write)
    (root / "events/0.jsonl").write_bytes(content)
    with pytest.raises(TransportError, match="start a new lineage"):
        open_log().changes()


def test_a_committed_input_that_is_gone_stops(open_log: Open, write: Write, root: Path) -> None:
    committed_log(open_log, write)
    (root / "events/0.jsonl").unlink()
    with pytest.raises(TransportError, match="is gone"):
        open_log().changes()


def test_an_output_shorter_than_its_commit_stops(open_log: Open, write: Write, root: Path) -> None:
    committed_log(open_log, write)
    (root / "predictions/0.jsonl").write_bytes(b"p1\n")
    with pytest.raises(TransportError, match="were committed"):
        open_log().changes()


def test_a_damaged_commit_file_stops(open_log: Open, write: Write, root: Path) -> None:
    committed_log(open_log, write)
    (root / "commits.json").write_bytes(b"{")
    with pytest.raises(TransportError, match="damaged"):
        open_log()


def test_two_processes_cannot_work_in_one_folder(open_log: Open) -> None:
    first = open_log()
    with pytest.raises(TransportError, match="another process"):
        open_log()
    first.close()
    open_log()


def test_a_missing_input_folder_stops(tmp_path: Path) -> None:
    with pytest.raises(TransportError, match="make it"):
        DirectoryLog(tmp_path, "events", "predictions", "dead-letters")


def test_long_lines_do_not_add_up_in_memory(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    line = b"x" * (8 * 1024 * 1024) + b"\n"
    (tmp_path / "events" / "0.jsonl").write_bytes(line * 6)
    log = DirectoryLog(tmp_path, "events", "predictions", "dead-letters")
    log.changes()
    sizes = []
    while sum(sizes) < 6:
        sizes += [len(records) for records in log.poll(1)]
    assert max(sizes) <= 3
    log.close()


def test_a_folder_with_a_partitions_name_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "events" / "1.jsonl").mkdir(parents=True)
    (tmp_path / "events" / "0.jsonl").write_bytes(b"{}\n")
    log = DirectoryLog(tmp_path, "events", "predictions", "dead-letters")
    assert [partition.number for partition in log.changes().assigned] == [0]
    log.close()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("lock", "cannot write .*/lock: Is a directory. Check .* may write there, or set transport.path"),
        ("commits.json", "cannot read .*/commits.json: Is a directory. Check"),
        ("predictions/0.jsonl", "cannot write .*/predictions/0.jsonl: Is a directory. Check"),
    ],
)
def test_what_the_system_refuses_is_named_with_the_remedy(
    open_log: Open, write: Write, root: Path, name: str, message: str
) -> None:
    write(b"one\n")
    (root / name).mkdir(parents=True)
    with pytest.raises(TransportError, match=message):
        open_log().changes()


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may do anything")
def test_missing_rights_are_named_with_the_remedy(open_log: Open, write: Write, root: Path) -> None:
    write(b"one\n")
    (root / "events/0.jsonl").chmod(0)
    with pytest.raises(TransportError, match=r"cannot read .*0\.jsonl: Permission denied\. Check .* may read it"):
        open_log().changes()
    root.chmod(0o500)
    with pytest.raises(TransportError, match=r"cannot write .*lock: Permission denied\. Check .* may write there"):
        open_log()


def test_a_full_disk_names_the_disk(
    open_log: Open, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(b"one\n")
    log = open_log()
    log.changes()

    def full(descriptor: int, content: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(TransportError, match=r"No space left on device\. Make room on the disk"):
            answer(log, 1, b"p1")


def test_a_look_at_the_lock_does_not_stop_a_start(open_log: Open, root: Path) -> None:
    open_log().close()
    with (root / "lock").open() as looked_at:
        fcntl.flock(looked_at, fcntl.LOCK_SH)
        threading.Timer(0.05, fcntl.flock, (looked_at, fcntl.LOCK_UN)).start()
        open_log()
