"""The anomaly loop: for each target of each record novelty, score and alert, and its forecast error's tail."""

import numpy as np

from streamrnn.kernels import novelty, tails
from streamrnn.kernels.compile import entry, kernel
from streamrnn.kernels.functions import log
from streamrnn.rows.anomaly import (
    BINS,
    BLOCKS,
    DETECTOR_COUNTS,
    DETECTOR_FIELDS,
    DETECTORS,
    ERRORS,
    EVENTS,
    FINE_UNTIL,
    LAST,
    LAST_ALERT,
    MEAN,
    MEAN_ERROR,
    NOVELTY,
    NOVELTY_COUNTS,
    NOVELTY_FIELDS,
    PARTS,
    PEAKS,
    SCORE,
    SIZES,
    SQUARED_CHANGE,
    TARGET_COUNTS,
    TARGET_FIELDS,
    VARIANCE,
    YOUNG,
)

FORGET = (0.0025959266669191017, 0.0051851144985782804)  # 1 - 0.5^(size / 800): a half-life of 800 events
FIRST_SCORE = SIZES[0] * YOUNG  # events before there is a score
AGE = 3.5  # log10 of the events at which a score is taken as it is
GAP_WEIGHT = 0.4
QUIET_SHARE, QUIET_LEAST, QUIET_MOST = 0.05, 20.0, 300.0  # of a stream's events; events
MEMORY = 20000.0  # events over which the scale forgets; younger streams average over their life
TINY = 1e-150  # smallest deviation: the square of a smaller one is no number
HUGE = 1e150  # a value above it counts as missing, an error above it as this large
LOG10_E = 0.4342944819032518


@kernel
def update_scale(account, at, events, value):
    """Take the value in as the ``events``-th; running mean, deviation and rms change (West 1979), floors included."""
    if events > 1:
        change = value - account[at + LAST]
        rate = max(1.0 / (events - 1), 1.0 / MEMORY)
        account[at + SQUARED_CHANGE] += rate * (change * change - account[at + SQUARED_CHANGE])
    account[at + LAST] = value
    rate = max(1.0 / events, 1.0 / MEMORY)
    off = value - account[at + MEAN]
    account[at + MEAN] += rate * off
    account[at + VARIANCE] = (1.0 - rate) * (account[at + VARIANCE] + rate * off * off)
    mean = account[at + MEAN]
    deviation = max(np.sqrt(account[at + VARIANCE]), 1e-6 * abs(mean), TINY)
    return mean, deviation, max(np.sqrt(account[at + SQUARED_CHANGE]), 1e-3 * deviation)


@kernel
def score_of(z, gap, size, events):
    """S = z - (log10 events - 3.5) + 0.4 log10(gap in events).

    The age term lets through about one false alarm per e-fold of age, the gap term is a return period.
    """
    return z - (LOG10_E * log(events) - AGE) + GAP_WEIGHT * (LOG10_E * log(gap * size))


@kernel
def is_quiet(events, last_alert):
    """Whether an alert is too recent for another: one excursion gives one."""
    return events - last_alert <= min(max(QUIET_SHARE * events, QUIET_LEAST), QUIET_MOST)


