import io
import math
import re

import numpy as np
import pytest
from rich.console import Console

from streamrnn.demo.sensor import DemoSensor
from streamrnn.demo.view import View
from streamrnn.demo.watch import Watch
from streamrnn.events.columns import Partition, Predictions
from streamrnn.observe.sensor import BatchReport, TargetScore
from tests.helpers import Clock

HERE = Partition("events", 0)


def report(events=1000, error=800.0, baseline=1000.0, dead_letters=0):
    score = TargetScore(events, error, error, baseline, baseline)
    letters = {"not_a_number": dead_letters} if dead_letters else {}
    return BatchReport(events, 0, {("value", 1): score}, letters, 0, 125, 0, 0, 0.0, 0, {}, 300, 0.0, {}, 0.002)


def predictions(streams, outcomes, settled):
    count = len(streams)
    column = np.asarray(outcomes, float)[:, None]
    return Predictions(
        HERE, np.arange(count), list(streams), np.arange(count, dtype=float), np.ones(count, int), np.arange(count),
        (1,), column[:, None] + 0.5, column, column, np.asarray(settled, float)[:, None, None],
        np.zeros((count, 1, 1)), "x",
    )  # fmt: skip


@pytest.fixture
def clock():
    return Clock(100.0)


@pytest.fixture
def sensor(clock):
    sensor = DemoSensor(clock=clock)
    for _ in range(11):
        sensor.on_batch(HERE, report(dead_letters=1))
        clock.now += 1.0
    sensor.on_lag(HERE, 420, 0.1)
    return sensor


def console(terminal):
    return Console(file=io.StringIO(), force_terminal=terminal, width=120, height=40)


def test_the_sensor_adds_up_batches(sensor):
    assert (sensor.events, sensor.dead_letters, sensor.updates, sensor.live_streams) == (11_000, 11, 1375, 300)
    assert sensor.skill == pytest.approx(0.2)
    assert sensor.seconds == 10.0
    assert sensor.pace == pytest.approx(1000.0)


def test_the_pace_falls_to_nothing_when_nothing_comes(sensor, clock):
    clock.now += 60.0
    assert sensor.pace == 0.0


def test_skill_over_time_stays_bounded_and_covers_the_whole_run(clock):
    sensor = DemoSensor(window=1000, clock=clock)
    for number in range(1000):
        sensor.on_batch(HERE, report(error=1000.0 - number))
    skills = sensor.skills()
    assert 30 <= len(skills) <= 60
    assert skills == sorted(skills) and skills[0] < 0.05 and skills[-1] > 0.9


def test_the_recent_skill_is_that_of_the_newest_forecasts_alone(clock):
    sensor = DemoSensor(window=3000, clock=clock)
    for error in (2000.0, 900.0, 800.0, 700.0):
        sensor.on_batch(HERE, report(error=error))
    assert sensor.recent_skill == pytest.approx(0.2)
    assert sensor.skill == pytest.approx(-0.1)


def test_batches_without_an_outcome_do_not_pile_up(clock):
    sensor = DemoSensor(clock=clock)
    for _ in range(1000):
        sensor.on_batch(HERE, report(events=0, error=0.0, baseline=0.0))
    assert len(sensor._recent) == 0


def test_the_summary_is_a_sentence_with_a_number_against_the_last_value(sensor):
    assert View(sensor, console(False)).summary() == (
        "Learned from 11,000 events of 300 streams in 10.0 s (1,100/s): forecasts of the next step 20.0 % better "
        "than the last value (MAE 0.80 against 1.00) over the whole run, 20.0 % better over the last 10,000."
    )


def test_the_last_line_and_the_summary_of_a_short_run_give_one_number(clock):
    sensor = DemoSensor(clock=clock)
    for error in (1100.0, 900.0, 700.0):
        sensor.on_batch(HERE, report(error=error))
    view = View(sensor, console(False))
    assert "skill +10.0 % (so far)" in view.line()
    assert view.summary().endswith("step 10.0 % better than the last value (MAE 0.90 against 1.00).")


