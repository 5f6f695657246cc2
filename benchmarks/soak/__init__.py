"""A day of event time at full speed, with streams that come and go."""
