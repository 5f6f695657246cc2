"""Simple recurrent network with the rectifier of ``functions.relu`` in place of tanh: one step, and back.

    h' = relu(x W + h U + b)

All else is as in ``kernels.elman``.
"""

import numpy as np

from streamrnn.kernels import elman
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import RELU_LIMIT, relu
from streamrnn.kernels.linear import add_rows
from streamrnn.rows.cells import RNN_RELU

CODE = RNN_RELU
ZERO = np.float32(0)

add_gradient = elman.add_gradient


@kernel
def step(x, h, w, b, u, c, sums, right, kept, out):
    """One step: from input x[inputs] and state h[hidden] to the next state out[hidden], which ``kept`` keeps."""
    elman.fill_sums(x, h, w, b, u, sums)
    for j in range(h.shape[0]):
        out[j] = relu(sums[j])
    for j in range(h.shape[0]):
        kept[j] = out[j]


@kernel
def back(h, kept, d_out, transposed_u, d_sums, d_right, d_before):
    """One step back: from d_out[hidden] to the gradients of the sums and of the state before [hidden].

    The slope is 1 between 0 and the limit, and 0 elsewhere.
    """
    hidden = d_out.shape[0]
    for j in range(hidden):
        d_sums[j] = d_out[j] if (kept[j] > ZERO) & (kept[j] < RELU_LIMIT) else ZERO
    for j in range(hidden):
        d_before[j] = 0
    add_rows(d_before, d_sums, transposed_u, hidden, hidden)
