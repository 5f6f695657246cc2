"""References to variables and files, and that what they bring is never printed."""

import pytest

from streamrnn.settings import describe
from streamrnn.settings.interpolate import LARGEST_FILE, InterpolationError, escape, interpolate

SECRET = "hunter2-and-no-other"


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain $HOME $ {x}", ("plain $HOME $ {x}", False)),
        ("${A}-${B}", ("1-2", True)),
        ("$${A}", ("${A}", False)),
        ("$${A}${A}", ("${A}1", True)),
    ],
)
def test_references_are_replaced(text, result):
    assert interpolate(text, {"A": "1", "B": "2"}) == result


def test_what_a_variable_holds_is_not_looked_into():
    assert interpolate("${A}", {"A": "${B}", "B": "x"}) == ("${B}", True)


def test_escaped_text_comes_back():
    assert interpolate(escape("a${b}$"), {}) == ("a${b}$", False)


def test_a_file_comes_without_its_last_newline(tmp_path):
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    assert interpolate(f"${{file:{tmp_path}/secret}}", {}) == (SECRET, True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("${MISSING}", "variable MISSING is not set"),
        ("${file:/nowhere/x}", "cannot read the file /nowhere/x: No such file"),
        ("${A", "not closed"),
        ("${}", "neither"),
        ("${a b}", "neither"),
    ],
)
def test_a_reference_that_leads_nowhere_is_refused(text, message):
    with pytest.raises(InterpolationError, match=message):
        interpolate(text, {})


@pytest.mark.parametrize(("content", "message"), [(b"\xff", "not UTF-8"), (b"x" * (LARGEST_FILE + 1), "larger than")])
def test_a_file_that_holds_no_setting_is_refused(tmp_path, content, message):
    path = tmp_path / "secret"
    path.write_bytes(content)
    with pytest.raises(InterpolationError, match=message):
        interpolate(f"${{file:{path}}}", {})


def test_all_kinds_of_settings_can_be_references(load_text):
    environ = {"PORT": "80", "NAMES": "a,b", "X": "c"}
    settings = load_text(
        'http: {port: "${PORT}"}\nevents: {features: "${NAMES}", targets: null}', environ=environ
    ).settings
    assert settings.http.port == 80
    assert settings.events.features == ("a", "b")
    assert load_text('events: {features: ["${X}", d]}', environ=environ).settings.events.features == ("c", "d")


def test_a_missing_variable_is_reported_with_its_place(problems):
    assert problems('http:\n  host: "${HOST}"') == [
        "config.yaml:2:3 http.host: the environment variable HOST is not set. Set it, or write the value here."
    ]


def test_an_interpolated_value_shows_in_no_print(load_text):
    loaded = load_text('http: {unprotected: true, host: "${HOST}"}\nevents: {stream: a}', environ={"HOST": SECRET})
    assert loaded.settings.http.host == SECRET
    for text in (
        describe(loaded),
        describe(loaded, origins=True),
        repr(loaded),
        str(loaded.settings),
        str(loaded.settings.http),
    ):
        assert SECRET not in text
        assert "***" in text


@pytest.mark.parametrize("key", ["http.token", "kafka.sasl_plain_password", "kafka.ssl_password"])
def test_a_secret_that_is_written_out_shows_in_no_print_either(load_text, key):
    section, name = key.split(".")
    loaded = load_text(f"{section}: {{{name}: {SECRET}}}")
    assert getattr(getattr(loaded.settings, section), name) == SECRET
    for text in (describe(loaded), repr(loaded), str(loaded.settings)):
        assert SECRET not in text and "***" in text


def test_an_interpolated_value_shows_in_no_error(problems):
    found = problems(
        'model: {cell: "${A}", k1: "${K1}"}\nevents: {features: "${A}", stream: "${A}"}',
        environ={"A": SECRET, "K1": "77"},
    )
    assert len(found) == 3
    assert not any(SECRET in problem or "77" in problem for problem in found)
    assert all("***" in problem for problem in found)
