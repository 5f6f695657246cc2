"""Products of small matrices and vectors, written so that the compiler vectorises them without reordering a sum."""

import numpy as np

from streamrnn.kernels.compile import kernel

LANES = 8


@kernel
def add_rows(out, x, matrix, rows, columns):
    """out[j] += sum over k of x[k] * matrix[k, j]; four rows a pass spare loads and stores of ``out``."""
    k = 0
    while k + 4 <= rows:
        a, b, c, d = x[k], x[k + 1], x[k + 2], x[k + 3]
        for j in range(columns):
            out[j] += (a * matrix[k, j] + b * matrix[k + 1, j]) + (c * matrix[k + 2, j] + d * matrix[k + 3, j])
        k += 4
    if k + 3 == rows:
        a, b, c = x[k], x[k + 1], x[k + 2]
        for j in range(columns):
            out[j] += (a * matrix[k, j] + b * matrix[k + 1, j]) + c * matrix[k + 2, j]
    elif k + 2 == rows:
        a, b = x[k], x[k + 1]
        for j in range(columns):
            out[j] += a * matrix[k, j] + b * matrix[k + 1, j]
    elif k + 1 == rows:
        a = x[k]
        for j in range(columns):
            out[j] += a * matrix[k, j]


@kernel
def add_outer(out, left, right, steps, rows, columns):
    """out[k, j] += sum over i of left[i, k] * right[i, j]: a window's outer products in one pass."""
    for k in range(rows):
        i = 0
        while i + 8 <= steps:
            a, b, c, d = left[i, k], left[i + 1, k], left[i + 2, k], left[i + 3, k]
            e, f, g, h = left[i + 4, k], left[i + 5, k], left[i + 6, k], left[i + 7, k]
            for j in range(columns):
                out[k, j] += (
                    (a * right[i, j] + b * right[i + 1, j]) + (c * right[i + 2, j] + d * right[i + 3, j])
                ) + ((e * right[i + 4, j] + f * right[i + 5, j]) + (g * right[i + 6, j] + h * right[i + 7, j]))
            i += 8
        while i < steps:
            a = left[i, k]
            for j in range(columns):
                out[k, j] += a * right[i, j]
            i += 1


@kernel
def add_columns(out, matrix, rows, columns):
    """out[j] += sum over i of matrix[i, j]."""
    i = 0
    while i + 4 <= rows:
        for j in range(columns):
            out[j] += (matrix[i, j] + matrix[i + 1, j]) + (matrix[i + 2, j] + matrix[i + 3, j])
        i += 4
    while i < rows:
        for j in range(columns):
            out[j] += matrix[i, j]
        i += 1


@kernel
def copy(out, source, start):
    """out[j] = source[start + j]; slices would do it too, and compile for a second longer."""
    for j in range(out.shape[0]):
        out[j] = source[start + j]


@kernel
def transpose(out, matrix):
    """out[j, i] = matrix[i, j]."""
    for i in range(matrix.shape[0]):
        for j in range(matrix.shape[1]):
            out[j, i] = matrix[i, j]


@kernel
def sum_of_squares(x):
    """Sum of x[i] squared over eight lanes, in the precision of x."""
    lanes = np.zeros(LANES, x.dtype)
    n = x.shape[0]
    whole = n - n % LANES
    for i in range(0, whole, LANES):
        for lane in range(LANES):
            lanes[lane] += x[i + lane] * x[i + lane]
    for i in range(whole, n):
        lanes[i - whole] += x[i] * x[i]
    total = 0.0
    for lane in range(LANES):
        total += lanes[lane]
    return total


@kernel
def pieces(flat, inputs, hidden, wide, inner, outputs):
    """A network's weights, or their gradient, out of one vector: w [inputs, wide], b [wide], u [hidden, wide],
    c [inner], and of the head v [outputs, hidden] and d [outputs]."""
    b_at = inputs * wide
    u_at = b_at + wide
    c_at = u_at + hidden * wide
    v_at = c_at + inner
    d_at = v_at + outputs * hidden
    return (
        flat[:b_at].reshape((inputs, wide)), flat[b_at:u_at], flat[u_at:c_at].reshape((hidden, wide)),
        flat[c_at:v_at], flat[v_at:d_at].reshape((outputs, hidden)), flat[d_at : d_at + outputs],
    )  # fmt: skip
