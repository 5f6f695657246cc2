"""A daemon that runs in a thread beside the test, on a directory log, with its page."""

import json
import math
import random
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from streamrnn.cli.service import serve
from streamrnn.daemon import Daemon
from tests.helpers import settings


@dataclass
class Watched:
    """A daemon, its log's root and its page's address."""

    daemon: Daemon
    root: Path
    address: str

    def append(self, lines: list[str]) -> None:
        with (self.root / "events" / "0.jsonl").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return json.loads(answer.read())

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(self.address + path, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def text(self, path: str) -> str:
        with urllib.request.urlopen(self.address + path, timeout=10) as answer:
            return str(answer.read().decode())

    def wait_for(self, events: int) -> dict[str, Any]:
        """The status once so many events are answered and committed."""
        deadline = time.monotonic() + 60
        while True:
            status: dict[str, Any] = self.get("v1/status")
            if status["events"] >= events and len(self.published()) >= events:
                return status
            assert time.monotonic() < deadline, status
            time.sleep(0.02)

    def published(self) -> list[dict[str, Any]]:
        text = (self.root / "predictions" / "0.jsonl").read_text()
        return [json.loads(line) for line in text[: text.rfind("\n") + 1].splitlines()]


def lines(n: int, streams: int = 6, start: int = 0) -> list[str]:
    """Events of sines with noise, each stream in its turn; ``s0`` has twice as many as the others."""
    source, made = random.Random(start), []
    for i in range(start, start + n):
        stream = max(0, i % (streams + 1) - 1)
        value = math.sin(i / 40 + stream) + source.gauss(0, 0.1)
        made.append(json.dumps({"stream": f"s{stream}", "time": 1_700_000_000 + i, "value": value}))
    return made


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[..., Watched]]:
    """Start a daemon with these settings, once a run."""
    stops = []

    def start(*overrides: str) -> Watched:
        (tmp_path / "events").mkdir()
        (tmp_path / "events" / "0.jsonl").touch()
        chosen = settings(f"transport.path={tmp_path}", "http.port=0", *overrides)
        service = serve(chosen, [])
        served = service.__enter__()
        thread = threading.Thread(target=served.daemon.run, daemon=True)
        thread.start()

        def stop() -> None:
            served.daemon.stop()
            thread.join()
            service.__exit__(None, None, None)

        stops.append(stop)
        return Watched(served.daemon, tmp_path, served.address)

    yield start
    for stop in stops:
        stop()
