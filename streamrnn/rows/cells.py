"""The recurrent cells that there are, and what of their shapes both engines and the slabs must know.

A cell has a code, which is its place in each of these tuples. Its weights are w [inputs, gates x hidden], b [gates x
hidden], u [carried x hidden, columns x hidden] and c [inner biases x hidden], in this order; its state is [states x
hidden], of which the first ``hidden`` numbers are what a head or a layer above reads.
"""

NAMES = ("gru", "lstm", "rnn", "rnn_relu", "lru")  # as in model.cell
GRU, LSTM, RNN, RNN_RELU, LRU = range(5)
WINDOWED = NAMES[:LRU]  # these learn by going back through a window; the linear recurrent unit has traces

GATES = (3, 4, 1, 1, 4)
CARRIED = (1, 1, 1, 1, 2)  # the linear recurrent unit's numbers are complex
COLUMNS = (3, 4, 1, 1, 2)
STATES = (1, 2, 1, 1, 3)  # the long short-term memory carries its memory cells beside the hidden state
INNER_BIASES = (3, 0, 0, 0, 2)  # the reset gate of the gated recurrent unit acts on a sum with a bias; sizes and angles
KEPT = (4, 5, 1, 1)  # numbers that a step keeps for the way back, for each hidden unit


def weights(cell: str, inputs: int, hidden: int) -> int:
    """Weights of one layer."""
    code = NAMES.index(cell)
    recurrent = CARRIED[code] * COLUMNS[code] * hidden
    return hidden * (GATES[code] * (inputs + 1) + recurrent + INNER_BIASES[code])


def state_size(cell: str, hidden: int, layers: int = 1) -> int:
    """Numbers that a stream carries from step to step.

    Raises
    ------
    ValueError
        There is no cell of that name.
    """
    return layers * STATES[NAMES.index(cell)] * hidden
