"""The scale loop: each stream's place on its grid, running scales, and what the networks see."""

import numpy as np

from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.scaling import calendar_inputs, clip, floor_of, update_elapsed, update_feature
from streamrnn.rows.scale import (
    ABSOLUTE_CHANGE,
    CALENDAR,
    CALENDAR_INPUTS,
    CELL,
    ELAPSED,
    ELAPSED_FIELDS,
    EVENTS,
    FEATURE_FIELDS,
    LAST,
    SEASON_INPUTS_PER_TARGET,
    SQUARED_CHANGE,
    STEP,
    STREAM_FIELDS,
)


@kernel
def steps_since(counts, time, interval, fresh):
    """How many steps the stream's grid moves with this record; the row's step and cell move with it."""
    if interval <= 0.0:
        moved = 1
    else:
        cell = np.int64(np.floor(time / interval))
        moved = 1 if fresh else max(0, cell - counts[CELL])
        if fresh or moved > 0:
            counts[CELL] = cell
    if not fresh:
        counts[STEP] += moved
    return moved


@kernel
def keep_season(fields, counts, moved, at, season, target_features):
    """Write the newest known values into the seasonal ring; an empty cell keeps the value known before it."""
    targets = target_features.shape[0]
    length = season + 1
    for back in range(min(moved, length) - 1, -1, -1):
        place = at + ((counts[STEP] - back) % length) * targets
        before = at + ((counts[STEP] - back - 1) % length) * targets
        for k in range(targets):
            newest = fields[FEATURE_FIELDS * target_features[k] + LAST]
            fields[place + k] = fields[before + k] if back > 0 else newest


@kernel
def season_inputs(fields, counts, at, season, features, target_features, shown, inputs, place):
    """For each target, the value one season before the step to be forecast, and the change that led to it, in today's
    scale (zero while the stream is too young, and unless shown)."""
    targets = target_features.shape[0]
    length = season + 1
    for k in range(targets):
        feature = target_features[k]
        field = FEATURE_FIELDS * feature
        inputs[place + 2 * k] = 0.0
        inputs[place + 2 * k + 1] = 0.0
        if counts[STEP] >= season and counts[STREAM_FIELDS + features + feature] > 0:
            before = fields[at + ((counts[STEP] - season) % length) * targets + k]
            then = fields[at + ((counts[STEP] - season + 1) % length) * targets + k]
            rms = np.sqrt(fields[field + SQUARED_CHANGE]) + floor_of(then)
            inputs[place + 2 * k] = shown[feature] * clip((then - fields[field + LAST]) / rms)
            inputs[place + 2 * k + 1] = shown[feature] * clip((then - before) / rms)


@entry
def process(slots, fresh, times, values, interval, season, chosen, target_features, shown, fields, counts,
            advance, steps, events, last, rms, unit, inputs):
    """Take in n records.

    slots int64[n], fresh bool[n], times float64[n] s, values float64[n, features], chosen bool[5] (which inputs there
    are), shown float64[features] (1, and 0 for what is withheld) -> advance, steps and events int64[n] (all of the
    stream so far), last, rms and unit float64[n, targets], inputs float64[n, inputs]; see ``loops.batch``.
    """
    features = values.shape[1]
    targets = target_features.shape[0]
    elapsed_at = FEATURE_FIELDS * features
    season_at = elapsed_at + (ELAPSED_FIELDS if chosen[ELAPSED] else 0)
    for i in range(slots.shape[0]):
        row, tally = fields[slots[i]], counts[slots[i]]
        if fresh[i]:
            row[:] = 0.0
            tally[:] = 0
        advance[i] = steps_since(tally, times[i], interval, fresh[i])
        place = 0
        for f in range(features):
            place = update_feature(row, tally, f, features, values[i, f], shown[f], chosen, inputs[i], place)
        tally[EVENTS] += 1
        events[i] = tally[EVENTS]
        steps[i] = tally[STEP]
        if chosen[CALENDAR]:
            calendar_inputs(times[i], inputs[i], place)
            place += CALENDAR_INPUTS
        if season > 0:
            keep_season(row, tally, advance[i], season_at, season, target_features)
            season_inputs(row, tally, season_at, season, features, target_features, shown, inputs[i], place)
            place += SEASON_INPUTS_PER_TARGET * targets
        if chosen[ELAPSED]:
            inputs[i, place] = update_elapsed(row, elapsed_at, times[i], fresh[i])
        for k in range(targets):
            feature = target_features[k]
            at = FEATURE_FIELDS * feature
            last[i, k] = row[at + LAST] if tally[STREAM_FIELDS + feature] > 0 else np.nan
            rms[i, k] = 0.0
            unit[i, k] = 0.0
            if tally[STREAM_FIELDS + features + feature] > 0:
                rms[i, k] = np.sqrt(row[at + SQUARED_CHANGE]) + floor_of(row[at + LAST])
                unit[i, k] = row[at + ABSOLUTE_CHANGE] + floor_of(row[at + LAST])
