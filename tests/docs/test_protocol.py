"""docs/protocol.md tells every field and every reason, no other, and shows what a shard really answers."""

import json
import re
import sys
import types
from pathlib import Path
from typing import Any

import msgspec
import pytest

from streamrnn.events import dead_letter, encode, label_answers, reasons, token_answers
from streamrnn.transport.journal import Entry
from tests.docs.examples import PAGE, Json, Record, answers, make, shown

TEXT = PAGE.read_text()
ANSWERS = [
    encode.Source, encode.Interval, encode.Forecast, encode.ForecastWithQuantiles, encode.ForecastWithDistribution,
    encode.Distribution, encode.Settled, encode.Anomaly, encode.WaitingPrediction, encode.Ended, encode.LateAnswer,
    label_answers.Label, label_answers.SettledLabel, label_answers.Of, encode.TokenPrediction, token_answers.Tokens,
    token_answers.NextToken,
]  # fmt: skip
BETWEEN = {"v", "lineage"}  # of the journal, and of the rest


def section(title: str) -> str:
    return TEXT.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def words(text: str) -> set[str]:
    """Names of fields in plain code spans, without settings (which have a dot or a colon)."""
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    return set(re.findall(r"`([a-z][a-z_0-9]*)`", prose))


def fields(*structs: Any) -> set[str]:
    return {name for struct in structs for name in struct.__struct_fields__}


