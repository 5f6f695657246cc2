"""What a shard tells of streams of tokens."""

import json
import math

import numpy as np
import pytest

from streamrnn.events.encode import encode_predictions
from streamrnn.events.token_answers import TokenAnswers
from streamrnn.settings.tokens import END
from streamrnn.shard import Shard
from tests.helpers import PARTITION
from tests.token_logs import MODES, decoded, fresh_shard, records, token_settings


def told(shard: Shard, *overrides: str, log: list[dict[str, object]]) -> list[dict[str, object]]:
    predictions, _ = shard.process(decoded(token_settings(*overrides), log))
    return [json.loads(line) for line in encode_predictions(predictions, ())]


def of(texts: list[object], stream: str = "a", **more: object) -> list[dict[str, object]]:
    return [{"stream": stream, "time": i, "text": text, **more} for i, text in enumerate(texts)]


def test_a_text_that_repeats_is_soon_foretold_and_a_new_one_is_a_surprise() -> None:
    shard = fresh_shard(token_settings())
    rows = told(shard, log=[*of(["abcab"] * 60), *of(["cabXY"])])
    usual, last = rows[-2]["tokens"], rows[-1]["tokens"]
    assert (usual["counted"], usual["right"]) == (5, 5)
    assert usual["bits"] < 1 < usual["baseline_bits"]
    assert last["bits"] > 10
    assert usual["next"][0]["token"] == "a"
    assert usual["next"][0]["probability"] > 0.9


def test_nothing_is_told_before_the_first_token_and_an_empty_text_changes_nothing() -> None:
    shard = fresh_shard(token_settings())
    first, second, third = told(shard, log=of(["", "ab", None]))
    assert first["tokens"] == {
        "counted": 0, "right": 0, "bits": 0.0, "baseline_bits": 0.0, "next": [], "exact": None,
    }  # fmt: skip
    assert second["tokens"]["counted"] == 1  # of the first letter nothing had been foretold
    assert third["tokens"]["next"] == second["tokens"]["next"]
    assert [row["events"] for row in (first, second, third)] == [1, 2, 3]


def test_a_sequence_ends_with_a_token_of_its_own_and_begins_anew() -> None:
    chosen = ["tokens.of=words", "sequences.record=true"]
    rows = told(fresh_shard(token_settings(*chosen)), *chosen, log=of(["one two"] * 80))
    assert rows[-1]["tokens"]["counted"] == 3  # the end is foretold too
    assert rows[-1]["tokens"]["right"] == 3
    assert rows[-1]["tokens"]["next"][0]["token"] == "one"
    chosen = ["tokens.of=words", "sequences.end=last"]
    rows = told(fresh_shard(token_settings(*chosen)), *chosen, log=of(["one", "two"] * 80, last=False))
    assert END not in [each["token"] for each in rows[-1]["tokens"]["next"]]


def test_silence_ends_a_sequence_as_the_next_event_shows() -> None:
    chosen = ["tokens.of=words", "sequences.gap=100"]
    log = of(["one two"] * 40)
    for place, record in enumerate(log):
        record["time"] = 500 * place
    rows = told(fresh_shard(token_settings(*chosen)), *chosen, log=log)
    assert rows[-1]["tokens"]["counted"] == 3
    assert rows[-1]["tokens"]["next"][0]["token"] == END


def test_notes_come_at_once() -> None:
    chosen = ["tokens.of=sets"]
    rows = told(fresh_shard(token_settings(*chosen)), *chosen, log=of([[60, 64], [62, 65, 69]] * 150))
    assert {each["token"] for each in rows[-1]["tokens"]["next"][:2]} == {"60", "64"}
    assert rows[-1]["tokens"]["right"] == 1
    assert rows[-1]["tokens"]["counted"] == 1
    assert END not in [each["token"] for row in rows for each in row["tokens"]["next"]]  # which is none of them


@pytest.mark.parametrize("parted", [False, True])
def test_an_answer_behind_the_marker_is_exact_or_not(parted: bool) -> None:
    chosen = ["tokens.of=words", "tokens.marker=|", "sequences.end=last"]
    log: list[dict[str, object]] = []
    for _ in range(60):
        if parted:
            log += [*of(["cat |"], last=False), *of(["gato"], last=True)]
        else:
            log += of(["cat | gato"], last=True)
    rows = told(fresh_shard(token_settings(*chosen)), *chosen, log=log)
    exact = [row["tokens"]["exact"] for row in rows]
    assert exact[-1] is True
    assert exact[0] is (None if parted else False)
    assert exact[-2] is (None if parted else True)


