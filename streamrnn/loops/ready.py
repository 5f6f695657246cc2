"""Compile the loops before they are needed: several processes at once, as the compiler keeps a process to one core."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np

from streamrnn.events.traits import Traits
from streamrnn.loops.batch import Batch
from streamrnn.loops.chain import Chain, make_chain
from streamrnn.loops.label_batch import no_labels
from streamrnn.loops.token_batch import no_steps, no_tokens
from streamrnn.rows.heads import told
from streamrnn.rows.labels import LabelRows
from streamrnn.rows.network import NetworkRows
from streamrnn.rows.scale import ScaleRows
from streamrnn.rows.tokens import TokenRows
from streamrnn.settings.engine import choose_engine

if TYPE_CHECKING:
    from streamrnn.settings.schema import Settings

_logger = logging.getLogger(__name__)

MOST = 4  # processes: each takes some 400 MB


def _tell_nobody(done: int, loops: int) -> None:
    """Nothing is said of how far it is."""


def compile_first(settings: Settings) -> None:
    """Compile before the daemon starts, and tell why that takes a while."""
    from streamrnn.kernels.locator import read_only

    if read_only():
        _logger.warning(
            "every start compiles for a minute, as compiled code for these settings is not there and cannot be kept: "
            "run `streamrnn compile` with them where the image is built, or let STREAMRNN_CACHE name a folder that can "
            "be written to"
        )
    else:
        _logger.info("compiles, as these settings' first start here: a minute or more")
    compile_loops(settings, lambda done, loops: _logger.info("compiled", extra={"loops": f"{done} of {loops}"}))


def must_compile(settings: Settings) -> bool:
    """Whether no earlier start left compiled code for this cell: the first event would wait for the compiler."""
    if settings.model.kind == "none":
        return False
    import numba

    import streamrnn.kernels  # noqa: F401  # it sets where compiled code is kept

    config: Any = numba.config
    made = (settings, *settings.further_networks.values())
    return any(
        next(Path(config.CACHE_DIR).rglob(f"{_module(each)}.process_{_variant(each)}-*.nbi"), None) is None
        for each in made
        if choose_engine(each.model).name == "compiled"
    )


def _module(settings: Settings) -> str:
    """Where the compiled loop of a network is."""
    if settings.learns_labels:
        return "bidirectional_network" if settings.model.lookahead else "label_network"
    if settings.learns_tokens:
        return "token_network"
    return "diagonal_network" if NetworkRows.from_settings(settings).traced else "network"


def _variant(settings: Settings) -> str:
    """What the name of a network's compiled loop ends with; see ``kernels.cells``."""
    model = settings.model
    return model.cell if model.head == "point" else f"{model.cell}_{model.head}"


@contextmanager
def load_ahead(settings: Settings) -> Iterator[None]:
    """Load compiled code beside what the block does, which mostly waits for brokers, and have it at the end.

    It takes about a second of processor time. What was not there is compiled, for which the first event must not wait:
    by then a group expects its member to poll.
    """
    if settings.model.kind == "none" or choose_engine(settings.model).name != "compiled":
        yield
        return
    with ThreadPoolExecutor(1, thread_name_prefix="load") as pool:
        loading = pool.submit(_compile_here, settings)
        yield
        loading.result()


def compile_loops(settings: Settings, tell: Callable[[int, int], None] = _tell_nobody) -> None:
    """Compile what these settings need and keep it on disk, where the next start finds it; where nothing can be
    written there, for this process alone.

    Parameters
    ----------
    settings : the daemon's
    tell : is told after each loop how many are done, of how many
    """
    from streamrnn.kernels.locator import read_only

    loops = len(_chain(settings).loops)
    at_once = 1 if read_only() else min(loops, MOST, len(os.sched_getaffinity(0)))
    if at_once == 1:
        _compile_here(settings, tell)
        return
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn"), initializer=_end_with_parent) as pool:
        started = [pool.submit(compile_loop, settings, number) for number in range(loops)]
        for done, each in enumerate(as_completed(started), 1):
            each.result()
            tell(done, loops)


def _compile_here(settings: Settings, tell: Callable[[int, int], None] = _tell_nobody) -> None:
    """Compile or load every loop in this process."""
    loops = _chain(settings).loops
    for done, loop in enumerate(loops, 1):
        loop.process(_no_records(settings))
        tell(done, len(loops))


def _end_with_parent() -> None:
    """Let this process end when the one that started it does: the pool's own would wait for ever for one that was
    killed."""
    parent = parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


def compile_loop(settings: Settings, number: int) -> None:
    """Compile the loop of that number in the chain, by giving it a batch of no records."""
    import streamrnn.kernels  # noqa: F401  # it sets where compiled code is kept

    _chain(settings).loops[number].process(_no_records(settings))


def _chain(settings: Settings) -> Chain:
    streams = settings.streams.model_copy(update={"max_live": 1})
    weights = np.zeros(NetworkRows.from_settings(settings).weights)
    return make_chain(settings.model_copy(update={"streams": streams}), weights)


def _no_records(settings: Settings) -> Batch:
    """A batch of no records with all columns, so that any loop can be the first."""
    targets, horizons = len(settings.events.target_names), len(settings.forecast.horizons)

    def floats(*shape: int) -> np.ndarray:
        return np.empty((0, *shape))

    whole = np.empty(0, np.int64)
    batch = Batch(whole, np.empty(0, np.bool_), whole, floats(), floats(len(settings.events.features)), whole)
    batch.offsets = batch.advance = batch.steps = batch.events = whole
    batch.outcomes = batch.last = batch.rms = batch.unit = floats(targets)
    batch.inputs = floats(ScaleRows.from_settings(settings).inputs)
    codes = np.empty((0, len(settings.inputs.categories)), np.int64)
    batch.traits = Traits(floats(len(settings.inputs.booleans)), codes)
    model = settings.model
    batch.told = floats(targets, told(model.head, len(model.quantiles)))
    batch.hidden = np.empty((0, settings.model.hidden_size), settings.model.precision)
    batch.base = batch.spread = batch.forecasts = floats(horizons, targets)
    batch.settled = batch.settled_baselines = floats(horizons, targets)
    batch.experts = floats(horizons, targets, len(settings.expert_names))
    if settings.learns_tokens:
        rows = TokenRows.from_settings(settings)
        batch.tokens, batch.steps_of_tokens = no_tokens(), no_steps(rows.experts, rows.codes)
    if settings.learns_labels:
        batch.labels = no_labels(LabelRows.from_settings(settings))
    return batch
