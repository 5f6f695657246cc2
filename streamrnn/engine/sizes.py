"""Names for the places in the small arrays that tell a kernel its sizes, rates and running totals."""

# int64 sizes
FEATURES, TARGETS, INPUTS, HIDDEN, K1, K2, SEASON, CALENDAR, LARGEST_STEP, SCORE_BLOCK = range(10)
SIZES = 10

# float64 rates
LEARNING_RATE, CLIP_NORM, HUBER_DELTA = range(3)
RATES = 3

# int64 totals of a shard
RECORDS, STEPS, CONTRIBUTED, SINCE_STEP, RECORDS_PER_STEP, SKIPPED, CLIPPED, PASSES = range(8)
TOTALS = 8

# float64 sums of a shard
BETA1_POWER, BETA2_POWER, LOSS, NORM = range(4)
SUMS = 4

# float64 scores of one target
COUNT, ABSOLUTE, SQUARED, BASELINE_ABSOLUTE, BASELINE_SQUARED = range(5)
SCORES = 5
SCORE_BLOCKS = 20  # of the sliding window

# columns of the output, each `targets` wide
OUT_FORECAST, OUT_BASELINE, OUT_OUTCOME, OUT_SETTLED, OUT_SETTLED_BASELINE = range(5)
OUTPUTS = 5
