"""The cells' kernels, and a record loop made for each.

A cell is a module with one calling convention. Codes and shapes are those of ``rows.cells``; with H hidden units:

    CODE
    step(x, state, w, b, u, c, left, right, kept, out)
    back(state, kept, d_out, transposed_u, d_left, d_right, d_before)
    add_gradient(x, states, d_left, d_right, steps, gw, gb, gu, gc)

    x [inputs]; state, out, d_out and d_before [STATES H]; kept [KEPT H], what a step keeps for the way back
    w [inputs, GATES H], b [GATES H], u [H, GATES H], c [INNER_BIASES H]; transposed_u [GATES H, H]
    left and right [GATES H], work space of a step
    d_left and d_right [GATES H], gradients of the gate sums (d_right where they are two, as in the GRU)
    add_gradient takes a window: x, states (before each step), d_left and d_right with a row for each step
"""

from collections.abc import Callable
from typing import Any

from streamrnn.kernels import elman, gru, lstm, rectified
from streamrnn.kernels.compile import bound_entry
from streamrnn.rows.cells import WINDOWED

CELLS = (gru, lstm, elman, rectified)


def for_each_cell(loop: Callable[..., Any], word: str = "", **others: Any) -> tuple[Callable[..., Any], ...]:
    """Entries in the order of ``rows.cells.WINDOWED``, from a loop whose global name ``cell`` stands for the cell;
    ``word`` ends their names, ``others`` are further global names of the loop with what takes their place."""
    return tuple(
        bound_entry(loop, "_".join(filter(None, (loop.__name__, name, word))), cell=cell, **others)
        for name, cell in zip(WINDOWED, CELLS, strict=True)
    )
