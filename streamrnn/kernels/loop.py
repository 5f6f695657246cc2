"""The record loop: the whole of predict, score and learn, one record after the other, in log order."""

import numpy as np

from streamrnn.engine.cells import GATES, INNER_BIASES, KEPT, STATES
from streamrnn.engine.sizes import (
    CALENDAR,
    CONTRIBUTED,
    FEATURES,
    HIDDEN,
    HUBER_DELTA,
    INPUTS,
    K1,
    K2,
    LARGEST_STEP,
    LOSS,
    OUT_BASELINE,
    OUT_FORECAST,
    OUT_OUTCOME,
    OUT_SETTLED,
    OUT_SETTLED_BASELINE,
    PASSES,
    RECORDS,
    RECORDS_PER_STEP,
    SCORE_BLOCK,
    SEASON,
    SINCE_STEP,
    TARGETS,
)
from streamrnn.kernels import gru as cell  # every other cell takes its place, see for_each_cell
from streamrnn.kernels import mixture, optimiser
from streamrnn.kernels.cells import for_each_cell
from streamrnn.kernels.compile import kernel
from streamrnn.kernels.linear import copy, transpose
from streamrnn.kernels.scaling import calendar_inputs, clip, floor_of, update_feature
from streamrnn.kernels.scores import block_of, score
from streamrnn.streams.layout import (
    ABSOLUTE_CHANGE,
    AGE,
    BASELINE,
    EVENTS,
    FEATURE_FIELDS,
    FORECAST,
    HEAD,
    LAST,
    NETWORK,
    PENDING,
    RMS,
    SEASON_HEAD,
    SHARE,
    SQUARED_CHANGE,
    STREAM_FIELDS,
    TARGET_FIELDS,
    UNIT,
)

MISSING = 1e6  # stands for "no target" in the ring of learning targets, which are clipped at 8


@kernel
def start_stream(row, account, tally, features, targets):
    """Clear a slot's rows for a stream that starts; last value and network begin with equal weights."""
    row[:] = 0
    account[:] = 0.0
    tally[:] = 0
    for k in range(targets):
        account[FEATURE_FIELDS * features + TARGET_FIELDS * k + SHARE] = 0.5


@kernel
def settle(account, target_features, features, values, ring, targets, scores, window, block, out):
    """Score the pending forecasts against this record's values and note the learning targets in ``ring[targets]``."""
    for k in range(targets):
        outcome = values[target_features[k]]
        at = FEATURE_FIELDS * features + TARGET_FIELDS * k
        out[OUT_OUTCOME * targets + k] = outcome
        out[OUT_SETTLED * targets + k] = np.nan
        out[OUT_SETTLED_BASELINE * targets + k] = np.nan
        ring[k] = MISSING
        if account[at + PENDING] == 0.0 or np.isnan(outcome):
            continue
        forecast, baseline = account[at + FORECAST], account[at + BASELINE]
        out[OUT_SETTLED * targets + k] = forecast
        out[OUT_SETTLED_BASELINE * targets + k] = baseline
        score(scores[k], forecast, baseline, outcome)
        score(window[k, block], forecast, baseline, outcome)
        mixture.settle(account, at, outcome)
        if account[at + RMS] > 0.0:
            ring[k] = clip((outcome - baseline) / account[at + RMS])


@kernel
def output_of(h, v, d, k):
    """The head: output k of a state that begins with h[hidden], with weights v[targets, hidden] and d[targets]."""
    total = d[k]
    for j in range(v.shape[1]):
        total += v[k, j] * h[j]
    return total


@kernel
def slope_of(error, delta, losses):
    """Gradient of Huber's loss (of the absolute error where delta is 0); the loss is added to ``losses``."""
    size = abs(error)
    if delta == 0.0:
        losses[LOSS] += size
        return np.sign(error)
    if size <= delta:
        losses[LOSS] += 0.5 * error * error
        return error
    losses[LOSS] += delta * (size - 0.5 * delta)
    return delta * np.sign(error)


