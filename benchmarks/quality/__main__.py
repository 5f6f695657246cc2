"""``make quality``: all parts, or those named (ARGS="next_step coverage"); a word with ``=`` is a setting."""

import sys

from benchmarks import nab
from benchmarks.quality.coverage import coverage
from benchmarks.quality.forecasts import cells, next_step, table
from benchmarks.quality.heads import heads
from benchmarks.quality.inputs import inputs
from benchmarks.quality.labels import labels
from benchmarks.quality.series import folder

PARTS = {
    "next_step": next_step,
    "table": table,
    "cells": cells,
    "coverage": coverage,
    "heads": heads,
    "labels": labels,
    "inputs": inputs,
    "nab": lambda _: nab.main(quick=True),
}

words = sys.argv[1:]
overrides = [word for word in words if "=" in word]
chosen = [word for word in words if "=" not in word]
unknown = [word for word in chosen if word not in PARTS]
if unknown:
    sys.exit(f"there is no part {unknown[0]!r}: there are {', '.join(PARTS)}")
if not folder().is_dir():
    sys.exit(f"SKIPPED: there is no {folder()}; set STREAMRNN_DATA to the folder of the series (docs/numbers.md)")
for part in chosen or PARTS:
    print(f"\n{part}: {(PARTS[part].__doc__ or 'Print the score on the Numenta Anomaly Benchmark.').splitlines()[0]}")
    PARTS[part](overrides)
