"""Ids of events, kept as bytes of one width until their answer is told; see ``rows.dues``."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def kept_ids(texts: list[str | None], width: int) -> npt.NDArray[np.uint8]:
    """uint8[n, width]; an id that has no room is none."""
    if width == 0:
        return np.empty((len(texts), 0), np.uint8)
    encoded = [None if text is None else text.encode() for text in texts]
    whole = [b"" if each is None or len(each) >= width else bytes([len(each) + 1]) + each for each in encoded]
    return np.frombuffer(b"".join(each.ljust(width, b"\0") for each in whole), np.uint8).reshape(-1, width).copy()


def id_of(kept: npt.NDArray[np.uint8]) -> str | None:
    """An id out of what was kept of it; None where there was none, or it had no room."""
    return bytes(kept[1 : kept[0]]).decode() if len(kept) and kept[0] else None
