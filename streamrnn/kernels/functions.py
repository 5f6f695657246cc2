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
EXP_UNDERFLOW = -708.0
TAU = 6.283185307179586


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
def exp_negative(x):
    """e to the power of x for x <= 0, in float64; 0 below -708."""
    if not x > EXP_UNDERFLOW:
        return 0.0
    k = int(0.5 - x * LOG2_E)
    r = (x + k * LN_2_HIGH) + k * LN_2_LOW
    term = 1.0
    total = 1.0
    for i in range(1, 15):
        term = term * r / i
        total += term
    power = 1.0
    base = 0.5
    while k > 0:
        if k & 1:
            power *= base
        base *= base
        k >>= 1
    return total * power


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
