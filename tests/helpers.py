"""Small settings, events and logs that many tests build on."""

import numpy as np
import numpy.typing as npt

from streamrnn.events.columns import DeadLetter, Events, Output, Partition
from streamrnn.events.traits import TraitFields
from streamrnn.settings import load
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

PARTITION = Partition("events", 0)


class Clock:
    """Seconds that a test moves by hand."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def output(partition: Partition, *predictions: bytes, refused: int | None = None) -> Output:
    """What a daemon would publish: these predictions for stream a, and a dead letter for the offset ``refused``."""
    n = len(predictions)
    letters = [] if refused is None else [DeadLetter("not_json", "no JSON", partition, refused, None, b"{")]
    return Output(partition, ["a"] * n, list(range(n)), list(range(1, n + 1)), list(predictions), letters)


def settings(*overrides: str) -> Settings:
    """The defaults with ``a.b=c`` overrides; a small network, no environment."""
    return load(None, ["model.hidden_size=8", "streams.max_live=100", "scoring.window=200", *overrides], {}).settings


def events(
    values: npt.ArrayLike, streams: list[str] | None = None, times: npt.ArrayLike | None = None, start: int = 0
) -> Events:
    """Events of one batch: ``values`` [n] or [n, features], one stream and a second between events unless told."""
    columns = np.asarray(values, np.float64)
    columns = columns.reshape(len(columns), -1)
    n = len(columns)
    offsets = np.arange(start, start + n)
    return Events(
        partition=PARTITION,
        offsets=offsets,
        streams=streams or ["a"] * n,
        times=np.asarray(offsets if times is None else times, np.float64),
        timestamps=np.full(n, np.nan),
        features=columns,
        ends=np.zeros(n, np.bool_),
    )


def walk(n: int, streams: int, features: int = 1, missing: float = 0.1, seed: int = 0) -> Events:
    """Random walks over several streams in random turn, with missing values."""
    rng = np.random.default_rng(seed)
    names = [f"s{i}" for i in rng.integers(0, streams, n)]
    values = np.cumsum(rng.normal(size=(n, features)), 0)
    values[rng.random((n, features)) < missing] = np.nan
    return events(values, names, np.cumsum(rng.random(n) * 60))


ALL_INPUTS = [
    "inputs.elapsed=true", "inputs.calendar=true", "inputs.booleans=[open, hot]",
    "inputs.categories={weather: [rain, sun], shop: 40}", "inputs.embedding=3",
]  # fmt: skip


def with_traits(chosen: Settings, log: Events, seed: int = 0) -> Events:
    """The same events with booleans and categories, some missing and some of a value that is not listed."""
    fields = TraitFields.from_settings(chosen)
    if fields is not None:
        rng = np.random.default_rng(seed)
        booleans = [[(None, True, False)[i] for i in rng.integers(0, 3, len(log))] for _ in fields.booleans]
        texts = (None, "rain", "sun", "hail", *(f"shop {i}" for i in range(30)))
        values = [[texts[i] for i in rng.integers(0, len(texts), len(log))] for _ in fields.categories]
        log.traits = fields.traits(booleans, values, refuse=lambda row, why: None)
    return log


def restored(shard: Shard, chosen: Settings) -> Shard:
    """Another shard that goes on from a copy of this one's state, as after a restart."""
    saved = {name: values.copy() for name, values in shard.saved().items()}
    second = Shard(chosen, shard.partition, weights=saved["network_weights"])
    second.load(saved)
    return second
