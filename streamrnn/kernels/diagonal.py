"""Linear recurrent unit with a diagonal state (Orvieto et al. 2023), learned by real-time recurrent learning: one step,
and the gradient of what is read of it now, by all that was ever put into it.

    l  = exp(-exp(nu) + i theta),  g = sqrt(1 - |l|^2)           of each unit, complex
    s' = l s + g (x W + b)                                       the state, complex
    h' = tanh(x Wv + bv + [Re s', Im s'] Uv) sigmoid(x Wg + bg + [Re s', Im s'] Ug)       what head and others read

Since no unit's state reaches another's, the derivative of a state by a weight is one number that moves with it: with a
trace e of each weight, e' = l e + (what the weight does in this step), the gradient is exact however far back its cause
lies, and no step is ever run again (Zucchet et al. 2023; Williams and Zipser 1989). It is exact for weights that stand
still; as with any online gradient, the traces are of the weights at their time.

Weights: w [inputs, 4 hidden], columns of real parts, imaginary parts, values, gates; b [4 hidden] alike; u [2 hidden, 2
hidden], rows of real, then of imaginary parts, columns of values, then of gates; c [2 hidden], nu, then theta. State
[3 hidden]: h, Re s, Im s. Traces [inputs + 3, 2 hidden], each real then imaginary parts: of nu, theta, each input, and
the bias.
"""

import numpy as np

from streamrnn.kernels.compile import inlined
from streamrnn.kernels.functions import TAU, exp, sigmoid, sine_of_turn, tanh
from streamrnn.kernels.linear import add_rows

ONE = np.float32(1)
ZERO = np.float32(0)
SLOWEST = -1e-7  # log |l| of a memory of ten million steps: at 0 nothing would ever enter the state
NU, THETA, INPUT = range(3)  # places among the traces


@inlined
def pieces(flat, inputs, hidden, outputs):
    """w, b, u, c, and of the head v [outputs, hidden] and d [outputs], out of one vector."""
    b_at = inputs * 4 * hidden
    u_at = b_at + 4 * hidden
    c_at = u_at + 4 * hidden * hidden
    v_at = c_at + 2 * hidden
    d_at = v_at + outputs * hidden
    return (
        flat[:b_at].reshape((inputs, 4 * hidden)), flat[b_at:u_at], flat[u_at:c_at].reshape((2 * hidden, 2 * hidden)),
        flat[c_at:v_at], flat[v_at:d_at].reshape((outputs, hidden)), flat[d_at : d_at + outputs],
    )  # fmt: skip


@inlined
def poles(c, turning):
    """What the weights c[2 hidden] mean, into turning[5, hidden]: real and imaginary part of l, log |l|, g, and the
    derivative of g by nu."""
    hidden = turning.shape[1]
    for j in range(hidden):
        decay = min(-exp(float(c[j])), SLOWEST)
        size = exp(decay)
        turn = float(c[hidden + j]) / TAU
        into = np.sqrt(1.0 - size * size)
        turning[0, j] = size * sine_of_turn(turn + 0.25)
        turning[1, j] = size * sine_of_turn(turn)
        turning[2, j] = decay
        turning[3, j] = into
        turning[4, j] = -size * size * decay / into


