"""The live page: what it shows, how that is kept within bounds, and the files that a browser loads."""
