"""The benchmark's scoring rule behaves as its paper says."""

import pytest

from benchmarks import nab
from benchmarks.nab_score import LOW_FALSE_ALARMS, LOW_MISSES, PROFILES, Detections, Profile, raw_score, score, sigmoid

WINDOWS = [(400, 499), (700, 799)]


def scored(*records: int, profile: Profile = PROFILES[0]) -> float:
    """Score of a detector that speaks at these records of a file of 1,000."""
    return score([Detections(1000, WINDOWS, records)], profile)


@pytest.mark.parametrize("profile", PROFILES)
def test_a_detector_that_says_nothing_scores_0_and_a_perfect_one_100(profile: Profile) -> None:
    assert scored(profile=profile) == 0.0
    assert scored(400, 700, profile=profile) == pytest.approx(100.0)


def test_earlier_is_better_within_a_window() -> None:
    assert scored(400) > scored(420) > scored(480) > scored(499) > scored() > scored(300)


def test_only_the_first_detection_in_a_window_counts() -> None:
    assert scored(410, 450, 490) == scored(410)


def test_a_false_alarm_costs_less_just_behind_a_window_than_far_from_any() -> None:
    assert scored(410, 501) > scored(410, 550) > scored(410, 690)
    assert scored(410, 300) == pytest.approx(scored(410, 690), abs=1e-3)


def test_profiles_weigh_false_alarms_and_misses() -> None:
    assert scored(400, 300, profile=LOW_FALSE_ALARMS) < scored(400, 300)
    one_of_two = scored(400, profile=LOW_MISSES)
    assert one_of_two == pytest.approx(100 * (1 + 2) / (2 + 4))
    assert scored(400) == pytest.approx(50.0)


def test_the_papers_example() -> None:
    """A false alarm before the window, two detections in it, one false alarm close behind it and one far behind:
    -A_FP + A_TP - 0.8093 A_FP - A_FP, which is 0.69 in the standard profile."""
    file = Detections(2000, [(1000, 1100)], [500, 1000, 1050, 1145, 1990])
    assert sigmoid(0.45) == pytest.approx(-0.8093, abs=1e-4)
    assert raw_score(file, PROFILES[0]) == pytest.approx(0.6909, abs=2e-4)


def test_detections_during_probation_are_ignored() -> None:
    assert scored(*range(150), 400) == scored(400)
    assert scored(150, 400) < scored(400)
    assert Detections(100_000, [], []).probation == 750


def test_always_speaking_is_worse_than_saying_nothing() -> None:
    assert scored(*range(1000)) < -100.0


def test_files_are_summed_before_they_are_normalised() -> None:
    quiet = Detections(1000, [], [])
    noisy = Detections(1000, [], [500])
    perfect = Detections(1000, WINDOWS, [400, 700])
    assert score([perfect, quiet]) == pytest.approx(100.0)
    assert score([perfect, noisy]) == pytest.approx(100 - 100 * 0.11 / 4)


def test_nothing_to_score_is_said() -> None:
    with pytest.raises(ValueError, match="no file has a window"):
        score([Detections(1000, [], [500])])


def test_missing_data_is_said_aloud(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: object
) -> None:
    monkeypatch.setenv("STREAMRNN_DATA", str(tmp_path))
    nab.main()
    assert "SKIPPED" in capsys.readouterr().out
