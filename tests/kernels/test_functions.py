"""Our own functions are as exact as they say, and the same bits on every x86-64 target."""

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from streamrnn.kernels import functions, target


@pytest.mark.parametrize("x", [-20.0, -7.9, -1.5, -1e-4, 0.0, 1e-8, 0.3, 2.0, 7.9, 20.0])
def test_tanh_and_sigmoid_are_within_their_stated_error(x: float) -> None:
    assert functions.tanh(x) == pytest.approx(math.tanh(x), abs=4e-7)
    assert functions.sigmoid(x) == pytest.approx(1 / (1 + math.exp(-x)), abs=4e-7)


@pytest.mark.parametrize(
    ("x", "y"), [(-1e30, 0.0), (-0.5, 0.0), (0.0, 0.0), (0.5, 0.5), (20.5, 20.0), (math.inf, 20.0), (math.nan, 20.0)]
)
def test_the_rectifier_has_two_limits(x: float, y: float) -> None:
    assert functions.relu(x) == y


@pytest.mark.parametrize("x", [0.0, 1e-9, -1e-9, 0.3466, -0.3466, 1.0, -2.7, 3.0, 17.5, -300.0, 699.0, -699.0])
def test_exp_is_exact_to_rounding(x: float) -> None:
    assert functions.exp(x) == pytest.approx(math.exp(x), rel=2e-15 * max(1, abs(x) / 8))


def test_exp_stays_finite_and_above_zero() -> None:
    assert functions.exp(1e300) == functions.exp(700.0) < math.inf
    assert functions.exp(-math.inf) == functions.exp(-700.0) > 0.0


def test_log_is_exact_to_rounding_over_all_magnitudes() -> None:
    rng = np.random.default_rng(0)
    xs = [*(10.0 ** rng.uniform(-323, 308, 2000)), *rng.uniform(0.5, 2.0, 2000), *(1.0 + rng.normal(0, 1e-9, 200))]
    xs += [1.0, 2.0, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, math.sqrt(2.0), 2.0**-1022]
    for x in map(float, xs):
        assert functions.log(x) == pytest.approx(math.log(x), rel=1e-15, abs=1e-300)


@pytest.mark.parametrize("x", [0.0, -1.0, -math.inf, math.nan])
def test_log_of_what_has_none_is_that_of_the_smallest_number(x: float) -> None:
    assert functions.log(x) == pytest.approx(math.log(5e-324))


def test_log_of_infinity_is_that_of_the_largest_number() -> None:
    assert functions.log(math.inf) == functions.log(1.7976931348623157e308)


@pytest.mark.parametrize("turn", [0.0, 0.1, 0.25, 0.5, 0.75, 0.99, 19700.3, -0.4])
def test_sine_takes_any_number_of_turns(turn: float) -> None:
    assert functions.sine_of_turn(turn) == pytest.approx(math.sin(2 * math.pi * (turn - math.floor(turn))), abs=1e-11)


PROBE = """
import sys, hashlib, numba
import streamrnn.kernels
numba.config.CPU_NAME, numba.config.CPU_FEATURES = sys.argv[1], sys.argv[2]
numba.config.CACHE_DIR = sys.argv[3]
import numpy as np
from streamrnn.kernels import functions
xs = np.linspace(-9, 9, 2001)
digest = hashlib.sha256()
for f, values in ((functions.tanh, xs), (functions.tanh, xs.astype(np.float32)), (functions.sigmoid, xs),
                  (functions.exp, xs * 70), (functions.relu, xs * 3), (functions.sine_of_turn, xs),
                  (functions.log, 10.0 ** (30 * xs)), (functions.softplus, xs * 90), (functions.logistic, xs * 90),
                  (functions.log_gamma, abs(xs) + 1e-3)):
    digest.update(np.array([f(x) for x in values]).tobytes())
print(digest.hexdigest())
"""


@pytest.mark.skipif(not target.is_x86(), reason="compares two x86-64 targets")
def test_two_processor_targets_give_the_same_bits(tmp_path: Path) -> None:
    def digest(name: str, features: str) -> str:
        command = [sys.executable, "-c", PROBE, name, features, f"{tmp_path}/{name}"]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ)).stdout.strip()

    processor = Path("/proc/cpuinfo")
    if not processor.exists() or "avx512f" not in processor.read_text():
        pytest.skip("this processor has no AVX-512 to compare with AVX2")
    wide = target.X86_FEATURES + ",+avx512f,+avx512vl,+avx512dq,+avx512bw,+avx512cd"
    assert digest(target.X86_NAME, target.X86_FEATURES) == digest("skylake-avx512", wide)


def test_nothing_but_sums_products_and_divisions_is_called() -> None:
    banned = {"exp", "log", "sin", "cos", "tanh", "power", "expm1", "log1p"}
    source = Path(functions.__file__).read_text()
    assert not [name for name in banned if f"np.{name}(" in source or f"math.{name}(" in source]


def test_float32_in_float32_out() -> None:
    assert isinstance(functions.tanh(np.float32(0.5)), float)  # numba hands back a Python float
    assert functions.tanh(np.float32(0.5)) == np.float32(functions.tanh(np.float32(0.5)))


@pytest.mark.parametrize("x", [-1e300, -800.0, -40.0, -1.0, 0.0, 1e-9, 3.0, 40.0, 800.0, 1e300])
def test_softplus_is_a_smooth_rectifier_and_its_slope_the_logistic_function(x: float) -> None:
    expected = x + math.log1p(math.exp(-x)) if x > 0 else math.log1p(math.exp(x))
    assert functions.softplus(x) == pytest.approx(expected, rel=1e-12, abs=1e-15)
    assert functions.logistic(x) == pytest.approx(1 / (1 + math.exp(min(-x, 700))), rel=1e-12)


@pytest.mark.parametrize("x", [1e-3, 0.5, 1.0, 1.05, 2.0, 7.9, 8.0, 50.5, 1e6])
def test_log_gamma_is_within_its_stated_error(x: float) -> None:
    assert functions.log_gamma(x) == pytest.approx(math.lgamma(x), rel=1e-9, abs=1e-9)
