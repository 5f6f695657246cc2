"""A first signal asks, a second one ends, and none finds the system's own handler in between."""

import signal
import subprocess
import sys
import threading

from streamrnn.exits import ExitCode
from streamrnn.signals import stopped_by_signals

CHILD = """
import os, signal, threading, time
from streamrnn.signals import stopped_by_signals
stop = threading.Event()
with stopped_by_signals(stop):
    os.kill(os.getpid(), signal.SIGTERM)
    assert stop.wait(5)
{then}
"""


def end_of(then: str) -> int:
    return subprocess.run([sys.executable, "-c", CHILD.format(then=then)], timeout=20, check=False).returncode


def test_one_signal_lets_the_process_end_by_itself() -> None:
    assert end_of("") == 0


def test_a_second_signal_ends_with_the_code_for_it_even_after_the_block() -> None:
    assert end_of("os.kill(os.getpid(), signal.SIGINT)\ntime.sleep(5)") == ExitCode.INTERRUPTED


def test_without_a_signal_the_handlers_before_are_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopped_by_signals(threading.Event()):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
