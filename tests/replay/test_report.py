import io
import json
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from rich.console import Console

from streamrnn.events.columns import Events, Partition, Predictions
from streamrnn.replay.history import AFTER, BEFORE
from streamrnn.replay.intake import Intake
from streamrnn.replay.numbers import number
from streamrnn.replay.report import ReplayReport


def predictions(streams, outcomes, settled, naive, times=None):
    """One batch; outcomes, settled and naive are [n] or [n, targets]."""
    columns = (np.asarray(each, float).reshape(len(streams), -1) for each in (outcomes, settled, naive))
    outcomes, settled, naive = columns
    count = np.arange(len(streams))
    times = 1.7e9 + 60.0 * count if times is None else np.asarray(times, float)
    return Predictions(
        Partition("load", 0), count, list(streams), times, count + 1, count + 1, (1,), settled[:, None], outcomes,
        outcomes, settled[:, None], naive[:, None], "x",
    )  # fmt: skip


def part(batch, rows):
    """The batch's rows as a batch of their own."""
    settled, naive = batch.settled[rows, 0], batch.settled_baselines[rows, 0]
    return predictions(batch.streams[rows], batch.outcomes[rows], settled, naive)


def walk(count, streams=1, seed=0):
    """A random batch of several streams whose forecasts are better than their baselines."""
    random = np.random.default_rng(seed)
    names = [f"s{place % streams}" for place in range(count)]
    outcomes = random.normal(10.0, 2.0, count)
    return predictions(names, outcomes, outcomes + random.normal(0, 0.5, count), outcomes + random.normal(0, 1, count))


def test_scores_are_those_of_the_textbook():
    report = ReplayReport(("value",))
    report.add(predictions("aaaa", [1, 2, 4, 8], [math.nan, 2.5, 4, 7], [math.nan, 1, 2, 4]))
    score = report.scores.total(0)
    assert score.count == 3
    assert score.mae == pytest.approx(0.5) and score.naive_mae == pytest.approx(7 / 3)
    assert score.rmse == pytest.approx(math.sqrt(1.25 / 3)) and score.naive_rmse == pytest.approx(math.sqrt(7))
    assert score.skill == pytest.approx(1 - 1.5 / 7)
    assert score.std == pytest.approx(np.std([1, 2, 4, 8]))


def test_missing_outcomes_are_not_scored():
    report = ReplayReport(("value",))
    report.add(predictions("aaa", [1, math.nan, 3], [1, 1, 2], [1, 1, 1]))
    assert report.scores.total(0).count == 2
    assert report.scores.total(0).std == pytest.approx(1.0)


def test_how_the_batches_are_cut_does_not_matter():
    whole, pieces = ReplayReport(("value",)), ReplayReport(("value",))
    batch = walk(1000, streams=7)
    whole.add(batch)
    for start in range(0, 1000, 256):
        rows = slice(start, start + 256)
        pieces.add(
            part(batch, rows)
        )
    assert whole.numbers() == pieces.numbers()
    assert [m.severity for m in whole.moments(0)] == [m.severity for m in pieces.moments(0)]


def test_the_deviation_of_several_streams_is_pooled_and_also_within_each():
    report = ReplayReport(("value",))
    outcomes = [1.0, 101.0, 3.0, 105.0, 2.0, 103.0]
    report.add(predictions("ababab", outcomes, np.add(outcomes, 1.0), np.add(outcomes, 2.0)))
    numbers = report.numbers()["targets"]["value"]
    assert numbers["mae_over_std"] == pytest.approx(1.0 / np.std(outcomes))
    assert numbers["mean_mae_over_std"] == pytest.approx(np.mean([1 / np.std([1, 3, 2]), 1 / np.std([101, 105, 103])]))


def test_a_large_offset_does_not_swamp_the_deviation():
    report = ReplayReport(("value",))
    outcomes = 1e9 + np.array([0.0, 1.0, 2.0, 3.0])
    report.add(predictions("aaaa", outcomes, outcomes, outcomes))
    assert report.scores.total(0).std == pytest.approx(np.std([0, 1, 2, 3]))


def test_best_and_worst_streams_are_ranked_by_skill_and_bounded():
    report = ReplayReport(("value",))
    for place in range(30):
        report.add(predictions([f"s{place}"] * 40, np.zeros(40), np.full(40, place / 10), np.ones(40)))
    best, worst = report.scores.ranked(0, 10)
    assert [report.scores.names[place] for place in best] == [f"s{place}" for place in range(10)]
    assert [report.scores.names[place] for place in worst] == [f"s{place}" for place in range(29, 19, -1)]


def test_error_over_time_stays_bounded_and_loses_nothing():
    report = ReplayReport(("value",))
    report.add(predictions(["a"] * 50_000, np.zeros(50_000), np.full(50_000, 0.5), np.ones(50_000)))
    middles, error, naive = report.timeline.means(0)
    assert 100 <= len(middles) <= 200 and middles[-1] < 50_000
    np.testing.assert_allclose(error, 0.5)
    np.testing.assert_allclose(naive, 1.0)


def test_the_worst_moment_is_found_with_its_neighbourhood():
    outcomes = np.sin(np.arange(3000.0))
    settled = outcomes.copy()
    outcomes[2000] = 50.0
    report = ReplayReport(("value",))
    report.add(predictions(["a"] * 3000, outcomes, settled, settled))
    worst = report.moments(0)[0]
    assert (worst.number, worst.outcome) == (2000, 50.0)
    assert worst.forecast == settled[2000]
    np.testing.assert_array_equal(worst.outcomes, outcomes[2000 - BEFORE : 2001 + AFTER])
    np.testing.assert_array_equal(worst.forecasts, settled[2000 - BEFORE : 2001 + AFTER])
    assert worst.at == BEFORE


