"""Weights of experts beyond one step: in proportion to a high power of how small their running squared errors are."""


from streamrnn.kernels.compile import kernel

LARGEST = 64.0  # squared error, in units of the running change
MEMORY = 2000.0  # outcomes over which an expert's past is forgotten; younger ones average over their life
TINY = 1e-6


@kernel
def settle(quality, count, at, experts, outcome, forecasts, change):
    """Take an outcome into the account of one stream, target and group: Q += max(1/2000, 1/n) (min(r^2, 64) - Q).

    quality, count: float arrays in which the account's ``experts`` numbers start at ``at``, zeros for a new stream:
    mean squared error Q in units of the running change over the horizon, and outcomes n. forecasts [experts]: what each
    had said of this outcome; NaN leaves an expert out. ``change``: the running change, above 0, else nothing is learnt.

    One that speaks for the first time after others is taken to be as bad as the worst of them: its first few errors,
    of a calm night perhaps, would not compare with those of the others' whole past.
    """
    if not (outcome == outcome and change > 0.0):
        return
    oldest, worst = 0.0, 0.0
    for e in range(experts):
        oldest = max(oldest, count[at + e])
        if count[at + e] > 0.0:
            worst = max(worst, quality[at + e])
    for e in range(experts):
        error = (forecasts[e] - outcome) / change
        if error == error:
            square = error * error
            square = square if square < LARGEST else LARGEST
            if count[at + e] == 0.0 and oldest > 0.0:
                count[at + e] = oldest
                quality[at + e] = worst
            count[at + e] += 1.0
            quality[at + e] += max(1.0 / MEMORY, 1.0 / count[at + e]) * (square - quality[at + e])


@kernel
def weigh(quality, count, at, experts, forecasts, weights):
    """Write the weights [experts] of the experts that have a forecast, ((min Q + 1e-6) / (Q + 1e-6))^8 over their sum.

    Those without an outcome count only where no other has one, all alike; without any forecast all weights are 0.
    """
    best = -1.0
    for e in range(experts):
        if forecasts[e] == forecasts[e] and count[at + e] > 0.0 and (best < 0.0 or quality[at + e] < best):
            best = quality[at + e]
    total = 0.0
    for e in range(experts):
        weights[e] = 0.0
        if forecasts[e] == forecasts[e]:
            if best < 0.0:
                weights[e] = 1.0
            elif count[at + e] > 0.0:
                ratio = (best + TINY) / (quality[at + e] + TINY)
                square = ratio * ratio
                weights[e] = square * square * (square * square)
        total += weights[e]
    if total > 0.0:
        for e in range(experts):
            weights[e] /= total
