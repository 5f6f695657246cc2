"""A rolling restart of two instances under load on Apache Kafka, with and without static membership."""

import argparse
import statistics
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

from tests.chaos.judging import told
from tests.chaos.rolling import Restart, Rolled, Rolling
from tests.kafka.broker import NoBroker, any_broker

PARTITIONS = 8
BETWEEN_SECONDS = 10.0
WIDTHS = 26, 12, 14
SESSION_SECONDS = 60.0  # as in deploy/: longer than a restart takes


def pauses(rolled: Rolled, restart: Restart) -> dict[int, tuple[float, float]]:
    """Of each partition, the longest time without answers until all flow again, and from SIGTERM to its end."""
    found = {}
    for partition, arrivals in rolled.arrivals.items():
        before = max((at for at in arrivals if at < restart.told), default=restart.told)
        times = [before, *(at for at in arrivals if restart.told <= at <= restart.flowing)]
        gap, resumed = max((later - earlier, later) for earlier, later in pairwise(times))
        found[partition] = gap, resumed - restart.told
    return found


def table(rolled: Rolled) -> None:
    """The pauses of each partition, over all restarts of the instance that had it, and of the other one."""
    found = [(each, pauses(rolled, each)) for each in rolled.restarts]
    print(f"{'':>10}{'its own instance restarts: pause':>36}{'SIGTERM to output':>22}{'the other does: pause':>24}")
    heads = "".join(f"{'median':>{width}}{'worst':>10}" for width in WIDTHS)
    print(f"{'partition':>10}{heads}  seconds")
    for partition in rolled.arrivals:
        own = [paused[partition] for restart, paused in found if partition in restart.partitions]
        other = [paused[partition] for restart, paused in found if partition not in restart.partitions]
        columns = [gap for gap, _ in own], [until for _, until in own], [gap for gap, _ in other]
        cells = "".join(f"{statistics.median(each):>{width}.2f}{max(each):>10.2f}" if each else f"{'-':>{width + 10}}"
                        for each, width in zip(columns, WIDTHS, strict=True))  # fmt: skip
        print(f"{partition:>10}{cells}")
    stops = [each.ended - each.told for each in rolled.restarts]
    starts = [each.ready - each.ended for each in rolled.restarts]
    print(f"{len(rolled.restarts)} restarts: SIGTERM to the process's end {statistics.median(stops):.2f} (worst "
          f"{max(stops):.2f}), from there until ready {statistics.median(starts):.2f} ({max(starts):.2f})")  # fmt: skip


def run(bootstrap: str, folder: Path, static: bool, rounds: int, rate: float, streams: int) -> bool:
    """One kind of membership: print what came of it; whether all promises were kept."""
    more = [f"kafka.session_timeout={SESSION_SECONDS}"] if static else []
    rolling = Rolling(bootstrap, folder, static, PARTITIONS, rate, streams, *more)
    rolled = rolling.run(rounds, BETWEEN_SECONDS)
    print(f"\n{'with' if static else 'without'} static membership, {rate:,.0f} events/s of {streams:,} streams")
    table(rolled)
    moved = [each.revoked for each in rolled.restarts]
    print(f"partitions taken from the instance that stayed, by restart: {', '.join(map(str, moved))}")
    print("\n".join(told(rolled.verdicts)))
    good = rolled.good and not (static and any(moved))
    print("hanging transactions: " + (", ".join(rolled.hanging) or "none") + ("" if good else "; NOT GOOD"), flush=True)
    return good


def main(quick: bool = False, rate: float = 1000.0, streams: int = 4000, rounds: int = 4) -> bool:
    """Print the tables, in some 6 minutes, or one round of each in 2; without a broker say so."""
    try:
        with tempfile.TemporaryDirectory() as folder, any_broker(Path(folder)) as servers:
            rounds = 1 if quick else rounds
            return all([run(servers, Path(folder), static, rounds, rate, streams) for static in (True, False)])
    except NoBroker as reason:
        print(f"the rolling restart is left out: {reason}")
        return True


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rolling", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of each")
    parser.add_argument("--rate", type=float, default=1000.0, metavar="N", help="events a second")
    parser.add_argument("--streams", type=int, default=4000, metavar="N")
    parser.add_argument("--rounds", type=int, default=4, metavar="N", help="restarts of each instance")
    sys.exit(0 if main(**vars(parser.parse_args())) else 1)
