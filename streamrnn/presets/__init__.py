"""Settings files for common tasks, filled from a look at the data."""
