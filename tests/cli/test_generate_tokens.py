"""``generate`` continues a stream of tokens: text, words, notes."""

import json
import random
import shlex
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from streamrnn.cli.app import app
from streamrnn.drawing import Uniforms
from streamrnn.exits import ExitCode
from streamrnn.genesis import versions
from streamrnn.shard import Shard
from streamrnn.snapshots import Frozen, Header
from streamrnn.snapshots.store import DirectoryStore
from tests.helpers import PARTITION
from tests.token_logs import decoded, token_settings

WORDS = ("tokens.of=words", "tokens.marker=|", "sequences.record=true")
NOTES = ("tokens.of=sets",)
SCATTERED: list[object] = ["".join(random.Random(i).choices("abcde", k=3)) for i in range(80)]


@pytest.fixture(autouse=True)
def here(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def saved(texts: list[object], *overrides: str) -> str:
    """The digest of a shard that has learned these texts of a stream a, and whose snapshot is there."""
    chosen = token_settings(*overrides)
    shard = Shard(chosen, PARTITION)
    shard.process(decoded(chosen, [{"stream": "a", "time": i, "text": text} for i, text in enumerate(texts)]))
    header = Header(
        1, "events-0", len(texts), len(texts), "a1b2", chosen.state_digest(), 0, versions(), False,
        settings=chosen.state_settings(),
    )  # fmt: skip
    DirectoryStore(chosen.snapshot_folder, 3).write(header, Frozen.of(shard.saved()), 0)
    return shard.digest()


def generate(words: str, given: str = "") -> Any:
    return CliRunner().invoke(app, ["generate", *shlex.split(words)], input=given)


def told(words: str) -> str:
    found = generate(words)
    assert found.exit_code == ExitCode.OK, found.output
    return str(found.stdout)


def test_a_text_goes_on_as_it_was_learned() -> None:
    saved(["abcd"] * 80)
    assert told("--stream a --steps 10 --best") == "abcdabcdab\n"
    assert told("--stream a --steps 10 --temperature 0.2 --seed 5") == "abcdabcdab\n"
    assert told("--stream a --steps 6 --best --prompt abc") == "dabcda\n"


def test_a_new_stream_trusts_its_experts_as_the_others_do() -> None:
    saved(["abcd"] * 200)
    (next_,) = json.loads(told("--stream z --prompt ab --steps 1 --best --json"))["tokens"]
    assert next_["token"] == "c" and next_["probability"] > 0.9  # a third of it to the usual letter left .65


def test_equal_seeds_draw_the_same_and_others_do_not() -> None:
    saved(["ab", "ac", "ad", "bc"] * 40)
    first, again, other = (told(f"--stream a --steps 60 --temperature 4 --seed {seed}") for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("temperature", [1e-6, 1e-9])
def test_the_cooler_the_draws_the_more_they_are_the_likeliest(temperature: float) -> None:
    saved(SCATTERED)
    best = told("--stream a --steps 60 --best")
    assert told(f"--stream a --steps 60 --temperature {temperature} --seed 3") == best


def test_a_text_that_never_ends_does_not_end_however_hot_the_draws() -> None:
    saved(SCATTERED)
    rows = [json.loads(line) for line in told("--stream a --steps 300 --temperature 50 --json").splitlines()]
    assert len(rows) == 300 and not any(row["end"] for row in rows)


@pytest.mark.parametrize("temperature", [1.0, 0.4, 3.0])
@pytest.mark.parametrize(("texts", "overrides"), [(SCATTERED, ()), ([[60, 64], [62]] * 20, NOTES)])
def test_draws_come_as_often_as_is_told(texts: list[object], overrides: tuple[str, ...], temperature: float) -> None:
    chosen = token_settings(*overrides)
    shard = Shard(chosen, PARTITION)
    shard.process(decoded(chosen, [{"stream": "a", "time": i, "text": text} for i, text in enumerate(texts)]))
    writer, draws = shard.writer("a"), 4000
    assert writer is not None
    named = len(shard.saved()["token_lengths"].nonzero()[0])
    likely = writer._chances[1:named]
    assert likely.max() < 0.99
    power = likely ** (1 / temperature)
    power /= power + (1 - likely) ** (1 / temperature) if overrides else power.sum()
    uniforms, counts = Uniforms(0), np.zeros(named)
    for _ in range(draws):
        codes = writer._draw_set(uniforms, temperature) if overrides else [writer._draw(uniforms, temperature)]
        counts[codes] += 1
    assert counts[0] == 0
    np.testing.assert_allclose(counts[1:] / draws, power, atol=4 * 0.5 / draws**0.5)


def test_each_step_has_its_probability_as_json() -> None:
    saved(["abcd"] * 80)
    first, *_ = [json.loads(line) for line in told("--stream a --steps 3 --json").splitlines()]
    (token,) = first["tokens"]
    assert (first["stream"], first["step"], first["end"], token["token"]) == ("a", 1, False, "a")
    assert 0.9 < token["probability"] < 1


def test_an_answer_is_given_on_request_and_ends_where_the_sequence_does() -> None:
    saved(["cat | gato", "dog | kano", "the cat | la gato"] * 60, *WORDS)
    for stream in ("a", "quite-new"):
        assert told(f"--stream {stream} --best --steps 9 --prompt 'the cat |'") == "la gato\n"
    rows = [json.loads(line) for line in told("--stream a --best --prompt 'dog |' --json").splitlines()]
    assert [row["end"] for row in rows] == [False, True]


def test_notes_come_in_sets_a_line_each() -> None:
    saved([[60, 64], [62, 65, 69]] * 150, *NOTES)
    assert told("--stream a --steps 2 --best") == "    1  60 64\n    2  62 65 69\n"
    assert told("--stream a --steps 1 --best --prompt '60 64'") == "    1  62 65 69\n"


def test_given_events_are_facts() -> None:
    saved(["abcd"] * 80)
    found = generate("--stream b --steps 4 --best --given -", '{"text": "abc"}\n')
    assert (found.exit_code, found.stdout) == (ExitCode.OK, "dabc\n")


def test_an_unknown_stream_is_an_error() -> None:
    saved(["abcd"] * 20)
    found = generate("--stream b --steps 4")
    assert found.exit_code == ExitCode.SETTINGS
    assert "no stream 'b'" in found.stderr


def test_a_stream_of_which_nothing_is_foretold_is_an_error() -> None:
    saved(["abcd"] * 20)
    found = generate("--stream b --steps 4 --prompt ''")
    assert (found.exit_code, found.stdout) == (ExitCode.SETTINGS, "")
    assert "give its first ones by --prompt" in found.stderr


def test_nothing_is_learned_from_what_is_written() -> None:
    chosen = token_settings(*WORDS)
    shard = Shard(chosen, PARTITION)
    log = [{"stream": "ab"[i % 2], "time": i, "text": "the cat | la gato"} for i in range(60)]
    shard.process(decoded(chosen, log))
    before = {name: values.copy() for name, values in shard.saved().items()}
    writer = shard.writer("a")
    assert writer is not None
    writer.take(shard.codes(["dog", "|"]))
    assert list(writer.write(20, Uniforms(1), 1.0))
    after, other = shard.saved(), 1  # the row of the other stream
    memory = {"network", "network_counts", "token_contexts", "token_starts", "mixture", "mixture_opinions"}
    for name, values in before.items():
        if name not in memory | {"token_lengths", "token_names"}:  # new words have numbers now
            assert values.tobytes() == after[name].tobytes(), name
        elif name in memory:
            assert values[other].tobytes() == after[name][other].tobytes(), name
