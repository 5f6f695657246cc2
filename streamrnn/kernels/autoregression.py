"""Linear experts: a stream's next change as a weighted sum of its last 24 changes, learned by all streams of a shard.

Ridge regression on discounted normal equations, solved by Cholesky: unlike the recursive form that updates an inverse,
they hold nothing that could wind up while a stream stands still. Records are folded into them sixteen at a time, and
the solution is renewed then, counted in records of the shard: how batches are cut makes no difference. A record counts
by Huber's weight of its error (iteratively reweighted least squares, Holland and Welsch 1977): else a few outliers
would rule a squared error.

All changes are in units of the stream's running root mean square as it stood when they happened, within -8 to 8.
"""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.linear import add_outer
from streamrnn.kernels.scaling import clip
from streamrnn.rows.linear import BLOCK, COLUMNS, KNOWN, LAGS, LAST, ORIGIN_FIELDS, RMS

PRIOR = 3.0  # strength of the pull towards zero, in records with unit changes
DELTA = 0.5  # error from which a record counts less, in running root mean squares


@kernel
def predict(weights, changes):
    """weights[LAGS] times changes[LAGS], within -8 to 8; four sums side by side, as one alone would wait for itself."""
    a = b = c = d = 0.0
    for k in range(0, LAGS, 4):
        a += weights[k] * changes[k]
        b += weights[k + 1] * changes[k + 1]
        c += weights[k + 2] * changes[k + 2]
        d += weights[k + 3] * changes[k + 3]
    return clip((a + b) + (c + d))


@kernel
def shift(changes, newest, steps):
    """Move changes[LAGS] (newest first) by ``steps``, those between without a change, and put the newest in front."""
    for k in range(LAGS - 1, -1, -1):
        changes[k] = changes[k - steps] if k >= steps else 0.0
    changes[0] = newest


@kernel
def fold(moments, samples, trust, forgetting, left):
    """Discount moments[LAGS, COLUMNS] and add the products of samples[BLOCK, COLUMNS], oldest first, each weighed by
    trust[BLOCK] and by its age."""
    discount = 1.0
    for i in range(BLOCK - 1, -1, -1):
        for k in range(LAGS):
            left[i, k] = trust[i] * discount * samples[i, k]
        discount *= forgetting
    for k in range(LAGS):
        for j in range(COLUMNS):
            moments[k, j] *= discount
    add_outer(moments, left, samples, BLOCK, LAGS, COLUMNS)


@kernel
def solve(moments, work, weights):
    """Solve (S + prior) w = s for weights[LAGS], where S and s are the first columns and the next of moments.

    False, and weights as before, where rounding has left no positive definite matrix or no finite solution.
    """
    for k in range(LAGS):
        for j in range(k, COLUMNS):
            work[k, j] = moments[k, j]
        work[k, k] += PRIOR
    # Right-looking Cholesky on the upper triangle; the outcome's column is carried along, which solves the first half.
    for k in range(LAGS):
        pivot = work[k, k]
        if not pivot > 0.0:
            return False
        inverse = 1.0 / np.sqrt(pivot)
        for j in range(k, COLUMNS):
            work[k, j] *= inverse
        for i in range(k + 1, LAGS):
            factor = work[k, i]
            for j in range(i, COLUMNS):
                work[i, j] -= factor * work[k, j]
    total = 0.0
    for k in range(LAGS - 1, -1, -1):
        solution = work[k, LAGS] / work[k, k]
        work[k, LAGS] = solution
        total += solution * solution
        for i in range(k):
            work[i, LAGS] -= work[i, k] * solution
    if not np.isfinite(total):
        return False
    for k in range(LAGS):
        weights[k] = work[k, LAGS]
    return True


@kernel
def learn(changes, target, t, forgetting, samples, trust, pending, moments, weights, left, work):
    """Take in that ``changes`` were followed by the change ``target``, for all experts of the shard's target ``t``."""
    place = pending[t]
    for k in range(LAGS):
        samples[t, place, k] = changes[k]
    samples[t, place, LAGS] = target
    for e in range(forgetting.shape[0]):
        error = abs(target - predict(weights[e, t], changes))
        trust[e, t, place] = DELTA / error if error > DELTA else 1.0
    pending[t] = place + 1
    if pending[t] == BLOCK:
        pending[t] = 0
        for e in range(forgetting.shape[0]):
            fold(moments[e, t], samples[t], trust[e, t], forgetting[e], left)
            solve(moments[e, t], work, weights[e, t])


@entry
def process(slots, fresh, advance, outcomes, rms, forgetting, forecasts, changes, origins, samples, trust, pending,
            moments, weights):
    """Process n records in log order; the columns are those of ``loops.batch``.

    forgetting float64[L], the share of its weight that a record keeps with each later one -> forecasts float64[n, L, T]
    of the next step, last value plus running root mean square times prediction, NaN before there is a value.
    State, changed in place: changes float32[streams, T LAGS], origins float64[streams, T ORIGIN_FIELDS]; of the shard,
    for T targets: samples float64[T, BLOCK, COLUMNS], trust float64[L, T, BLOCK], pending int64[T], moments float64[L,
    T, LAGS, COLUMNS], weights float64[L, T, LAGS].
    """
    left = np.empty((BLOCK, LAGS))
    work = np.empty((LAGS, COLUMNS))
    for i in range(slots.shape[0]):
        slot = slots[i]
        steps = advance[i]
        if fresh[i]:
            changes[slot, :] = 0
            origins[slot, :] = 0.0
            steps = 1
        for t in range(outcomes.shape[1]):
            row = changes[slot, t * LAGS : (t + 1) * LAGS]
            origin = origins[slot, t * ORIGIN_FIELDS : (t + 1) * ORIGIN_FIELDS]
            if steps > 0:
                outcome = outcomes[i, t]
                newest = 0.0
                if origin[KNOWN] > 0.0 and not np.isnan(outcome):
                    change = outcome - origin[LAST]
                    if steps == 1 and origin[RMS] > 0.0:
                        target = clip(change / origin[RMS])
                        learn(row, target, t, forgetting, samples, trust, pending, moments, weights, left, work)
                    if rms[i, t] > 0.0:
                        newest = clip(change / rms[i, t])
                shift(row, newest, steps)
                if not np.isnan(outcome):
                    origin[KNOWN] = 1.0
                    origin[LAST] = outcome
                origin[RMS] = rms[i, t]
            for e in range(forgetting.shape[0]):
                forecast = np.nan
                if origin[KNOWN] > 0.0:
                    forecast = origin[LAST] + origin[RMS] * predict(weights[e, t], row)
                forecasts[i, e, t] = forecast
