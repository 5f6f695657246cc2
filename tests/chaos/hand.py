"""The hand that meddles: each act befalls the group, which must then go on by itself."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random

from tests.chaos.instances import Instance
from tests.chaos.proxy import API, Proxy, Rule, Side
from tests.kafka.broker import JavaBroker

PROGRESS_SECONDS = 60.0  # by then every partition must be committed anew after an act
MET_SECONDS = 60.0  # by then a frame of a kind must have come by; a lost answer to a join costs 25 s of it
LOOK = 0.02

#: Where in a transaction an instance is killed: the frame that it sends or awaits there.
POINTS: dict[str, tuple[str, Side]] = {
    "before begin": ("AddPartitionsToTxn", "request"),
    "after sends": ("Produce", "response"),
    "after flush": ("AddOffsetsToTxn", "request"),
    "after offsets": ("TxnOffsetCommit", "response"),
    "before EndTxn": ("EndTxn", "request"),
    "after EndTxn, before its reply": ("EndTxn", "response"),
}
DROPPED = [name for name in API if name not in ("Fetch", "OffsetCommit")]
#: Kinds that an instance sends in its daily round; the others it sends when it joins.
DAILY = {"Produce", "AddPartitionsToTxn", "AddOffsetsToTxn", "TxnOffsetCommit", "EndTxn", "Heartbeat"}
#: Codes that a broker may give: not coordinator, loading, concurrent transactions, fenced epoch, unknown member, stale
#: generation, rebalance in progress, unknown.
ERRORS = [
    ("EndTxn", 16), ("EndTxn", 14), ("EndTxn", 51), ("EndTxn", 47), ("EndTxn", -1), ("AddOffsetsToTxn", 51),
    ("AddOffsetsToTxn", 47), ("Heartbeat", 25), ("Heartbeat", 22), ("Heartbeat", 27), ("SyncGroup", 27),
    ("JoinGroup", 16), ("InitProducerId", 51),
]  # fmt: skip


class Stuck(Exception):
    """The group did not go on after an act."""


class Hand:
    """Acts on instances, broker and wire; after each it waits until every partition is committed anew.

    Parameters
    ----------
    random : chooses whom, when and how long
    broker : may be frozen, killed and started again
    slots : instances, each with the proxy that it reaches the broker by; the last one comes and goes
    positions : the committed offsets of all partitions
    snapshots : topic of the snapshots, where they are in Kafka; else None
    """

    def __init__(
        self,
        random: Random,
        broker: JavaBroker,
        slots: list[tuple[Instance, Proxy]],
        positions: Callable[[], list[int]],
        snapshots: str | None,
    ) -> None:
        self._random = random
        self._broker = broker
        self._steady, self._guest = slots[:-1], slots[-1][0]
        self._positions = positions
        self._snapshots = snapshots

    def acts(self) -> dict[str, Callable[[], None]]:
        """All kinds of acts, by name."""
        found: dict[str, Callable[[], None]] = {"kill at random": self.kill}
        for name, (api, side) in POINTS.items():
            found[f"kill {name}"] = lambda api=api, side=side: self.strike(api, side)  # type: ignore[misc]
        found["kill in restore"] = self.kill_in_restore
        found["kill in snapshot"] = self.kill_in_snapshot
        found["zombie"] = self.zombie
        found["rebalance"] = self.rebalance
        found["broker freeze"] = self.freeze
        found["broker restart"] = self.restart
        for name in DROPPED:
            found[f"drop {name} response"] = lambda name=name: self.drop(name)  # type: ignore[misc]
        for name, code in ERRORS:
            found[f"error {code} in {name}"] = lambda name=name, code=code: self.refuse(name, code)  # type: ignore[misc]
        return found

    def settle(self, timeout: float = PROGRESS_SECONDS) -> None:
        """Wait until every partition is committed beyond where it is now."""
        start = self._positions()
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if all(now > before for now, before in zip(self._positions(), start, strict=True)):
                return
            time.sleep(LOOK)
        raise Stuck(f"positions are {self._positions()}, and were {start} {timeout:.0f} s ago")

    def kill(self) -> None:
        """End a process at a random moment, as a power failure would."""
        time.sleep(self._random.random())
        self._any()[0].send(signal.SIGKILL)

    def strike(self, api: str, side: Side) -> None:
        """End a process just where it sends, or awaits, a frame; the frame goes nowhere."""
        instance, proxy = self._any()
        self._meet(proxy, Rule(api, side, "strike", then=lambda: instance.send(signal.SIGKILL)), instance)

    def kill_in_restore(self) -> None:
        """End a process while it reads its state, or replays."""
        instance, _ = self._any()
        seen = len(instance.lines())
        instance.send(signal.SIGKILL)
        for _ in self._look("no restore came"):
            if any(line["message"] == "goes on from a snapshot" for line in instance.lines()[seen:]):
                break
        instance.send(signal.SIGKILL)

    def kill_in_snapshot(self) -> None:
        """End a process while it writes a snapshot."""
        if self._snapshots is not None:
            instance, proxy = self._any()
            needle = self._snapshots.encode()
            rule = Rule("Produce", "request", "strike", lambda: instance.send(signal.SIGKILL), needle=needle)
            self._meet(proxy, rule, None)
            return
        for _ in self._look("no snapshot was written", pause=0.001):  # it takes but a few milliseconds
            for instance, _ in self._steady:
                pid = instance.pid
                if pid is not None and _writes_a_snapshot(pid):
                    instance.send(signal.SIGKILL)
                    return

    def zombie(self) -> None:
        """Hold a process still until others have its partitions, then let it go on."""
        instance, _ = self._any()
        pid = instance.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGSTOP)
        try:
            self.settle()
            time.sleep(self._random.random())
        finally:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def rebalance(self) -> None:
        """A further instance comes, takes part, and leaves in good order."""
        self._guest.start()
        time.sleep(2 + 3 * self._random.random())
        self.settle()
        self._guest.stop(PROGRESS_SECONDS)

    def freeze(self) -> None:
        """The broker answers nothing for a while."""
        with self._broker.frozen():
            time.sleep(self._random.uniform(1, 8))

    def restart(self) -> None:
        """The broker dies and comes back."""
        self._broker.kill()
        time.sleep(self._random.uniform(0, 2))
        self._broker.start()

    def drop(self, name: str) -> None:
        """A response never arrives, with its connection or without."""
        instance, proxy = self._any()
        act = self._random.choice(["swallow", "cut"])
        self._meet(proxy, Rule(name, "response", act), None if name in DAILY else instance)  # type: ignore[arg-type]

    def refuse(self, name: str, code: int) -> None:
        """The broker answers with an error."""
        instance, proxy = self._any()
        self._meet(proxy, Rule(name, "response", "error", code=code), None if name in DAILY else instance)

    def _meet(self, proxy: Proxy, rule: Rule, first_kill: Instance | None) -> None:
        """Wait until a frame meets the rule; kinds that are sent at a start need one first."""
        proxy.add(rule)
        if first_kill is not None and rule.api not in DAILY:
            first_kill.send(signal.SIGKILL)
        try:
            for _ in self._look(f"no {rule.api} {rule.side} came by"):
                if rule.met.is_set():
                    return
        finally:
            proxy.clear()

    def _look(self, failure: str, pause: float = LOOK) -> Iterator[None]:
        deadline = time.monotonic() + MET_SECONDS
        while time.monotonic() < deadline:
            yield
            time.sleep(pause)
        raise Stuck(failure)

    def _any(self) -> tuple[Instance, Proxy]:
        return self._random.choice(self._steady)


def _writes_a_snapshot(pid: int) -> bool:
    for each in Path(f"/proc/{pid}/fd").glob("*"):
        with suppress(OSError):
            if os.readlink(each).endswith(".tmp"):
                return True
    return False
