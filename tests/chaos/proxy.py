"""A proxy between one instance and the broker that knows each frame's kind, and meddles with chosen ones."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Literal

API = {
    "Produce": 0, "Fetch": 1, "OffsetCommit": 8, "OffsetFetch": 9, "JoinGroup": 11, "Heartbeat": 12, "SyncGroup": 14,
    "InitProducerId": 22, "AddPartitionsToTxn": 24, "AddOffsetsToTxn": 25, "EndTxn": 26, "TxnOffsetCommit": 28,
}  # fmt: skip
# From which version on a response has tagged fields; all of them begin with throttle time and error code.
_FLEXIBLE = {"JoinGroup": 6, "SyncGroup": 4, "Heartbeat": 4, "InitProducerId": 2, "AddOffsetsToTxn": 3, "EndTxn": 3}

Side = Literal["request", "response"]


@dataclass
class Rule:
    """What befalls the next frame of a kind.

    Attributes
    ----------
    api : its kind, a key of ``API``
    side : request or response
    act : swallow (it never arrives), cut (the connection ends instead), strike (``then`` is called, and the frame
        goes nowhere), error (the broker seems to refuse, with ``code``)
    needle : bytes that the frame must hold
    """

    api: str
    side: Side
    act: Literal["swallow", "cut", "strike", "error"]
    then: Callable[[], None] = lambda: None
    code: int = 0
    needle: bytes = b""
    met: threading.Event = field(default_factory=threading.Event)


class Proxy:
    """Listens on a port of its own and passes frames on, both ways.

    Parameters
    ----------
    upstream : port of the broker's listener whose advertised port is this proxy's
    port : to listen at
    """

    def __init__(self, upstream: int, port: int) -> None:
        self._upstream = upstream
        self._rules: list[Rule] = []
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", port), reuse_port=False)
        threading.Thread(target=self._accept, daemon=True).start()

    def add(self, rule: Rule) -> Rule:
        """Let it befall the next frame that it fits; ``rule.met`` tells when."""
        with self._lock:
            self._rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget rules that were not met."""
        with self._lock:
            self._rules.clear()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                broker = socket.create_connection(("127.0.0.1", self._upstream))
            except OSError:  # it is being restarted
                client.close()
                continue
            for each in (client, broker):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            kinds: dict[int, tuple[str, int]] = {}
            for source, target, side in ((client, broker, "request"), (broker, client, "response")):
                threading.Thread(target=self._pass_on, args=(source, target, side, kinds), daemon=True).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, side: Side, kinds: dict[int, tuple[str, int]]
    ) -> None:
        try:
            while (frame := _read(source)) is not None:
                sent = self._judge(frame, side, kinds)
                if sent is None:
                    continue
                target.sendall(struct.pack(">i", len(sent)) + sent)
        except (OSError, _Cut):
            pass
        finally:
            for each in (source, target):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
                each.close()

    def _judge(self, frame: bytes, side: Side, kinds: dict[int, tuple[str, int]]) -> bytes | None:
        if side == "request":
            key, version, correlation = struct.unpack_from(">hhi", frame)
            name = _NAMES.get(key, "")
            kinds[correlation] = name, version
        else:
            (correlation,) = struct.unpack_from(">i", frame)
            name, version = kinds.pop(correlation, ("", 0))
        rule = self._rule(name, side, frame)
        if rule is None:
            return frame
        if rule.act == "error":
            frame = _with_error(frame, name, version, rule.code)
        rule.then()
        rule.met.set()
        if rule.act == "cut":
            raise _Cut
        return frame if rule.act == "error" else None

    def _rule(self, name: str, side: Side, frame: bytes) -> Rule | None:
        with self._lock:
            for rule in self._rules:
                if rule.api == name and rule.side == side and rule.needle in frame:
                    self._rules.remove(rule)
                    return rule
        return None


class _Cut(Exception):
    """The connection is to end."""


_NAMES = {key: name for name, key in API.items()}


def _with_error(frame: bytes, name: str, version: int, code: int) -> bytes:
    at = 4 + (version >= _FLEXIBLE[name]) + 4  # correlation id, tagged fields, throttle time
    return frame[:at] + struct.pack(">h", code) + frame[at + 2 :]


def _read(source: socket.socket) -> bytes | None:
    head = _read_exactly(source, 4)
    return None if head is None else _read_exactly(source, struct.unpack(">i", head)[0])


def _read_exactly(source: socket.socket, size: int) -> bytes | None:
    pieces = bytearray()
    while len(pieces) < size:
        piece = source.recv(min(1 << 20, size - len(pieces)))
        if not piece:
            return None
        pieces += piece
    return bytes(pieces)