@pytest.mark.parametrize("of", ["items", "sets"])
def test_the_surprise_is_that_of_what_had_been_told_though_other_streams_brought_new_words_since(of: str) -> None:
    chosen = [f"tokens.of={of}", "tokens.vocabulary=20", "streams.expire_after=90000"]
    log = [
        {"stream": stream, "time": 0, "text": [word]}
        for stream, word in [("a", "x"), ("b", "y"), ("b", "z"), ("a", "z"), ("b", "u"), ("b", "x"), ("a", "u")]
    ]
    before: dict[object, dict[str, float]] = {}
    for place, row in enumerate(told(fresh_shard(token_settings(*chosen)), *chosen, log=log)):
        known, tokens = before.get(row["stream"], {}), row["tokens"]
        before[row["stream"]] = {each["token"]: each["probability"] for each in tokens["next"]}
        if not known:
            continue
        word = log[place]["text"][0]
        came = word if word in known else "<new>"
        chances = [chance if token == came else 1 - chance for token, chance in known.items()]
        surprise = -math.log2(known[came]) if of == "items" else -sum(map(math.log2, chances))
        assert tokens["bits"] == pytest.approx(surprise, rel=1e-6)


def test_a_text_is_as_surprising_at_once_as_letter_by_letter() -> None:
    # So no letter is foretold by what its own event goes on with, such as letters that are new.
    text = "the cat sat on the mat, who knows why?"
    at_once, by_letter = (sum(row["tokens"]["bits"] for row in told(fresh_shard(token_settings()), log=of(parts)))
                          for parts in ([text], list(text)))
    assert at_once == pytest.approx(by_letter, rel=1e-12)


def test_of_equally_likely_tokens_the_first_ten_are_told_on_every_machine() -> None:
    chances = np.full((2, 16), 1 / 16)
    chances[1, 12] = 0.2
    ones = np.ones(2, np.int64)
    answers = TokenAnswers(
        ones, ones, np.ones(2), np.ones(2), chances, 16 * ones, np.zeros(2, np.int8), list("abcdefghijklmnop")
    )
    first, second = ("".join(each.token for each in told.next) for told in answers.told())
    assert (first, second) == ("abcdefghij", "mabcdefghi")


def test_the_end_that_silence_tells_of_is_no_answer() -> None:
    chosen = ["tokens.of=words", "tokens.marker=|", "sequences.gap=100"]
    log = [{"stream": "a", "time": 500 * i, "text": text} for i, text in enumerate(["cat | gato", "dog", "cat | gato"])]
    rows = told(fresh_shard(token_settings(*chosen)), *chosen, log=log)
    assert [row["tokens"]["exact"] is None for row in rows] == [False, True, False]


@pytest.mark.parametrize("mode", MODES)
def test_all_that_is_kept_is_finite(mode: str) -> None:
    chosen = token_settings(*MODES[mode])
    shard = fresh_shard(chosen)
    shard.process(decoded(chosen, records(chosen, 200)))
    for name, values in shard.saved().items():
        assert np.isfinite(values).all(), name


def test_a_word_not_seen_yet_has_its_chance() -> None:
    shard = fresh_shard(token_settings("tokens.of=words"))
    rows = told(shard, "tokens.of=words", log=of([f"w{i}" for i in range(25)]))
    assert rows[-1]["tokens"]["bits"] < 8


@pytest.mark.parametrize("mode", MODES)
def test_batches_and_a_restart_change_no_bit(mode: str) -> None:
    chosen = token_settings(*MODES[mode])
    log = records(chosen, 200)
    whole, parted = fresh_shard(chosen), fresh_shard(chosen)
    whole.process(decoded(chosen, log))
    for at in range(0, len(log), 7):
        parted.process(decoded(chosen, log[at : at + 7], at))
        if at == 98:
            again = Shard(chosen, PARTITION, weights=np.zeros_like(parted.saved()["network_weights"]))
            again.load({name: values.copy() for name, values in parted.saved().items()})
            parted = again
    assert parted.digest() == whole.digest()


def test_a_look_tells_tokens_by_name() -> None:
    shard = fresh_shard(token_settings())
    told(shard, log=of(["abab"] * 50))
    found = shard.look("a")
    assert found is not None
    (target,) = found.targets
    assert (target.target, target.forecast) == ("text", "a")
    assert target.settled is not None
    assert (target.settled.forecast, target.settled.outcome) == ("b", "b")
    assert 0 < target.error < target.baseline_error
    assert target.skill > 0.8