def shape(value: Any) -> Any:
    """Keys and kinds, numbers being alike; of lists that of each entry."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__


def test_every_field_of_an_answer_is_told_and_no_other() -> None:
    told = words(section("Answers") + section("Answers about labels") + section("Answers about tokens"))
    ours = fields(*ANSWERS)
    assert ours <= told
    assert told - ours <= {"gaussian", "student_t"}


def test_every_struct_of_the_output_is_known_here() -> None:
    found = {
        each for module in (encode, label_answers, token_answers) for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, msgspec.Struct)
    }  # fmt: skip
    assert found == {*ANSWERS, encode.Prediction, encode.LabelledPrediction}


def test_every_field_of_a_dead_letter_is_told_and_no_other() -> None:
    assert words(section("Dead letters")) == fields(dead_letter.Envelope, encode.Source)


def test_every_field_of_the_journal_is_told_and_no_other() -> None:
    assert words(section("Journal")) == fields(Entry)


ROWS = re.findall(r"\n\| `(\w+)` \| ([^|]+) \| ([^|]+) \|", section("Refusals"))
BEFORE: dict[str, list[Record]] = {
    "late": [{"stream": "a", "time": 9, "value": 1}],
    "ahead": [{"stream": "a", "time": 9, "value": 1}],
    "too_many_classes": [
        {"stream": "a", "time": 9, "value": 1, "label": "up"}, {"stream": "a", "time": 9, "value": 1, "label": "down"},
    ],
    "late_label": [{"stream": "a", "time": i, "value": 1, "id": i} for i in range(7, 10)],
    "unmatched_label": [{"stream": "a", "time": 7, "value": 1, "id": 7}],
}  # fmt: skip
DELAYED = ["labels.mode=delayed", "labels.dead_letters=true", "labels.within=1"]
SETTINGS = {
    "late": ["events.late=drop"],
    "ahead": ["events.max_ahead=3600"],
    "bad_label": ["labels.mode=field"],
    "bad_id": DELAYED,
    "bad_end": ["labels.mode=field", "sequences.end=end"],
    "bad_boolean": ["inputs.booleans=[open]"],
    "bad_category": ["inputs.categories={sky: [rain, sun]}"],
    "bad_tokens": ["events.features=[]", "tokens.field=text"],
    "too_many_tokens": ["events.features=[]", "tokens.field=notes", "tokens.of=sets", "tokens.most=2"],
    "no_id": DELAYED,
    "no_label": DELAYED,
    "unknown_class": ["labels.mode=field", "labels.classes=[up,down]"],
    "too_many_classes": ["labels.mode=field", "labels.max_classes=2"],
    "late_label": DELAYED,
    "unmatched_label": DELAYED,
}
IN_WORDS: dict[str, bytes] = {
    "too_large": b'{"stream": "a", "time": 9, "value": 2, "more": "%s"}' % (b"x" * 70_000),
    "too_deep": b"[" * 129 + b"]" * 129,
    "stream_too_long": b'{"stream": "%s", "time": 9, "value": 2}' % (b"x" * 257),
}


def test_every_reason_is_told_with_its_meaning() -> None:
    assert {reason: meaning for reason, meaning, _ in ROWS} == reasons.EXPLANATIONS


@pytest.mark.parametrize(("reason", "example"), [(reason, example) for reason, _, example in ROWS])
def test_the_example_of_a_reason_is_refused_for_it(reason: str, example: str) -> None:
    written = re.match(r"`([^`]+)`", example)
    assert (written is None) == (reason in IN_WORDS)
    last = IN_WORDS[reason] if written is None else written[1].encode()
    cheap = ["model.hidden_size=4", "anomaly.enabled=false", "forecast.horizons=[1]"]
    _, letters = answers([*cheap, *SETTINGS.get(reason, [])], [*BEFORE.get(reason, []), last], reason == "no_label")
    assert [letter["reason"] for letter in letters] == [reason]


@pytest.mark.slow
@pytest.mark.timeout(900)  # compiles
def test_what_is_shown_is_what_a_shard_answers() -> None:
    assert shape(shown(TEXT)) == shape(make())


def test_the_examples_hold_what_the_page_says_of_them() -> None:
    found = shown(TEXT)
    assert found["forecast"]["anomaly"]["alert"] is True
    assert found["first"]["settled"] == [] and found["first"]["forecasts"][0]["intervals"] == []
    assert found["tombstone"]["events"] == 0
    assert found["label"]["label"] is None and found["label"]["of"]["events_ago"] == 3
    assert found["ended"]["ended"]["offset"] == found["ended"]["source"]["offset"] - 1


def programs() -> list[str]:
    kafka, directory = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    return [kafka, directory]


def answer_at(offset: int, alert: bool) -> Json:
    anomaly = {"target": "value", "score": 3.0, "novelty": 0.5, "tail": 0.01, "alert": alert}
    source = {"topic": "events", "partition": 0, "offset": offset}
    return {"v": 1, "source": source, "stream": "a", "time": 9.0, "forecasts": [{"forecast": 2.5}], "anomaly": anomaly}


def test_the_reader_on_kafka_takes_each_answer_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sqlite3

    sent = [answer_at(offset, offset != 1) for offset in (0, 1, 2, 1, 2, 3)]  # two come twice
    asked: Json = {}

    def consumer(topic: str, **options: Any) -> list[types.SimpleNamespace]:
        asked.update(options, topic=topic)
        return [types.SimpleNamespace(value=json.dumps(each).encode()) for each in sent]

    monkeypatch.setitem(sys.modules, "kafka", types.SimpleNamespace(KafkaConsumer=consumer))  # type: ignore[arg-type]
    monkeypatch.chdir(tmp_path)
    for _ in range(2):  # a restart reads all of it again
        exec(programs()[0], {})
    with sqlite3.connect("alerts.db") as store:
        assert store.execute("select count(*) from alerts").fetchone() == (3,)
        assert store.execute("select * from places").fetchall() == [("events", 0, 3)]
    assert asked["isolation_level"] == "read_committed"


def test_the_options_of_that_reader_are_those_of_the_client() -> None:
    from kafka import KafkaConsumer

    used = re.findall(r"(\w+)=(?:\"|False)", programs()[0])
    assert len(used) == 5 and set(used) <= KafkaConsumer.DEFAULT_CONFIG.keys()


def test_the_reader_of_a_directory_log_stops_where_the_commit_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    output = tmp_path / "var/log/predictions/0.jsonl"
    output.parent.mkdir(parents=True)
    lines = [json.dumps(answer_at(offset, False)).encode() + b"\n" for offset in range(3)]
    for committed in (2, 3, 3):
        length = sum(map(len, lines[:committed]))
        (tmp_path / "var/log/commits.json").write_text(json.dumps({"events-0": {"predictions_bytes": length}}))
        output.write_bytes(b"".join(lines))
        exec(programs()[1], {})
    assert capsys.readouterr().out.splitlines() == ["a 2.5"] * 3


def test_the_commit_file_has_what_that_reader_looks_for(tmp_path: Path) -> None:
    from streamrnn.transport.commits import CommitFile, Entry

    commits = CommitFile(tmp_path, fsync=False)
    commits.replace({"events-0": Entry(1, 2, "", "", 7, 0)})
    commits.close()
    assert json.loads((tmp_path / "commits.json").read_bytes())["events-0"]["predictions_bytes"] == 7
