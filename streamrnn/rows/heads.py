"""The heads that there are, and what of their shapes both engines and the loops behind them must know.

A head has ``width`` outputs for each target, rows of the weights v and d in this order: what is said of the next step's
residual, in running rms changes. The point head says it with one number; the quantile head with its median, from which
the other quantiles are so many steps away; the distributions with location, scale and degrees of freedom.
"""

NAMES = ("point", "quantiles", "gaussian", "student_t")  # as in model.head
COMPILED = ("point", "quantiles")
DISTRIBUTIONS = ("gaussian", "student_t")

# What a distribution is told by, of each target; a Gaussian has no degrees of freedom (NaN).
LOCATION, SCALE, DEGREES = range(3)
PARAMETERS = 3


def width(head: str, quantiles: int) -> int:
    """Outputs of a head for each target, of which the quantile head has one for each quantile."""
    return {"point": 1, "quantiles": quantiles, "gaussian": 2, "student_t": 3}[head]


def told(head: str, quantiles: int) -> int:
    """Numbers that a network tells of each target beside its forecast: quantiles, or a distribution's parameters."""
    return {"point": 0, "quantiles": quantiles}.get(head, PARAMETERS)