def test_a_moment_at_the_very_end_has_what_there_is():
    outcomes = np.sin(np.arange(200.0))
    settled = outcomes.copy()
    outcomes[199] = 50.0
    report = ReplayReport(("value",))
    for start in range(0, 200, 10):
        rows = slice(start, start + 10)
        report.add(predictions(["a"] * 10, outcomes[rows], settled[rows], settled[rows]))
    worst = report.moments(0)[0]
    assert worst.outcomes[worst.at] == 50.0 and len(worst.outcomes) == BEFORE + 1


def test_at_most_twelve_moments_are_shown_and_six_plots_of_500_points():
    report = ReplayReport(("value",))
    report.add(walk(20_000, streams=10))
    assert len(report.worst()) == 12
    assert [sample.stream for sample in report.samples] == [f"s{place}" for place in range(6)]
    assert {len(sample.outcomes) for sample in report.samples} == {500}


def test_the_plots_of_one_stream_are_of_its_targets():
    report = ReplayReport(("load", "temperature"))
    column = np.arange(8.0).reshape(4, 2)
    report.add(predictions("aaaa", column, column, column))
    assert [(sample.stream, sample.target) for sample in report.samples] == [("a", 0), ("a", 1)]


def shown(report, width):
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(report.table(width))
    return console.export_text()


def test_names_and_numbers_can_be_read_whole_at_80_columns():
    report = ReplayReport(("temperature", "a name that is far too long for one line of a table"))
    rows = walk(1000, streams=5)
    tiny = [np.column_stack([each[:, 0], each[:, 0] * 1.234567e-5]) for each in (rows.outcomes, rows.settled[:, 0])]
    report.add(predictions(rows.streams, *tiny, tiny[0] - 1.234567e-5))
    text = shown(report, 80)
    assert "…" not in text and "..." not in text and max(map(len, text.splitlines())) <= 80
    assert "temperature" in text and number(report.scores.total(1).mae) in text
    assert "e-0" in number(report.scores.total(1).mae)


def test_a_wide_terminal_shows_the_squared_errors_too():
    report = ReplayReport(("value",))
    report.add(walk(1000, streams=5))
    assert "RMSE" in shown(report, 120) and "RMSE" not in shown(report, 80)


def test_the_numbers_are_json_even_when_there_are_none():
    nan = np.full(2, np.nan)
    intake = Intake(("value",))
    intake.add(Events(Partition("load", 0), np.arange(2), ["a", "b"], nan, nan, np.ones((2, 1)), np.zeros(2, np.bool_)))
    report = ReplayReport(("value",), intake)
    report.add(predictions("ab", [1, 1], nan, nan))
    assert json.loads(json.dumps(report.numbers(), allow_nan=False))["targets"]["value"]["skill"] is None
    assert "Nothing could be scored" in report.html("once each")


def test_the_worst_moments_are_of_all_targets_and_streams():
    count = 6000
    outcomes = np.random.default_rng(3).normal(0.0, 1.0, (count, 2))
    names = [f"s{place % 3}" for place in range(count)]
    report = ReplayReport(("load", "heat"))
    report.add(predictions(names, outcomes, outcomes * [9.0, 1.1], outcomes))  # load is far worse than heat
    chosen = [(target, moment.place) for target, moment in report.worst()]
    assert sorted(set(chosen)) == [(target, place) for target in (0, 1) for place in (0, 1, 2)]
    assert len(chosen) == 12


@pytest.mark.parametrize(("streams", "split"), [(3, False), (20, False), (21, True)])
def test_best_and_worst_are_told_apart_only_where_streams_are_many(streams, split):
    report = ReplayReport(("value",))
    report.add(walk(streams * 30, streams))
    text = report.html("streams")
    assert (": best" in text) == (": worst" in text) == split
    assert all(f"<td>s{place}</td>" in text for place in range(min(streams, 20))) or split


def test_a_page_without_any_score_says_why_and_draws_nothing():
    report = ReplayReport(("value",), Intake(("value",)))
    text = report.html("empty")
    assert "the file holds no events" in text and "<figure" not in text


class Elements(HTMLParser):
    """Counts opened and closed elements, and collects addresses."""

    def __init__(self):
        super().__init__()
        self.open, self.counts, self.addresses = [], {}, []

    def handle_starttag(self, tag, attributes):
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.addresses += [value for name, value in attributes if name in ("src", "href", "xlink:href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        pass  # <line .../> closes itself

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_the_page_is_whole_and_fetches_nothing():
    report = ReplayReport(("value",))
    report.add(walk(3000, streams=8))
    text = report.html("Replay of load.csv")
    assert "No stream has values" not in text
    elements = Elements()
    elements.feed(text)
    assert elements.open == [] and elements.addresses == []
    assert "http" not in text and "url(" not in text and "@import" not in text
    assert elements.counts["figure"] == 1 + 6 + 12
    assert "prefers-color-scheme: dark" in text
    assert not re.search(r"\b(nan|inf)\b", text)


def test_names_from_the_data_cannot_become_markup():
    report = ReplayReport(("<b>value</b>",))
    report.add(predictions(["<script>alert(1)</script>"] * 100, np.arange(100), np.arange(100) + 1, np.arange(100) + 2))
    text = report.html("<i>title</i>")
    for markup in ("<script", "<b>value</b>", "<i>"):
        assert markup not in text
