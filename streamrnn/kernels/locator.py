"""Where numba looks for compiled code: also in a folder that nothing can be written to, as in an image."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numba
from numba.core.caching import FunctionCache, UserProvidedCacheLocator

_PACKAGE = Path(__file__).resolve().parents[1]


def read_only() -> bool:
    """Whether compiled code is there and none can be added to it."""
    config: Any = numba.config
    return os.path.isdir(config.CACHE_DIR) and not os.access(config.CACHE_DIR, os.W_OK)


class Locator(UserProvidedCacheLocator):
    """The folder that `target.fix` sets, where a file of ours has its place by package and not by path.

    So compiled code serves wherever the sources lie, as in another checkout or an image: the folder is named after what
    they say. numba's own locator goes by path, and passes over a folder that it cannot write to.
    """

    @classmethod
    def get_suitable_cache_subpath(cls, py_file: str) -> str:
        """Where a file's compiled code goes, below the folder."""
        path = Path(py_file).resolve()
        if path.is_relative_to(_PACKAGE):
            return str(path.parent.relative_to(_PACKAGE.parent)).replace(os.sep, "_")
        return str(super().get_suitable_cache_subpath(py_file))

    def ensure_cache_path(self) -> None:
        if not read_only():
            super().ensure_cache_path()


class ReadOnlyCache(FunctionCache):
    """Gives what is there; what had to be compiled all the same lasts as long as the process."""

    def save_overload(self, sig: Any, data: Any) -> None:
        """Nothing: it could not be written."""
