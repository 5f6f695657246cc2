"""The default engine: one compiled loop over the records."""

from streamrnn.engine.base import Batch
from streamrnn.engine.cells import NAMES
from streamrnn.engine.state import State
from streamrnn.kernels.loop import PROCESS


class CompiledEngine:
    """Runs the record loop of ``kernels.loop``, outside the interpreter lock."""

    def process(self, state: State, batch: Batch) -> None:
        """Advance the state by the batch."""
        PROCESS[NAMES.index(state.layout.cell)](
            batch.slots, batch.fresh, batch.live, batch.times, batch.values, batch.out, batch.counts,
            state.sizes, state.target_features, state.shown, state.rates,
            state.network_slab, state.accounts, state.tallies,
            state.weights, state.first_moment, state.second_moment, state.gradient,
            state.totals, state.sums, state.scores, state.window,
        )  # fmt: skip
