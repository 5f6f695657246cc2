"""What the daemon shows of itself: sensors, metrics, HTTP endpoints, logs, the watchdog."""
