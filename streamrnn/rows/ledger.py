"""The ledger's rows: where a stream stands in the log, what was last said of it, and how well it is forecast lately."""

# float64 fields of one target. ABSENT where there is none: the newest answer; the newest that was settled, its outcome,
# and the naive answer beside it. Then fading sums over what was settled: how much counts, errors, naive errors.
TOLD, FORECAST, OUTCOME, BASELINE, WEIGHT, ERROR, NAIVE_ERROR = range(7)
TARGET_FIELDS = 7

# int64 fields of a stream: the log's offset of its newest event, the shard's count of records at its first event, and
# how many events it had.
OFFSET, BORN, EVENTS = range(3)
PLACE_FIELDS = 3

FADING = 0.99  # of a sum, at each outcome: it looks back over about the last 100
