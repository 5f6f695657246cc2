"""Kills, zombies, rebalances, outages and lost responses, and a judge that knows what should have come of them."""
