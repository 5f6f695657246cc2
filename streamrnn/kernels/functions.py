"""Every transcendental function that reaches state or output: sums, products and divisions alone.

Library versions differ by a bit between machines, and numba's own do not vectorise.
"""

import numpy as np

from streamrnn.kernels.compile import kernel

# Rational approximation of tanh, odd polynomial of degree 13 over even of degree 6, error 4e-7 (the coefficients of
# Eigen's float32 tanh). They are float32 so that one source serves both precisions.
LIMIT = np.float32(7.90531110763549805)
A1 = np.float32(4.89352455891786e-03)
A3 = np.float32(6.37261928875436e-04)
A5 = np.float32(1.48572235717979e-05)
A7 = np.float32(5.12229709037114e-08)
A9 = np.float32(-8.60467152213735e-11)
A11 = np.float32(2.00018790482477e-13)
A13 = np.float32(-2.76076847742355e-16)
B0 = np.float32(4.89352518554385e-03)
B2 = np.float32(2.26843463243900e-03)
B4 = np.float32(1.18534705686654e-04)
B6 = np.float32(1.19825839466702e-06)
HALF = np.float32(0.5)
ZERO = np.float32(0)
RELU_LIMIT = np.float32(20)

LOG2_E = 1.4426950408889634
LN_2_HIGH = 6.93147180369123816490e-01
LN_2_LOW = 1.90821492927058770002e-10
EXP_LIMIT = 700.0
LOG_STEPS = (512, 256, 128, 64, 32, 16, 8, 4, 2, 1)
LOG_POWERS = tuple(2.0**step for step in LOG_STEPS)  # these, their inverses and products with them are exact
LOG_TERMS = 12  # of a series in s below 0.0295
SMALLEST, LARGEST = 5e-324, 1.7976931348623157e308
SMALLEST_NORMAL = 2.2250738585072014e-308
SQRT_2 = 1.4142135623730951
TAU = 6.283185307179586
HALF_LOG_TAU = 0.9189385332046727
STIRLING_FROM = 8.0


@kernel
def tanh(x):
    """Hyperbolic tangent, error below 4e-7."""
    x = x if x < LIMIT else LIMIT
    x = x if x > -LIMIT else -LIMIT
    s = x * x
    odd = x * (A1 + s * (A3 + s * (A5 + s * (A7 + s * (A9 + s * (A11 + s * A13))))))
    return odd / (B0 + s * (B2 + s * (B4 + s * B6)))


@kernel
def sigmoid(x):
    """Logistic function, by way of tanh."""
    return HALF * tanh(HALF * x) + HALF


@kernel
def relu(x):
    """Rectifier with a limit, min(max(x, 0), 20) (Hannun et al. 2014): without one a state may grow for ever."""
    x = x if x < RELU_LIMIT else RELU_LIMIT
    return x if x > ZERO else ZERO


@kernel
def exp(x):
    """e to the power of x, in float64, error below 1e-15 of it; x is taken within -700 and 700.

    Taylor's polynomial of degree 13 within half of log 2, by Horner's rule, times a power of two.
    """
    x = min(max(x, -EXP_LIMIT), EXP_LIMIT)
    k = int(np.floor(x * LOG2_E + 0.5))
    r = (x - k * LN_2_HIGH) - k * LN_2_LOW
    total = 1.0 / 6227020800.0
    total = total * r + 1.0 / 479001600.0
    total = total * r + 1.0 / 39916800.0
    total = total * r + 1.0 / 3628800.0
    total = total * r + 1.0 / 362880.0
    total = total * r + 1.0 / 40320.0
    total = total * r + 1.0 / 5040.0
    total = total * r + 1.0 / 720.0
    total = total * r + 1.0 / 120.0
    total = total * r + 1.0 / 24.0
    total = total * r + 1.0 / 6.0
    total = total * r + 0.5
    total = total * r + 1.0
    total = total * r + 1.0
    base = 2.0 if k > 0 else 0.5
    k = abs(k)
    while k > 0:
        if k & 1:
            total *= base
        base *= base
        k >>= 1
    return total


@kernel
def log(x):
    """Natural logarithm in float64, relative error below 1e-15; x below 5e-324 and NaN count as 5e-324, infinity as the
    largest float.

    x = m 2^k with m around 1, log m = 2 artanh f of f = (m - 1) / (m + 1), by its power series.
    """
    if not x >= SMALLEST:
        x = SMALLEST
    x = min(x, LARGEST)
    k = 0
    if x < SMALLEST_NORMAL:
        x *= LOG_POWERS[3]
        k = -LOG_STEPS[3]
    if x >= 1.0:
        for i in range(len(LOG_STEPS)):
            if x >= LOG_POWERS[i]:
                x /= LOG_POWERS[i]
                k += LOG_STEPS[i]
    else:
        for i in range(len(LOG_STEPS)):
            if x * LOG_POWERS[i] < 2.0:
                x *= LOG_POWERS[i]
                k -= LOG_STEPS[i]
    if x > SQRT_2:
        x *= 0.5
        k += 1
    f = (x - 1.0) / (x + 1.0)
    s = f * f
    total = 0.0
    for i in range(LOG_TERMS - 1, -1, -1):
        total = total * s + 1.0 / (2 * i + 1)
    return k * LN_2_HIGH + (2.0 * f * total + k * LN_2_LOW)


@kernel
def sine_of_turn(turn):
    """Sine of 2 pi ``turn``, in float64, for any finite turn."""
    turn = turn - np.floor(turn + 0.5)  # -0.5 to 0.5
    if turn > 0.25:
        turn = 0.5 - turn
    elif turn < -0.25:
        turn = -0.5 - turn
    x = turn * TAU
    s = x * x
    term = x
    total = x
    for i in range(1, 11):
        term = -term * s / ((2 * i) * (2 * i + 1))
        total += term
    return total


@kernel
def softplus(x):
    """log(1 + exp x) in float64: a smooth way to make any number positive (Dugas et al. 2001)."""
    return max(x, 0.0) + log(1.0 + exp(-abs(x)))


@kernel
def logistic(x):
    """1 / (1 + exp(-x)) in float64, the slope of ``softplus``."""
    return 1.0 / (1.0 + exp(-x))


@kernel
def log_gamma(x):
    """Logarithm of the gamma function for x above 0, in float64, error below 1e-9.

    Stirling's series from 8 on; below, by gamma(x) = gamma(x + 1) / x.
    """
    below = 1.0
    while x < STIRLING_FROM:
        below *= x
        x += 1.0
    square = x * x
    series = (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - 1.0 / (1680.0 * square)) / square) / square) / x
    return (x - 0.5) * log(x) - x + HALF_LOG_TAU + series - log(below)
