"""The tokens of a shard: which there are, and the number of each."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from streamrnn.settings.tokens import END, LONGEST, OTHER

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

Array = npt.NDArray[Any]


class Vocabulary:
    """Numbers of tokens: 0 is a sequence's end; then those that the settings list, with what they do not list before
    them; or as they come, the marker first. Once all numbers are taken a new token shares the one that a hash gives it,
    which is never the marker's.

    Parameters
    ----------
    settings : the daemon's settings; without tokens there are none

    Attributes
    ----------
    names : of the tokens known, by number
    """

    def __init__(self, settings: Settings) -> None:
        tokens = settings.tokens
        self._used = tokens.field is not None
        self._most = tokens.codes if self._used else 0
        self._listed = tokens.of == "bytes" or not isinstance(tokens.vocabulary, int)
        self.names: list[str] = [END] if self._used else []
        if self._used and tokens.of == "bytes":
            self.names += [bytes([byte]).decode("latin-1") for byte in range(self._most - 1)]
        elif self._used and not isinstance(tokens.vocabulary, int):
            self.names += [OTHER, *tokens.vocabulary]
        elif self._used and tokens.marker is not None:
            self.names.append(tokens.marker)
        self._own = len(self.names)
        self._codes = {name: code for code, name in enumerate(self.names)}
        self._marker = tokens.marker

    def __len__(self) -> int:
        return len(self.names)

    @property
    def marker(self) -> int:
        """The number of the token behind which answers stand; -1 where there is none."""
        return -1 if self._marker is None else self._codes[self._marker]

    def codes(self, tokens: Sequence[str]) -> list[int]:
        """Their numbers, in order; tokens that are new get theirs."""
        known = self._codes
        found: list[int | None] = list(map(known.get, tokens))
        if None not in found:
            return found  # type: ignore[return-value]
        return [self._admit(token) if code is None else code for token, code in zip(tokens, found, strict=True)]

    def _admit(self, token: str) -> int:
        """The number of a token that was not known a while ago."""
        code = self._codes.get(token)
        if code is not None:
            return code
        if self._listed:
            return self._codes[OTHER]
        if len(self.names) < self._most:
            self._codes[token] = len(self.names)
            self.names.append(token)
            return len(self.names) - 1
        digest = blake2b(token.encode(errors="surrogatepass"), digest_size=8).digest()
        return self._own + int.from_bytes(digest, "little") % (self._most - self._own)

    def saved(self) -> dict[str, Array]:
        """The tokens that were found as arrays, whose shapes depend on the settings alone."""
        if not self._used or self._listed:
            return {}
        lengths, letters = np.zeros(self._most, np.int64), np.zeros((self._most, LONGEST), np.uint8)
        for code, name in enumerate(self.names):
            encoded = name.encode(errors="surrogatepass")
            lengths[code] = len(encoded)
            letters[code, : len(encoded)] = np.frombuffer(encoded, np.uint8)
        return {"token_lengths": lengths, "token_names": letters}

    def load(self, arrays: dict[str, Array]) -> None:
        """Take over what was saved."""
        if not self._used or self._listed:
            return
        self.names = list(saved_tokens(arrays))
        self._codes = {name: code for code, name in enumerate(self.names)}


def saved_tokens(arrays: dict[str, Array]) -> tuple[str, ...]:
    """The tokens that were found, by number, in a snapshot's arrays; none where the settings list them."""
    if "token_lengths" not in arrays:
        return ()
    pairs = zip(arrays["token_lengths"].tolist(), arrays["token_names"], strict=True)
    return tuple(letters[:length].tobytes().decode(errors="surrogatepass") for length, letters in pairs if length)
