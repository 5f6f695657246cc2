"""Instances as processes, each started again when it ends, as a supervisor would."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from streamrnn.exits import ExitCode

COMMAND = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run"]
#: A supervisor starts again after these; after any other end a person is called.
RESTARTED = {-signal.SIGKILL, int(ExitCode.TRANSPORT)}
#: By then a process is up, and handles signals itself.
UP_SECONDS = 30.0


class Instance:
    """One place in the group.

    Parameters
    ----------
    overrides : settings, as ``a.b=c``
    log : file for what it logs, over all its lives
    """

    def __init__(self, overrides: list[str], log: Path) -> None:
        self._command = [*COMMAND, *(word for each in overrides for word in ("--set", each))]
        self.log = log
        self.ends: Counter[int] = Counter()
        self._wanted = False
        self._started = 0.0
        self._slow_to_end = False
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None

    @property
    def pid(self) -> int | None:
        """Of the process that runs; None between two lives."""
        process = self._process
        return None if process is None or process.poll() is not None else process.pid

    @property
    def failed(self) -> bool:
        """Whether it ended in a way that calls for a person."""
        # One that is told to stop before it is up ends by the signal itself: it has nothing in hand.
        return self._slow_to_end or bool(set(self.ends) - RESTARTED - {int(ExitCode.OK), -signal.SIGTERM})

    def start(self) -> None:
        """Start it, and keep it running."""
        self._wanted = True
        self._spawn()
        self._keeper = threading.Thread(target=self._keep, daemon=True)
        self._keeper.start()

    def send(self, number: int) -> None:
        """Send a signal to the process that runs, if one does."""
        pid = self.pid
        if pid is not None:
            os.kill(pid, number)

    def stop(self, timeout: float) -> None:
        """End it as an operator would; ``TimeoutError`` where it does not end."""
        self._wanted = False
        self.send(signal.SIGTERM)
        assert self._keeper is not None
        self._keeper.join(timeout)
        if self._keeper.is_alive():
            self.send(signal.SIGKILL)
            raise TimeoutError(f"an instance did not end within {timeout:.0f} s of SIGTERM: see {self.log}")

    def lines(self) -> list[dict[str, Any]]:
        """What it logged so far."""
        found = []
        for line in self.log.read_text(errors="replace").splitlines():
            try:
                found.append(json.loads(line))
            except ValueError:
                found.append({"message": line})
        return found

    def _spawn(self) -> None:
        self._started = time.monotonic()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)

    def _keep(self) -> None:
        while True:
            assert self._process is not None
            code = self._process.wait()
            self.ends[code] += 1
            # One that runs handles the signal: so it hung, on its way up or down.
            self._slow_to_end |= code == -signal.SIGTERM and time.monotonic() - self._started > UP_SECONDS
            if not self._wanted or code not in RESTARTED:
                return
            time.sleep(0.1)
            if not self._wanted:
                return
            self._spawn()
