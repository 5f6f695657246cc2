"""What each feature costs a stream in bytes and an event in microseconds: what it adds to the bare network."""

import json
import math
import statistics
import time

import numpy as np

from streamrnn.events.columns import Events, Partition, Records
from streamrnn.events.decode import Decoder
from streamrnn.loops.chain import bytes_per_stream
from streamrnn.settings import load
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

STREAMS = 100
WARM = 200_000  # events before what counts: 2,000 of a stream fill most of what it remembers
EVENTS = 40_000  # of a round
ROUNDS = 5
POLL = 1_000
BARE = (
    "forecast.horizons=[1]", "forecast.levels=[]", "experts.ridge=false", "experts.linear=[]", "anomaly.enabled=false",
    "drift.stream=none", "drift.shard=none", f"streams.max_live={STREAMS}",
)  # fmt: skip
RIDGE = ("experts.ridge=true",)
SEASONS = (*RIDGE, "forecast.season=24", "forecast.long_season=168")
SEQUENCES = ("labels.mode=field", "labels.sequence=true", "sequences.end=end")
TOKENS = ("events.features=[]", "tokens.field=kind", "tokens.of=items")

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
    ("further network, LSTM of 64 units", (), ("experts.networks=[{cell: lstm, hidden_size: 64}]",)),
    ("quantiles, of .05, .5 and .95", (), ("model.head=quantiles", "model.quantiles=[0.05,0.5,0.95]")),
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
    ("linear recurrent unit in the GRU's place", (), ("model.cell=lru",)),
    ("64 hidden units in place of 32", (), ("model.hidden_size=64",)),
    ("16 steps back in place of 8", (), ("model.k2=16",)),
    ("learning at every 4th event (k1 4)", (), ("model.k1=4",)),
    ("a class in the event, in place of the forecast", (), ("labels.mode=field",)),
    ("its answer 4 events later, in both directions", ("labels.mode=field",), ("model.lookahead=4",)),
    ("its answer 16 events later", ("labels.mode=field",), ("model.lookahead=16",)),
    ("a number in the event, in its place", (), ("labels.mode=field", "labels.kind=number", "labels.field=second")),
    ("a class of each sequence, in its place", (), SEQUENCES),
    ("a token of 64, in place of the value", (), (*TOKENS, "tokens.vocabulary=64")),
    ("a token of 256, in its place", (), (*TOKENS, "tokens.vocabulary=256")),
    ("a token of 1,000, in its place", (), (*TOKENS, "tokens.vocabulary=1000")),
]


class Course:
    """A shard that takes in the same streams' events round by round, and how long each took."""

    def __init__(self, overrides: tuple[str, ...]) -> None:
        self.settings: Settings = load(None, [*BARE, *overrides], {}).settings
        self._shard = Shard(self.settings, Partition("events", 0))
        self._decoder = Decoder.from_settings(self.settings, numbered_time=False)
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
        """The next poll, as a decoder makes it (untimed) of records with all fields that a course asks for."""
        numbers = range(self._at, self._at + POLL)
        self._at += POLL
        who = np.concatenate([self._rng.permutation(STREAMS) for _ in range(POLL // STREAMS)]).tolist()
        noise = self._rng.normal(0, 0.1, POLL).tolist()
        values: list[bytes | None] = []
        for number, stream, off in zip(numbers, who, noise, strict=True):
            value = math.sin(2 * math.pi * number / (24 * STREAMS)) + off
            values.append(
                json.dumps(
                    {
                        "stream": f"stream-{stream}", "time": number * 3600.0 / STREAMS, "value": value,
                        "second": off, "open": off > 0, "kind": number % 20_000, "id": number,
                        "label": ("low", "middle", "high")[(value > -0.5) + (value > 0.5)], "end": number % 1000 < 100,
                    }
                ).encode()
            )  # fmt: skip
        nothing = [None] * POLL
        records = Records(Partition("events", 0), list(numbers), nothing, values, [math.nan] * POLL, self._at)
        return self._decoder.decode(records)


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
    if base not in bases:
        bases[base] = Course(base)
    return bases[base]
