"""The token columns of a batch's accepted events."""

from __future__ import annotations

import numpy as np

from streamrnn.events.columns import Events
from streamrnn.loops.token_batch import TokenBatch
from streamrnn.streams.index import Assigned
from streamrnn.streams.vocabulary import Vocabulary


def token_batch(events: Events, assigned: Assigned, vocabulary: Vocabulary, sets: bool) -> TokenBatch:
    """The token columns of the accepted events; tokens that are new get their numbers, in the order of the log.

    Parameters
    ----------
    sets : whether an event's tokens come at once, so that those of one number are one
    """
    columns = events.tokens
    assert columns is not None
    taken = columns if len(assigned.rows) == len(events) else columns.take(assigned.rows)
    before = len(vocabulary)
    flat = [token for tokens in taken.tokens if tokens is not None for token in tokens]
    codes = np.array(vocabulary.codes(flat), np.int64)
    lengths = [0 if tokens is None else len(tokens) for tokens in taken.tokens]
    edges = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
    if sets:
        room = max(1, len(vocabulary))
        once = np.unique(np.repeat(np.arange(len(lengths)), lengths) * room + codes)
        codes, edges = once % room, np.searchsorted(once, np.arange(len(lengths) + 1) * room)
    return TokenBatch(
        tokens=codes,
        edges=edges,
        seen=np.maximum.accumulate(np.concatenate([[before - 1], codes])) + 1,
        blank=np.array([tokens is None for tokens in taken.tokens], np.bool_),
        ends=taken.ends,
        marker=vocabulary.marker,
    )
