"""What the drift detector keeps, and what becomes of an alarm."""

# Fields of one detector, all zero at the start: losses of the open block, the block means so far, and the excess that
# raises the alarm.
SUM, IN_BLOCK, BLOCKS, MEAN, VARIANCE, EXCESS = range(6)
FIELDS = 6

BLOCK = 8  # losses of a block, at least

# Codes of `drift.stream` and `drift.shard`, in the order of the words.
STREAM_ACTIONS = ("none", "report", "reset_mixture")
SHARD_ACTIONS = ("none", "report", "learning_rate", "reset_moments")
NONE = 0
RESET_MIXTURE = STREAM_ACTIONS.index("reset_mixture")
LEARNING_RATE = SHARD_ACTIONS.index("learning_rate")
RESET_MOMENTS = SHARD_ACTIONS.index("reset_moments")
