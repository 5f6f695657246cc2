"""What is made up for each preset can be learned from, and is the same for the same seed."""

import json
import re
from collections import Counter
from itertools import chain, groupby, islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.demo.append import append
from streamrnn.demo.scenes import SCENES
from streamrnn.demo.scenes.frames import SILENCE, WORDS, Speaker, frames
from streamrnn.demo.scenes.handwriting import DIRECTIONS, directions
from streamrnn.presets.templates import PRESETS


def lines(preset: str, count: int = 4000, seed: int = 0, streams: int = 10) -> list[bytes]:
    return list(islice(chain.from_iterable(SCENES[preset](seed, streams)), count))


def rows(preset: str, count: int = 4000) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines(preset, count)]


def test_there_is_a_scene_for_every_preset() -> None:
    assert list(SCENES) == list(PRESETS)


@pytest.mark.parametrize("preset", SCENES)
def test_the_same_seed_gives_the_same_bytes(preset: str) -> None:
    assert lines(preset) == lines(preset)
    assert lines(preset) != lines(preset, seed=1)


@pytest.mark.parametrize("preset", SCENES)
def test_every_stream_speaks_in_the_order_of_its_times(preset: str) -> None:
    last: dict[str, float] = {}
    for row in rows(preset):
        assert row["time"] >= last.get(row["stream"], 0.0)
        last[row["stream"]] = row["time"]
    assert len(last) >= 9


def test_faults_of_every_kind_are_marked_after_a_quiet_beginning() -> None:
    found = rows("anomaly", 40_000)
    assert all(row["fault"] is None for row in found[: 800 * 10])
    kinds = Counter(row["fault"] for row in found)
    assert set(kinds) == {None, "surge", "stuck", "restless", "idle"}
    assert kinds[None] > 0.9 * len(found)


def test_a_class_depends_on_the_past_and_not_on_the_features_alone() -> None:
    found = rows("classify")
    assert set(row["label"] for row in found) == {"sound", "worn", "failing"}
    by_load: dict[float, set[str]] = {}
    for row in found:
        by_load.setdefault(round(row["load"], 1), set()).add(row["label"])
    assert sum(len(labels) == 3 for labels in by_load.values()) > len(by_load) / 2


def test_delayed_labels_name_an_earlier_event_and_agree_with_the_scene_that_has_them_at_once() -> None:
    truth = [row["label"] for row in rows("classify")]
    events: dict[str, int] = {}
    labels = Counter[str]()
    for row in rows("delayed-labels"):
        if "label" not in row:
            events[row["id"]] = len(events)
            continue
        assert row["id"] in events
        assert row["label"] == truth[events[row["id"]]]
        labels[row["id"]] += 1
    assert max(labels.values()) == 2
    assert 0.8 * len(events) < len(labels) < len(events)


def test_sequences_end_with_an_outcome_and_only_there() -> None:
    found = rows("sequence-label")
    assert all((row["outcome"] is not None) == row["end"] for row in found)
    outcomes = Counter(row["outcome"] for row in found if row["end"])
    assert min(outcomes["bought"], outcomes["left"]) > 100


def test_a_digit_ends_with_its_label_and_has_it_nowhere_else() -> None:
    found = rows("strokes", 20_000)
    assert all((row["label"] is not None) == row["last"] for row in found)
    assert {row["label"] for row in found if row["last"]} == set("0123456789")
    lifted = Counter(row["pen"] for row in found)
    assert 0.01 * len(found) < lifted[False] < 0.2 * len(found)


def test_a_path_names_a_digit_and_then_where_the_pen_goes() -> None:
    digits: dict[str, list[str]] = {}
    for row in rows("strokes", 20_000):
        digits.setdefault(row["stream"], []).append(row["label"])
    drawn: dict[str, list[str]] = {}
    for row in rows("handwriting", 1000):
        name, *path = row["path"].split()
        assert path and {word.lower() for word in path} <= set(DIRECTIONS)
        drawn.setdefault(row["stream"], []).append(name)
    for stream, names in drawn.items():
        assert [each for each in digits[stream] if each][: len(names)] == names


