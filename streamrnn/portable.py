"""The kernels' functions for single numbers in Python: the same steps uncompiled, so that every machine has the same
bits and nobody waits for a compiler."""

from __future__ import annotations

from typing import Any

from streamrnn.kernels import functions


def _plain(compiled: Any) -> Any:
    return compiled.py_func


_exp, _log, _sine_of_turn = map(_plain, (functions.exp, functions.log, functions.sine_of_turn))


def exp(x: float) -> float:
    """e to the power of x, which is taken within -700 and 700."""
    return float(_exp(x))


def log(x: float) -> float:
    """Natural logarithm of x above 0."""
    return float(_log(x))


def cosine_of_turn(turn: float) -> float:
    """Cosine of 2 pi ``turn``."""
    return float(_sine_of_turn(turn + 0.25))
