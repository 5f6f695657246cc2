"""This machine computes the bits that others do."""

import json

import pytest

from streamrnn.kernels import target
from tests.golden import FILE, RUNS, digest


@pytest.mark.skipif(not target.is_x86(), reason="bits are promised on x86-64 alone")
@pytest.mark.parametrize("run", RUNS)
def test_a_short_run_has_the_known_digest(run: str) -> None:
    assert digest(RUNS[run]) == json.loads(FILE.read_text())[run]
