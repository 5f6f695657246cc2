"""A stream of lifelike events made up on the spot, and a live view of how the daemon learns from it."""
