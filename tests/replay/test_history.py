import numpy as np

from streamrnn.replay.history import AFTER, BEFORE, SKIPPED, History


def history(places, errors, **options):
    """All points at once in chunks of 64, with outcomes equal to the errors and a scale of 1."""
    found = History(**options)
    errors = np.asarray(errors, float)
    for start in range(0, len(errors), 64):
        rows = slice(start, start + 64)
        count = len(errors[rows])
        found.add(
            np.asarray(places[rows]), np.arange(count) + float(start), errors[rows], np.zeros(count), np.ones(count)
        )
    return found


def test_the_first_events_of_each_stream_are_left_out():
    errors = np.ones(1000)
    errors[: 2 * SKIPPED] = 100.0
    moments = history(np.arange(1000) % 2, errors).moments()
    assert moments and min(moment.number for moment in moments) >= SKIPPED
    assert {moment.severity for moment in moments} == {1.0}


def test_of_moments_close_together_only_the_worst_is_kept():
    errors = np.zeros(1000)
    errors[500:510] = np.arange(10) + 1.0
    errors[700] = 5.0
    moments = history(np.zeros(1000, np.int64), errors).moments()
    assert [moment.number for moment in moments] == [509, 700]


def test_one_stream_cannot_take_all_places():
    errors = np.random.default_rng(0).uniform(1.0, 2.0, 20_000)
    places = np.arange(20_000) % 2
    errors[places == 0] *= 1000.0
    moments = history(places, errors, moments=12, each=8).moments()
    assert sorted(moment.place for moment in moments) == [0] * 8 + [1] * 4


def test_errors_are_measured_by_what_the_stream_is_like_in_the_end():
    errors = np.zeros(400)
    errors[150], errors[300] = 5.0, 20.0
    scales = np.where(np.arange(400) < 200, 0.1, 10.0)  # a wild error early on, for a stream that was still calm
    found = History()
    for row in range(400):
        found.add(np.zeros(1, np.int64), np.full(1, float(row)), errors[[row]], np.zeros(1), scales[[row]])
    assert [(moment.number, moment.severity) for moment in found.moments()] == [(300, 2.0), (150, 0.5)]


def test_what_is_kept_is_bounded_and_the_worst_of_a_long_run():
    errors = np.random.default_rng(1).uniform(0.0, 1.0, 30_000)
    spikes = np.arange(1000, 30_000, 2000)
    errors[spikes] = 10.0 + np.arange(len(spikes))
    moments = history(np.zeros(30_000, np.int64), errors).moments()
    assert [moment.number for moment in moments] == spikes[::-1][:12].tolist()
    assert all(len(moment.outcomes) == BEFORE + AFTER + 1 for moment in moments)
