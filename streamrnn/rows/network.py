"""The network loop's rows: the rings of hidden states, inputs and goals, and the forecast that awaits its outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from streamrnn.rows import drift
from streamrnn.rows.categories import CategoryRows
from streamrnn.rows.cells import GATES, LRU, NAMES, state_size
from streamrnn.rows.cells import weights as cell_weights
from streamrnn.rows.heads import width
from streamrnn.rows.labels import LabelRows
from streamrnn.rows.scale import ScaleRows

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

# Fields of one target in the float64 slab: whether a forecast is pending, what the network corrects, and its unit.
PENDING, BASE, RMS = range(3)
TARGET_FIELDS = 3

# Fields of a stream in the int64 slab.
EVENTS, HEAD, AGE = range(3)
STREAM_FIELDS = 3

# int64 sizes and float64 rates that tell the kernel what it works on. CODES rows of EMBEDDING weights, from TABLE on,
# move only where an optimiser step has learned from them.
TARGETS, INPUTS, HIDDEN, K1, K2, LARGEST_STEP, DRIFT_ACTION, BOOST_RECORDS = range(8)
SEEN, CATEGORIES, EMBEDDING, CODES, TABLE = range(8, 13)
LEARNING_RATE, CLIP_NORM, HUBER_DELTA, DRIFT_THRESHOLD, BOOST = range(5)

# int64 totals and float64 sums of a shard. BOOSTED: records left with a raised learning rate; WATCH: where the drift
# detector's fields start.
STEPS, CONTRIBUTED, SINCE_STEP, RECORDS_PER_STEP, SKIPPED, CLIPPED, PASSES, DRIFTS, BOOSTED = range(9)
TOTALS = 9
BETA1_POWER, BETA2_POWER, LOSS, NORM, WATCH = range(5)
SUMS = WATCH + drift.FIELDS


@dataclass(frozen=True, slots=True)
class NetworkRows:
    """Sizes and offsets of the network loop's arrays.

    Attributes
    ----------
    targets, inputs, hidden : how many of each; inputs with the embeddings of categories
    table : the embeddings
    cell, layers, layer_norm : the recurrent network, see ``network.stack``
    head : what it says of a target, see ``rows.heads``
    quantiles : shares of outcomes below each quantile that the head tells, none with another head
    k2 : steps of one learning window; rings hold k2 + 1 steps
    itemsize : bytes of a number in the network's precision
    tokens : numbers of tokens, each an input that is there or not, and an output; 0 where events are numbers
    lookahead : events behind its own that an answer looks at, by a second network that runs backward; 0: there is none
    ahead_inputs : inputs of that network, which is shown no labels: the others, in their order
    """

    targets: int
    inputs: int
    hidden: int
    table: CategoryRows
    cell: str
    layers: int
    layer_norm: bool
    head: str
    quantiles: tuple[float, ...]
    k2: int
    itemsize: int
    tokens: int = 0
    lookahead: int = 0
    ahead_inputs: int = 0

    @classmethod
    def from_settings(cls, settings: Settings) -> NetworkRows:
        """The sizes that these settings ask for."""
        scale = ScaleRows.from_settings(settings)
        labels = LabelRows.from_settings(settings) if settings.learns_labels else None
        table = CategoryRows.from_settings(settings)
        tokens = settings.tokens.codes if settings.learns_tokens else 0
        numbers = scale.inputs if labels is None else labels.scale_inputs + labels.label_inputs
        ahead = settings.model.lookahead
        if tokens:
            numbers = tokens
        return cls(
            targets=tokens or (scale.targets if labels is None else labels.outputs),
            inputs=numbers + table.inputs,
            hidden=settings.model.hidden_size,
            table=table,
            cell=settings.model.cell,
            layers=settings.model.layers,
            layer_norm=settings.model.layer_norm,
            head=settings.model.head,
            quantiles=settings.model.quantiles if settings.model.head == "quantiles" else (),
            k2=1 if settings.model.cell == NAMES[LRU] else settings.model.k2,
            itemsize=np.dtype(settings.model.precision).itemsize,
            tokens=tokens,
            lookahead=ahead,
            ahead_inputs=scale.inputs + table.inputs if ahead else 0,
        )

    @property
    def traced(self) -> bool:
        """Whether it learns by traces, and not by going back through a window; see ``kernels.diagonal``."""
        return self.cell == NAMES[LRU]

    @property
    def traces(self) -> int:
        """Numbers of the traces of its gradient."""
        return 2 * self.hidden * (self.inputs + 3) if self.traced else 0

    @property
    def ring_steps(self) -> int:
        """Steps that a ring holds: a window and the state before it; with traces the newest step is enough."""
        return 1 if self.traced else self.k2 + 1

    @property
    def state(self) -> int:
        """Numbers of the recurrent state at one step, of all layers."""
        return state_size(self.cell, self.hidden, self.layers)

    @property
    def outputs(self) -> int:
        """Outputs of the head, for all targets."""
        return self.targets * width(self.head, len(self.quantiles))

    @property
    def weights(self) -> int:
        """Weights of a network of one layer without normalisation: w, b, u, c of the cell, those of the one that runs
        backward, the head's v and d, and the table of embeddings."""
        cells = cell_weights(self.cell, self.inputs, self.hidden)
        if self.lookahead:
            cells += cell_weights(self.cell, self.ahead_inputs, self.hidden)
        return cells + self.outputs * (self.read + 1) + self.table.weights

    @property
    def read(self) -> int:
        """Numbers of the states that the head reads."""
        return 2 * self.hidden if self.lookahead else self.hidden

    def moved_apart(self, weights: int) -> tuple[int, int, int]:
        """Which of so many weights move only where an optimiser step has learned from them: how many rows, how wide,
        and where they begin. Those of tokens are the first, as they are input weights; embeddings are the last."""
        if self.tokens:
            return self.tokens, GATES[NAMES.index(self.cell)] * self.hidden, 0
        return self.table.codes, self.table.width, weights - self.table.weights

    @property
    def seen(self) -> int:
        """Numbers that are kept of a step's inputs: a code in place of each embedding."""
        return self.inputs - self.table.inputs + self.table.categories

    @property
    def input_ring(self) -> int:
        """Where the ring of inputs starts in a row (the recurrent states stand first, then traces)."""
        return self.ring_steps * self.state + self.traces

    @property
    def goal_ring(self) -> int:
        """Where the ring of learning goals starts in a row."""
        return self.input_ring + self.ring_steps * self.seen

    @property
    def width(self) -> int:
        """Numbers in a row of the slab in the network's precision."""
        return self.goal_ring + self.ring_steps * self.targets
