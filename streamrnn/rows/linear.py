"""The linear loop's rows: a stream's last changes, and what the forecast that awaits its outcome was made from."""

LAGS = 24
COLUMNS = 28  # of the normal equations: lags, the outcome, and zeros up to a whole number of vectors
BLOCK = 16  # records between solutions; solving at each costs six times as much and gains .3 % at best

# Fields of one target in a stream's row.
KNOWN, LAST, RMS = range(3)
ORIGIN_FIELDS = 3
