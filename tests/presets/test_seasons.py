"""A season is found where it is, and not where there is none: chance and drift are no season."""

import numpy as np
import pytest

from streamrnn.events.columns import Floats
from streamrnn.presets.seasons import find_seasons
from tests.presets.make import walk

HOUR = 3600.0


def daily(days: int, weekend: float = 0.0, noise: float = 1.0, seed: int = 0) -> Floats:
    steps = np.arange(24 * days)
    level = weekend * ((steps // 24) % 7 >= 5)
    return 3.0 * np.sin(2 * np.pi * steps / 24) + level + noise * np.random.default_rng(seed).normal(size=len(steps))


def test_a_day_is_found_with_its_evidence() -> None:
    season, long = find_seasons([daily(14)], HOUR)
    assert season.steps == 24 and "a day (24 steps) later" in season.why
    assert long.steps is None


def test_a_day_is_found_on_top_of_a_drift_and_with_holes() -> None:
    values = daily(28) + 0.3 * walk(24 * 28, 1)
    values[np.random.default_rng(2).random(len(values)) < 0.2] = np.nan
    assert find_seasons([values], HOUR)[0].steps == 24


def test_a_week_beside_the_day_is_found() -> None:
    season, long = find_seasons([daily(70, weekend=4.0)], HOUR)
    assert (season.steps, long.steps) == (24, 168)
    assert "a week (168 steps) later" in long.why


def test_a_week_alone_is_the_season_of_daily_values() -> None:
    days = np.arange(200)
    values = 5.0 * (days % 7 >= 5) + np.random.default_rng(0).normal(size=200)
    assert find_seasons([values], 86_400.0)[0].steps == 7


@pytest.mark.parametrize("days", [5, 8, 15, 40])
def test_random_walks_have_no_day_but_for_chance(days: int) -> None:
    found = [find_seasons([walk(24 * days, seed)], HOUR)[0].steps for seed in range(200)]
    assert sum(steps == 24 for steps in found) <= 6


def test_white_noise_has_no_season() -> None:
    rng = np.random.default_rng(0)
    assert all(find_seasons([rng.normal(size=500)], HOUR)[0].steps is None for _ in range(50))


def test_without_an_interval_the_changes_tell() -> None:
    steps = np.arange(600)
    values = 5.0 * np.sin(2 * np.pi * steps / 20) + 0.1 * np.random.default_rng(0).normal(size=600)
    season, _ = find_seasons([values], None)
    assert season.steps == 20 and "autocorrelation of changes" in season.why


def test_what_was_too_short_is_said() -> None:
    season, _ = find_seasons([walk(48, 0)], HOUR)
    assert season.steps is None and "too short to tell a day" in season.why


@pytest.mark.parametrize("values", [np.zeros(500), np.full(500, np.nan), np.zeros(3)])
def test_nothing_that_varies_has_no_season(values: Floats) -> None:
    assert find_seasons([values], HOUR)[0].steps is None
