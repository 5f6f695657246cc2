"""This machine computes the bits that others do."""

import json

import pytest

from streamrnn.kernels import target
from tests.golden import FILE, RUNS, digest

COMPILE_FOR_LONG = ["quantiles, lstm, k1 3"]


@pytest.mark.skipif(not target.is_x86(), reason="bits are promised on x86-64 alone")
@pytest.mark.parametrize(
    "run", [pytest.param(run, marks=pytest.mark.slow if run in COMPILE_FOR_LONG else ()) for run in RUNS]
)
def test_a_short_run_has_the_known_digest(run: str) -> None:
    assert digest(RUNS[run]) == json.loads(FILE.read_text())[run]
