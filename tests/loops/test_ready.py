"""Loops are compiled before they are needed, and only if they must be."""

from pathlib import Path

import numba
import pytest

from streamrnn.loops.ready import compile_loop, must_compile
from tests.helpers import settings


def test_an_empty_cache_means_that_the_compiler_will_be_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba.config, "CACHE_DIR", str(tmp_path))
    assert must_compile(settings())
    assert not must_compile(settings("model.engine=torch"))
    assert not must_compile(settings("model.layers=2"))
    assert not must_compile(settings("model.kind=none"))
    (tmp_path / "kernels").mkdir()
    (tmp_path / "kernels" / "network.process_gru-200.py311.nbi").touch()
    assert not must_compile(settings())
    assert must_compile(settings("model.cell=lstm"))


def test_a_batch_of_no_records_goes_through_every_loop() -> None:
    chosen = settings("experts.networks=[0.005]", "forecast.season=6")
    for number in range(9):
        compile_loop(chosen, number)
    with pytest.raises(IndexError):
        compile_loop(chosen, 9)
