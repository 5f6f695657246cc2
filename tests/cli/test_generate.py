"""``generate`` continues a stream of a snapshot, writes nothing, and says why where it cannot."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.exits import ExitCode
from streamrnn.genesis import versions
from streamrnn.settings import load
from streamrnn.shard import Shard
from streamrnn.snapshots import Frozen, Header
from streamrnn.snapshots.store import DirectoryStore
from tests.helpers import PARTITION, events, with_traits

SMALL = ("model.hidden_size=4", "streams.max_live=100", "forecast.interval=60")


def generate(words: str, *overrides: str, given: str = "") -> Any:
    options = [part for text in overrides for part in ("--set", text)]
    return CliRunner().invoke(app, ["generate", *shlex.split(words), *options], input=given)


def rows(words: str, *overrides: str, given: str = "") -> list[dict[str, Any]]:
    result = generate(f"{words} --json", *overrides, given=given)
    assert result.exit_code == ExitCode.OK, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def saved(*overrides: str, streams: str = "ab", partition: str = "events-0", told: bool = True) -> Path:
    """A snapshot of a shard that learned a little of these streams."""
    chosen = load(None, [*SMALL, *overrides], {}).settings
    shard = Shard(chosen, PARTITION)
    if not (chosen.learns_labels or chosen.learns_tokens):
        n = 150
        values = np.random.default_rng(0).normal(size=(n, len(chosen.events.features)))
        log = events(values, [streams[i % len(streams)] for i in range(n)], np.arange(n) * 30.0)
        shard.process(with_traits(chosen, log))
    header = Header(
        1, partition, 150, 150, "a1b2", chosen.state_digest(), 0, versions(), False,
        settings=chosen.state_settings() if told else {},
    )  # fmt: skip
    store = DirectoryStore(chosen.snapshot_folder, 3)
    store.write(header, Frozen.of(shard.saved()), 0)
    return store.path_of(header)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_steps_come_as_json_lines_an_interval_apart() -> None:
    saved()
    found = rows("--stream a --steps 3")
    assert [(row["stream"], row["step"]) for row in found] == [("a", 1), ("a", 2), ("a", 3)]
    assert [row["time"] for row in found] == [4500, 4560, 4620]
    (value,) = found[0]["values"]
    (interval,) = value["intervals"]
    assert list(value) == ["target", "value", "forecast", "intervals"]
    assert interval["level"] == 0.9 and interval["low"] < value["forecast"] < interval["high"]


def test_seeds_decide_and_the_best_is_the_forecast() -> None:
    saved()
    one, again, other = (generate(f"--stream a --seed {seed} --json").stdout for seed in (1, 1, 2))
    assert one == again != other
    assert len(one.splitlines()) == 24
    best = [value for row in rows("--stream a --best") for value in row["values"]]
    assert all(value["value"] == value["forecast"] for value in best)
    assert rows("--stream a --temperature 0") == rows("--stream a --best")


def test_nothing_is_written() -> None:
    path = saved()

    def files() -> dict[Path, tuple[bytes, int]]:
        return {file: (file.read_bytes(), file.stat().st_mtime_ns) for file in Path().rglob("*") if file.is_file()}

    before = files()
    rows("--stream a")
    rows(f"--stream a --snapshot {path}")
    assert files() == before


def test_a_file_a_folder_or_the_partition_that_has_the_stream_is_taken() -> None:
    path = saved(streams="ab")
    by_store = rows("--stream a")
    assert rows(f"--stream a --snapshot {path}") == rows("--stream a --snapshot var/log/snapshots") == by_store
    saved(streams="cd", partition="events-1")
    assert rows("--stream a") == by_store
    assert rows("--stream c")[0]["stream"] == "c"
    assert rows("--stream c --partition events-1") == rows("--stream c")
    refused = generate("--stream c --partition events-0")
    assert refused.exit_code == ExitCode.SETTINGS and "no stream 'c' in the snapshot of events-0" in refused.output


def test_lines_for_people_are_aligned_below_their_titles() -> None:
    saved("events.features=[heat,flow]", "forecast.levels=[0.5,0.9]")
    lines = generate("--stream a --steps 2").stdout.splitlines()
    titles = "step time heat forecast 0.5 interval flow forecast 0.5 interval"
    assert " ".join(lines[0].split()) == titles
    assert re.match(r"    1  1970-01-01T01:15:00.000Z ", lines[1])
    assert len(lines) == 3
    assert [line.index("[") for line in lines[1:]] == [lines[0].index("0.5 interval")] * 2


def test_a_stream_that_is_not_there_is_told_with_the_remedy() -> None:
    assert "holds no snapshot" in generate("--stream a").output
    path = saved()
    in_store = generate("--stream z")
    assert in_store.exit_code == ExitCode.SETTINGS and "no stream 'z' in the newest whole snapshots" in in_store.output
    in_file = generate(f"--stream z --snapshot {path}")
    assert in_file.exit_code == ExitCode.SETTINGS
    assert "no stream 'z' in the snapshot of events-0" in in_file.output and "--given" in in_file.output


def test_given_events_come_first_and_may_begin_a_stream() -> None:
    saved()
    plain, after = rows("--stream a --best"), rows("--stream a --best --given -", given='{"value": 40.0}\n')
    assert after[0]["time"] == plain[1]["time"]
    assert after[0]["values"][0]["forecast"] > plain[1]["values"][0]["forecast"]
    begun = generate("--stream z --steps 2 --json --given -", given='{"time": 60, "value": 3}\n{"value": 4}\n')
    assert begun.exit_code == ExitCode.OK
    assert "'z' is new to events-0" in begun.stderr
    assert [json.loads(line)["time"] for line in begun.stdout.splitlines()] == [180.0, 240.0]
    refused = generate("--stream a --given -", given='{"value": 1}\n{"value": "x"}\n')
    assert refused.exit_code == ExitCode.SETTINGS and "line 2 of --given" in refused.output


def test_held_fields_are_checked_by_name() -> None:
    saved("events.features=[x,y]", "events.targets=[y]", "inputs.categories={weather: [rain, sun]}", streams="a")
    assert rows("--stream a --hold x=3 --hold weather=sun --best") != rows("--stream a --best")
    for words, why in [
        ("--hold y=3", "that is a target, which is drawn"),
        ("--hold wheather=sun", "did you mean weather?"),
        ("--hold x", "write FIELD=VALUE"),
        ("--hold x=high", "'x' is text"),
    ]:
        refused = generate(f"--stream a {words}")
        assert refused.exit_code == ExitCode.SETTINGS and why in refused.output, words


@pytest.mark.parametrize(
    ("overrides", "words", "why"),
    [
        (["labels.mode=field", "forecast.interval=null"], "", "labels.mode is field"),
        (["tokens.field=text", "events.features=[]", "forecast.interval=null"], "--every 5", "tokens have no fields"),
        ([], "--prompt x", "--prompt is for streams of tokens"),
        (["model.kind=none"], "", "model.kind is none"),
        (["forecast.levels=[]"], "", "add --best"),
        ([], "--every 60", "leave out --every"),
    ],
)
def test_what_cannot_be_continued_is_refused_with_the_reason(overrides: list[str], words: str, why: str) -> None:
    path = saved(*overrides)
    refused = generate(f"--stream a --snapshot {path} {words}")
    assert refused.exit_code == ExitCode.SETTINGS and why in refused.output


def test_without_intervals_the_best_is_known_all_the_same() -> None:
    saved("forecast.levels=[]")
    assert rows("--stream a --best")[0]["values"][0]["intervals"] == []
    assert "interval" not in generate("--stream a --best").stdout


def test_a_snapshot_that_cannot_be_used_ends_with_its_own_code() -> None:
    path = saved(told=False)
    refused = generate(f"--stream a --snapshot {path}")
    assert refused.exit_code == ExitCode.STATE and "--config" in refused.output
    assert generate(f"--stream a --snapshot {path}", *SMALL).exit_code == ExitCode.OK
    path.write_bytes(path.read_bytes()[:-1])
    assert generate(f"--stream a --snapshot {path}").exit_code == ExitCode.STATE
    assert generate(f"--stream a --snapshot {path} --partition events-0").exit_code == ExitCode.SETTINGS