def test_what_differs_in_a_long_run_is_told_apart(clock):
    sensor = DemoSensor(window=2000, clock=clock)
    for error in (1100.0, 900.0, 700.0):
        sensor.on_batch(HERE, report(error=error))
    view = View(sensor, console(False))
    assert "skill +20.0 % (over the last 2,000)" in view.line()
    assert "10.0 % better than the last value (MAE 0.90 against 1.00) over the whole run, " in view.summary()
    assert view.summary().endswith("20.0 % better over the last 2,000.")


def test_the_summary_says_when_it_was_worse(clock):
    sensor = DemoSensor(clock=clock)
    sensor.on_batch(HERE, report(error=1500.0))
    assert "50.0 % worse than the last value (MAE 1.50 against 1.00)" in View(sensor, console(False)).summary()


def test_the_summary_of_nothing_claims_nothing():
    assert "too few" in View(DemoSensor(), console(False)).summary()


def test_the_picture_shows_headline_and_streams(sensor):
    screen = console(True)
    view = View(sensor, screen)
    view.address = "http://127.0.0.1:9464/"
    view.on_answers(HERE, predictions(["a", "b"], [1.0, 2.0], [math.nan, 2.5]))
    screen.print(view.picture())
    text = re.sub(r"\x1b\[[0-9;]*m", "", screen.file.getvalue())
    skill = "+20.0 % over the last 10,000; since the start"
    for shown in ("11,000", skill, "420", "http://127.0.0.1:9464/", "a", "2.50", "forecast"):
        assert shown in text


def plain_lines(sensor, monkeypatch, enough):
    monkeypatch.setattr("streamrnn.demo.view._LINE_EVERY", 0.0)
    monkeypatch.setattr("streamrnn.demo.view._REFRESH", 0.01)
    screen = console(False)
    with View(sensor, screen, waiting="compiling"):
        while not enough(screen.file.getvalue()):
            pass
    return screen.file.getvalue().splitlines()


def test_no_terminal_gets_plain_lines(sensor, monkeypatch):
    first, second, *_ = plain_lines(sensor, monkeypatch, lambda text: text.count("\n") >= 2)
    assert first == "compiling"
    assert "\x1b" not in second and "skill +20.0 % (over the last 10,000)" in second and "lag 420" in second


def test_what_it_waits_for_is_said_once(clock, monkeypatch):
    class Idle(DemoSensor):
        looks = 0

        @property
        def events(self):
            self.looks += 1
            return 0

        @events.setter
        def events(self, value):
            pass

    sensor = Idle(clock=clock)
    assert plain_lines(sensor, monkeypatch, lambda text: sensor.looks > 5) == ["compiling"]


def test_a_terminal_that_wants_no_colour_gets_plain_lines(sensor, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = console(True)
    with View(sensor, screen):
        pass
    assert "\x1b" not in screen.file.getvalue()


def test_a_terminal_gets_the_picture(sensor, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    screen = console(True)
    with View(sensor, screen):
        pass
    assert "one network learns" in screen.file.getvalue()


def test_the_watch_scores_what_it_follows():
    watch = Watch()
    watch.add(predictions(["a", "a", "a"], [1.0, 2.0, math.nan], [math.nan, 1.5, 2.0]))
    (watched,) = watch.streams()
    assert watched.skill == pytest.approx(1 - 0.5 / 2.0)
    assert list(watched.forecasts)[1:] == [1.5, 2.0]


def test_a_silent_stream_makes_room():
    watch = Watch(streams=1, patience=10)
    watch.add(predictions(["a"], [1.0], [1.0]))
    watch.add(predictions(["b"] * 20, [1.0] * 20, [1.0] * 20))
    assert [each.name for each in watch.streams()] == ["a"]
    watch.add(predictions(["b"], [1.0], [1.0]))
    assert [each.name for each in watch.streams()] == ["b"]
