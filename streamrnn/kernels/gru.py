"""Gated recurrent unit (Cho et al. 2014, in the form of torch.nn.GRUCell): one step, and back through a window.

    r = sigmoid(x Wr + br + h Ur + cr)
    z = sigmoid(x Wz + bz + h Uz + cz)
    n = tanh(x Wn + bn + r (h Un + cn))
    h' = (1 - z) n + z h

Weights are input-major: W is [inputs, 3 hidden] and U is [hidden, 3 hidden], columns in the order r, z, n.
Arguments are those of ``kernels.cells``.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import sigmoid, tanh
from streamrnn.kernels.linear import add_columns, add_outer, add_rows
from streamrnn.rows.cells import GRU

CODE = GRU
ONE = np.float32(1)


@kernel
def step(x, h, w, b, u, c, left, right, gates, out):
    """One step: from input x[inputs] and state h[hidden] to the next state out[hidden].

    ``left`` and ``right`` [3 hidden] are work space; ``gates`` [4 hidden] keeps r, z, n and h Un + cn for ``back``.
    """
    hidden = h.shape[0]
    for j in range(3 * hidden):
        left[j] = b[j]
        right[j] = c[j]
    add_rows(left, x, w, x.shape[0], 3 * hidden)
    add_rows(right, h, u, hidden, 3 * hidden)
    r, z, n, inner = gates[:hidden], gates[hidden : 2 * hidden], gates[2 * hidden : 3 * hidden], gates[3 * hidden :]
    for j in range(2 * hidden):
        gates[j] = sigmoid(left[j] + right[j])
    for j in range(hidden):
        inner[j] = right[2 * hidden + j]
        n[j] = tanh(left[2 * hidden + j] + r[j] * right[2 * hidden + j])
    for j in range(hidden):
        out[j] = n[j] + z[j] * (h[j] - n[j])


@kernel
def back(h, gates, dh, transposed_u, d_left, d_right, dh_before):
    """One step back: from dh[hidden] to the gradients of both gate sums [3 hidden] and of the state before.

    Short loops over few arrays: the compiler vectorises none that has more arrays than it can check for overlap.
    """
    hidden = h.shape[0]
    r, z, n, inner = gates[:hidden], gates[hidden : 2 * hidden], gates[2 * hidden : 3 * hidden], gates[3 * hidden :]
    dr, dz, dn = d_left[:hidden], d_left[hidden : 2 * hidden], d_left[2 * hidden :]
    for j in range(hidden):
        dn[j] = (dh[j] - dh[j] * z[j]) * (ONE - n[j] * n[j])
    for j in range(hidden):
        dz[j] = dh[j] * (h[j] - n[j]) * (z[j] - z[j] * z[j])
    for j in range(hidden):
        dr[j] = dn[j] * inner[j] * (r[j] - r[j] * r[j])
    for j in range(2 * hidden):
        d_right[j] = d_left[j]
    for j in range(hidden):
        d_right[2 * hidden + j] = dn[j] * r[j]
    for j in range(hidden):
        dh_before[j] = dh[j] * z[j]
    add_rows(dh_before, d_right, transposed_u, 3 * hidden, hidden)


@kernel
def add_gradient(x, h, d_left, d_right, steps, gw, gb, gu, gc):
    """Add a window's weight gradients: x[steps, inputs], h[steps, hidden] (states before), both gate gradients."""
    columns = d_left.shape[1]
    add_outer(gw, x, d_left, steps, x.shape[1], columns)
    add_outer(gu, h, d_right, steps, h.shape[1], columns)
    add_columns(gb, d_left, steps, columns)
    add_columns(gc, d_right, steps, columns)
