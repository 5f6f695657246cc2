"""The one decorator that all kernels carry."""

from collections.abc import Callable
from types import FunctionType
from typing import Any

import numba

from streamrnn.kernels.locator import ReadOnlyCache, read_only

# Contraction to fused multiply-add is the only liberty: it depends on the target alone. Reassociation would let the
# vector width decide the bits, and nnan and ninf would let the compiler delete the guard against non-finite numbers.
OPTIONS: dict[str, Any] = {"fastmath": {"contract"}, "nogil": True, "error_model": "numpy"}


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function of the record loop, for whatever precision it is called with."""
    compiled: Callable[..., Any] = numba.njit(**OPTIONS)(function)
    return compiled


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same of a function that is too long to become part of its callers by itself.

    One that stays by itself is compiled twice: alone, and with its caller, and the process that compiles may call
    another copy than one that loads from disk. They may contract a product and a sum in another way.
    """
    compiled: Callable[..., Any] = numba.njit(forceinline=True, **OPTIONS)(function)
    return compiled


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, and keep the compiled code on disk, where it can be written to."""
    compiled: Any = numba.njit(cache=True, **OPTIONS)(function)
    if read_only():
        compiled._cache = ReadOnlyCache(function)
    return compiled  # type: ignore[no-any-return]


def bound_entry(loop: Callable[..., Any], name: str, **others: Any) -> Callable[..., Any]:
    """An entry from a loop with other global names bound, such as another cell or head.

    A choice within the loop would have every first start compile all that can be chosen. The name of its own keeps its
    compiled code apart on disk.
    """
    assert isinstance(loop, FunctionType)
    bound = FunctionType(loop.__code__, {**loop.__globals__, **others}, name)
    bound.__qualname__ = bound.__name__
    bound.__module__ = loop.__module__
    return entry(bound)
