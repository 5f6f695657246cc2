"""Makes Prometheus' rules and Grafana's board; ``make monitoring`` writes them."""
