"""The constants that docs/mathematics.md tells are those of the code."""

import importlib
import math
import re
from pathlib import Path
from typing import Any

import pytest

from streamrnn.settings.schema import Settings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "mathematics.md").read_text()
ROWS = re.findall(r"\n\| ([^|]+) \| (-?[0-9.e-]+) \| (half-life of )?`([\w.]+)(?:\[(\d)\])?` (?=\|)", PAGE)


def value_of(place: str, index: str) -> Any:
    module, _, name = place.rpartition(".")
    inside = module if "." in module else f"kernels.{module}"
    found = getattr(importlib.import_module(f"streamrnn.{inside}"), name)
    return found[int(index)] if index else found


@pytest.mark.parametrize(("name", "told", "half_life", "place", "index"), ROWS, ids=[row[0] for row in ROWS])
def test_a_constant_is_that_of_the_code(name: str, told: str, half_life: str, place: str, index: str) -> None:
    found = float(value_of(place, index))
    assert float(told) == pytest.approx(math.log(0.5) / math.log1p(-found) if half_life else found, rel=1e-6)


def test_every_row_of_the_table_is_compared() -> None:
    table = PAGE.partition("## Constants")[2].strip().splitlines()[2:]
    assert len(ROWS) == len(table) > 70


def test_the_defaults_told_are_those_of_the_settings() -> None:
    model, drift = Settings().model, Settings().drift
    assert (model.k1, model.k2, model.huber_delta, model.records_per_step) == (1, 8, 1.0, 8)
    prose = " ".join(PAGE.split())
    assert "(`model.k1`, 1; `model.k2`, 8)" in prose
    assert "(`model.huber_delta`, 1)" in prose
    assert f"`model.learning_rate`, {model.learning_rate}," in prose
    assert f"`drift.threshold` ({drift.threshold:g})" in prose


def test_every_file_that_is_named_is_there() -> None:
    named = set(re.findall(r"`([\w/]+\.py|tests/[\w/]+\.json)`", PAGE))
    assert len(named) > 30
    for name in named:
        folders = [ROOT, ROOT / "streamrnn" / "kernels", ROOT / "streamrnn" / "network"]
        assert any((folder / name).is_file() for folder in folders), name


def test_every_loop_of_the_chain_is_told_of() -> None:
    told = set(re.findall(r"`(?:streamrnn/\w+/)?(\w+)\.py`", PAGE))
    kernels = {path.stem for path in (ROOT / "streamrnn" / "kernels").glob("*.py")}
    plumbing = {"__init__", "cells", "locator", "pending", "rings", "softmax"}
    assert kernels - plumbing <= told
