"""What the daemon serves over HTTP: metrics, probes, look-ups and the live page."""
