"""Files of events in, and a report of how well the forecasts went out."""
