"""The snapshot file: a safetensors file with a checked header and a digest over every byte.

Layout: 8 bytes little-endian header length, a JSON header, the raw arrays back to back. The JSON begins with our
metadata, whose first two fields have a fixed place and width, so that a file is judged before any of it is parsed::

    {"__metadata__":{"sha256":"<64 hex characters>","bytes":"<20 digits>","streamrnn":"<header as JSON>"}, ...arrays...}

``sha256`` covers the whole file with its own 64 characters as zeros; ``bytes`` is the file's size. A file is
written with the digest still zero ("unsealed") and sealed once its bytes are on the disk. Nothing in it is pickled.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError, safe_open

from streamrnn.snapshots import upgrade
from streamrnn.snapshots.frozen import Frozen
from streamrnn.snapshots.header import Header

FORMAT = 1
PIECE = 1 << 20  # bytes in flight at once: bounds the memory of a write or a check whatever the arrays' size

_PREFIX = b'{"__metadata__":{"sha256":"'
_UNSEALED = b"0" * 64
_SIZE_KEY = b'","bytes":"'
_SIZE_DIGITS = 20
_DIGEST_AT = 8 + len(_PREFIX)
_SIZE_AT = _DIGEST_AT + len(_UNSEALED) + len(_SIZE_KEY)
_FIXED = _SIZE_AT + _SIZE_DIGITS
_INSTEAD = "an older snapshot and the log give the same state"

# Widest first: each array then starts at a multiple of its item size.
_DTYPES: dict[np.dtype[Any], str] = {
    np.dtype("<f8"): "F64", np.dtype("<i8"): "I64", np.dtype("<f4"): "F32", np.dtype("<i4"): "I32",
    np.dtype("u1"): "U8", np.dtype("?"): "BOOL",
}  # fmt: skip

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Arrays = Mapping[str, npt.NDArray[Any]]
T = TypeVar("T")
Reason = Literal["torn", "corrupt", "foreign", "newer", "older"]


class SnapshotError(Exception):
    """A snapshot that must not be used; the message names it and the remedy.

    Attributes
    ----------
    reason : torn (cut short or never sealed), corrupt (bytes changed), foreign (another shard, or something else than
        a snapshot), newer (a later format), older (an earlier one without a way up). The first two say nothing about
        older snapshots, which may serve; the others call for a person.
    """

    def __init__(self, reason: Reason, place: Path | str, problem: str, remedy: str) -> None:
        super().__init__(f"snapshot {place} {problem}: {remedy}")
        self.reason: Reason = reason


def write_unsealed(descriptor: int, header: DataclassInstance, state: Frozen) -> int:
    """Write all of a snapshot but its digest to an empty file, a bounded piece at a time.

    Returns
    -------
    int
        Size of the file in bytes.

    Raises
    ------
    OSError
        The disk is full or failing.
    ValueError
        An array has a type the format does not carry.
    """
    small, slabs = state.small(), state.slabs()
    preamble, starts, end = _preamble(header, {**small, **slabs})
    _write(descriptor, memoryview(preamble), 0)
    for name, array in small.items():
        at = starts[name]
        for piece in _pieces(array):
            at = _write(descriptor, piece, at)
    for name, row, rows in state.blocks():
        at = starts[name] + row * slabs[name][:1].nbytes
        for piece in _pieces(rows):
            at = _write(descriptor, piece, at)
    return end


def seal(descriptor: int) -> str:
    """Compute the digest of an unsealed file by reading it back, patch it in place, return its 64 hex characters."""
    digest = _digest(descriptor)
    _write(descriptor, memoryview(digest), _DIGEST_AT)
    return digest.decode()


def stated_digest(descriptor: int) -> str:
    """The digest that a sealed file states of itself, unchecked."""
    return os.pread(descriptor, len(_UNSEALED), _DIGEST_AT).decode(errors="replace")


def write_snapshot(path: Path, header: DataclassInstance, state: Frozen) -> int:
    """Write, seal and sync a snapshot at ``path``, which must not exist; return its size in bytes.

    The file bears its name while it is written: use ``DirectoryStore`` where a crash half-way must leave no trace.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    try:
        size = write_unsealed(descriptor, header, state)
        os.fsync(descriptor)  # the bytes must be on the disk before the digest that vouches for them
        seal(descriptor)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    return size


