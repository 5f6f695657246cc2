"""Speakers: every event is a frame of 10 ms with the energy in eight bands, its label the sound that it is part of."""

from collections.abc import Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START
from streamrnn.events.columns import Floats

FRAME_SECONDS = 0.01
BANDS = 8
SILENCE = "silence"

#: Where each sound strives to: energies from the lowest band to the highest, and how many frames it lasts, about.
#: Two pairs are nearly alike (m and n, s and f); t and k are silent at first, and tell themselves apart by their end.
SOUNDS: dict[str, tuple[tuple[tuple[float, ...], float], ...]] = {
    SILENCE: (((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 20.0),),
    "a": (((0.9, 0.8, 1.0, 0.7, 0.5, 0.3, 0.2, 0.1), 9.0),),
    "e": (((0.9, 0.6, 0.4, 0.5, 0.9, 0.6, 0.3, 0.2), 8.0),),
    "i": (((1.0, 0.5, 0.2, 0.3, 0.7, 0.8, 0.4, 0.2), 7.0),),
    "o": (((1.0, 0.9, 0.6, 0.3, 0.2, 0.1, 0.1, 0.0), 9.0),),
    "u": (((1.0, 0.7, 0.3, 0.1, 0.1, 0.1, 0.0, 0.0), 8.0),),
    "l": (((0.8, 0.6, 0.4, 0.3, 0.3, 0.3, 0.2, 0.1), 6.0),),
    "m": (((0.8, 0.4, 0.2, 0.1, 0.1, 0.1, 0.0, 0.0), 7.0),),
    "n": (((0.8, 0.4, 0.1, 0.2, 0.2, 0.1, 0.0, 0.0), 7.0),),
    "s": (((0.1, 0.1, 0.1, 0.2, 0.3, 0.6, 0.9, 1.0), 9.0),),
    "f": (((0.1, 0.1, 0.2, 0.3, 0.3, 0.5, 0.7, 0.7), 8.0),),
    "t": (((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 5.0), ((0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 0.8, 0.7), 2.0)),
    "k": (((0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0), 5.0), ((0.1, 0.2, 0.4, 0.7, 0.6, 0.4, 0.2, 0.1), 2.0)),
}

#: A sentence has a word of each list; of some the next sound can be told from the ones before, of others not.
WORDS = (
    ("mila", "nela", "toma", "kuno", "sefi", "lase"),
    ("kome", "fita", "luse", "nato"),
    ("sofa", "lamo", "lano", "tufa", "kufa", "mesi", "mefi", "uno", "amo", "eki"),
)
_PAUSE = 0.2  # chance of a silence between two words
_LABELLED = 0.7  # share of the sentences that somebody has labelled


class Speaker:
    """One voice: an offset and a gain of its own in each band, a pace, and noise.

    Sounds run into each other: a frame's energies are the mean of what is striven to in the frames about it.

    Parameters
    ----------
    seed : with the number, says all of it
    number : of the speaker
    """

    def __init__(self, seed: int, number: int) -> None:
        draw = self._random = np.random.Generator(np.random.PCG64([seed, number]))
        self._offset, self._gain = draw.normal(0.0, 0.3, BANDS), np.exp(draw.normal(0.0, 0.2, BANDS))
        self._pace, self._noise = np.exp(draw.normal(0.0, 0.15)), draw.uniform(0.12, 0.2)
        self._glide = int(draw.integers(2, 4))  # frames to both sides

    def sentence(self) -> tuple[list[str], Floats, bool]:
        """The next sentence with the silence before it: of n frames the sound, energies [n, 8], and whether somebody
        has labelled it."""
        draw = self._random
        sounds = [SILENCE]
        for number, words in enumerate(WORDS):
            if number and draw.random() < _PAUSE:
                sounds.append(SILENCE)
            sounds += words[draw.integers(len(words))]
        names, aims = [], []
        for sound in sounds:
            for aim, frames in SOUNDS[sound]:
                count = max(1, round(frames * self._pace * np.exp(draw.normal(0.0, 0.25))))
                names += [sound] * count
                aims += [aim] * count
        edges = np.pad(np.array(aims), ((self._glide, self._glide), (0, 0)), mode="edge")
        sums = np.concatenate([np.zeros((1, BANDS)), np.cumsum(edges, axis=0)])
        width = 2 * self._glide + 1
        spoken = (sums[width:] - sums[:-width]) / width
        noise = self._noise * draw.standard_normal(spoken.shape)
        return names, self._offset + self._gain * (spoken + noise), bool(draw.random() < _LABELLED)


def frames(seed: int, streams: int) -> Iterator[list[tuple[str, float, list[float], str, bool]]]:
    """Frames without end: of each in turn the speaker, the time in seconds since 1970, the energies, the sound, and
    whether its label is known; one list for all speakers' frames of one time."""
    speakers = [_spoken(Speaker(seed, number)) for number in range(streams)]
    names = [f"speaker-{number:03d}" for number in range(streams)]
    tick = 0
    while True:
        time = round(START + FRAME_SECONDS * tick, 3)
        yield [(name, time, *next(speaker)) for name, speaker in zip(names, speakers, strict=True)]
        tick += 1


def _spoken(speaker: Speaker) -> Iterator[tuple[list[float], str, bool]]:
    while True:
        sounds, energies, labelled = speaker.sentence()
        for sound, row in zip(sounds, energies.round(3).tolist(), strict=True):
            yield row, sound, labelled


def events(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Events without end and in time order: for each 10 ms one list of JSON lines.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : speakers

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "b1": number, ... "b8": number, "label": the sound, or null in
        sentences that nobody has labelled}`` and a newline.
    """
    encode = msgspec.json.Encoder().encode
    bands = [f"b{number}" for number in range(1, BANDS + 1)]
    for rows in frames(seed, streams):
        lines = []
        for name, time, energies, sound, known in rows:
            event = {"stream": name, "time": time} | dict(zip(bands, energies, strict=True))
            lines.append(encode(event | {"label": sound if known else None}) + b"\n")
        yield lines
