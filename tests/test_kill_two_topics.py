"""The daemon as a process on a directory log of two topics, killed with SIGKILL: all is as its journal tells."""

import json
import math
import random
import time
from pathlib import Path

import pytest

from streamrnn.events.columns import Partition
from streamrnn.snapshots.store import DirectoryStore
from streamrnn.transport.commits import read_commits
from tests.helpers import settings
from tests.label_logs import label_settings, records
from tests.test_kill import start
from tests.two_topics import expected, merged, order, same_state

LABELS = [
    "labels.mode=delayed", "labels.topic=labels", "labels.within=6", "labels.dead_letters=true",
    "events.features=[a,b]", "streams.max_live=7", "streams.expire_after=900", "scoring.window=200",
]  # fmt: skip
BOTH = Partition("events", 0), Partition("labels", 0)


def lines(n: int) -> list[tuple[str, str]]:
    """Topic and line of each record, in the order in which they come about."""
    made = []
    for i, record in enumerate(records(label_settings("labels.mode=delayed"), n, seed=6)):
        text = "{not json" if i % 101 == 100 else json.dumps(record)
        made.append(("labels" if "label" in record else "events", text + "\n"))
    return made


def answered(root: Path) -> int:
    return sum(entry.position for entry in read_commits(root).values())


def wait(root: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while answered(root) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_kills_at_random_points_change_no_bit_of_what_the_journal_tells(tmp_path: Path) -> None:
    made, source = lines(1500), random.Random(8)
    paths = {topic: tmp_path / topic / "0.jsonl" for topic in ("events", "labels")}
    for path in paths.values():
        path.parent.mkdir()
        path.touch()
    text = {topic: "".join(line for of, line in made if of == topic) for topic in paths}
    written = dict.fromkeys(paths, 0)

    def feed(share: float) -> None:
        """Torn pieces of either topic, up to a share of both."""
        for topic, path in paths.items():
            upto = int(share * len(text[topic]))
            piece = text[topic][written[topic] : min(written[topic] + source.randrange(1, 3000), upto)]
            with path.open("a") as file:
                file.write(piece)
            written[topic] += len(piece)

    for share in (0.2, 0.4, 0.6, 0.8):
        process = start(tmp_path, *LABELS, f"transport.poll_records={source.randrange(5, 300)}")
        enough, deadline = source.uniform(share - 0.15, share - 0.05) * len(made), time.monotonic() + 60
        while answered(tmp_path) < enough and time.monotonic() < deadline:
            feed(share)
            time.sleep(0.01)
        assert answered(tmp_path) >= enough
        process.kill()
        process.communicate()
    for topic, path in paths.items():
        with path.open("a") as file:
            file.write(text[topic][written[topic] :])
    process = start(tmp_path, *LABELS, "transport.poll_records=123")
    wait(tmp_path, len(made))
    process.terminate()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors.decode()

    store = DirectoryStore(tmp_path / "snapshots", 2)
    ((lineage, _),) = store.lineages(BOTH[0]).items()
    logs = [
        {i: (None, line, math.nan) for i, line in enumerate(paths[topic].read_bytes().splitlines())} for topic in paths
    ]
    journal = (tmp_path / "labels-journal" / "0.jsonl").read_bytes().splitlines()
    taken = merged(BOTH, (logs[0], logs[1]), order(journal, lineage))
    assert len(taken) == len(made)
    answers, letters, state = expected(settings(*LABELS, "model.hidden_size=8"), lineage, taken, numbered_time=True)
    assert (tmp_path / "predictions" / "0.jsonl").read_bytes().splitlines() == answers
    seen = [json.loads(line) for line in (tmp_path / "dead-letters" / "0.jsonl").read_bytes().splitlines()]
    assert [(each["reason"], each["source"]["topic"], each["source"]["offset"]) for each in seen] == [
        (reason, partition.topic, offset) for reason, partition, offset in letters
    ]
    newest = max(store.listing(str(BOTH[0])), key=lambda each: each.name.position)
    assert newest.name.position == len(made)
    assert same_state(store.read(newest.name)[1], state) == []
