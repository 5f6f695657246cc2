"""Which source wins, and that all problems come at once."""

from pathlib import Path

import pytest

from streamrnn.settings import Settings, load


def test_without_any_source_the_defaults_count():
    loaded = load(None, environ={})
    assert loaded.settings == Settings()
    assert set(loaded.origins.values()) == {"default"}


def test_set_wins_over_environment_over_file_over_default(load_text):
    file = "model:\n  hidden_size: 16\n  k2: 16\n  k1: 2\n"
    environ = {"STREAMRNN_MODEL__HIDDEN_SIZE": "64", "STREAMRNN_MODEL__K2": "64"}
    loaded = load_text(file, "model.hidden_size=128", environ=environ)
    model = loaded.settings.model
    assert (model.hidden_size, model.k2, model.k1, loaded.settings.forecast.season) == (128, 64, 2, None)
    assert loaded.origins["model.hidden_size"] == "--set"
    assert loaded.origins["model.k2"] == "environment STREAMRNN_MODEL__K2"
    assert loaded.origins["model.k1"] == "config.yaml:4"
    assert loaded.origins["forecast.season"] == "default"


def test_a_setting_outside_the_sections_has_all_sources_too(load_text):
    assert load_text("seed: 1").settings.seed == 1
    assert load_text("seed: 1", environ={"STREAMRNN_SEED": "2"}).settings.seed == 2
    assert load_text("seed: 1", "seed=3").settings.seed == 3


def test_the_process_environment_is_read_by_default(monkeypatch):
    monkeypatch.setenv("STREAMRNN_HTTP__PORT", "9999")
    assert load(None).settings.http.port == 9999


def test_all_problems_of_all_sources_come_at_once(problems):
    found = problems(
        """\
        model:
            hiden_size: 64
            hidden_size: 33
        events:
            features: [a, a]
        """,
        "model.cell=gated",
        environ={"STREAMRNN_HTTP__PORT": "many"},
    )
    assert sorted(found) == [
        "--set model.cell: gated is not allowed. Allowed: gru, lstm, rnn, rnn_relu, lru.",
        "config.yaml:2:5 model.hiden_size: unknown key. Did you mean hidden_size?",
        "config.yaml:3:5 model.hidden_size: 33 is not allowed. Allowed: a multiple of 4 from 4 to 512.",
        "config.yaml:5:5 events.features: [a, a] is not possible: must not name a feature twice.",
        "environment STREAMRNN_HTTP__PORT http.port: many is not allowed. Allowed: a whole number from 0 to 65535.",
    ]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("model.hidden_size", "30"),
        ("model.hidden_size", "0"),
        ("model.hidden_size", "8.0"),
        ("model.k2", "257"),
        ("model.learning_rate", ".nan"),
        ("model.learning_rate", ".inf"),
        ("model.learning_rate", "0"),
        ("inputs.calendar", "yes"),
        ("model.engine", "Torch"),
        ("tokens.vocabulary", "1"),
        ("events.max_ahead", "0"),
        ("transport.poll_records", "100001"),
        ("transport.input", "a/b"),
        ("transport.input", ".."),
        ("transport.predictions", "events\n"),
        ("http.port", "65536"),
        ("snapshots.keep", "null"),
    ],
)
def test_a_value_out_of_bounds_is_named_with_what_is_allowed(problems, key, value):
    (problem,) = problems("", f"{key}={value}")
    assert problem.startswith(f"--set {key}: ")
    assert " is not allowed. Allowed: " in problem


def test_a_number_in_quotes_is_not_a_number(problems):
    (problem,) = problems('http: {port: "80"}')
    assert problem == 'config.yaml:1:8 http.port: "80" is not allowed. Allowed: a whole number from 0 to 65535.'


def test_a_long_wrong_value_is_cut(problems):
    (problem,) = problems(f"model: {{cell: {'x' * 5000}}}")
    assert len(problem) < 250


def test_a_wrong_value_that_a_better_source_covers_does_not_count(load_text):
    assert load_text("http: {port: -1}", "http.port=80").settings.http.port == 80


def test_settings_cannot_be_changed(load_text):
    settings = load_text().settings
    with pytest.raises(ValueError, match="frozen"):
        settings.model.k1 = 2


def test_a_missing_file_is_named():
    with pytest.raises(Exception, match=r"^nowhere\.yaml: cannot read the settings file: No such file.*Check --config"):
        load(Path("nowhere.yaml"), environ={})
