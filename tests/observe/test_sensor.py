"""Several sensors hear as one."""

from __future__ import annotations

from streamrnn.observe.sensor import Sensor, Sensors


class Heard(Sensor):
    """Keeps what it was told, with its name, in a list that others share."""

    def __init__(self, name: str, told: list[tuple[str, str]]) -> None:
        self._name, self._told = name, told

    def on_state(self, state: str) -> None:
        self._told.append((self._name, state))


class Deaf(Sensor):
    """Has no hook of its own."""


def test_each_is_told_in_its_turn() -> None:
    told: list[tuple[str, str]] = []
    Sensors(Heard("a", told), Deaf(), Heard("b", told)).on_state("running")
    assert told == [("a", "running"), ("b", "running")]


def test_a_hook_that_nobody_has_does_nothing() -> None:
    Sensors(Deaf()).on_state("running")
    Sensors().on_busy("poll_wait", 0.5)