@kernel
def forecast(account, tally, target_features, features, targets, h, v, d, out):
    """Leave a pending forecast for each target whose last value is known, and write it out."""
    for k in range(targets):
        feature = target_features[k]
        at = FEATURE_FIELDS * features + TARGET_FIELDS * k
        field = FEATURE_FIELDS * feature
        if tally[STREAM_FIELDS + feature] == 0:
            out[OUT_FORECAST * targets + k] = np.nan
            out[OUT_BASELINE * targets + k] = np.nan
            continue
        last = account[field + LAST]
        account[at + PENDING] = 1.0
        account[at + BASELINE] = last
        account[at + NETWORK] = output_of(h, v, d, k)
        account[at + RMS] = 0.0
        account[at + UNIT] = 0.0
        if tally[STREAM_FIELDS + features + feature] > 0:
            account[at + RMS] = np.sqrt(account[field + SQUARED_CHANGE]) + floor_of(last)
            account[at + UNIT] = account[field + ABSOLUTE_CHANGE] + floor_of(last)
        account[at + FORECAST] = last + account[at + SHARE] * (account[at + RMS] * account[at + NETWORK])
        out[OUT_FORECAST * targets + k] = account[at + FORECAST]
        out[OUT_BASELINE * targets + k] = last


@kernel
def season_inputs(account, tally, start, season, targets, target_features, features, inputs, place):
    """Take this step's values into the seasonal ring; write, for each target, the value that stood one season before
    the step to be forecast and the change that led to it, in today's scales (zero while the stream is too young)."""
    length = season + 1
    head = tally[SEASON_HEAD]
    for k in range(targets):
        account[start + head * targets + k] = account[FEATURE_FIELDS * target_features[k] + LAST]
    for k in range(targets):
        field = FEATURE_FIELDS * target_features[k]
        inputs[place + 2 * k] = 0.0
        inputs[place + 2 * k + 1] = 0.0
        if tally[EVENTS] >= length and tally[STREAM_FIELDS + features + target_features[k]] > 0:
            before = account[start + ((head + 1) % length) * targets + k]
            then = account[start + ((head + 2) % length) * targets + k]
            rms = np.sqrt(account[field + SQUARED_CHANGE]) + floor_of(then)
            inputs[place + 2 * k] = clip((then - account[field + LAST]) / rms)
            inputs[place + 2 * k + 1] = clip((then - before) / rms)
    tally[SEASON_HEAD] = (head + 1) % length


