"""Whether losses have risen for good: a one-sided CUSUM over block means, in units of their own usual spread.

The cumulative sum is Page's (1954), "Continuous inspection schemes", with the running mean of Page-Hinkley's test
(Hinkley 1971), "Inference about the change-point from cumulative sum tests". Applied to losses one by one, its false
alarms depend on the stream: heavy tails, and quiet hours that take turns with loud ones, raise most of them. So losses
are cut at 8 and averaged in blocks, and a block counts by its distance from the running mean of the blocks before it,
in their running deviation. One threshold then fits losses of any unit and law. Only a rise counts; after an alarm the
detector begins anew.
"""

import numpy as np

from streamrnn.kernels.compile import kernel
from streamrnn.rows.drift import (
    BLOCK,
    BLOCKS,
    EXCESS,
    IN_BLOCK,
    LEARNING_RATE,
    MEAN,
    NONE,
    RESET_MOMENTS,
    SUM,
    VARIANCE,
)
from streamrnn.rows.network import (
    BETA1_POWER,
    BETA2_POWER,
    BOOST,
    BOOST_RECORDS,
    BOOSTED,
    DRIFT_ACTION,
    DRIFT_THRESHOLD,
    DRIFTS,
    WATCH,
)
from streamrnn.rows.network import LEARNING_RATE as RATE

LARGEST_LOSS = 8.0  # in the loss's own unit, a usual change of the stream
LARGEST_STEP = 6.0  # deviations that one block may count for
ALLOWANCE = 1.0  # deviations that a block may lie above the mean for nothing
MEMORY = 128.0  # blocks over which mean and deviation forget
YOUNG = 16.0  # blocks before there can be an alarm
SMALLEST_SHARE = 0.01  # of the mean, added to the deviation: a loss that hardly varies is not drift at once
SMALLEST = 1e-12  # deviation, of losses that are all 0


@kernel
def watch(account, loss, length, threshold):
    """Take in one loss; True where it closes the block that raises the alarm.

    ``account`` is float64[FIELDS] of ``rows.drift``, ``loss`` at least 0 and in a unit in which 1 is usual (one that is
    not finite counts as the largest), ``length`` the losses of a block, ``threshold`` in deviations.
    """
    account[SUM] += loss if loss < LARGEST_LOSS else LARGEST_LOSS
    account[IN_BLOCK] += 1.0
    if account[IN_BLOCK] < length:
        return False
    mean = account[SUM] / account[IN_BLOCK]
    account[SUM] = 0.0
    account[IN_BLOCK] = 0.0
    off = mean - account[MEAN]
    if account[BLOCKS] >= YOUNG:
        deviation = np.sqrt(account[VARIANCE]) + SMALLEST_SHARE * account[MEAN] + SMALLEST
        step = min(off / deviation, LARGEST_STEP)
        account[EXCESS] = max(0.0, account[EXCESS] + step - ALLOWANCE)
        if account[EXCESS] > threshold:
            account[:] = 0.0
            return True
    account[BLOCKS] = min(account[BLOCKS] + 1.0, MEMORY)
    share = 1.0 / account[BLOCKS]
    account[MEAN] += share * off
    account[VARIANCE] = (1.0 - share) * (account[VARIANCE] + share * off * off)
    return False


@kernel
def watch_shard(loss, live, sizes, rates, first, second, totals, sums):
    """Take in the loss of one learning pass, with ``live`` streams; on an alarm, do what the settings ask for.

    A block is as long as a round of all live streams, so that hours at which all of them are loud fall into as many
    blocks as one stream alone would have.
    """
    action = sizes[DRIFT_ACTION]
    if action == NONE or not watch(sums[WATCH:], loss, max(BLOCK, live), rates[DRIFT_THRESHOLD]):
        return
    totals[DRIFTS] += 1
    if action == LEARNING_RATE:
        totals[BOOSTED] = sizes[BOOST_RECORDS]
    elif action == RESET_MOMENTS:
        first[:] = 0
        second[:] = 0
        sums[BETA1_POWER] = 1.0
        sums[BETA2_POWER] = 1.0


@kernel
def learning_rate(rates, totals):
    """The optimiser's step size as of this record."""
    return rates[RATE] * rates[BOOST] if totals[BOOSTED] > 0 else rates[RATE]


@kernel
def count_down(totals):
    """One of the records with a raised learning rate is over."""
    totals[BOOSTED] = max(0, totals[BOOSTED] - 1)
