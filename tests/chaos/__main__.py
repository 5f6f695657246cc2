"""``make chaos``: run the suite and print what came of it."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.chaos.plans import BRIEF, LONG
from tests.chaos.suite import Suite
from tests.kafka.broker import NoBroker


def main() -> int:
    """Exit status 0 if every promise was kept, 1 if not, 2 without a broker."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--long", action="store_true", help="the full number of acts, in about half an hour")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", choices=["directory", "kafka"], default="directory")
    parser.add_argument("--only", action="append", metavar="ACT", help="only this kind of act; may be given again")
    parser.add_argument("--count", type=int, default=1, help="how many of each kind that --only names")
    given = parser.parse_args()
    chosen = dict.fromkeys(given.only, given.count) if given.only else LONG if given.long else BRIEF
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"{sum(chosen.values())} acts, seed {given.seed}, logs in {folder}", flush=True)
    try:
        report = Suite(folder, given.seed, given.store).run(chosen, lambda name: print(f"  {name}", flush=True))
    except NoBroker as reason:
        print(f"no Apache Kafka here: {reason}")
        return 2
    print(report)
    return 0 if report.good else 1


if __name__ == "__main__":
    sys.exit(main())
