"""The one decorator that all kernels carry."""

from collections.abc import Callable
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


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function that Python calls, and keep the compiled code on disk, where it can be written to."""
    compiled: Any = numba.njit(cache=True, **OPTIONS)(function)
    if read_only():
        compiled._cache = ReadOnlyCache(function)
    return compiled  # type: ignore[no-any-return]
