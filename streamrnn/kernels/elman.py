"""Simple recurrent network (Elman 1990, in the form of torch.nn.RNNCell): one step, and back through a window.

    h' = tanh(x W + h U + b)

Weights are input-major: W is [inputs, hidden] and U is [hidden, hidden]. Arguments are those of ``kernels.cells``.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import tanh
from streamrnn.kernels.linear import add_columns, add_outer, add_rows
from streamrnn.rows.cells import RNN

CODE = RNN
ONE = np.float32(1)


@kernel
def fill_sums(x, h, w, b, u, sums):
    """sums[hidden] = b + x W + h U."""
    hidden = h.shape[0]
    for j in range(hidden):
        sums[j] = b[j]
    add_rows(sums, x, w, x.shape[0], hidden)
    add_rows(sums, h, u, hidden, hidden)


@kernel
def step(x, h, w, b, u, c, sums, right, kept, out):
    """One step: from input x[inputs] and state h[hidden] to the next state out[hidden], which ``kept`` keeps."""
    fill_sums(x, h, w, b, u, sums)
    for j in range(h.shape[0]):
        out[j] = tanh(sums[j])
    for j in range(h.shape[0]):
        kept[j] = out[j]


@kernel
def back(h, kept, d_out, transposed_u, d_sums, d_right, d_before):
    """One step back: from d_out[hidden] to the gradients of the sums and of the state before [hidden]."""
    hidden = d_out.shape[0]
    for j in range(hidden):
        d_sums[j] = d_out[j] * (ONE - kept[j] * kept[j])
    for j in range(hidden):
        d_before[j] = 0
    add_rows(d_before, d_sums, transposed_u, hidden, hidden)


@kernel
def add_gradient(x, h, d_sums, d_right, steps, gw, gb, gu, gc):
    """Add a window's weight gradients: x[steps, inputs], h[steps, hidden] (states before), gradients of the sums."""
    columns = d_sums.shape[1]
    add_outer(gw, x, d_sums, steps, x.shape[1], columns)
    add_outer(gu, h, d_sums, steps, h.shape[1], columns)
    add_columns(gb, d_sums, steps, columns)
