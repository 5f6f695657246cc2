"""What each feature costs a stream in bytes and an event in microseconds: what it adds to the bare network."""

import statistics
import time

import numpy as np

from streamrnn.events.columns import Events, Partition
from streamrnn.events.traits import TraitFields, Traits
from streamrnn.loops.chain import bytes_per_stream
from streamrnn.settings import load
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

STREAMS = 100
WARM = 300_000  # events before what counts: 3,000 of a stream fill most of what it remembers
EVENTS = 40_000  # of a round
ROUNDS = 5
POLL = 1_000
BARE = (
    "forecast.horizons=[1]", "forecast.levels=[]", "experts.ridge=false", "experts.linear=[]", "anomaly.enabled=false",
    "drift.stream=none", "drift.shard=none", f"streams.max_live={STREAMS}",
)  # fmt: skip
RIDGE = ("experts.ridge=true",)
SEASONS = (*RIDGE, "forecast.season=24", "forecast.long_season=168")

# Name, what it is measured against, its settings.
FEATURES: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = [
    ("seasonal ridge, no season", (), RIDGE),
    ("seasonal ridge, seasons of 24 and 168", (), SEASONS),
    ("horizon 24", RIDGE, ("forecast.horizons=[1,24]",)),
    ("horizons 2 to 48, with seasons", SEASONS, (f"forecast.horizons={list(range(1, 49))}",)),
    ("intervals, one level", (), ("forecast.levels=[0.9]",)),
    ("intervals, three levels", (), ("forecast.levels=[0.8,0.9,0.95]",)),
    ("linear expert", (), ("experts.linear=[0.9999]",)),
    ("further network", (), ("experts.networks=[0.005]",)),
    ("anomaly score, memory 250", (), ("anomaly.enabled=true",)),
    ("anomaly score, memory 1,000", (), ("anomaly.enabled=true", "anomaly.memory=1000")),
    ("drift watched", (), ("drift.stream=report", "drift.shard=report")),
    ("second target", (), ("events.features=[value,second]",)),
    ("calendar", (), ("inputs.calendar=true",)),
    ("time between events", (), ("inputs.elapsed=true",)),
    ("a boolean", (), ("inputs.booleans=[open]",)),
    ("a category of 5 values", (), ("inputs.categories={kind: 5}",)),
    ("a category of 10,000 buckets", (), ("inputs.categories={kind: 9999}",)),
    ("LSTM in the GRU's place", (), ("model.cell=lstm",)),
    ("Elman network in the GRU's place", (), ("model.cell=rnn",)),
    ("64 hidden units in place of 32", (), ("model.hidden_size=64",)),
    ("16 steps back in place of 8", (), ("model.k2=16",)),
    ("learning at every 4th event (k1 4)", (), ("model.k1=4",)),
]


class Course:
    """A shard that takes in the same streams' events round by round, and how long each took."""

    def __init__(self, overrides: tuple[str, ...]) -> None:
        self.settings: Settings = load(None, [*BARE, *overrides], {}).settings
        self._shard = Shard(self.settings, Partition("events", 0))
        self._rng = np.random.default_rng(0)
        self._at = 0
        self.seconds: list[float] = []
        self._take(WARM)

    def go(self) -> None:
        """One round."""
        self.seconds.append(self._take(EVENTS) / EVENTS)

    def _take(self, events: int) -> float:
        """Processor time of this thread for so many events, in polls."""
        spent = 0.0
        for _ in range(events // POLL):
            poll = self._events()
            started = time.thread_time()
            self._shard.process(poll)
            spent += time.thread_time() - started
        return spent

    def _events(self) -> Events:
        features = len(self.settings.events.features)
        numbers = np.arange(self._at, self._at + POLL)
        self._at += POLL
        who = np.concatenate([self._rng.permutation(STREAMS) for _ in range(POLL // STREAMS)])
        waves = np.sin(2 * np.pi * numbers[:, None] / (24 * STREAMS)) + self._rng.normal(0, 0.1, (POLL, features))
        made = Events(
            Partition("events", 0), numbers, [f"stream-{k}" for k in who], numbers * 3600.0 / STREAMS,
            np.full(POLL, np.nan), waves, np.zeros(POLL, bool),
        )  # fmt: skip
        fields = TraitFields.from_settings(self.settings)
        if fields is not None:
            booleans = self._rng.choice([-1.0, 1.0], (POLL, len(fields.booleans)))
            codes = self._rng.integers(0, max(1, self.settings.inputs.codes), (POLL, len(fields.categories)))
            made.traits = Traits(booleans, codes)
        return made


def main() -> None:
    """Print the table; each course's rounds take turns with its base's."""
    bases: dict[tuple[str, ...], Course] = {}
    print(f"{STREAMS:,} streams, {ROUNDS} rounds of {EVENTS:,} events in turn, medians of the processor time")
    print("| feature | bytes a stream | microseconds an event |\n|---|---|---|")
    bare = _course((), bases)
    for _ in range(ROUNDS):
        bare.go()
    size = sum(bytes_per_stream(bare.settings).values())
    print(f"| bare: last value, GRU of 32 units, next step | {size:,} | {1e6 * statistics.median(bare.seconds):.1f} |")
    for name, base, feature in FEATURES:
        without, with_it = _course(base, bases), Course((*base, *feature))
        differences = []
        for _ in range(ROUNDS):
            without.go()
            with_it.go()
            differences.append(with_it.seconds[-1] - without.seconds[-1])
        size = sum(bytes_per_stream(with_it.settings).values()) - sum(bytes_per_stream(without.settings).values())
        print(f"| {name} | {size:+,} | {1e6 * statistics.median(differences):+.1f} |", flush=True)


def _course(base: tuple[str, ...], bases: dict[tuple[str, ...], Course]) -> Course:
    return bases.setdefault(base, Course(base))
