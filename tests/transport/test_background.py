"""Calls in the background: side by side, with their results and errors, and never in the way of an end."""

import subprocess
import sys
import threading

import pytest

pytest.importorskip("kafka")  # the package that it is part of

from streamrnn.transport.kafka.background import Background


def test_calls_run_side_by_side_and_give_results_and_errors() -> None:
    background = Background("test")
    together = threading.Barrier(8)
    calls = [background.submit(together.wait, 10) for _ in range(8)]  # ends only if all are under way at once
    assert sorted(call.result(10) for call in calls) == list(range(8))
    with pytest.raises(ZeroDivisionError):
        background.submit(lambda: 1 / 0).result(10)
    background.close()


def test_threads_are_used_again() -> None:
    background = Background("test-again")
    for _ in range(100):
        background.submit(int).result(10)
    assert sum(thread.name == "test-again" for thread in threading.enumerate()) == 1
    background.close()


def test_a_call_that_never_returns_does_not_hold_up_the_end_of_the_process() -> None:
    code = (
        "import threading; from streamrnn.transport.kafka.background import Background; "
        "Background('stuck').submit(threading.Event().wait); print('ends')"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=60, text=True)
    assert ended.returncode == 0 and ended.stdout == "ends\n"
