"""What `run` and `demo` share: a log or an address that cannot be had ends them with a message and its code."""

import urllib.request
from pathlib import Path

import pytest
import typer

from streamrnn.cli.service import serve
from streamrnn.exits import ExitCode
from streamrnn.settings.schema import Settings
from tests.helpers import settings


@pytest.fixture
def log(tmp_path: Path) -> Path:
    (tmp_path / "events").mkdir()
    return tmp_path


def of(log: Path, *overrides: str) -> Settings:
    return settings(f"transport.path={log}", "http.port=0", *overrides)


def test_the_status_page_is_there_while_the_block_lasts(log: Path) -> None:
    with serve(of(log), []) as service, urllib.request.urlopen(service.address + "livez", timeout=5) as page:
        assert page.status == 200


def test_without_a_status_page_there_is_no_address(log: Path) -> None:
    with serve(of(log, "http.enabled=false"), []) as service:
        assert service.address == ""


def test_a_log_that_cannot_be_opened_ends_with_code_4(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(typer.Exit) as ended, serve(of(tmp_path), []):
        pytest.fail("it was opened")
    assert ended.value.exit_code == ExitCode.TRANSPORT
    assert "make it and put files" in caplog.text


def test_an_address_that_cannot_be_had_ends_with_code_2_and_the_remedy_given(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elsewhere = of(log, "http.host=192.0.2.1", "http.unprotected=true")
    with pytest.raises(typer.Exit) as ended, serve(elsewhere, [], remedy="use --port"):
        pytest.fail("it was served")
    assert ended.value.exit_code == ExitCode.SETTINGS
    assert capsys.readouterr().err.endswith("stop what uses it, use --port\n")
