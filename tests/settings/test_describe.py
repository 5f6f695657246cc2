"""Settings as text, and the commented file at the top of the project."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamrnn.settings import Settings, describe, load
from streamrnn.settings.keys import keys
from streamrnn.settings.scalars import scalar, written
from streamrnn.settings.schema import NO_STATE, STATE

CONFIG = Path(__file__).parents[2] / "config.yaml"


def test_the_commented_file_gives_the_defaults_and_names_every_setting():
    loaded = load(CONFIG, environ={})
    assert loaded.settings == Settings()
    assert "default" not in loaded.origins.values()


def test_the_commented_file_has_a_comment_above_every_setting():
    lines = CONFIG.read_text().splitlines()
    for number, line in enumerate(lines):
        if re.match(r"(  )?[a-z0-9_]+: +\S", line):
            assert lines[number - 1].lstrip().startswith("#"), line


def test_the_commented_file_marks_what_the_digest_covers():
    state = {path for path in keys() if path.split(".")[0] in STATE} - NO_STATE
    section, comment, marked = "", "", set()
    for line in CONFIG.read_text().splitlines():
        if line.lstrip().startswith("#"):
            comment += line
            continue
        if match := re.match(r"( *)([a-z0-9_]+):( *\S)?", line):
            if not match[3]:
                section = match[2]
            elif comment.endswith("[state]"):
                marked.add(f"{section}.{match[2]}" if match[1] else match[2])
        comment = ""
    assert marked == state


def test_a_description_loads_to_the_same_settings(load_text):
    settings = load_text(
        "events: {features: [a b, '1', '$${x}'], time: null, max_ahead: 1e-7}\nkafka: {group_id: 'true'}"
    )
    for origins in (False, True):
        assert load_text(describe(settings, origins)).settings == settings.settings


def test_origins_stand_beside_the_values(load_text):
    text = describe(load_text("\nmodel: {k2: 4}", "http.port=1"), origins=True)
    assert re.search(r"^  k2: 4 +# config.yaml:2$", text, re.MULTILINE)
    assert re.search(r"^  port: 1 +# --set$", text, re.MULTILINE)
    assert re.search(r"^seed: 0 +# default$", text, re.MULTILINE)


@given(st.text() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none())
def test_plain_values_keep_their_type(value):
    text = written(value)
    if not text.startswith('"'):
        assert scalar(text) == value
        assert type(scalar(text)) is type(value)


@pytest.mark.parametrize(
    ("text", "value"), [("010", 10), ("1_000", "1_000"), ("0x10", "0x10"), ("1.", 1.0), ("-.5", -0.5), ("1e3", 1000.0)]
)
def test_scalars_follow_yaml_1_2(text, value):
    assert scalar(text) == value
