"""Where numba looks for compiled code: also in a folder that nothing can be written to, as in an image."""

from __future__ import annotations

import os
from typing import Any

import numba
from numba.core.caching import FunctionCache, UserProvidedCacheLocator


def read_only() -> bool:
    """Whether compiled code is there and none can be added to it."""
    config: Any = numba.config
    return os.path.isdir(config.CACHE_DIR) and not os.access(config.CACHE_DIR, os.W_OK)


class Locator(UserProvidedCacheLocator):
    """The folder that `target.fix` sets. numba's own passes over a folder that it cannot write to."""

    def ensure_cache_path(self) -> None:
        if not read_only():
            super().ensure_cache_path()


class ReadOnlyCache(FunctionCache):
    """Gives what is there; what had to be compiled all the same lasts as long as the process."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Nothing: it could not be written."""
