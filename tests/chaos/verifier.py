"""Recomputes all that should have been published and learned, in one process, from the input alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy.typing as npt

from streamrnn.events.columns import Partition, Records
from streamrnn.events.dead_letter import dead_letters
from streamrnn.events.decode import Decoder
from streamrnn.events.encode import encode_predictions
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

PIECE = 1000  # records that the oracle takes at once; any number gives the same
PREDICTION, LETTER = "prediction", "dead letter"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was, or should be, published for one record of the input."""

    offset: int
    kind: str
    value: bytes


@dataclass
class Verdict:
    """What readers saw of one partition, beside what they should have seen.

    Attributes
    ----------
    events : records of the input
    lost, doubled, out_of_order, different : counts, all of which must be 0
    state : names of the arrays of the saved state that are not the oracle's, bit for bit
    examples : the first few faults
    """

    events: int = 0
    lost: int = 0
    doubled: int = 0
    out_of_order: int = 0
    different: int = 0
    state: list[str] = field(default_factory=list)
    examples: list[str] = field(default_factory=list)

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.lost or self.doubled or self.out_of_order or self.different or self.state)


class Oracle:
    """A single process that answers the whole input, one partition after the other, without any mishap."""

    def __init__(self, settings: Settings, partition: Partition, lineage: str) -> None:
        self._settings = settings
        self._partition = partition
        self.shard = Shard(settings, partition, lineage)

    def answers(self, records: Records) -> Iterable[Answer]:
        """All that should have been published, in the order of the input."""
        decoder = Decoder(self._settings.events, numbered_time=False)
        while len(records):
            end = records.offsets[min(PIECE, len(records)) - 1] + 1
            piece, records = records.split(end)
            events = decoder.decode(piece)
            predictions, _ = self.shard.process(events)
            values = encode_predictions(predictions, self._settings.target_names)
            found = [
                Answer(offset, PREDICTION, value)
                for offset, value in zip(predictions.offsets.tolist(), values, strict=True)
            ]
            letters = dead_letters(piece, events, predictions)
            found += [Answer(letter.offset, LETTER, letter.value or b"") for letter in letters]
            yield from sorted(found, key=lambda answer: answer.offset)


def judge(expected: Iterable[Answer], predictions: Sequence[Answer], letters: Sequence[Answer]) -> Verdict:
    """Compare what should have been published with what was; order counts among predictions."""
    verdict = Verdict()
    published: dict[int, list[Answer]] = {}
    for answer in [*predictions, *letters]:
        published.setdefault(answer.offset, []).append(answer)
    for answer in expected:
        verdict.events += 1
        found = published.pop(answer.offset, [])
        if not found:
            verdict.lost += 1
            _note(verdict, f"offset {answer.offset} has no {answer.kind}")
        elif len(found) > 1:
            verdict.doubled += len(found) - 1
            _note(verdict, f"offset {answer.offset} is answered {len(found)} times")
        elif found[0] != answer:
            verdict.different += 1
            _note(verdict, f"offset {answer.offset}: {found[0]} instead of {answer}")
    for offset, found in published.items():  # of records that are not in the input
        verdict.different += len(found)
        _note(verdict, f"offset {offset} is answered and was never asked")
    offsets = [answer.offset for answer in predictions]
    verdict.out_of_order = sum(after < before for before, after in pairwise(offsets))
    return verdict


def compare_state(
    verdict: Verdict, saved: Mapping[str, npt.NDArray[Any]] | None, oracle: Mapping[str, npt.NDArray[Any]]
) -> None:
    """Add the names of arrays that differ in a single bit."""
    if saved is None:
        verdict.state.append("no snapshot at the end of the input")
        return
    for name in sorted({*saved, *oracle}):
        if _bits(saved.get(name)) != _bits(oracle.get(name)):
            verdict.state.append(name)


def _bits(array: npt.NDArray[Any] | None) -> object:
    return None if array is None else (array.dtype, array.shape, array.tobytes())


def _note(verdict: Verdict, text: str) -> None:
    if len(verdict.examples) < 5:
        verdict.examples.append(text[:300])
