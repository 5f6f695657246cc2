"""A loop that stops is ended; one that goes round is left alone."""

import subprocess
import sys
import threading
import time

from streamrnn.exits import ExitCode
from streamrnn.observe.watchdog import Watchdog
from tests.helpers import Clock


def test_a_stall_is_noticed_once() -> None:
    clock, stalled, stalls = Clock(), threading.Event(), list[float]()

    def on_stall(seconds: float) -> None:
        stalls.append(seconds)
        stalled.set()

    with Watchdog(0.05, on_stall, clock):
        while not stalled.wait(0.005):
            clock.now += 0.005
        time.sleep(0.03)
    assert len(stalls) == 1 and stalls[0] > 0.05


def test_time_that_the_process_was_suspended_does_not_count() -> None:
    clock, stalls = Clock(), list[float]()
    with Watchdog(0.5, stalls.append, clock):
        clock.now = 3600.0
        time.sleep(0.2)
    assert stalls == []


def test_a_fed_watchdog_keeps_still() -> None:
    clock, stalls = Clock(), list[float]()
    with Watchdog(0.05, stalls.append, clock) as watchdog:
        for _ in range(10):
            clock.now += 0.04
            watchdog.feed()
            time.sleep(0.01)
    assert stalls == []


def test_a_stopped_watchdog_keeps_still() -> None:
    clock, stalls = Clock(), list[float]()
    watchdog = Watchdog(0.01, stalls.append, clock)
    watchdog.start()
    watchdog.stop()
    clock.now = 100.0
    time.sleep(0.03)
    assert stalls == []


def test_by_default_it_shows_every_stack_and_ends_the_process() -> None:
    code = (
        "import threading\nfrom streamrnn.observe.watchdog import Watchdog\n"
        "def stuck_here():\n    threading.Event().wait(30)\nWatchdog(0.1).start()\nstuck_here()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == ExitCode.WATCHDOG
    assert "stuck_here" in done.stderr and "ending the process" in done.stderr
