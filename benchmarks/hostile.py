"""What hostile HTTP clients cost the daemon: its event rate, memory and descriptors while they are at it.

The daemon has one processor and the clients another, so that what they take is what they take through its server. Quiet
stretches and attacked ones take turns, the clients being stopped in between; the share is of the means of both. The row
of nobody tells the noise. The share of the processor that the daemon's own threads got is the steadier number, since a
shared machine's speed changes from one second to the next.

    python -m benchmarks.hostile                              all attacks, about 20 minutes
    python -m benchmarks.hostile "the page" --pairs 20        one of them, and how many pairs of stretches in a pass
"""

import argparse
import asyncio
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 1.5  # of one stretch
SETTLING = 1.0  # before each, in which connections end, or what the server had saved up is spent
PAIRS = 10  # of a quiet stretch and an attacked one, in a pass
PASSES = 2  # what memory the second takes is what is lost
WARM_UP = 90.0  # a snapshot included
STREAMS = 5_000

Attack = Callable[[int, list[int]], Coroutine[Any, Any, None]]
"""Goes on for ever against a port; counts what it tried."""


async def send(port: int, data: bytes, read: bool = True) -> None:
    """Connect, send, and read to the end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        await asyncio.wait_for(writer.drain(), 2)
        while read and await asyncio.wait_for(reader.read(1 << 16), 5):
            pass
    finally:
        writer.transport.abort()


def again(data: Callable[[], bytes]) -> Attack:
    """One request after the other."""

    async def attack(port: int, tried: list[int]) -> None:
        while True:
            tried[0] += 1
            with suppress(OSError, TimeoutError):
                await send(port, data())

    return attack


async def slow(port: int, tried: list[int]) -> None:
    """A header that comes a byte at a time."""
    while True:
        tried[0] += 1
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: ")
                while True:
                    await asyncio.sleep(0.2)
                    writer.write(b"y")
                    await writer.drain()
            finally:
                writer.transport.abort()


async def idle(port: int, tried: list[int]) -> None:
    """A connection that says nothing."""
    while True:
        tried[0] += 1
        with suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await reader.read()
            writer.transport.abort()


async def watcher(port: int, tried: list[int]) -> None:
    """Somebody who looks, and takes nothing of what comes."""
    while True:
        tried[0] += 1
        path = "/v1/live" if tried[0] % 2 else "/v1/watch?stream=stream-1"
        with suppress(OSError, TimeoutError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(get(path))
            head = await asyncio.wait_for(reader.read(64), 5)
            if b" 200 " in head:
                await asyncio.sleep(3)
            writer.transport.abort()


def get(path: str) -> bytes:
    """A request as it should be."""
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


async def nobody(port: int, tried: list[int]) -> None:
    """No attack: what the comparison says of the same."""
    tried[0] += 1
    await asyncio.Event().wait()


ATTACKS: dict[str, tuple[Attack, int]] = {  # and how many at once
    "nobody": (nobody, 1),
    "slow headers": (slow, 500),
    "idle connections": (idle, 2000),
    "headers of 1 MB": (again(lambda: b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"y" * 1_000_000), 32),
    "paths of 1 MB": (again(lambda: b"GET /" + b"y" * 1_000_000), 32),
    "odd methods": (again(lambda: b"BREW / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\ntea"), 32),
    "random bytes": (again(lambda: os.urandom(2000)), 32),
    "page watchers": (watcher, 300),
    "the page": (again(lambda: get("/assets/uPlot.iife.min.js")), 32),
    "metrics": (again(lambda: get("/metrics")), 32),
    "lists of streams": (again(lambda: get("/v1/streams?search=7&order=worst&limit=200")), 32),
    "looks at a stream": (again(lambda: get("/v1/streams/stream-77")), 32),
}


def client(name: str, port: int, tried: Any) -> None:
    """A process of hostile clients, on the second processor."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    attack, at_once = ATTACKS[name]
    count = [0]

    async def all_of_them() -> None:
        tasks = [asyncio.create_task(attack(port, count)) for _ in range(at_once)]
        while True:
            await asyncio.sleep(0.1)
            tried.value = count[0]
            assert tasks

    asyncio.run(all_of_them())


