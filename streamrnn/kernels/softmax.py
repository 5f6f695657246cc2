"""Outputs as probabilities, and the slope of the log loss."""

from streamrnn.kernels.compile import kernel
from streamrnn.kernels.functions import exp, log


@kernel
def softmax(outputs, known, probabilities):
    """Fill in probabilities[C] from outputs[C]: of sum 1 over the first ``known``, 0 beyond."""
    largest = outputs[0]
    for k in range(1, known):
        largest = max(largest, outputs[k])
    total = 0.0
    for k in range(probabilities.shape[0]):
        probabilities[k] = exp(outputs[k] - largest) if k < known else 0.0
        total += probabilities[k]
    for k in range(known):
        probabilities[k] /= total


@kernel
def log_loss(probability, floor):
    """-log of a probability, which counts as ``floor`` where it is below."""
    return -log(max(probability, floor))
