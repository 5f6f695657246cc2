"""A stop is told as soon as it is asked for, once."""

import logging
import signal
import threading
from collections.abc import Iterator

import pytest

from streamrnn.observe.stopping import told_stop


@pytest.fixture
def handled() -> Iterator[None]:
    """SIGTERM and SIGINT do nothing, as while the daemon drains."""
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handled")
def test_the_first_signal_is_told_by_name_and_no_other(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with told_stop():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert [(record.signal, "second signal" in record.message) for record in caplog.records] == [("SIGTERM", True)]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("handled")
def test_without_a_signal_nothing_is_told_and_nothing_stays(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with told_stop():
        pass
    assert not caplog.records
    assert signal.set_wakeup_fd(-1) == -1
    assert "stopping" not in {thread.name for thread in threading.enumerate()}


def test_outside_the_main_thread_it_does_nothing() -> None:
    failures = []

    def enter() -> None:
        try:
            with told_stop():
                pass
        except ValueError as error:
            failures.append(error)

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert not failures
