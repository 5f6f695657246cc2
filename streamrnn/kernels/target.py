"""Fix what the kernels are compiled for, and where compiled code is kept.

The same source compiled for the processor at hand gives other bits on another processor. So the target is fixed: any
x86-64 with AVX2 and FMA computes the same state from the same log.
"""

import hashlib
import os
import platform
from pathlib import Path
from typing import Any

import numba

X86_NAME = "haswell"
X86_FEATURES = "+avx,+avx2,+bmi,+bmi2,+f16c,+fma,+lzcnt,+movbe,+popcnt,+sse,+sse2,+sse3,+sse4.1,+sse4.2,+ssse3"
REQUIRED = ("avx2", "fma")


class UnsupportedProcessor(Exception):
    """This processor lacks instructions that the fixed target uses."""


def name() -> str:
    """What the kernels are compiled for; part of a snapshot's build."""
    return f"x86-64-{X86_NAME}" if is_x86() else platform.machine()


def is_x86() -> bool:
    """Whether this machine is an x86-64."""
    return platform.machine().lower() in ("x86_64", "amd64")


def digest() -> str:
    """Digest of the kernels' sources, numba's version and the target: compiled code is kept under it.

    numba's own cache notices a change in the compiled function's file only, not in the files that it draws upon.
    """
    sha = hashlib.sha256(f"{numba.__version__} {name()} {X86_FEATURES}".encode())
    here = Path(__file__).parent
    for path in sorted([*here.glob("*.py"), *(here.parent / "rows").glob("*.py")]):
        sha.update(path.read_bytes())
    return sha.hexdigest()[:16]


def fix() -> None:
    """Set numba's target and cache folder. Called once, before any kernel is compiled.

    Raises
    ------
    UnsupportedProcessor
        On an x86-64 without AVX2 and FMA.
    """
    config: Any = numba.config
    if is_x86():
        _require(REQUIRED)
        config.CPU_NAME = X86_NAME
        config.CPU_FEATURES = X86_FEATURES
    cache = Path(os.environ.get("STREAMRNN_CACHE") or _default_cache())
    config.CACHE_DIR = str(cache / digest())
    config.CACHE_LOCATOR_CLASSES = "streamrnn.kernels.locator.Locator"


def _default_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "streamrnn"


def _require(features: tuple[str, ...]) -> None:
    try:
        words = set(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").split())
    except OSError:
        return  # not Linux: numba's own code would stop on an illegal instruction
    missing = [feature for feature in features if feature not in words]
    if missing:
        raise UnsupportedProcessor(
            f"this processor has no {' and no '.join(missing)}: streamrnn's compiled engine needs both. "
            "Run on a newer x86-64 (2013 or later), or set model.engine: torch"
        )
