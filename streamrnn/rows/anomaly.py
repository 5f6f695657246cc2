"""The anomaly loop's rows: a stream's scale, two detectors with rings and peaks, and the errors' histogram."""

# Of novelty, see ``kernels.novelty``.
WINDOW = 10  # blocks of a stretch
YOUNG = 2 * WINDOW + 20  # blocks before there is a distance
PARTS = 4  # of a block: mean, least, greatest, error
# Fields of a detector in the float64 slab. LOG_MEAN is above log OFFSET, so that a cleared row is the prior.
SUM, LEAST, GREATEST, ERROR_SUM, ANCHOR, UNIT, LOG_MEAN, LOG_VARIANCE = range(8)
NOVELTY_FIELDS = 8
# Counts of a detector in the int64 slab.
BLOCKS, STACK = range(2)
NOVELTY_COUNTS = 2
PEAKS = 32  # earlier distances that a stream remembers
BINS = 32  # of the histogram of errors

DETECTORS = 2
SIZES = (3, 6)  # events of a block: a fine detector for young streams, a coarse one for the others
FINE_UNTIL = 3500  # events

# Fields of a target in the float64 slab, then those of its detectors.
MEAN, VARIANCE, SQUARED_CHANGE, LAST, SCORE, NOVELTY, MEAN_ERROR = range(7)
DETECTOR_FIELDS = 7
TARGET_FIELDS = DETECTOR_FIELDS + DETECTORS * NOVELTY_FIELDS
# Counts of a target in the int64 slab, then those of its detectors.
EVENTS, LAST_ALERT, ERRORS = range(3)
DETECTOR_COUNTS = 3
TARGET_COUNTS = DETECTOR_COUNTS + DETECTORS * NOVELTY_COUNTS
TARGET_PEAKS = DETECTORS * PEAKS
