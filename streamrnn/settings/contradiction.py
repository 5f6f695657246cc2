"""What is told of settings that cannot hold together."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two or more settings at odds.

    Attributes
    ----------
    keys : the settings, the one to blame first
    text : what must hold between them; names no value, for a value may be a secret
    """

    keys: tuple[str, ...]
    text: str
