"""``python -m benchmarks.soak``: run it, draw it, judge it."""

import argparse
import sys
from pathlib import Path

from benchmarks.soak.run import main

parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
parser.add_argument("--minutes", type=float, default=20.0, metavar="N", help="wall time that the day takes")
parser.add_argument("--streams", type=int, default=2000, metavar="N", help="streams that live at a time")
parser.add_argument("--picture", type=Path, default=Path("soak.svg"), metavar="FILE", help="where to draw it")
sys.exit(0 if main(**vars(parser.parse_args())) else 1)
