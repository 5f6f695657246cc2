"""Categories are a mapping, wherever they are said."""

import pytest

from streamrnn.settings import Settings, describe, json_schema

SAID = "{weather: [rain, 'no', true, 3], shop: 1000}"
MEANT = {"weather": ("rain", "no", "true", "3"), "shop": 1000}


@pytest.mark.parametrize(
    ("text", "overrides", "environ"),
    [
        (f"inputs: {{categories: {SAID}}}", (), {}),
        ("inputs:\n  categories:\n    weather:\n    - rain\n    - 'no'\n    - true\n    - 3\n    shop: 1000\n", (), {}),
        ("", (f"inputs.categories={SAID}",), {}),
        ("", (), {"STREAMRNN_INPUTS__CATEGORIES": SAID}),
        ("inputs: {categories: '${ALL}'}", (), {"ALL": SAID}),
    ],
)
def test_a_mapping_can_be_said_everywhere(load_text, text, overrides, environ):
    assert load_text(text, *overrides, environ=environ).settings.inputs.categories == MEANT


def test_it_is_written_so_that_it_can_be_read_again(load_text):
    loaded = load_text("inputs: {categories: {'a b': ['x: y', '1', \"'\", '$${v}'], c: 2}}")
    assert loaded.settings.inputs.categories == {"a b": ("x: y", "1", "'", "${v}"), "c": 2}
    assert load_text(describe(loaded)).settings == loaded.settings


@pytest.mark.parametrize(
    "value",
    ["8", "[a]", "{a: b}", "{a: 1}", "{a: 10001}", "{a: []}", "{a: [1.5]}", "{a: [x, x]}", "{a: {b: c}}", "{[a]: 3}",
     "{a: 3, a: 4}", "{a: 6000, b: 6000}", "{a: [null]}", "{", "{'': 3}"],
)  # fmt: skip
def test_what_is_no_such_mapping_is_refused_with_what_is_allowed(problems, value):
    for text, overrides in (("", [f"inputs.categories={value}"]), (f"inputs: {{categories: {value}}}", [])):
        if value == "{" and text:
            continue
        found = problems(text, *overrides)
        assert len(found) == 1 and "inputs.categories" in found[0] and "such as {weather: [rain, sun]" in found[0]


def test_the_order_of_categories_is_no_other_state(load_text):
    one, other, third = (
        load_text(f"inputs: {{categories: {text}}}").settings
        for text in ("{a: 3, b: [x, y]}", "{b: [x, y], a: 3}", "{a: 3, b: [y, x]}")
    )
    assert one.state_digest() == other.state_digest() != third.state_digest()
    assert one.inputs.category_names == other.inputs.category_names
    assert one.state_digest() != Settings().state_digest()


def test_the_json_schema_takes_values_as_they_are_written():
    taken = json_schema()["$defs"]["Inputs"]["properties"]["categories"]["additionalProperties"]["anyOf"][1]
    assert set(taken["items"]["type"]) == {"string", "integer", "boolean"}
