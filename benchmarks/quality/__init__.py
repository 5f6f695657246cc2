"""How good the forecasts are on public series, each beside its naive baseline and the recipe's figures."""
