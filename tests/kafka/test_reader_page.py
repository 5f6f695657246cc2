"""The reader that docs/protocol.md shows takes each committed answer of a real topic once; headers are as told."""

import json
import re
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import kafka
import pytest

from tests.docs.examples import PAGE
from tests.kafka.conftest import Running, Topics

EVENTS = 240
SILENCE = 3000  # milliseconds without a record, after which the page's loop ends here


@pytest.mark.timeout(600)  # the first start on a machine compiles
def test_the_reader_of_the_page_takes_each_answer_once(
    topics: Topics, start: Callable[..., Running], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = [json.dumps({"stream": f"s{i % 4}", "value": 20 + i % 7}).encode() for i in range(EVENTS)]
    topics.produce([*values, b"no JSON"], lambda i: i % topics.partitions)
    start("model.kind=none")
    [letter] = [each for found in topics.read("dead", 1).values() for each in found]
    answers = topics.read("out", EVENTS)

    page = PAGE.read_text()
    program = re.findall(r"```python\n(.*?)```", page, re.DOTALL)[0]
    program = program.replace('"predictions"', f'"{topics.name}-out"').replace("localhost:9092", topics.bootstrap)
    quiet: Any = kafka.KafkaConsumer
    monkeypatch.setattr(
        kafka, "KafkaConsumer", lambda *topic, **options: quiet(*topic, **options, consumer_timeout_ms=SILENCE)
    )
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # the second run reads all of it again
        exec(program, {})
    with sqlite3.connect("alerts.db") as store:
        places = store.execute("select * from places order by number").fetchall()
    half = EVENTS // topics.partitions
    assert places == [(f"{topics.name}-in", number, half - 1) for number in range(topics.partitions)]

    headers = {name for records in answers.values() for record in records for name, _ in record.headers}
    assert headers == {"topic", "partition", "offset", "records"}
    assert {name for name, _ in letter.headers} == headers - {"records"} | {"reason", "message", "length", "sha256"}
