"""Many small symmetric systems solved at once, in place, four to a block: one at a time is all branches and waiting."""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.rows.ridge import LANES


@kernel
def solve(systems, blocks, size, inverses, solutions):
    """Solve A x = b for the positive definite A of each lane, by Cholesky's factors in their form without roots.

    systems [blocks (size (size + 1) / 2 + size) 4], flat: of each row of A what stands on and right of the diagonal,
    then its b, each number four times, for the block's lanes; used up. inverses [size, 4] is work space. Writes
    solutions [4 blocks, size]: zeros where a pivot was not positive or x is not finite. Golub and Van Loan (2013),
    "Matrix Computations", section 4.1. The lanes are written out, as the compiler makes nothing of loops so short.
    """
    top = 0
    for block in range(blocks):
        for k in range(size):
            p0, p1 = inverse_of(systems[top]), inverse_of(systems[top + 1])
            p2, p3 = inverse_of(systems[top + 2]), inverse_of(systems[top + 3])
            inverses[k, 0], inverses[k, 1], inverses[k, 2], inverses[k, 3] = p0, p1, p2, p3
            row = top + LANES * (size + 1 - k)
            for i in range(k + 1, size):
                right = top + LANES * (i - k)
                f0, f1 = systems[right] * p0, systems[right + 1] * p1
                f2, f3 = systems[right + 2] * p2, systems[right + 3] * p3
                for at in range(0, LANES * (size + 1 - i), LANES):
                    x0, x1 = systems[right + at], systems[right + at + 1]
                    x2, x3 = systems[right + at + 2], systems[right + at + 3]
                    y0, y1 = systems[row + at], systems[row + at + 1]
                    y2, y3 = systems[row + at + 2], systems[row + at + 3]
                    systems[row + at], systems[row + at + 1] = y0 - f0 * x0, y1 - f1 * x1
                    systems[row + at + 2], systems[row + at + 3] = y2 - f2 * x2, y3 - f3 * x3
                row += LANES * (size + 1 - i)
            top += LANES * (size + 1 - k)
        back(systems, top, size, inverses, solutions, LANES * block)


@kernel
def inverse_of(pivot):
    """One over a pivot; NaN where the system is not positive definite, or its numbers are beyond all bounds."""
    return 1.0 / pivot if pivot > 0.0 and pivot < np.inf else np.nan


@kernel
def back(systems, end, size, inverses, solutions, first):
    """Substitute back a block of four, from ``end``, one past its last number."""
    row = end
    for k in range(size - 1, -1, -1):
        row -= LANES * (size + 1 - k)
        at = row + LANES * (size - k)
        x0, x1, x2, x3 = systems[at], systems[at + 1], systems[at + 2], systems[at + 3]
        for j in range(k + 1, size):
            at = row + LANES * (j - k)
            x0 -= systems[at] * solutions[first, j]
            x1 -= systems[at + 1] * solutions[first + 1, j]
            x2 -= systems[at + 2] * solutions[first + 2, j]
            x3 -= systems[at + 3] * solutions[first + 3, j]
        solutions[first, k] = x0 * inverses[k, 0]
        solutions[first + 1, k] = x1 * inverses[k, 1]
        solutions[first + 2, k] = x2 * inverses[k, 2]
        solutions[first + 3, k] = x3 * inverses[k, 3]
    for lane in range(LANES):
        finite = True
        for k in range(size):
            finite = finite and np.isfinite(solutions[first + lane, k])
        if not finite:
            for k in range(size):
                solutions[first + lane, k] = 0.0
