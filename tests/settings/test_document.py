"""What the YAML file may hold, and where its faults lie."""

from pathlib import Path

import pytest

from streamrnn.settings import SettingsError, load


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "---\n", "model:\n", "model:\n  # k1: 2\nevents: {}\n", "\ufeffseed: 0"]
)
def test_a_file_without_settings_gives_the_defaults(load_text, text):
    assert load_text(text).settings.model.k1 == 1


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: [", "config.yaml:1:5: is not YAML: "),
        ("seed: 1\n  k: 2", "config.yaml:2:4: is not YAML: "),
        ("seed: 1\n---\nseed: 2", "config.yaml:2:1: is not YAML: "),
        ("seed: \0", "config.yaml: is not YAML: "),
        ("[" * 5000, "config.yaml: is nested too deeply"),
        ("- seed", "config.yaml:1:1: the file must hold sections"),
        ("just text", "config.yaml:1:1: the file must hold sections"),
        ("model: 5", "config.yaml:1:8 model: is a section"),
        ("seed: {a: 1}", "config.yaml:1:7 seed: a section is not allowed here. Allowed: a whole number"),
        ("events: {features: [[a]]}", "config.yaml:1:20 events.features: a list in a list"),
        ("http: {host: !!python/name:os.system x}", "config.yaml:1:14 http.host: the tag "),
        ("events: {features: !!set [a]}", "config.yaml:1:20 events.features: the tag "),
        ("events: {features: !mine [a]}", "config.yaml:1:20 events.features: the tag !mine is not allowed here."),
        ("inputs: {categories: !mine {a: 3}}", "config.yaml:1:22 inputs.categories: the tag !mine "),
        ("inputs: {categories: {a: !mine [b, c]}}", "config.yaml:1:22 inputs.categories: the tag !mine "),
        ("experts: {networks: [!mine {learning_rate: 0.1}]}", "config.yaml:1:21 experts.networks: the tag !mine "),
        ("model: !mine {k2: 4}", "config.yaml:1:8 model: the tag !mine "),
        ("!mine {seed: 4}", "config.yaml:1:1: the tag !mine "),
        ("[a]: 1", "config.yaml:1:1: a key must be a plain word"),
        ("a: &a [*a]", "config.yaml:1:1 a: unknown key."),
        ("events: {features: &a [*a]}", "config.yaml:1:20 events.features: a list in a list"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_with_its_place(problems, text, start):
    (problem,) = problems(text)
    assert problem.startswith(start)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path):
    path = tmp_path / "config.yaml"
    path.write_bytes(b"seed: \xff")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(path, environ={})


def test_duplicate_keys_are_refused_with_both_lines(problems):
    found = problems("model:\n  k1: 1\n  k2: 4\n  k1: 2\nmodel:\n  k2: 3\n")
    assert set(found) == {
        "config.yaml:4:3 model.k1: duplicate key, first given in line 2. Keep one of them.",
        "config.yaml:5:1 model: duplicate key, first given in line 1. Keep one of them.",
    }


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("trasport: {}", "trasport: unknown key. Did you mean transport?"),
        ("modle: {k1: 1}", "modle: unknown key. Did you mean model?"),
        ("model: {learnig_rate: 1}", "model.learnig_rate: unknown key. Did you mean learning_rate?"),
        ("k2: 4", "k2: unknown key. Did you mean model.k2?"),
        ("streams: {hidden_size: 4}", "streams.hidden_size: unknown key. Did you mean model.hidden_size?"),
        ("scoring: {zzz: 4}", "scoring.zzz: unknown key. Known here: window."),
    ],
)
def test_an_unknown_key_comes_with_the_nearest_known(problems, text, hint):
    (problem,) = problems(text)
    assert problem.endswith(hint)


def test_yaml_1_1_surprises_do_not_happen(load_text):
    settings = load_text("model: {learning_rate: 1e-3}\nevents: {stream: on, time: 12:30, features: [no, y]}").settings
    assert settings.model.learning_rate == 0.001
    assert (settings.events.stream, settings.events.time, settings.events.features) == ("on", "12:30", ("no", "y"))
