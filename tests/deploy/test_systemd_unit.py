"""systemd understands the unit, and finds little that it may do."""

import configparser
import re
from pathlib import Path

import pytest

from streamrnn.settings.schema import Settings
from tests.deploy.tools import DEPLOY, run, tool

UNIT = DEPLOY / "systemd/streamrnn.service"


def unit() -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment, method-assign]
    parser.read(UNIT)
    return parser["Service"]


def test_it_waits_for_what_the_daemon_itself_allows() -> None:
    daemon, service = Settings().daemon, unit()
    assert int(service["TimeoutStopSec"]) > daemon.drain_deadline
    assert int(service["WatchdogSec"]) > daemon.watchdog  # the daemon's own leaves its stacks in the log
    assert service["Type"] == "notify"
    assert service["RestartPreventExitStatus"].split() == ["2", "3"]


@pytest.mark.tools
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    program = tmp_path / "streamrnn"  # what the unit starts must be there for the check
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/streamrnn/bin/streamrnn", str(program)))
    done = run(tool("systemd-analyze"), "verify", copy)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.tools
def test_its_exposure_is_low() -> None:
    done = run(tool("systemd-analyze"), "security", "--offline=true", UNIT)
    score = re.search(r"Overall exposure level for streamrnn.service: ([0-9.]+)", done.stdout)
    assert score is not None, done.stdout + done.stderr
    print(f"systemd-analyze security: {score[1]}")
    assert float(score[1]) < 1.5
