"""What is wrong with the settings: all of it at once, each with its place."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes
    ----------
    origin : where it was said: ``config.yaml:14:5``, ``environment STREAMRNN_A__B``, ``--set`` or ``default``
    key : the setting's path (``model.hidden_size``); empty where the problem is not one setting's
    message : what is wrong and what to do about it; holds no secret
    """

    origin: str
    key: str
    message: str

    def __str__(self) -> str:
        place = f"{self.origin} {self.key}" if self.key else self.origin
        return f"{place}: {self.message}"


class SettingsError(Exception):
    """The settings cannot be used. Carries every problem found, and prints one a line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
