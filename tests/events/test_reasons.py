"""Reasons are a closed set that people can read."""

from streamrnn.events import reasons


def test_every_reason_has_one_line_of_explanation() -> None:
    codes = {value for name, value in vars(reasons).items() if name.isupper() and isinstance(value, str)}
    assert codes == reasons.EXPLANATIONS.keys()
    assert all(text and "\n" not in text for text in reasons.EXPLANATIONS.values())


def test_a_refusal_without_a_message_explains_its_reason() -> None:
    assert str(reasons.Refused(reasons.NO_TIME)) == reasons.EXPLANATIONS["no_time"]
