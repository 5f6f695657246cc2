"""The classes of a shard's labels: which there are, and the code of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.events import reasons
from streamrnn.settings.records import LONGEST_CLASS

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


class ClassRegistry:
    """Codes 0, 1, ... of the classes as the settings list them, or in the order in which they are found.

    Parameters
    ----------
    settings : the daemon's settings; outside of label modes there are no classes

    Attributes
    ----------
    names : of the classes known, by code
    """

    def __init__(self, settings: Settings) -> None:
        listed = settings.labels.classes if settings.learns_labels else None
        self._most = settings.labels.most_classes if settings.learns_labels else 0
        self._finds = listed is None and self._most > 0
        self.names: tuple[str, ...] = listed or ()
        self._codes = {name: code for code, name in enumerate(self.names)}

    def __len__(self) -> int:
        return len(self.names)

    def code(self, name: str) -> int:
        """The code of a class that is known."""
        return self._codes[name]

    def admit(self, name: str | None) -> tuple[str, str] | None:
        """Take in the class of a record that is about to be accepted; reason and message where it cannot be."""
        if name is None or name in self._codes:
            return None
        if len(self.names) >= self._most:
            text = f"label {name[:40]!r} would be one class more than labels.max_classes: {self._most} allows"
            return reasons.TOO_MANY_CLASSES, text
        self._codes[name] = len(self.names)
        self.names = (*self.names, name)
        return None

    def saved(self) -> dict[str, Array]:
        """The classes that were found as arrays, whose shapes depend on the settings alone."""
        if not self._finds:
            return {}
        lengths, letters = np.zeros(self._most, np.int64), np.zeros((self._most, LONGEST_CLASS), np.uint8)
        for code, name in enumerate(self.names):
            encoded = name.encode()
            lengths[code] = len(encoded)
            letters[code, : len(encoded)] = np.frombuffer(encoded, np.uint8)
        return {"class_lengths": lengths, "class_names": letters}

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over what was saved."""
        if not self._finds:
            return
        self.names = saved_classes(arrays)
        self._codes = {name: code for code, name in enumerate(self.names)}


def saved_classes(arrays: dict[str, Array]) -> tuple[str, ...]:
    """The classes that were found, by code, in a snapshot's arrays; none where the settings list them."""
    if "class_lengths" not in arrays:
        return ()
    pairs = zip(arrays["class_lengths"].tolist(), arrays["class_names"], strict=True)
    return tuple(letters[:length].tobytes().decode() for length, letters in pairs if length)