def read_header(path: Path, place: str | None = None, *, every_byte: bool = True) -> Header:
    """The header of a snapshot, once all of it was checked.

    Parameters
    ----------
    path : the file
    place : how messages name it; None: by its path
    every_byte : False leaves out the digest, so that a change of bytes goes unseen, but not a missing end

    Raises
    ------
    SnapshotError
        With the reason torn, corrupt, newer, older, or foreign (another file of streamrnn's).
    OSError
        The file cannot be read.
    """
    return _read_header(path, place or path, Header, every_byte)[0]


def read_snapshot(
    path: Path, place: str | None = None, *, partition: str | None = None, lineage: str | None = None
) -> tuple[Header, dict[str, npt.NDArray[Any]]]:
    """Check a snapshot and read it.

    Parameters
    ----------
    path : the file
    place : how messages name it; None: by its path
    partition, lineage : what the header must say, where given

    Returns
    -------
    tuple of Header and dict
        Every array by name, owned by the caller and writable.

    Raises
    ------
    SnapshotError
        With the reason torn, corrupt, newer, older, or foreign (the header says something else than expected).
    OSError
        The file cannot be read.
    """
    header, arrays = read_file(path, Header, place)
    where = place or path
    remedy = "let the section snapshots name the place of this service and topic"
    _expect(where, "partition", header.partition, partition, remedy)
    _expect(where, "lineage", header.lineage, lineage, "move it away if the committed lineage is the right one")
    return header, arrays


