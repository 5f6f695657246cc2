"""What a field's name tells of its meaning."""

import re

_HUMP = re.compile(r"([a-z0-9])([A-Z])")


def listed(text: str) -> frozenset[str]:
    """The words of a text, to be looked up."""
    return frozenset(text.split())


STREAMS = listed(
    "stream device machine sensor meter station host server account user customer asset vehicle store shop site node "
    "pump session client card patient channel symbol item series key id name who whom whose speaker author writer "
    "sender doc document thread conversation dialogue dialog chat room person player member voice piece song book game "
    "ticket case"
)
LABELS = listed("label class target outcome result churn fraud fault failure bought converted approved y")
STATES = listed("category status state type kind flag")
ENDS = listed("end last final done closed complete completed finish finished logout checkout")


def words(name: str) -> set[str]:
    """A field's name in its words, in lower case.

    Examples
    --------
    >>> sorted(words("machine_id")), sorted(words("machineId2"))
    (['id', 'machine'], ['id', 'machine'])
    """
    return {word.casefold() for word in re.split(r"[^A-Za-z]+", _HUMP.sub(r"\1 \2", name)) if word}
