"""A folder with an input topic, and a way to open it that closes what it opened."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from streamrnn.transport.directory import DirectoryLog


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "events").mkdir()
    return tmp_path


@pytest.fixture
def write(root: Path) -> Callable[..., None]:
    """Append bytes to a partition's file."""

    def append(content: bytes, number: int = 0) -> None:
        with open(root / f"events/{number}.jsonl", "ab") as file:
            file.write(content)

    return append


@pytest.fixture
def open_log(root: Path) -> Iterator[Callable[..., DirectoryLog]]:
    opened: list[DirectoryLog] = []

    def make(**changes: Any) -> DirectoryLog:
        options = {"poll_records": 10, "fsync": False, "rescan": 0.0} | changes
        opened.append(DirectoryLog(root, "events", "predictions", "dead-letters", **options))
        return opened[-1]

    yield make
    for log in opened:
        log.close()
