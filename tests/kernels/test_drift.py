"""The detector is the plain CUSUM of its docstring, is quiet on steady losses, and speaks soon after a rise."""

import math

import numpy as np
import numpy.typing as npt
import pytest

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.drift import watch
from streamrnn.rows.drift import BLOCK, BLOCKS, FIELDS

Floats = npt.NDArray[np.float64]
THRESHOLD = 10.0


@kernel
def run(account, losses, length, threshold, found):
    """Every loss in its turn."""
    for i in range(losses.shape[0]):
        found[i] = watch(account, losses[i], length, threshold)


def alarms(
    losses: npt.ArrayLike, threshold: float = THRESHOLD, length: int = BLOCK, account: Floats | None = None
) -> list[int]:
    """The losses that raised an alarm; the account ends finite."""
    values = np.asarray(losses, np.float64)
    account = np.zeros(FIELDS) if account is None else account
    found = np.empty(len(values), np.bool_)
    run(account, values, length, threshold, found)
    assert np.isfinite(account).all()
    return np.flatnonzero(found).tolist()


def plain(losses: Floats, threshold: float, length: int) -> list[int]:
    """The same from the definition, weighted means written out, nothing kept but the blocks."""
    found, blocks, excess = [], [], 0.0
    for end in range(length, len(losses) + 1, length):
        block = float(np.minimum(losses[end - length : end], 8.0).mean())
        if len(blocks) >= 16:
            shares = 1 / np.minimum(np.arange(1, len(blocks) + 1), 128)
            weights = shares * np.append(np.cumprod((1 - shares)[:0:-1])[::-1], 1.0)
            mean = np.dot(weights, blocks)
            deviation = math.sqrt(np.dot(weights, (np.array(blocks) - mean) ** 2)) + 0.01 * mean
            excess = max(0.0, excess + min((block - mean) / deviation, 6.0) - 1.0)
            if excess > threshold:
                found.append(end - 1)
                blocks, excess = [], 0.0
                continue
        blocks.append(block)
    return found


def steady(law: str, n: int = 100_000) -> Floats:
    """Absolute errors of mean about 1."""
    rng = np.random.default_rng(7)
    draw = {
        "normal": lambda: rng.normal(size=n) / 0.8,
        "laplace": lambda: rng.laplace(size=n),
        "student 3": lambda: rng.standard_t(3, n) / 1.1,
        "cauchy": lambda: rng.standard_cauchy(n) / 2,
        "log-normal": lambda: rng.lognormal(-0.5, 1.0, n),
        "one in fifty": lambda: np.where(rng.random(n) < 0.02, rng.lognormal(3, 1.5, n), 0.1),
    }
    return np.abs(draw[law]())


LAWS = ("normal", "laplace", "student 3", "cauchy", "log-normal", "one in fifty")


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("length", [8, 20])
def test_it_is_the_plain_definition(law: str, length: int) -> None:
    losses = steady(law, 6000)
    losses[2000:3000] *= 2.5
    losses[4500:] *= 2.0
    for threshold in (2.0, THRESHOLD):
        assert alarms(losses, threshold, length) == plain(losses, threshold, length)


@pytest.mark.parametrize("law", LAWS)
def test_steady_losses_of_any_law_raise_few_false_alarms(law: str) -> None:
    assert len(alarms(steady(law))) <= (0 if law in ("normal", "laplace") else 20)


@pytest.mark.parametrize("unit", [1e-300, 1e-6, 1e-2])
def test_the_unit_of_small_losses_makes_no_difference(unit: float) -> None:
    losses = steady("laplace", 8000)
    losses[4000:] *= 3
    if unit > 1e-12:
        assert alarms(np.minimum(losses, 8) * unit) == alarms(np.minimum(losses, 8))
    else:
        assert alarms(losses * unit) == []


@pytest.mark.parametrize(("factor", "within"), [(2.0, 100), (3.0, 60), (5.0, 40)])
def test_a_rise_is_found_soon(factor: float, within: int) -> None:
    for law in ("normal", "laplace", "student 3"):
        losses = steady(law, 8000)
        losses[4000:] *= factor
        found = alarms(losses)
        assert found and 4000 <= found[0] < 4000 + within, law


def test_a_fall_is_not() -> None:
    losses = steady("normal", 8000)
    losses[4000:] /= 4
    assert alarms(losses) == []


def test_one_outlier_however_large_is_not() -> None:
    losses = steady("normal", 8000)
    losses[4000] = 1e300
    assert alarms(losses) == []


def test_after_an_alarm_it_begins_anew() -> None:
    account = np.zeros(FIELDS)
    losses = steady("normal", 2400)
    losses[2000:] *= 5
    first = alarms(losses, account=account)
    assert len(first) == 1
    assert account[BLOCKS] == (2400 - 1 - first[0]) // BLOCK
    assert np.diff(alarms(np.linspace(0, 8, 100_000) ** 4, threshold=1.0)).min(initial=1e9) >= 17 * BLOCK


@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-305, 1.0, 1e100, math.inf, math.nan])
def test_losses_that_never_vary_raise_no_alarm(value: float) -> None:
    assert alarms(np.full(5000, value)) == []


def test_losses_of_all_sizes_leave_nothing_but_numbers() -> None:
    rng = np.random.default_rng(0)
    losses = np.abs(rng.normal(size=20_000)) * 10.0 ** np.repeat(rng.integers(-320, 300, 200), 100)
    losses[rng.random(20_000) < 0.01] = math.nan
    losses[rng.random(20_000) < 0.01] = math.inf
    alarms(losses)
