"""The environment and ``--set`` as sources."""

import pytest

from streamrnn.settings.keys import keys


def test_every_setting_has_an_environment_variable_of_its_own():
    names = [key.environment for key in keys().values()]
    assert len(set(names)) == len(names)
    assert "STREAMRNN_MODEL__HIDDEN_SIZE" in names


@pytest.mark.parametrize(
    ("key", "text", "value"),
    [
        ("model.hidden_size", "64", 64),
        ("model.learning_rate", "1e-3", 0.001),
        ("inputs.calendar", "true", True),
        ("forecast.season", "null", None),
        ("forecast.season", "24", 24),
        ("events.stream", "", None),
        ("events.stream", "123", "123"),
        ("events.features", "a, b", ("a", "b")),
        ("events.features", "['1', b]", ("1", "b")),
        ("events.max_ahead", "60", 60.0),
        ("kafka.group_instance_id", "a=b", "a=b"),
    ],
)
def test_a_bare_text_takes_the_type_of_its_setting(load_text, key, text, value):
    section, name = key.split(".")
    for loaded in (
        load_text("", f"{key}={text}"),
        load_text("", environ={f"STREAMRNN_{section}__{name}".upper(): text}),
    ):
        assert getattr(getattr(loaded.settings, section), name) == value


def test_the_last_of_two_sets_counts(load_text):
    assert load_text("", "model.k2=4", "model.k2=5").settings.model.k2 == 5


def test_names_of_others_are_left_alone(load_text):
    load_text(
        environ={
            "STREAMRNN_TEST_BROKER__HOST": "x",
            "STREAMRNN_KAFKA_LIBS": "x",
            "STREAMRNN_CACHE": "x",
            "STREAMRNN_VERSION": "x",
            "OTHER__NAME": "x",
        }
    )


def test_an_unknown_name_with_a_double_underscore_is_refused_without_its_value(problems):
    assert problems(environ={"STREAMRNN_MODEL__HIDEN_SIZE": "secret"}) == [
        "environment STREAMRNN_MODEL__HIDEN_SIZE model.hiden_size: unknown key. Did you mean hidden_size?"
    ]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("model.k2", "--set model.k2: has no value. Write --set model.k2=VALUE."),
        ("model=1", "--set model: is a section. Set one of its keys: --set model.KEY=VALUE."),
        ("hidden_size", "--set hidden_size: write KEY=VALUE, such as model.k2=16. Did you mean model.hidden_size?"),
        ("model.hiden_size=1", "--set model.hiden_size: unknown key. Did you mean hidden_size?"),
    ],
)
def test_a_set_of_the_wrong_form_is_refused(problems, override, problem):
    (found,) = problems("", override)
    assert found == problem