@inlined
def step(x, state, traces, w, b, u, turning, sums, said):
    """One step in place: input x[inputs], state[3 hidden], traces[inputs + 3, 2 hidden]; sums[4 hidden] and said
    [2 hidden] are work space."""
    hidden = turning.shape[1]
    real, imaginary, decay, into, into_by_nu = turning[0], turning[1], turning[2], turning[3], turning[4]
    re, im = state[hidden : 2 * hidden], state[2 * hidden :]
    for j in range(4 * hidden):
        sums[j] = b[j]
    add_rows(sums, x, w, x.shape[0], 4 * hidden)
    a, e = traces[NU, :hidden], traces[NU, hidden:]
    for j in range(hidden):
        p, q = a[j] + decay[j] * re[j], e[j] + decay[j] * im[j]
        a[j] = (real[j] * p - imaginary[j] * q) + into_by_nu[j] * sums[j]
        e[j] = (imaginary[j] * p + real[j] * q) + into_by_nu[j] * sums[hidden + j]
    a, e = traces[THETA, :hidden], traces[THETA, hidden:]
    for j in range(hidden):
        p, q = a[j] - im[j], e[j] + re[j]
        a[j] = real[j] * p - imaginary[j] * q
        e[j] = imaginary[j] * p + real[j] * q
    for k in range(x.shape[0] + 1):
        a, e = traces[INPUT + k, :hidden], traces[INPUT + k, hidden:]
        put = x[k] if k < x.shape[0] else ONE
        for j in range(hidden):
            p, q = a[j], e[j]
            a[j] = (real[j] * p - imaginary[j] * q) + into[j] * put
            e[j] = imaginary[j] * p + real[j] * q
    for j in range(hidden):
        p, q = re[j], im[j]
        re[j] = (real[j] * p - imaginary[j] * q) + into[j] * sums[j]
        im[j] = (imaginary[j] * p + real[j] * q) + into[j] * sums[hidden + j]
    tell(state, u, sums[2 * hidden :], said)


@inlined
def read(x, state, w, b, u, sums, said):
    """What is read of a state with today's weights, into its first numbers and said; as after `step` with input x."""
    for j in range(sums.shape[0]):
        sums[j] = b[j]
    add_rows(sums, x, w, x.shape[0], sums.shape[0])
    tell(state, u, sums[said.shape[0] :], said)


@inlined
def tell(state, u, out, said):
    """Values and gates, into said[2 hidden], and h, into state, from the sums of inputs out[2 hidden]."""
    hidden = said.shape[0] // 2
    add_rows(out, state[hidden:], u, 2 * hidden, 2 * hidden)
    for j in range(hidden):
        said[j] = tanh(out[j])
        said[hidden + j] = sigmoid(out[hidden + j])
    for j in range(hidden):
        state[j] = said[j] * said[hidden + j]


@inlined
def add_gradient(x, state, said, traces, transposed_u, dh, d_sums, gw, gb, gu, gc):
    """Add the gradient of a loss that depends on h by dh[hidden]; d_sums[4 hidden] is filled in with that of the
    state's real and imaginary parts and of the sums of values and gates. transposed_u is [2 hidden, 2 hidden]."""
    hidden = dh.shape[0]
    d_state, d_out = d_sums[: 2 * hidden], d_sums[2 * hidden :]
    for j in range(hidden):
        d_out[j] = dh[j] * said[hidden + j] * (ONE - said[j] * said[j])
    for j in range(hidden):
        d_out[hidden + j] = dh[j] * said[j] * (said[hidden + j] - said[hidden + j] * said[hidden + j])
    for j in range(2 * hidden):
        d_state[j] = ZERO
    add_rows(d_state, d_out, transposed_u, 2 * hidden, 2 * hidden)
    d_re, d_im = d_state[:hidden], d_state[hidden:]
    for i in range(2 * hidden):
        carried = state[hidden + i]
        for j in range(2 * hidden):
            gu[i, j] += carried * d_out[j]
    for k in range(2):
        a, e, g = traces[k, :hidden], traces[k, hidden:], gc[k * hidden : (k + 1) * hidden]
        for j in range(hidden):
            g[j] += d_re[j] * a[j] + d_im[j] * e[j]
    for k in range(x.shape[0] + 1):
        a, e = traces[INPUT + k, :hidden], traces[INPUT + k, hidden:]
        g = gw[k] if k < x.shape[0] else gb
        put = x[k] if k < x.shape[0] else ONE
        of_real, of_imaginary, of_output = g[:hidden], g[hidden : 2 * hidden], g[2 * hidden :]
        for j in range(hidden):
            of_real[j] += d_re[j] * a[j] + d_im[j] * e[j]
        for j in range(hidden):
            of_imaginary[j] += d_im[j] * a[j] - d_re[j] * e[j]
        for j in range(2 * hidden):
            of_output[j] += put * d_out[j]