class Daemon:
    """A daemon as a process of its own, on the first processor."""

    def __init__(self, root: Path, *overrides: str) -> None:
        words = [word for each in overrides for word in ("--set", each)]
        command = [sys.executable, "-c", "from streamrnn.cli.app import main; main()", "run", *words]
        self._log, self._out = root / "daemon.log", root / "predictions" / "0.jsonl"
        first = {min(os.sched_getaffinity(0))}
        with self._log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdout=log, stderr=log, preexec_fn=lambda: os.sched_setaffinity(0, first)
            )
        while "http://127.0.0.1:" not in (text := self._log.read_text()):
            if self.process.poll() is not None:
                raise RuntimeError(text)
            time.sleep(0.1)
        self.port = int(text.split("http://127.0.0.1:")[1].split("/")[0])
        while not self._out.exists() or self._out.stat().st_size < 100_000:
            time.sleep(0.1)

    def rates(self, seconds: float) -> tuple[float, float]:
        """Bytes of answers a second, and processors in use by the two threads that make them; from batch to batch."""
        begun, size, ran = self._batch()
        time.sleep(seconds)
        now, grown, run = self._batch()
        return (grown - size) / (now - begun), (run - ran) / (now - begun)

    def _batch(self) -> tuple[float, int, float]:
        """When the next batch of answers is out: the time, bytes, and seconds of processor time."""
        size, patience = self._out.stat().st_size, time.monotonic() + 10
        while (grown := self._out.stat().st_size) == size and time.monotonic() < patience:
            time.sleep(0.002)
        return time.monotonic(), grown, self._ran()

    def _ran(self) -> float:
        """Seconds of processor time of the two busiest threads."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(sorted(int(each.read_text().split()[0]) for each in tasks)[-2:]) / 1e9

    def footprint(self) -> tuple[float, int, int]:
        """MiB of memory, open descriptors, threads."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        memory = int(status.split("VmRSS:")[1].split()[0]) / 1024
        threads = int(status.split("Threads:")[1].split()[0])
        return memory, len(os.listdir(f"/proc/{self.process.pid}/fd")), threads

    def probe(self) -> float:
        """Seconds until /livez answers; infinite where it does not within 5."""
        begun = time.monotonic()
        with suppress(OSError, urllib.error.URLError):
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/livez", timeout=5) as answer:
                answer.read()
            return time.monotonic() - begun
        return float("inf")

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Clients:
    """Hostile clients in a process of their own, which can be stopped and go on."""

    def __init__(self, name: str, port: int) -> None:
        context = multiprocessing.get_context("spawn")
        self._tried = context.Value("q", 0)
        self._process = context.Process(target=client, args=(name, port, self._tried), daemon=True)
        self._process.start()
        while not self._tried.value:
            time.sleep(0.05)
        self.pause()

    @property
    def tried(self) -> int:
        """How often they tried."""
        return int(self._tried.value)

    def pause(self) -> None:
        """Let them stand still."""
        os.kill(self._process.pid or 0, signal.SIGSTOP)

    def go_on(self) -> None:
        """Let them go on."""
        os.kill(self._process.pid or 0, signal.SIGCONT)

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def write_log(root: Path, events: int) -> None:
    """Streams in random turn, one partition."""
    rng = np.random.default_rng(0)
    (root / "events").mkdir(parents=True)
    who = rng.integers(0, STREAMS, events)
    values = np.round(np.sin(np.arange(events) / STREAMS / 4) + rng.normal(0, 0.1, events), 4)
    with (root / "events" / "0.jsonl").open("w") as file:
        for i in range(events):
            file.write(f'{{"stream": "stream-{who[i]}", "time": {i}, "value": {values[i]}}}\n')


