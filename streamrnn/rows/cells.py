"""The recurrent cells that there are, and what of their shapes both engines and the slabs must know.

A cell has a code, which is its place in each of these tuples. Its weights are w [inputs, gates x hidden], b [gates x
hidden], u [hidden, gates x hidden] and c [inner biases x hidden], in this order; its state is [states x hidden], of
which the first ``hidden`` numbers are what a head or a layer above reads.
"""

NAMES = ("gru", "lstm", "rnn", "rnn_relu")  # as in model.cell
GRU, LSTM, RNN, RNN_RELU = range(4)

GATES = (3, 4, 1, 1)
STATES = (1, 2, 1, 1)  # the long short-term memory carries its memory cells beside the hidden state
INNER_BIASES = (3, 0, 0, 0)  # the gated recurrent unit's reset gate acts on a sum with a bias of its own
KEPT = (4, 5, 1, 1)  # numbers that a step keeps for the way back, for each hidden unit


def state_size(cell: str, hidden: int, layers: int = 1) -> int:
    """Numbers that a stream carries from step to step.

    Raises
    ------
    ValueError
        There is no cell of that name.
    """
    return layers * STATES[NAMES.index(cell)] * hidden
