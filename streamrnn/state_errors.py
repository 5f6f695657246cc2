"""Saved state and a log that do not fit together, and what a person can do about it."""

ANEW = "start once with --new-lineage: a new model then goes on from the committed position, or the log's start"
CARRY = "start once with --carry-over, and what was learned goes on"


class StateError(Exception):
    """The saved state and the log do not fit together; the message names the remedy."""


class AnotherLogError(StateError):
    """What was committed and saved is of another log than the one that is here."""


class ChangedError(StateError):
    """The saved state was made by other settings or another build, and nobody said that it is to be carried over."""
