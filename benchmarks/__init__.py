"""Where the numbers in docs come from: ``make bench``."""
