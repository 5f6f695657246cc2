"""The codes with which the process ends, so that a supervisor can tell what kind of help it needs."""

from enum import IntEnum


class ExitCode(IntEnum):
    """Why the process ended.

    ``SETTINGS`` and ``STATE`` need a person: a restart meets the same thing again. ``TRANSPORT`` and ``WATCHDOG``
    may pass by themselves, so a supervisor should restart.
    """

    OK = 0
    INTERNAL = 1
    SETTINGS = 2  # also what the command line gives for a wrong option
    STATE = 3
    TRANSPORT = 4
    WATCHDOG = 5
    INTERRUPTED = 130
