"""Long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000, in the form of
torch.nn.LSTMCell): one step, and back through a window.

    i = sigmoid(x Wi + h Ui + bi)
    f = sigmoid(x Wf + h Uf + bf)
    g = tanh(x Wg + h Ug + bg)
    o = sigmoid(x Wo + h Uo + bo)
    m' = f m + i g
    h' = o tanh(m')

Weights are input-major: W is [inputs, 4 hidden] and U is [hidden, 4 hidden], columns in the order i, f, g, o. The state
is [2 hidden]: h, then the memory cells m. Arguments are those of ``kernels.cells``.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import sigmoid, tanh
from streamrnn.kernels.linear import add_columns, add_outer, add_rows
from streamrnn.rows.cells import LSTM

CODE = LSTM
ONE = np.float32(1)


@kernel
def step(x, state, w, b, u, c, sums, right, gates, out):
    """One step: from input x[inputs] and state[2 hidden] to the next state out[2 hidden].

    ``sums`` [4 hidden] is work space; ``gates`` [5 hidden] keeps i, f, g, o and tanh(m') for ``back``.
    """
    hidden = state.shape[0] // 2
    for j in range(4 * hidden):
        sums[j] = b[j]
    add_rows(sums, x, w, x.shape[0], 4 * hidden)
    add_rows(sums, state, u, hidden, 4 * hidden)
    for j in range(2 * hidden):
        gates[j] = sigmoid(sums[j])
    for j in range(2 * hidden, 3 * hidden):
        gates[j] = tanh(sums[j])
    for j in range(3 * hidden, 4 * hidden):
        gates[j] = sigmoid(sums[j])
    i, f, g, o = gates[:hidden], gates[hidden : 2 * hidden], gates[2 * hidden : 3 * hidden], gates[3 * hidden :]
    before, memory, squashed = state[hidden:], out[hidden:], gates[4 * hidden :]
    for j in range(hidden):
        memory[j] = f[j] * before[j] + i[j] * g[j]
    for j in range(hidden):
        squashed[j] = tanh(memory[j])
    for j in range(hidden):
        out[j] = o[j] * squashed[j]


@kernel
def back(state, gates, d_out, transposed_u, d_sums, d_right, d_before):
    """One step back: from d_out[2 hidden] to the gradients of the gate sums [4 hidden] and of the state before.

    Short loops over few arrays, as in ``gru.back``.
    """
    hidden = state.shape[0] // 2
    i, f, g, o = gates[:hidden], gates[hidden : 2 * hidden], gates[2 * hidden : 3 * hidden], gates[3 * hidden :]
    before, squashed = state[hidden:], gates[4 * hidden :]
    di, df, dg, do = d_sums[:hidden], d_sums[hidden : 2 * hidden], d_sums[2 * hidden : 3 * hidden], d_sums[3 * hidden :]
    dm = d_before[hidden:]
    for j in range(hidden):
        do[j] = d_out[j] * squashed[j] * (o[j] - o[j] * o[j])
    for j in range(hidden):
        dm[j] = d_out[hidden + j] + d_out[j] * o[j] * (ONE - squashed[j] * squashed[j])
    for j in range(hidden):
        di[j] = dm[j] * g[j] * (i[j] - i[j] * i[j])
    for j in range(hidden):
        df[j] = dm[j] * before[j] * (f[j] - f[j] * f[j])
    for j in range(hidden):
        dg[j] = dm[j] * i[j] * (ONE - g[j] * g[j])
    for j in range(hidden):
        dm[j] = dm[j] * f[j]
    for j in range(hidden):
        d_before[j] = 0
    add_rows(d_before, d_sums, transposed_u, 4 * hidden, hidden)


@kernel
def add_gradient(x, state, d_sums, d_right, steps, gw, gb, gu, gc):
    """Add a window's weight gradients: x[steps, inputs], state[steps, 2 hidden] (before), gate gradients."""
    columns = d_sums.shape[1]
    add_outer(gw, x, d_sums, steps, x.shape[1], columns)
    add_outer(gu, state, d_sums, steps, state.shape[1] // 2, columns)
    add_columns(gb, d_sums, steps, columns)
