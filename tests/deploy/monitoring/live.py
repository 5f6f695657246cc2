"""A real Prometheus, daemons that it scrapes, and events that flow into them."""

from __future__ import annotations

import json
import math
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.monitoring.windows import Windows
from deploy.monitoring.write import rules

WINDOW = "10s"
WAIT = 60.0
START = 300.0  # the first start on a machine compiles
NO_GOOD = (400, 422)  # as Prometheus answers to what it cannot parse or evaluate
COMMAND = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]


class Daemon:
    """A daemon in a process of its own, which can be killed and started again."""

    def __init__(self, folder: Path, *overrides: str) -> None:
        self._log = folder / "daemon.log"
        self.port = _free_port()
        given = [*overrides, f"http.port={self.port}", "logging.format=json"]
        self._command = [*COMMAND, *(word for each in given for word in ("--set", each))]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, or start it again, and wait until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        deadline = time.monotonic() + START
        while True:
            try:
                self.metrics()
                return
            except OSError:
                assert self._process.poll() is None and time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.05)

    def metrics(self, accept: str = "text/plain") -> bytes:
        """What it shows."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/metrics", headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=5) as answer:
            return bytes(answer.read())

    def end(self, how: signal.Signals) -> None:
        """End it by a signal."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(WAIT)


class Feed:
    """Appends events of now to a directory log until closed, some of them refused; labels too, or texts, as wanted."""

    def __init__(self, path: Path, kind: str = "forecast", rate: int = 400) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._kind = kind
        self._rate = rate
        self._stop = threading.Event()
        path.touch()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        draw, n = random.Random(0), 0
        with self._path.open("a") as file:
            while not self._stop.wait(0.1):
                lines = []
                for _ in range(self._rate // 10):
                    lines += self._lines(draw, n)
                    n += 1
                file.write("".join(lines))
                file.flush()

    def _lines(self, draw: random.Random, n: int) -> list[str]:
        stream, now = f"new {n}" if n % 50 == 7 else f"s{n % 20}", time.time()
        if n % 50 == 49:
            return ["not JSON\n"]
        value = 10 + math.sin(n / 20 / 4) + draw.gauss(0, 0.1)
        event: dict[str, Any] = {"stream": stream, "time": now, "value": value}
        if self._kind == "tokens":
            event["text"] = f"is {n % 3} ? {'yes' if n % 3 else 'no'}"
        if self._kind != "labels":
            return [json.dumps(event) + "\n"]
        event["id"] = str(n)
        label = {"stream": stream, "time": now, "id": str(n), "label": "high" if value > 10 else "low"}
        return [json.dumps(event) + "\n", json.dumps(label) + "\n"]


class Prometheus:
    """Debian's own, with the product's rules over short windows."""

    def __init__(self, folder: Path, ports: list[int]) -> None:
        self.folder = folder
        self._port = _free_port()
        windows = Windows(WINDOW, WINDOW, WINDOW, WINDOW, WINDOW)
        (folder / "rules.yaml").write_text(rules(windows))
        targets = [f"127.0.0.1:{port}" for port in ports]
        settings = {
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["rules.yaml"],
            "scrape_configs": [{"job_name": "streamrnn", "static_configs": [{"targets": targets}]}],
        }
        (folder / "prometheus.yaml").write_text(yaml.safe_dump(settings))
        command = [
            "prometheus", f"--config.file={folder}/prometheus.yaml", f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{self._port}", "--log.level=warn",
        ]  # fmt: skip
        self._log = (folder / "prometheus.log").open("wb")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log, env=os.environ)

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(WAIT)
        self._log.close()

    def ask(self, path: str, **arguments: str) -> Any:
        """The data of an answer of its HTTP API."""
        address = f"http://127.0.0.1:{self._port}/api/v1/{path}?{urllib.parse.urlencode(arguments)}"
        with urllib.request.urlopen(address, timeout=10) as answer:
            found = json.load(answer)
        assert found["status"] == "success", found
        return found["data"]

    def values(self, expression: str) -> list[float]:
        """The finite values that an expression has now."""
        found = self.ask("query", query=expression)
        samples = [found["result"]] if found["resultType"] == "scalar" else [each["value"] for each in found["result"]]
        return [value for _, text in samples if math.isfinite(value := float(text))]

    def without_data(self, expressions: dict[str, str]) -> set[str]:
        """The names of those expressions that have had no finite value until time was up."""
        missing = dict(expressions)
        deadline = time.monotonic() + WAIT
        while missing and time.monotonic() < deadline:
            try:
                missing = {name: expression for name, expression in missing.items() if not self.values(expression)}
            except OSError as refusal:  # it has not begun yet, or the expression is no good
                if isinstance(refusal, urllib.error.HTTPError) and refusal.code in NO_GOOD:
                    raise AssertionError(refusal.read().decode()) from refusal
                assert self._process.poll() is None, (self.folder / "prometheus.log").read_text()
            time.sleep(0.2)
        return set(missing)


def chosen(expression: str) -> str:
    """A panel's expression with all chosen, over a short window."""
    for name in ("__rate_interval", "window"):
        expression = expression.replace(f"${name}", WINDOW)
    return re.sub(r"\$\w+", ".*", expression)


@contextmanager
def prometheus(folder: Path, *daemons: Daemon) -> Iterator[Prometheus]:
    """It runs while the block lasts."""
    made = Prometheus(folder, [daemon.port for daemon in daemons])
    try:
        yield made
    finally:
        made.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