def read_file(path: Path, kind: type[T], place: str | None = None) -> tuple[T, dict[str, npt.NDArray[Any]]]:
    """Check a file in this format, with a header of any kind, and read it; errors as `read_snapshot`."""
    where = place or path
    header, version = _read_header(path, where, kind, every_byte=True)
    try:
        with safe_open(path, framework="numpy") as file:
            arrays = {name: np.require(file.get_tensor(name), requirements=["C", "W"]) for name in file.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise _corrupt(where, f"has arrays that do not parse ({error})") from error
    return header, upgrade.arrays(arrays, version, FORMAT)


def _read_header(path: Path, where: Path | str, kind: type[T], every_byte: bool) -> tuple[T, int]:
    """The header as this version writes it, and the format in which it was written."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        text = _checked_metadata(where, descriptor, every_byte)
    finally:
        os.close(descriptor)
    try:
        written = msgspec.json.decode(text, type=dict[str, Any])
        version = msgspec.convert(written.get("format"), int)
        _refuse_format(where, version)
        if ("networks" in written) != ("networks" in kind.__annotations__):
            is_, other = ("an exported network", "a snapshot") if "networks" in written else ("a snapshot", "a network")
            raise SnapshotError("foreign", where, f"is {is_}, not {other}", "name another file, see streamrnn export")
        return msgspec.convert(upgrade.header(written, version, FORMAT), kind), version
    except msgspec.MsgspecError as error:
        raise _corrupt(where, f"has a header that does not parse ({error})") from error


def _refuse_format(where: Path | str, version: int) -> None:
    if version > FORMAT:
        raise SnapshotError(
            "newer",
            where,
            f"has format {version} and this streamrnn reads up to {FORMAT}",
            "start the streamrnn that wrote it, or a later one",
        )
    if not upgrade.reaches(version, FORMAT):
        raise SnapshotError(
            "older",
            where,
            f"has format {version}, from which there is no way to this streamrnn's, {FORMAT}",
            "start the streamrnn that wrote it, or one between the two that writes a later format",
        )


def _expect(where: Path | str, what: str, found: str, expected: str | None, remedy: str) -> None:
    if expected is not None and found != expected:
        raise SnapshotError("foreign", where, f"has {what} {found!r} where {expected!r} is expected", remedy)


def _preamble(header: DataclassInstance, arrays: Arrays) -> tuple[bytes, dict[str, int], int]:
    """The bytes before the first array, unsealed; where in the file each array starts; the file's size."""
    for name, array in arrays.items():
        if array.dtype not in _DTYPES:
            carried = ", ".join(str(dtype) for dtype in _DTYPES)
            raise ValueError(
                f"array {name!r} has type {array.dtype}, which no snapshot carries: convert it to one of {carried}"
            )
    if "__metadata__" in arrays:
        raise ValueError("safetensors reserves the name '__metadata__': rename the array")
    ordered = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    entries: dict[str, dict[str, Any]] = {}
    end = 0
    for name in ordered:
        start, end = end, end + arrays[name].nbytes
        entries[name] = {
            "dtype": _DTYPES[arrays[name].dtype],
            "shape": list(arrays[name].shape),
            "data_offsets": [start, end],
        }
    listing = json.dumps(entries, separators=(",", ":"))[1:-1].encode()
    text = json.dumps(json.dumps(asdict(header), sort_keys=True, separators=(",", ":"))).encode()
    tail = b'","streamrnn":' + text + b"}" + (b"," + listing if listing else b"") + b"}"
    tail += b" " * (-(_FIXED + len(tail)) % 8)
    total = _FIXED + len(tail) + end
    fixed = (
        struct.pack("<Q", _FIXED - 8 + len(tail)) + _PREFIX + _UNSEALED + _SIZE_KEY + b"%0*d" % (_SIZE_DIGITS, total)
    )
    first = _FIXED + len(tail)
    return fixed + tail, {name: first + entry["data_offsets"][0] for name, entry in entries.items()}, total


def _pieces(array: npt.NDArray[Any]) -> Iterator[memoryview]:
    """The array's bytes in C order: one view where it is contiguous, else copies of one piece at a time."""
    if array.size == 0:
        return
    if array.flags.c_contiguous:
        yield array.reshape(-1).view(np.uint8).data
        return
    items = PIECE // array.itemsize
    for piece in np.nditer(array, flags=["external_loop", "buffered"], order="C", buffersize=items):
        yield np.ascontiguousarray(piece).view(np.uint8).data


def _write(descriptor: int, piece: memoryview | bytes, at: int) -> int:
    """Write the whole piece at an offset and return the offset after it."""
    rest = memoryview(piece)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        if written == 0:
            raise OSError(errno.EIO, "the disk took no bytes")
        rest, at = rest[written:], at + written
    return at


def _digest(descriptor: int) -> bytes:
    """SHA-256 of a file with its own digest field as zeros, in hex."""
    sha = hashlib.sha256()
    at = 0
    while piece := os.pread(descriptor, PIECE, at):
        if at == 0:
            piece = piece[:_DIGEST_AT] + _UNSEALED + piece[_DIGEST_AT + len(_UNSEALED) :]
        sha.update(piece)
        at += len(piece)
    return sha.hexdigest().encode()


def _checked_metadata(where: Path | str, descriptor: int, every_byte: bool) -> str:
    """Our header's JSON text, once the size, and where asked the digest, have vouched for it."""
    size = os.fstat(descriptor).st_size
    fixed = os.pread(descriptor, _FIXED, 0)
    if not _PREFIX.startswith(fixed[8:_DIGEST_AT]):
        remedy = f"name a file that streamrnn wrote; if it did write this one, delete it; {_INSTEAD}"
        raise SnapshotError("corrupt", where, "does not begin as a snapshot does", remedy)
    if len(fixed) < _FIXED:
        raise _torn(where, f"ends after {size} bytes")
    if fixed[_SIZE_AT - len(_SIZE_KEY) : _SIZE_AT] != _SIZE_KEY:
        raise _corrupt(where, "does not begin as a snapshot does")
    stated = fixed[_SIZE_AT:]
    if not stated.isdigit() or size > int(stated):
        raise _corrupt(where, f"has {size} bytes where its header says {stated.decode(errors='replace')}")
    if size < int(stated):
        raise _torn(where, f"ends after {size} of {int(stated)} bytes")
    digest = fixed[_DIGEST_AT : _DIGEST_AT + len(_UNSEALED)]
    if digest == _UNSEALED:
        raise _torn(where, "was never finished")
    if every_byte and digest != _digest(descriptor):
        raise _corrupt(where, "does not have the digest that it states")
    (length,) = struct.unpack("<Q", fixed[:8])
    try:
        return str(json.loads(os.pread(descriptor, length, 8))["__metadata__"]["streamrnn"])
    except (ValueError, KeyError, TypeError) as error:
        raise _corrupt(where, "has no streamrnn header") from error


def _torn(where: Path | str, problem: str) -> SnapshotError:
    return SnapshotError("torn", where, problem, f"delete it; {_INSTEAD}")


def _corrupt(where: Path | str, problem: str) -> SnapshotError:
    return SnapshotError("corrupt", where, problem, f"delete it, and check the disk; {_INSTEAD}")
