"""What the presets strokes and frames come to on their made-up events, beside what is told without a network.

Shares of right answers over the last half of the run: of strokes at each digit's last movement, of frames in the
sentences that have no label. The nearest mean is that of the classes' mean features so far, as z-scores of the stream.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice

import msgspec
import numpy as np
import numpy.typing as npt

from streamrnn.demo.scenes import SCENES
from streamrnn.demo.scenes.frames import frames
from streamrnn.events.columns import Events, Partition, Predictions, Records
from streamrnn.events.decode import Decoder
from streamrnn.presets.templates import PRESETS
from streamrnn.settings import load
from streamrnn.settings.scalars import written
from streamrnn.settings.schema import Settings
from streamrnn.shard import Shard

EVENTS = 100_000
STREAMS = 20
_PARTITION = Partition("uses", 0)
Floats = npt.NDArray[np.float64]


def preset_settings(preset: str, *overrides: str) -> Settings:
    """The preset's settings as `init` writes them, with overrides."""
    lines = [f"{line.key}={written(line.value)}" for line in PRESETS[preset].lines if not line.spare]
    return load(None, [*lines, f"streams.max_live={STREAMS}", *overrides], {}).settings


def scene(preset: str, count: int = EVENTS, seed: int = 0) -> list[bytes]:
    """The first records that `feed` sends."""
    return list(islice(chain.from_iterable(SCENES[preset](seed, STREAMS)), count))


def decoded(chosen: Settings, lines: list[bytes]) -> Events:
    """The records as the daemon's decoder hands them to the shard."""
    n = len(lines)
    raw = Records(_PARTITION, list(range(n)), [None] * n, [*lines], [math.nan] * n, n)
    return Decoder.from_settings(chosen, numbered_time=False).decode(raw)


def answers(chosen: Settings, lines: list[bytes], carry: bool = True) -> list[str]:
    """The class that each record was answered with, be it later, "" for none.

    Without ``carry`` all states begin from zero at each event.
    """
    shard, log, found = Shard(chosen, _PARTITION), decoded(chosen, lines), [""] * len(lines)
    step = 5000 if carry else STREAMS
    for at in range(0, len(log), step):
        told: Predictions | None = shard.process(log.cut(at, min(at + step, len(log))))[0]
        while told is not None and told.labels is not None:
            names = [*told.labels.classes, ""]
            for offset, code in zip(told.offsets.tolist(), told.labels.answers.tolist(), strict=True):
                found[offset] = names[code]
            told = told.labels.closed  # what waited
        if not carry:
            shard.forget_states()
    return found


def labels_of(lines: list[bytes]) -> list[str | None]:
    """The labels that the records bear."""
    return [msgspec.json.decode(line)["label"] for line in lines]


