"""How the daemon is, in one answer: what the page shows at first sight."""

from __future__ import annotations

import math

import msgspec

from streamrnn.page.diary import Mark, Trouble
from streamrnn.page.history import Bin, Point, errors
from streamrnn.page.readings import Readings

MOST_CURVES = 8


class About(msgspec.Struct):
    """What runs: ``started`` in seconds since 1970, ``name`` as people know it, ``task`` in few words."""

    version: str
    engine: str
    name: str
    task: str
    started: float


class TargetStatus(msgspec.Struct):
    """How well a target is forecast a horizon ahead since the start: answers scored, mean absolute errors; ``skill`` is
    over the recent ones. Of classes errors are shares of wrong answers, the target is ``label``; of tokens log losses,
    the target is ``token``."""

    target: str
    horizon: int
    scored: int
    error: float
    baseline_error: float
    skill: float


class Coverage(msgspec.Struct):
    """How many outcomes a level's intervals held since the start, of those settled."""

    target: str
    horizon: int
    level: float
    settled: int
    covered: float


class PartitionStatus(msgspec.Struct):
    """A partition in hand; null where its log does not tell."""

    topic: str
    partition: int
    lag_records: float
    lag_seconds: float
    replay_left: float


class Status(msgspec.Struct):
    """Version 1 of what ``/v1/status`` answers: fields are only ever added. Times are seconds since 1970; ``ready`` is
    why the daemon is not, null where it is."""

    v: int
    about: About
    now: float
    state: str
    ready: str | None
    events: int
    dead_letters: dict[str, int]
    streams: int
    updates: int
    skipped_updates: int
    alerts: int
    point: Point | None
    targets: list[TargetStatus]
    intervals: list[Coverage]
    partitions: list[PartitionStatus]
    marks: list[Mark]
    errors: list[Trouble]


class Whole(msgspec.Struct):
    """The status with its past: points of the last minutes, and the learning curve of each target's first horizon."""

    status: Status
    points: list[Point]
    curves: dict[str, list[Bin]]


def target_statuses(readings: Readings) -> list[TargetStatus]:
    """Of all targets and horizons."""
    skills = {key: value for key, value in readings.each("skill", "target", "horizon")}
    skills["token", "1"] = readings.largest("token_skill") if "token_skill" in readings.samples else math.nan
    skills["label", "0"] = readings.largest("label_skill") if "label_skill" in readings.samples else math.nan
    return [
        TargetStatus(
            target, int(horizon), int(scored), error / scored if scored else math.nan,
            naive / scored if scored else math.nan, skills.get((target, horizon), math.nan),
        )
        for (target, horizon), (scored, error, naive) in errors(readings).items()
    ]  # fmt: skip


def coverages(readings: Readings) -> list[Coverage]:
    """Of all intervals that were settled."""
    held = dict(readings.each("intervals_covered_total", "target", "horizon", "level"))
    return [
        Coverage(key[0], int(key[1]), float(key[2]), int(settled), held.get(key, 0.0) / settled)
        for key, settled in readings.each("intervals_settled_total", "target", "horizon", "level")
        if settled
    ]


def partition_statuses(readings: Readings) -> list[PartitionStatus]:
    """Of all partitions in hand."""
    seconds = dict(readings.each("consumer_lag_seconds", "topic", "partition"))
    left = dict(readings.each("replay_left_records", "topic", "partition"))
    found = [
        PartitionStatus(key[0], int(key[1]), records, seconds.get(key, math.nan), left.get(key, 0.0))
        for key, records in readings.each("consumer_lag_records", "topic", "partition")
    ]
    return sorted(found, key=lambda each: (each.topic, each.partition))
