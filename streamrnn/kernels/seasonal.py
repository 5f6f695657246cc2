"""What the seasonal ridge remembers of a target's last steps, and what it makes of them for an origin and a horizon."""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.pending import kept
from streamrnn.kernels.rings import carry, fill, place, walk
from streamrnn.rows import ABSENT
from streamrnn.rows.ridge import (
    FAST_AT,
    LONG_AT,
    LONG_HEAD,
    LONG_SEASON,
    MEANS_HEAD,
    PHASE_AT,
    PHASE_HEAD,
    RINGS_END,
    SEASON,
    SLOW_AT,
    STEPS,
    VALUES_AT,
    VALUES_HEAD,
)

PHASE_STEP = 0.15
LONG_STEP = 0.25
LIMIT = 8.0


@kernel
def known(x):
    """The value that a row or a record holds; NaN where it is absent, or beyond all that is allowed."""
    return x if abs(x) < ABSENT else np.nan


@kernel
def bounded(x):
    """x within -8 to 8, and 0 for NaN."""
    if x > LIMIT:
        return LIMIT
    if x < -LIMIT:
        return -LIMIT
    return x if x == x else 0.0


@kernel
def features(z, row, base, sizes, heads, backs, horizons, lags, long_lags, levels, inverses):
    """Write the ridge's features for each horizon h, in the units of the changes over it, as they were at an origin.

    With l and m the newest steps known at the origin o that lie whole seasons and long seasons before o + h: slow and
    fast mean; value at l; change over h up to l; mean of l's phase; the same less that of o's; value at m; the two of
    the long phase; all but the differences less the level. Within -8 to 8, and 0 where a part is absent.

    z [horizons, features or more], row: the stream's rings, of which the target's start at ``base``; backs
    int64[horizons], steps from each origin to the newest cell; lags and long_lags int64[horizons], steps from l and m
    to o + h; levels float64[horizons], values of the origins; inverses float64[horizons], one over the running change.
    """
    values_at, slow_at, fast_at = base + sizes[VALUES_AT], base + sizes[SLOW_AT], base + sizes[FAST_AT]
    phase_at, long_at = base + sizes[PHASE_AT], base + sizes[LONG_AT]
    values, means, phases = slow_at - values_at, fast_at - slow_at, long_at - phase_at
    longs = base + sizes[RINGS_END] - long_at
    values_head, means_head = heads[VALUES_HEAD], heads[MEANS_HEAD]
    phase_head, long_head = heads[PHASE_HEAD], heads[LONG_HEAD]
    season, long_season = sizes[SEASON], sizes[LONG_SEASON]
    for j in range(horizons.shape[0]):
        level, inverse, back = levels[j], inverses[j], backs[j]
        mean = place(means_head, back, means)
        z[j, 0] = bounded((known(row[slow_at + mean]) - level) * inverse)
        z[j, 1] = bounded((known(row[fast_at + mean]) - level) * inverse)
        if season > 0:
            ago = back + lags[j] - horizons[j]
            same = known(row[values_at + place(values_head, ago, values)])
            before = known(row[values_at + place(values_head, ago + horizons[j], values)])
            phase = known(row[phase_at + place(phase_head, ago, phases)])
            own = known(row[phase_at + place(phase_head, back, phases)])
            z[j, 2] = bounded((same - level) * inverse)
            z[j, 3] = bounded((same - before) * inverse)
            z[j, 4] = bounded((phase - level) * inverse)
            z[j, 5] = bounded((phase - own) * inverse)
        if long_season > 0:
            ago = back + long_lags[j] - horizons[j]
            same = known(row[values_at + place(values_head, ago, values)])
            phase = known(row[long_at + place(long_head, ago, longs)])
            own = known(row[long_at + place(long_head, back, longs)])
            z[j, 6] = bounded((same - level) * inverse)
            z[j, 7] = bounded((phase - level) * inverse)
            z[j, 8] = bounded((phase - own) * inverse)


@kernel
def head_of(ring):
    """Which head belongs to a ring of means."""
    return MEANS_HEAD if ring < PHASE_AT else ring - PHASE_AT + PHASE_HEAD


@kernel
def period_of(ring, sizes):
    """Steps from an entry of a ring of means to the one that it was made from."""
    return 1 if ring < PHASE_AT else sizes[ring - PHASE_AT + SEASON]


@kernel
def skip(row, base, sizes, heads, steps):
    """Move a target's rings over empty cells: no values, and means as they stood. ``move`` moves the heads after it."""
    length = sizes[SLOW_AT] - sizes[VALUES_AT]
    fill(row, base + sizes[VALUES_AT], length, heads[VALUES_HEAD], walk(steps, length, 1), ABSENT)
    for ring in range(SLOW_AT, RINGS_END):
        start, length, period = sizes[ring], sizes[ring + 1] - sizes[ring], period_of(ring, sizes)
        if length > 0:
            carry(row, base + start, length, heads[head_of(ring)], walk(steps, length, period), period)


@kernel
def move(sizes, heads, steps):
    """Move the heads of a stream's rings by ``steps`` cells, as far as ``skip`` walked them."""
    length = sizes[SLOW_AT] - sizes[VALUES_AT]
    heads[VALUES_HEAD] = (heads[VALUES_HEAD] + walk(steps, length, 1)) % length
    for ring in range(FAST_AT, RINGS_END):
        length = sizes[ring + 1] - sizes[ring]
        if length > 0:
            head = head_of(ring)
            heads[head] = (heads[head] + walk(steps, length, period_of(ring, sizes))) % length
    heads[STEPS] += steps


@kernel
def take(row, base, sizes, heads, value, seen, slow_step, fast_step):
    """Write the newest cell, to which the heads have moved: its value (NaN: none), and the means with it.

    ``seen``: values of the target before this one. A mean is a plain average while it is young; without a value it
    stays, so that a stream that was away for a night still knows its days.
    """
    row[base + sizes[VALUES_AT] + heads[VALUES_HEAD]] = kept(value)
    for ring in range(SLOW_AT, RINGS_END):
        length = sizes[ring + 1] - sizes[ring]
        if length > 0:
            start, head, period = base + sizes[ring], heads[head_of(ring)], period_of(ring, sizes)
            before = known(row[start + place(head, period % length, length)])
            if ring < PHASE_AT:
                step = max(slow_step if ring == SLOW_AT else fast_step, 1.0 / (seen + 1.0))
            else:
                seasons = (heads[STEPS] - 1) // period
                step = max(PHASE_STEP if ring == PHASE_AT else LONG_STEP, 1.0 / (seasons + 1.0))
            if value == value:
                row[start + head] = before + step * (value - before) if before == before else value
            else:
                row[start + head] = kept(before)