@kernel
def observe(account, tally, heights, times, ring, target, value, error, threshold, warm_up, edges, room):
    """Take in a target's value and absolute forecast error; whether it is an alert.

    The first five are the stream's rows; a target's part of ``ring`` holds the blocks of detector k from edges[k] to
    edges[k + 1].
    """
    at, place = target * TARGET_FIELDS, target * TARGET_COUNTS
    tally[place + EVENTS] += 1
    events = tally[place + EVENTS]
    mean, deviation, rms = update_scale(account, at, events, value)
    judge = 0 if events <= FINE_UNTIL else 1
    alert = False
    for k in range(judge, DETECTORS):  # nobody asks the fine one any more
        size = SIZES[k]
        fields = at + DETECTOR_FIELDS + k * NOVELTY_FIELDS
        counts = place + DETECTOR_COUNTS + k * NOVELTY_COUNTS
        within = (events - 1) % size
        novelty.gather(account, fields, within == 0, value, error)
        if within < size - 1:
            continue
        start = target * edges[DETECTORS]
        stack = (target * DETECTORS + k) * PEAKS
        d, z, gap = novelty.close_block(
            account, fields, tally, counts, size, FORGET[k], mean, deviation, rms,
            ring[start + edges[k] : start + edges[k + 1]],
            heights[stack : stack + PEAKS], times[stack : stack + PEAKS], room,
        )  # fmt: skip
        if k == judge and tally[counts + BLOCKS] >= YOUNG:
            account[at + NOVELTY] = d
            account[at + SCORE] = score_of(z, gap, size, events)
            loud = events > warm_up and d > novelty.OFFSET and account[at + SCORE] >= threshold
            if loud and not is_quiet(events, tally[place + LAST_ALERT]):
                tally[place + LAST_ALERT] = events
                alert = True
    return alert


@kernel
def tail_of(account, tally, histogram, target, error):
    """Tail probability of a target's absolute forecast error among the stream's earlier ones."""
    at, place = target * TARGET_FIELDS, target * TARGET_COUNTS
    above = histogram[target * BINS : (target + 1) * BINS]
    probability, account[at + MEAN_ERROR] = tails.observe(above, account[at + MEAN_ERROR], tally[place + ERRORS], error)
    tally[place + ERRORS] += 1
    return probability


@entry
def process(slots, fresh, advance, outcomes, settled, scores, novelties, tail_probabilities, alerts, loudest, edges,
            threshold, warm_up, accounts, tallies, peak_heights, peak_times, histograms, rings):
    """Judge n records in log order.

    slots int64[n], fresh bool[n], advance int64[n], outcomes float64[n, T], settled float64[n, H, T] -> scores,
    novelties, tail_probabilities float64[n, T], alerts bool[n, T], loudest int64[n]. edges int64[3]: where the
    detectors' rings lie in a target's part of a row of rings. The rest is the loop's state, see ``loops.anomaly``.
    """
    targets = outcomes.shape[1]
    longest = 0
    for k in range(DETECTORS):
        longest = max(longest, (edges[k + 1] - edges[k]) // PARTS)
    room = np.empty(longest, np.float32)
    for i in range(slots.shape[0]):
        slot = slots[i]
        account, tally, histogram = accounts[slot], tallies[slot], histograms[slot]
        heights, times, ring = peak_heights[slot], peak_times[slot], rings[slot]
        if fresh[i]:
            account[:] = 0.0
            tally[:] = 0
            histogram[:] = np.float32(0.0)
            heights[:] = np.float32(0.0)
            times[:] = 0
            ring[:] = np.float32(0.0)
        loudest[i] = -1
        for k in range(targets):
            scores[i, k] = np.nan
            novelties[i, k] = np.nan
            tail_probabilities[i, k] = np.nan
            alerts[i, k] = False
            value = outcomes[i, k]
            moves = fresh[i] or advance[i] > 0
            if not (moves and abs(value) <= HUGE):
                continue
            error = 0.0
            if not np.isnan(settled[i, 0, k]):
                error = min(abs(value - settled[i, 0, k]), HUGE)
                tail_probabilities[i, k] = tail_of(account, tally, histogram, k, error)
            alerts[i, k] = observe(
                account, tally, heights, times, ring, k, value, error, threshold, warm_up, edges, room
            )
            if tally[k * TARGET_COUNTS + EVENTS] >= FIRST_SCORE:
                scores[i, k] = account[k * TARGET_FIELDS + SCORE]
                novelties[i, k] = account[k * TARGET_FIELDS + NOVELTY]
                if loudest[i] < 0 or scores[i, k] > scores[i, loudest[i]]:
                    loudest[i] = k
