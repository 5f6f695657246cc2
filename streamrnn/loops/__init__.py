"""The chain of loops that a batch passes through: each walks its records in log order, with rows of its own."""
