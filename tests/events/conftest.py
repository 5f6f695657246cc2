"""Records of one partition out of bare values, and decoders by their settings."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from streamrnn.events import Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.events.traits import TraitFields
from streamrnn.settings.records import Events as EventSettings

MakeRecords = Callable[..., Records]
MakeDecoder = Callable[..., Decoder]


@pytest.fixture(scope="session")
def make_records() -> MakeRecords:
    def make(
        values: Sequence[bytes | None],
        keys: Sequence[bytes | None] | None = None,
        timestamps: Sequence[float] | None = None,
        first: int = 0,
    ) -> Records:
        n = len(values)
        return Records(
            Partition("events", 0),
            list(range(first, first + n)),
            list(keys if keys is not None else [None] * n),
            list(values),
            list(timestamps if timestamps is not None else [math.nan] * n),
            first + n,
        )

    return make


@pytest.fixture(scope="session")
def make_decoder() -> MakeDecoder:
    def make(numbered_time: bool = False, traits: TraitFields | None = None, **settings: Any) -> Decoder:
        return Decoder(EventSettings(**settings), numbered_time, traits=traits)

    return make