def share(right: npt.NDArray[np.bool_]) -> float:
    """Of right answers, over the last half."""
    return float(right[len(right) // 2 :].mean())


def strokes(lines: list[bytes], *overrides: str, carry: bool = True) -> float:
    """Share of digits that were told at their last movement."""
    found = answers(preset_settings("strokes", *overrides), lines, carry)
    pairs = zip(found, labels_of(lines), strict=True)
    return share(np.array([answer == label for answer, label in pairs if label is not None]))


def strokes_on_the_way(lines: list[bytes], *overrides: str, parts: int = 4) -> list[float]:
    """Shares of digits that were told by each quarter of their movements."""
    found = answers(preset_settings("strokes", *overrides), lines)
    drawn: dict[str, list[str]] = {}
    right = []
    for line, answer in zip(lines, found, strict=True):
        event = msgspec.json.decode(line)
        said = drawn.setdefault(event["stream"], [])
        said.append(answer)
        if event["last"]:
            places = [math.ceil(len(said) * part / parts) - 1 for part in range(1, parts + 1)]
            right.append([said[place] == event["label"] for place in places])
            said.clear()
    return np.array(right)[len(right) // 2 :].mean(0).tolist()


@dataclass
class Spoken:
    """Frames as `feed` sends them, and the sounds of those without a label too."""

    lines: list[bytes]
    sounds: npt.NDArray[np.str_]
    labelled: npt.NDArray[np.bool_]

    @classmethod
    def of(cls, count: int = EVENTS, seed: int = 0) -> "Spoken":
        """The first of them."""
        rows = list(islice(chain.from_iterable(frames(seed, STREAMS)), count))
        return cls(scene("frames", count, seed), np.array([row[3] for row in rows]), np.array([row[4] for row in rows]))


def of_frames(spoken: Spoken, *overrides: str, carry: bool = True) -> float:
    """Share of frames that were told, in sentences without labels."""
    found = np.array(answers(preset_settings("frames", *overrides), spoken.lines, carry))
    return share((found == spoken.sounds)[~spoken.labelled])


class NearestMean:
    """The class whose mean so far is nearest to the features, each a z-score of all its stream has had."""

    def __init__(self) -> None:
        self._sums: dict[str, Floats] = {}
        self._counts: dict[str, int] = {}
        self._seen: dict[str, tuple[int, Floats, Floats]] = {}

    def answer(self, stream: str, features: Floats, label: str | None) -> str:
        """Answer, then learn from the label if there is one."""
        count, total, squares = self._seen.get(stream, (0, np.zeros_like(features), np.zeros_like(features)))
        count, total, squares = self._seen[stream] = count + 1, total + features, squares + features**2
        scores = (features - total / count) / np.sqrt(squares / count - (total / count) ** 2 + 1e-9)
        said = ""
        if self._sums:
            means = np.array([self._sums[name] / self._counts[name] for name in self._sums])
            said = list(self._sums)[int(((means - scores) ** 2).sum(1).argmin())]
        if label is not None:
            self._sums[label] = self._sums.get(label, 0.0) + scores
            self._counts[label] = self._counts.get(label, 0) + 1
        return said


def nearest_strokes(lines: list[bytes]) -> float:
    """The share by the nearest mean of a digit's whole displacement."""
    learner, right = NearestMean(), []
    places: dict[str, Floats] = {}
    for line in lines:
        event = msgspec.json.decode(line)
        stream = event["stream"]
        places[stream] = places.get(stream, np.zeros(2)) + np.array([event["dx"], event["dy"]])
        if event["last"]:
            right.append(learner.answer(stream, places.pop(stream), event["label"]) == event["label"])
    return share(np.array(right))


def nearest_frames(spoken: Spoken) -> float:
    """The share by the nearest mean of a frame alone."""
    learner, said = NearestMean(), []
    for line in spoken.lines:
        event = msgspec.json.decode(line)
        features = np.array([event[f"b{number}"] for number in range(1, 9)])
        said.append(learner.answer(event["stream"], features, event["label"]))
    return share((np.array(said) == spoken.sounds)[~spoken.labelled])


def usual(labels: list[str]) -> float:
    """The share of the most frequent label of the last half."""
    counts = np.unique(labels[len(labels) // 2 :], return_counts=True)[1]
    return float(counts.max() / counts.sum())


def _rows() -> Iterator[tuple[str, list[Callable[[int], float]]]]:
    """What is measured: for strokes and frames a function of the seed each."""

    def both(*overrides: str, carry: bool = True) -> list[Callable[[int], float]]:
        return [
            lambda seed: strokes(scene("strokes", seed=seed), *overrides, carry=carry),
            lambda seed: of_frames(Spoken.of(seed=seed), *overrides, carry=carry),
        ]

    yield "most frequent", [
        lambda seed: usual([label for label in labels_of(scene("strokes", seed=seed)) if label]),
        lambda seed: usual(Spoken.of(seed=seed).sounds.tolist()),
    ]
    yield "nearest mean", [
        lambda seed: nearest_strokes(scene("strokes", seed=seed)), lambda seed: nearest_frames(Spoken.of(seed=seed)),
    ]  # fmt: skip
    yield "as the preset has it", both()
    yield "no state carried", both("model.k2=1", carry=False)
    rates = (0.001, 0.002, 0.005, 0.01, 0.02)
    for key, values in (
        ("model.hidden_size", (16, 32)), ("model.k2", (4, 8, 16, 32)), ("model.learning_rate", rates),
        ("labels.last", ("true",)), ("model.cell", ("lstm",)),
    ):  # fmt: skip
        for value in values:
            yield f"{key} {value}", both(f"{key}={value}")


def main(seeds: tuple[int, ...] = (0, 1, 2)) -> None:
    """Print lowest and highest share of the seeds, for each preset and change of it."""
    print(f"right answers of the last half, {EVENTS:,} events of {STREAMS} streams, seeds {', '.join(map(str, seeds))}")
    print(f"{'':28s}{'strokes':>16s}{'frames':>16s}")
    for name, measures in _rows():
        columns = ([measure(seed) for seed in seeds] for measure in measures)
        print(f"{name:28s}" + "".join(f"{min(each):10.3f} {max(each):.3f}" for each in columns), flush=True)
    print("frames with model.lookahead, events that an answer waits")
    for wait in (1, 2, 3, 5, 8):
        shares = [of_frames(Spoken.of(seed=seed), f"model.lookahead={wait}") for seed in seeds]
        print(f"{wait:<28}{'':16s}{min(shares):10.3f} {max(shares):.3f}", flush=True)
    print("strokes by a quarter, half, three quarters and all of a digit's movements")
    for weight in (0.0, 0.02, 0.05, 0.1, 0.3, 1.0):
        found = [strokes_on_the_way(scene("strokes", seed=seed), f"labels.running={weight}") for seed in seeds]
        columns = (f"{min(each):10.3f} {max(each):.3f}" for each in zip(*found, strict=True))
        print(f"labels.running {weight:<13}" + "".join(columns), flush=True)
