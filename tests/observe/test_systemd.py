"""A supervisor that speaks systemd's protocol hears of the start, of each turn, and of the end."""

import os
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from streamrnn.events.columns import Partition
from streamrnn.exits import ExitCode
from streamrnn.observe.sensor import BatchReport
from streamrnn.observe.systemd import STATUS_SECONDS, Notifier, SystemdSensor
from tests.helpers import Clock

PARTITION = Partition("events", 0)
MakeReport = Callable[..., BatchReport]


class Supervisor:
    """A socket of its own, and what came to it."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def hears(self, seconds: float = 0.0) -> dict[str, str] | None:
        """The next notification, by name; None where there is none."""
        self.socket.settimeout(seconds or 0.001)
        try:
            lines = self.socket.recv(4096).decode().split("\n")
        except TimeoutError:
            return None
        return dict(line.split("=", 1) for line in lines)


@pytest.fixture(params=["path", "abstract"])
def supervisor(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Supervisor]:
    made = Supervisor(str(tmp_path / "notify") if request.param == "path" else f"@streamrnn-{uuid.uuid4().hex}")
    yield made
    made.socket.close()


def notifier(supervisor: Supervisor, **environ: str) -> Notifier:
    found = Notifier.from_environment({"NOTIFY_SOCKET": supervisor.address, **environ})
    assert found is not None
    return found


def test_it_is_ready_once_and_stops_with_the_time_that_it_needs(supervisor: Supervisor) -> None:
    sensor = SystemdSensor(notifier(supervisor), drain_deadline=30)
    sensor.on_state("starting")
    assert supervisor.hears() is None
    sensor.on_state("running")
    assert supervisor.hears() == {"READY": "1", "STATUS": "running"}
    sensor.on_state("restoring")
    sensor.on_state("running")
    assert supervisor.hears() is None
    sensor.on_state("draining")
    heard = supervisor.hears()
    assert heard is not None and heard["STOPPING"] == "1" and int(heard["EXTEND_TIMEOUT_USEC"]) > 30_000_000


def test_the_watchdog_hears_of_turns_in_time_and_not_of_each(supervisor: Supervisor) -> None:
    clock = Clock()
    sensor = SystemdSensor(notifier(supervisor, WATCHDOG_USEC="8000000"), 30, clock)
    for _ in range(1000):  # ten seconds
        sensor.on_turn()
        clock.now += 0.01
    beats = 0
    while (heard := supervisor.hears()) is not None:
        assert heard == {"WATCHDOG": "1"}
        beats += 1
    assert beats == 5


def test_a_loop_that_stands_is_not_vouched_for(supervisor: Supervisor) -> None:
    clock = Clock()
    sensor = SystemdSensor(notifier(supervisor, WATCHDOG_USEC="8000000"), 30, clock)
    sensor.on_turn()
    assert supervisor.hears() == {"WATCHDOG": "1"}
    clock.now += 100
    sensor.on_lag(PARTITION, 1, 1.0)
    assert supervisor.hears() is None


def test_the_status_tells_of_work_and_of_what_waits(supervisor: Supervisor, make_report: MakeReport) -> None:
    clock = Clock()
    sensor = SystemdSensor(notifier(supervisor), 30, clock)
    sensor.on_state("running")
    supervisor.hears()
    report = make_report()
    sensor.on_batch(PARTITION, report)
    sensor.on_lag(PARTITION, 7, 1.0)
    clock.now += STATUS_SECONDS
    sensor.on_turn()
    status = f"running: 1 partition, {report.events} events, 7 records behind"
    assert supervisor.hears() == {"STATUS": status}
    sensor.on_turn()
    assert supervisor.hears() is None


def test_the_watchdog_of_another_process_is_not_ours(supervisor: Supervisor) -> None:
    for environ in ({}, {"WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}, {"WATCHDOG_USEC": "x"}):
        assert notifier(supervisor, **environ).watchdog_seconds is None
    own = notifier(supervisor, WATCHDOG_USEC="1000000", WATCHDOG_PID=str(os.getpid()))
    assert own.watchdog_seconds == 1.0


def test_without_a_supervisor_there_is_nobody_to_tell() -> None:
    assert Notifier.from_environment({}) is None
    assert Notifier.from_environment({"NOTIFY_SOCKET": "vsock:2:1234"}) is None


def test_a_supervisor_that_went_away_disturbs_nothing(tmp_path: Path) -> None:
    Notifier(str(tmp_path / "gone")).tell(READY=1)


def test_the_daemon_itself_says_when_it_is_ready_and_that_it_stops(supervisor: Supervisor, tmp_path: Path) -> None:
    (tmp_path / "var/log/events").mkdir(parents=True)
    (tmp_path / "var/log/events/0.jsonl").touch()
    command = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]
    settings = ["--set", "http.port=0", "--set", "model.kind=none"]
    environ = dict(os.environ) | {"NOTIFY_SOCKET": supervisor.address, "WATCHDOG_USEC": "400000"}
    environ.pop("WATCHDOG_PID", None)
    process = subprocess.Popen([*command, *settings], cwd=tmp_path, env=environ, stderr=subprocess.DEVNULL)
    try:
        heard = [{}]
        while "READY" not in heard[-1]:
            heard.append(supervisor.hears(30) or pytest.fail("it does not get ready"))
        beats = [supervisor.hears(30) for _ in range(4)]
        assert {"WATCHDOG": "1"} in beats
        process.send_signal(signal.SIGTERM)
        while "STOPPING" not in heard[-1]:
            heard.append(supervisor.hears(30) or pytest.fail("it does not tell that it stops"))
        assert process.wait(30) == ExitCode.OK
    finally:
        process.kill()
        process.wait()
