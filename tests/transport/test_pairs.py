"""Labels in a topic of their own, over the script and over folders of files."""

import json
from pathlib import Path

import pytest

from streamrnn.events.columns import Partition
from streamrnn.transport import TransportError
from streamrnn.transport.base import Assignment
from streamrnn.transport.directory import DirectoryLog
from streamrnn.transport.factory import open_transport
from streamrnn.transport.paired import PairedLog
from streamrnn.transport.script import Broker, Record, ScriptLog
from tests.helpers import settings
from tests.transport.pair_contract import check_pair, opened, read

COUNT = 40


def line(i: int) -> bytes:
    return json.dumps({"stream": "a", "time": i * 7 % 30, "value": i}).encode()


def test_the_script_keeps_the_promises() -> None:
    items = [Record(line(i), b"a", i * 7 % 30, labels=labels) for i in range(COUNT) for labels in (False, True)]
    broker = Broker(items, 1, labels="labels")

    def open_log(polls: int) -> PairedLog:
        log = ScriptLog(broker, poll_records=polls)
        return PairedLog(log, "events", "labels", lambda records: records.timestamps)

    check_pair(open_log, "labels", COUNT)


def write(root: Path, topic: str, count: int, number: int = 0) -> None:
    (root / topic).mkdir(exist_ok=True)
    (root / topic / f"{number}.jsonl").write_bytes(b"".join(line(i) + b"\n" for i in range(count)))


def open_directory(root: Path, polls: int = 10) -> PairedLog:
    log = open_transport(settings(
        f"transport.path={root}", f"transport.poll_records={polls}", "labels.mode=delayed", "labels.topic=labels",
    ))  # fmt: skip
    assert isinstance(log, PairedLog)
    return log


def test_a_folder_keeps_the_promises(tmp_path: Path) -> None:
    write(tmp_path, "events", COUNT)
    write(tmp_path, "labels", COUNT)
    check_pair(lambda polls: open_directory(tmp_path, polls), "labels", COUNT)


def test_a_file_waits_for_its_other_half(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path, "events", 3)
    write(tmp_path, "labels", 3, number=1)
    log = open_directory(tmp_path)
    assert log.changes() == Assignment()
    assert [record.__dict__["partition"] for record in caplog.records] == ["events-0", "labels-1"]
    write(tmp_path, "labels", 0)
    assert opened(log) == Partition("events", 0)
    log.close()


def test_labels_alone_do_not_begin_a_partition(tmp_path: Path) -> None:
    """Its lineage is named after its first event."""
    write(tmp_path, "events", 0)
    write(tmp_path, "labels", 5)
    log = open_directory(tmp_path)
    partition = opened(log)
    log.seek(partition, log.first(partition))
    assert all(log.poll(0.0) == [] for _ in range(3))
    write(tmp_path, "events", 1)
    (places, _) = read(log, partition, 1)
    assert places[0] == (partition, 0)
    log.close()


def test_an_output_of_the_labels_partition_is_not_looked_for(tmp_path: Path) -> None:
    from streamrnn.transport.committed import DirectoryReader
    from streamrnn.transport.reader import BEGINNING

    write(tmp_path, "events", COUNT)
    write(tmp_path, "labels", COUNT)
    check_pair(lambda polls: open_directory(tmp_path, polls), "labels", COUNT)
    reader = DirectoryReader(tmp_path, "predictions", "predictions", BEGINNING)
    assert [record.value for record in reader.read(0)] == [b"answer"]
    reader.close()


def test_a_labels_file_that_was_replaced_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "events", COUNT)
    write(tmp_path, "labels", COUNT)
    check_pair(lambda polls: open_directory(tmp_path, polls), "labels", COUNT)
    (tmp_path / "labels" / "0.jsonl").write_bytes(b'{"another": 1}\n' * 1000)
    log = open_directory(tmp_path)
    with pytest.raises(TransportError, match=r"labels/0\.jsonl"):
        log.changes()
    log.close()


def test_a_pair_that_is_torn_apart_names_the_remedy() -> None:
    class Torn(ScriptLog):
        def changes(self) -> Assignment:
            return Assignment(assigned=[Partition("events", 0)])

    log = PairedLog(Torn(Broker([], 1, labels="labels")), "events", "labels", lambda records: records.timestamps)
    with pytest.raises(TransportError, match="assignment range"):
        log.changes()


def test_the_journal_is_cut_back_to_the_commit(tmp_path: Path) -> None:
    write(tmp_path, "events", COUNT)
    write(tmp_path, "labels", COUNT)
    check_pair(lambda polls: open_directory(tmp_path, polls), "labels", COUNT)
    journal = tmp_path / "labels-journal" / "0.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"v":1,"torn')
    log = open_directory(tmp_path)
    opened(log)
    assert journal.read_bytes() == whole
    log.close()
    journal.write_bytes(whole[:-1])
    log = open_directory(tmp_path)
    with pytest.raises(TransportError, match="were committed"):
        log.changes()
    log.close()


def test_a_start_without_the_folder_of_labels_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "events", 1)
    with pytest.raises(TransportError, match=r"labels\.topic"):
        DirectoryLog(tmp_path, "events", "predictions", "dead-letters", labels="labels", journal="journal")
