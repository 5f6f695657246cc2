"""Skill compares with the last value, over recent events."""

import math

import pytest

from streamrnn.observe.sensor import TargetScore
from streamrnn.observe.skill import RecentSkill


def score(error: float, baseline: float, count: int = 10) -> TargetScore:
    return TargetScore(count, error, error, baseline, baseline)


def test_half_the_error_is_a_skill_of_one_half() -> None:
    skill = RecentSkill()
    skill.add({("value", 1): score(2.0, 4.0)})
    skill.add({("value", 1): score(3.0, 6.0)})
    assert skill.of("value") == pytest.approx(0.5)


def test_the_past_fades() -> None:
    skill = RecentSkill(window=100)
    skill.add({("value", 1): score(8.0, 4.0)})
    for _ in range(100):
        skill.add({("value", 1): score(1.0, 4.0)})
    assert skill.of("value") == pytest.approx(0.75, abs=0.001)


def test_there_is_no_skill_before_the_last_value_erred() -> None:
    skill = RecentSkill()
    assert math.isnan(skill.of("value")) and math.isnan(skill.mean())
    skill.add({("value", 1): score(0.0, 0.0)})
    assert math.isnan(skill.of("value"))


def test_the_mean_is_over_targets_that_have_a_skill() -> None:
    skill = RecentSkill()
    skill.add({("a", 1): score(1.0, 4.0), ("b", 1): score(3.0, 4.0), ("c", 1): score(0.0, 0.0)})
    skill.add({("a", 24): score(9.0, 1.0)})
    assert skill.mean() == pytest.approx(0.5)