class Row:
    """What one kind of client cost, over all passes."""

    def __init__(self) -> None:
        self.quiet: list[tuple[float, float]] = []
        self.attacked: list[tuple[float, float]] = []
        self.tried = self.seconds = 0.0
        self.waited: list[float] = []

    def add(self, daemon: Daemon, name: str, pairs: int) -> None:
        """Let them come and go this often."""
        clients = Clients(name, daemon.port)
        for _ in range(pairs):
            time.sleep(SETTLING)
            self.quiet.append(daemon.rates(SECONDS))
            clients.go_on()
            time.sleep(SETTLING)
            before = clients.tried
            self.attacked.append(daemon.rates(SECONDS))
            self.tried += clients.tried - before
            self.seconds += SECONDS
            self.waited.append(daemon.probe())
            clients.pause()
        clients.end()

    def shares(self) -> tuple[float, float, float]:
        """Of the rate, its standard error from pair to pair, and of the processor."""
        pairs = np.array(self.attacked) / np.array(self.quiet)
        rate, processor = np.mean(self.attacked, axis=0) / np.mean(self.quiet, axis=0)
        return float(rate), float(np.std(pairs[:, 0], ddof=1) / len(pairs) ** 0.5), float(processor)


def measured(names: Sequence[str], pairs: int, rate: int) -> dict[str, Row]:
    """A row for each of these attacks; a line for the footprint is printed before them and after each pass."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        seconds = 2 * (SECONDS + SETTLING) + 1
        write_log(root, int((seconds * pairs * PASSES * len(names) + WARM_UP) * rate))
        daemon = Daemon(root, f"transport.path={root}", f"snapshots.path={root}/snapshots", "http.port=0")
        daemon.rates(WARM_UP)
        print("{:.0f} MiB, {} descriptors, {} threads before".format(*daemon.footprint()), flush=True)
        rows = {name: Row() for name in names}
        for turn in range(1, PASSES + 1):
            for name, row in rows.items():
                row.add(daemon, name, pairs)
            time.sleep(6.0)  # the longest that a silent client is waited for, and a little more
            print("{:.0f} MiB, {} descriptors, {} threads after pass".format(*daemon.footprint()), turn, flush=True)
        if not daemon.rates(1.0)[0]:
            raise RuntimeError("the daemon had read all events before the end: give more of them a second with --rate")
        daemon.end()
    return rows


def main(names: Sequence[str] = (), pairs: int = PAIRS, rate: int = 36_000) -> None:
    """Print the footprints, then the table; of these attacks alone, if any are named."""
    rows = measured(names or list(ATTACKS), pairs, rate)
    print(f"{'clients':<20}{'share of the rate':>20}{'of processor':>15}{'tried/s':>10}{'/livez, s':>11}{'worst':>8}")
    for name, row in rows.items():
        share, error, processor = row.shares()
        print(f"{name:<20}{share:>12.3f} ±{error:>6.3f}{processor:>15.3f}{row.tried / row.seconds:>10,.0f}", end="")
        print(f"{np.median(row.waited):>11.2f}{max(row.waited):>8.2f}")


def known(name: str) -> str:
    """A name that is known."""
    if name not in ATTACKS:
        raise argparse.ArgumentTypeError(f"there are no {name!r}, but {', '.join(ATTACKS)}")
    return name


def parser() -> argparse.ArgumentParser:
    """The words of the command line."""
    words = argparse.ArgumentParser(prog="python -m benchmarks.hostile")
    of = f"of {', '.join(ATTACKS)}; all unless named"
    words.add_argument("names", nargs="*", type=known, help=of, metavar="CLIENTS")
    words.add_argument("--pairs", type=int, default=PAIRS, help="of stretches in each of two passes")
    words.add_argument("--rate", type=int, default=36_000, help="events that are at hand for each second")
    return words


if __name__ == "__main__":
    main(**vars(parser().parse_args()))