def process(slots, fresh, live, times, values, out, counts, sizes, target_features, shown, rates, network_slab,
            accounts, tallies, weights, first, second, gradient, totals, sums, scores, window):
    """Process n records in log order, in place.

    slots int64[n], fresh bool[n] (the stream starts here), live int64[n] (live streams after this record), times
    float64[n] s, values float64[n, features] (NaN: missing) -> out float64[n, 5 targets], counts int64[n, 2] (events of
    the stream, records of the shard). The rest is the shard's state; see ``engine.state``.
    """
    features, targets, inputs, hidden = sizes[FEATURES], sizes[TARGETS], sizes[INPUTS], sizes[HIDDEN]
    k1, k2, season, calendar = sizes[K1], sizes[K2], sizes[SEASON], sizes[CALENDAR]
    wide = GATES[cell.CODE] * hidden
    carried = STATES[cell.CODE] * hidden
    steps = k2 + 1
    x_at = steps * carried
    y_at = x_at + steps * inputs
    season_at = FEATURE_FIELDS * features + TARGET_FIELDS * targets
    delta = rates[HUBER_DELTA]
    kind = weights.dtype

    edge = np.zeros(7, np.int64)
    inner = INNER_BIASES[cell.CODE] * hidden
    lengths = (inputs * wide, wide, hidden * wide, inner, targets * hidden, targets)
    for i in range(6):
        edge[i + 1] = edge[i] + lengths[i]
    w = weights[: edge[1]].reshape((inputs, wide))
    b = weights[edge[1] : edge[2]]
    u = weights[edge[2] : edge[3]].reshape((hidden, wide))
    c = weights[edge[3] : edge[4]]
    v = weights[edge[4] : edge[5]].reshape((targets, hidden))
    d = weights[edge[5] : edge[6]]
    gw = gradient[: edge[1]].reshape((inputs, wide))
    gb = gradient[edge[1] : edge[2]]
    gu = gradient[edge[2] : edge[3]].reshape((hidden, wide))
    gc = gradient[edge[3] : edge[4]]
    gv = gradient[edge[4] : edge[5]].reshape((targets, hidden))
    gd = gradient[edge[5] : edge[6]]

    transposed_u = np.empty((wide, hidden), kind)
    transposed = False
    x_window = np.empty((k2, inputs), kind)
    h_window = np.empty((steps, carried), kind)
    kept = np.empty((k2, KEPT[cell.CODE] * hidden), kind)
    d_left = np.empty((k2, wide), kind)
    d_right = np.empty((k2, wide), kind)
    left = np.empty(wide, kind)
    right = np.empty(wide, kind)
    dh = np.empty(carried, kind)
    dh_before = np.empty(carried, kind)
    slope = np.empty(1, kind)
    wide_inputs = np.empty(inputs, np.float64)

    for i in range(slots.shape[0]):
        slot = slots[i]
        row, account, tally = network_slab[slot], accounts[slot], tallies[slot]
        if fresh[i]:
            start_stream(row, account, tally, features, targets)
        head, age = tally[HEAD], tally[AGE]
        block = block_of(totals[RECORDS], sizes[SCORE_BLOCK], window)
        newest = row[y_at + head * targets : y_at + (head + 1) * targets]
        settle(account, target_features, features, values[i], newest, targets, scores, window, block, out[i])

        # Learn: back through the window that ends at the step whose outcome this record brought.
        length = min(age, k2)
        learns = False
        if length > 0 and tally[EVENTS] % k1 == 0:
            for back in range(min(k1, length)):
                at = y_at + ((head - back + steps) % steps) * targets
                for k in range(targets):
                    learns = learns or row[at + k] != MISSING
        if learns:
            if not transposed:
                transpose(transposed_u, u)
                transposed = True
            oldest = (head - length + steps) % steps
            copy(h_window[0], row, oldest * carried)
            for s in range(length):
                at = (oldest + 1 + s) % steps
                copy(x_window[s], row, x_at + at * inputs)
                cell.step(x_window[s], h_window[s], w, b, u, c, left, right, kept[s], h_window[s + 1])
            dh[:] = 0
            share = 1.0 / (targets * k1)
            for s in range(length - 1, -1, -1):
                if length - s <= k1:
                    at = y_at + ((oldest + 1 + s) % steps) * targets
                    for k in range(targets):
                        if row[at + k] != MISSING:
                            error = output_of(h_window[s + 1], v, d, k) - row[at + k]
                            slope[0] = share * slope_of(error, delta, sums)
                            for j in range(hidden):
                                dh[j] += slope[0] * v[k, j]
                                gv[k, j] += slope[0] * h_window[s + 1, j]
                            gd[k] += slope[0]
                cell.back(h_window[s], kept[s], dh, transposed_u, d_left[s], d_right[s], dh_before)
                dh, dh_before = dh_before, dh
            cell.add_gradient(x_window, h_window, d_left, d_right, length, gw, gb, gu, gc)
            totals[CONTRIBUTED] += 1
            totals[PASSES] += 1

        # One optimiser step every min(live streams, 8) records.
        totals[RECORDS] += 1
        totals[SINCE_STEP] += 1
        if totals[SINCE_STEP] >= totals[RECORDS_PER_STEP]:
            if totals[CONTRIBUTED] > 0:
                optimiser.step(weights, first, second, gradient, totals[CONTRIBUTED], rates, totals, sums)
                transposed = False
            totals[SINCE_STEP] = 0
            totals[CONTRIBUTED] = 0
            totals[RECORDS_PER_STEP] = max(1, min(live[i], sizes[LARGEST_STEP]))

        # Scale, step, forecast.
        for f in range(features):
            update_feature(account, tally, f, features, values[i, f], shown[f], wide_inputs)
        tally[EVENTS] += 1
        place = 3 * features
        if calendar:
            calendar_inputs(times[i], wide_inputs, place)
            place += 4
        if season > 0:
            season_inputs(account, tally, season_at, season, targets, target_features, features, wide_inputs, place)
        after = (head + 1) % steps
        x = row[x_at + after * inputs : x_at + (after + 1) * inputs]
        for j in range(inputs):
            x[j] = wide_inputs[j]
        h = row[after * carried : (after + 1) * carried]
        cell.step(x, row[head * carried : (head + 1) * carried], w, b, u, c, left, right, kept[0], h)
        tally[HEAD] = after
        tally[AGE] = min(age + 1, k2)
        forecast(account, tally, target_features, features, targets, h, v, d, out[i])
        counts[i, 0] = tally[EVENTS]
        counts[i, 1] = totals[RECORDS]


PROCESS = for_each_cell(process)
