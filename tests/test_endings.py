"""What ends a run gets its exit code and its kind, and is the last thing that the log says."""

import logging
from pathlib import Path

import pytest

from streamrnn import endings
from streamrnn.daemon import Daemon
from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.observe.summary import SummarySensor
from streamrnn.partitions import NoPartitionError
from streamrnn.state_errors import StateError
from streamrnn.transport.base import Committed, LogError, TransportError
from streamrnn.transport.script import Broker, ScriptLog
from tests.test_daemon import daemon_settings, script


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        (StateError("no snapshot"), ExitCode.STATE, "state"),
        (LogError("made anew"), ExitCode.STATE, "log"),
        (TransportError("away", "unreachable"), ExitCode.TRANSPORT, "unreachable"),
        (OSError(28, "No space left", "var/log"), ExitCode.TRANSPORT, "system"),
        (NoPartitionError("--skip-to"), ExitCode.SETTINGS, "settings"),
        (MemoryError("too many streams"), ExitCode.SETTINGS, "memory"),
        (ZeroDivisionError(), ExitCode.INTERNAL, "internal"),
    ],
)
def test_each_error_has_its_code_and_kind(error: Exception, code: ExitCode, kind: str) -> None:
    ending = endings.by(error)
    assert (ending.code, ending.kind) == (code, kind)


class Breaks(ScriptLog):
    def commit(self, positions: dict[Partition, Committed]) -> None:
        raise TransportError("the brokers are gone", "unreachable")

    def close(self) -> None:
        logging.getLogger("kafka").info("closed")
        super().close()


def test_the_totals_come_before_what_failed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "streamrnn")
    log = Breaks(Broker(script(20)))
    assert Daemon(daemon_settings(tmp_path), [SummarySensor()], transport=log).run() == ExitCode.TRANSPORT
    totals, failure = caplog.records[-2:]
    assert totals.message.startswith("stopped; these are the totals")
    assert failure.message == "the brokers are gone"
    assert vars(failure)["kind"] == "unreachable"