def test_a_direction_is_the_nearest_sixteenth_of_a_turn_and_in_capitals_above_the_paper() -> None:
    moves = np.array([[1.0, 0.0], [3.0, 3.0], [0.0, -2.0], [-2.0, 0.9], [1.0, -0.1]])
    assert directions(moves, [True, False, True, True, True]) == ["e", "NE", "s", "wnw", "e"]


def test_writers_differ_in_size_slant_and_ways() -> None:
    places: dict[str, list[tuple[float, float]]] = {}
    for row in rows("strokes", 20_000):
        places.setdefault(row["stream"], []).append((row["dx"], row["dy"]))
    spreads = [np.std(each, axis=0) for each in places.values()]
    slants = [np.corrcoef(np.array(each).T)[0, 1] for each in places.values()]
    assert np.ptp(np.log([spread[1] for spread in spreads])) > 0.5
    assert np.ptp(slants) > 0.3


def test_sounds_follow_their_grammar_and_only_some_sentences_are_labelled() -> None:
    by_speaker: dict[str, list[tuple[str, bool]]] = {}
    for name, _, _, sound, labelled in islice(chain.from_iterable(frames(0, 10)), 20_000):
        by_speaker.setdefault(name, []).append((sound, labelled))
    for spoken in by_speaker.values():
        changes = [key for key, _ in groupby(spoken, key=lambda frame: frame[0])]
        text = "".join("." if sound == SILENCE else sound for sound in changes)
        sentence = rf"({'|'.join(WORDS[0])})\.?({'|'.join(WORDS[1])})\.?({'|'.join(WORDS[2])})"
        assert re.fullmatch(rf"(\.{sentence})*\..*", text)
    labelled = [known for spoken in by_speaker.values() for _, known in spoken]
    assert 0.6 < sum(labelled) / len(labelled) < 0.8
    assert [row["label"] is not None for row in rows("frames", 4000)] == [
        row[4] for row in islice(chain.from_iterable(frames(0, 10)), 4000)
    ]


def test_at_a_sounds_first_frame_what_comes_tells_it_and_what_was_misleads() -> None:
    speaker = Speaker(0, 0)
    spoken = [speaker.sentence()[:2] for _ in range(200)]
    truth = np.array([sound for sounds, _ in spoken for sound in sounds])
    energies = np.concatenate([each for _, each in spoken])
    first = np.append(False, truth[1:] != truth[:-1])
    names = np.unique(truth)

    def told(shifts: tuple[int, ...]) -> float:
        """Share of first frames that are nearest to their sound's mean, by the frames at these distances."""
        seen = np.concatenate([np.roll(energies, -shift, axis=0) for shift in shifts], 1)
        means = np.array([seen[truth == name].mean(0) for name in names])
        said = names[((seen[first][:, None] - means) ** 2).sum(2).argmin(1)]
        return float((said == truth[first]).mean())

    assert told((-2, -1, 0)) < 0.3
    assert told((0, 1, 2)) > 0.6


def test_events_are_appended_to_a_directory_log(tmp_path) -> None:
    for _ in range(2):
        counts = list(append(tmp_path, lambda line: "events", ["events"], SCENES["forecast"](0, 10), 1e9, 500))
        assert counts[-1] == 500
    text = (tmp_path / "events" / "0.jsonl").read_bytes()
    assert text.count(b"\n") == 1000 and text.endswith(b"\n")


def test_few_events_a_second_stay_few(tmp_path) -> None:
    counts = list(islice(append(tmp_path, lambda line: "events", ["events"], SCENES["forecast"](0, 10), 0.1, None), 10))
    assert counts == [1] * 10  # the next one is due ten seconds later


@pytest.mark.parametrize("rate", ["0", "0.05", "nan", "inf", "-1"])
def test_a_rate_that_is_none_is_refused(rate: str, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["feed", "--rate", rate, "--set", f"transport.path={tmp_path}", "--events", "1"])
    assert done.exit_code == 2 and not list(tmp_path.iterdir())
