"""The scoring rule of the Numenta Anomaly Benchmark, after its paper.

Lavin and Ahmad (2015), "Evaluating real-time anomaly detection algorithms: the Numenta Anomaly Benchmark". An anomaly
is a window of records. The first detection in a window counts by how early it is, each detection outside by how far
it lies behind the last window, a window without a detection counts against; what each counts for is the profile's.
Detections in the first 15 % of a file (at most 750 records) are ignored. A score is what a detector makes of all files
together, on a scale from the detector that says nothing (0) to the one that hits each window at its first record (100).

The detections are given here, not the scores that a threshold turns into detections: the paper's search for each
detector's best threshold is no part of this.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

PROBATION = 0.15
LONGEST_PROBATION = 750  # records


@dataclass(frozen=True, slots=True)
class Profile:
    """What a hit, a false alarm and a miss count for."""

    name: str
    hit: float = 1.0
    false_alarm: float = 0.11
    miss: float = 1.0


STANDARD = Profile("standard")
LOW_FALSE_ALARMS = Profile("reward low FP", false_alarm=0.22)
LOW_MISSES = Profile("reward low FN", miss=2.0)
PROFILES = (STANDARD, LOW_FALSE_ALARMS, LOW_MISSES)


@dataclass(frozen=True, slots=True)
class Detections:
    """One file: its length in records, windows [first, last] in order, and the records at which a detector spoke."""

    length: int
    windows: Sequence[tuple[int, int]]
    records: Sequence[int]

    @property
    def probation(self) -> int:
        """Records at the file's start in which detections are ignored."""
        return min(int(PROBATION * self.length), LONGEST_PROBATION)

    @property
    def counted(self) -> list[int]:
        """The detections after probation, in order."""
        return sorted(record for record in self.records if record >= self.probation)

    @property
    def windows_hit(self) -> int:
        """How many windows have a detection."""
        return sum(any(first <= record <= last for record in self.counted) for first, last in self.windows)


def sigmoid(position: float) -> float:
    """Worth of a detection: near 1 a window's length before the window's end, 0 at it, -1 far behind."""
    return 2.0 / (1.0 + math.exp(min(5.0 * position, 700.0))) - 1.0


def raw_score(file: Detections, profile: Profile) -> float:
    """A file's score before it is set between null and perfect."""
    total = 0.0
    hit: set[tuple[int, int]] = set()
    for record in file.counted:
        window = next(((first, last) for first, last in file.windows if first <= record <= last), None)
        if window is None:
            total += profile.false_alarm * _worth_outside(file, record)
        elif window not in hit:
            hit.add(window)
            first, last = window
            # Position -1 is the window's first record, and counts in full.
            total += profile.hit * sigmoid((record - last - 1) / (last - first + 1)) / sigmoid(-1.0)
    return total - profile.miss * (len(file.windows) - len(hit))


def score(files: Iterable[Detections], profile: Profile = STANDARD) -> float:
    """All files' score: 0 for a detector that says nothing, 100 for a perfect one.

    Raises
    ------
    ValueError
        Without any window, which leaves nothing to score.
    """
    files = list(files)
    windows = sum(len(file.windows) for file in files)
    if not windows:
        raise ValueError("no file has a window: there is nothing to score")
    null = -profile.miss * windows
    perfect = profile.hit * windows
    return 100.0 * (sum(raw_score(file, profile) for file in files) - null) / (perfect - null)


def _worth_outside(file: Detections, record: int) -> float:
    """-1 before any window, else by how many window lengths the detection lies behind the window before it."""
    before = [(first, last) for first, last in file.windows if last < record]
    if not before:
        return -1.0
    first, last = before[-1]
    return sigmoid((record - last) / max(1, last - first))
