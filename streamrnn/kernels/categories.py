"""Categories: a code's row of the table of embeddings is input to the cell, and learns with it.

The ring of inputs keeps codes, for a window is run again with today's table. Of the table only the rows that an
optimiser step has learned from move, as in torch.optim.SparseAdam: the cost does not grow with the table.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.linear import add_rows
from streamrnn.rows.categories import COUNT, FLAGS
from streamrnn.rows.network import CATEGORIES, CODES, EMBEDDING, INPUTS, TABLE


@kernel
def table_of(flat, sizes):
    """The table [codes, width] in a vector of weights, or of their gradient."""
    codes, width, at = sizes[CODES], sizes[EMBEDDING], sizes[TABLE]
    return flat[at : at + codes * width].reshape((codes, width))


@kernel
def read_step(x, ring, start, table, sizes):
    """A step's input x[inputs] out of what the ring keeps of it: numbers as they are, for each code its row."""
    categories, width = sizes[CATEGORIES], sizes[EMBEDDING]
    numbers = x.shape[0] - categories * width
    for j in range(numbers):
        x[j] = ring[start + j]
    for k in range(categories):
        code = int(ring[start + numbers + k])
        for j in range(width):
            x[numbers + k * width + j] = table[code, j]


@kernel
def transpose_weights(out, w):
    """The input weights of the embeddings, the last rows of w[inputs, wide], into out[wide, embeddings]."""
    first = w.shape[0] - out.shape[1]
    for i in range(out.shape[1]):
        for j in range(out.shape[0]):
            out[j, i] = w[first + i, j]


@kernel
def learn_step(ring, start, d_sums, transposed_w, gradient, touched, sizes):
    """Add one step's gradient in its codes' rows, from that of the cell's sums of inputs d_sums[wide]."""
    categories, width, codes = sizes[CATEGORIES], sizes[EMBEDDING], sizes[CODES]
    numbers = sizes[INPUTS] - categories * width
    slopes = np.zeros(categories * width, gradient.dtype)
    add_rows(slopes, d_sums, transposed_w, transposed_w.shape[0], categories * width)
    for k in range(categories):
        code = int(ring[start + numbers + k])
        for j in range(width):
            gradient[code, j] += slopes[k * width + j]
        if touched[FLAGS + code] == 0:
            touched[FLAGS + code] = 1
            touched[FLAGS + codes + touched[COUNT]] = code
            touched[COUNT] += 1


@kernel
def forget_touched(touched, codes):
    """Begin the next optimiser step's account."""
    for i in range(touched[COUNT]):
        touched[FLAGS + touched[FLAGS + codes + i]] = 0
        touched[FLAGS + codes + i] = 0
    touched[COUNT] = 0
