"""What tests of several rooms share."""

import gc
import logging
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def restored_logging() -> Iterator[None]:
    """The root logger is afterwards as it was: commands set it up for their process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a broker is marked so: it has a command of its own."""
    for item in items:
        if "tests/kafka/" in item.path.as_posix() or item.path.name == "test_chaos.py":
            item.add_marker("kafka")


def pytest_collection_finish() -> None:
    """What was imported lives as long as the process: each daemon that a test starts would look through it."""
    gc.collect()
    gc.freeze()
