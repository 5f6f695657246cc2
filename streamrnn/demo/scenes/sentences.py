"""Sentences of a small language with another word order and grammar beside them, reviews, and plain prose."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec
import numpy as np

from streamrnn.demo.fleet import START, TICK

Random = np.random.Generator

# English, and a made-up language in which adjectives follow their noun and agree with it, and the verb comes last.
_NOUNS = {
    "cat": "gato", "dog": "kano", "bird": "avio", "fish": "pesko", "horse": "ekvo", "child": "bimbo", "woman": "dono",
    "man": "homo", "king": "rego", "baker": "pano",
}  # fmt: skip
_ADJECTIVES = {"red": "ruja", "big": "granda", "old": "vetura", "small": "pika", "wise": "saga", "happy": "felika"}
_VERBS = {"sees": "vidas", "loves": "amas", "follows": "sekvas", "hears": "audas", "helps": "hilpas", "finds": "trovas"}

_THINGS = ("food", "room", "staff", "view", "music", "coffee", "price", "service")
_GOOD = ("good", "lovely", "great", "friendly", "fresh", "perfect")
_BAD = ("bad", "awful", "cold", "rude", "noisy", "poor")
_TURNS = ("but", "and", "yet", "although")
_FILLERS = ("to be honest", "if you ask me", "all in all", "as far as I can tell", "really", "at least for us")
_ODD = 0.03

_SUBJECTS = ("the pump", "the valve", "the belt", "the motor", "the fan", "the line")
_STATES = ("runs", "stops", "hums", "slows", "starts again", "is checked", "is oiled")
_TIMES = ("at dawn", "after lunch", "at night", "before the shift ends", "on time")


class _Text(msgspec.Struct, omit_defaults=True):
    stream: str
    time: float
    text: str
    last: bool | None = None


def translations(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Sentences and their translations, ``the old cat sees a dog | ...``, without end.

    Parameters
    ----------
    seed : the same seed and number of streams give the same bytes
    streams : desks at which sentences come

    Yields
    ------
    list of bytes
        ``{"stream": text, "time": seconds since 1970, "text": text}`` and a newline, one of each stream.
    """
    yield from _lines(seed, streams, "desk", lambda random, place: [(pair(random), None)])


def reviews(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Reviews, each followed by a record that says whether it was meant well: the word behind the marker.

    Parameters
    ----------
    seed, streams : as of `translations`

    Yields
    ------
    list of bytes
        ``{"stream", "time", "text": "the food was not bad |", "last": false}`` and a newline; then one whose text is
        ``positive`` or ``negative``, the last.
    """

    def review(random: Random, place: int) -> list[tuple[str, bool | None]]:
        text, positive = _review(random)
        return [(f"{text} |", False), ("positive" if positive else "negative", True)]

    yield from _lines(seed, streams, "shop", review)


def prose(seed: int, streams: int) -> Iterator[list[bytes]]:
    """Notes of machines' keepers, each with words that they prefer, without end.

    Parameters
    ----------
    seed, streams : as of `translations`

    Yields
    ------
    list of bytes
        ``{"stream", "time", "text": "the pump hums at night. "}`` and a newline.
    """
    habits = np.random.Generator(np.random.PCG64([seed, 1]))
    taste = [habits.dirichlet(np.full(len(words), 0.4), streams) for words in (_SUBJECTS, _STATES, _TIMES)]

    def note(random: Random, place: int) -> list[tuple[str, bool | None]]:
        chosen = (_SUBJECTS, _STATES, _TIMES)
        words = [str(random.choice(of, p=like[place])) for of, like in zip(chosen, taste, strict=True)]
        return [(f"{' '.join(words)}. ", None)]

    yield from _lines(seed, streams, "keeper", note)


def pair(random: Random) -> str:
    """A sentence, the marker, and its translation."""
    (subject, theirs), (thing, told) = _noun(random), _noun(random)
    verb = str(random.choice(list(_VERBS)))
    never = random.random() < 0.2
    source = [*subject, *(["never"] if never else []), verb, *thing]
    target = [*theirs, *told, *(["nek"] if never else []), _VERBS[verb]]
    return f"{' '.join(source)} | {' '.join(target)}"


def _noun(random: Random) -> tuple[list[str], list[str]]:
    noun = str(random.choice(list(_NOUNS)))
    adjective = str(random.choice(list(_ADJECTIVES))) if random.random() < 0.5 else None
    many = "i" if random.random() < 0.3 else ""
    source = ["some" if many else "the", *([adjective] if adjective else []), noun]
    return source, [_NOUNS[noun] + many, *([_ADJECTIVES[adjective] + many] if adjective else [])]


def _review(random: Random) -> tuple[str, bool]:
    """One or two clauses, of which the last one counts; ``not`` turns a word round, however far off it is. A few are
    meant otherwise."""
    clauses, positive = [], False
    for _ in range(1 + (random.random() < 0.5)):
        good, negated = random.random() < 0.5, random.random() < 0.25
        words = ["the", str(random.choice(_THINGS)), "was", *(["not"] if negated else [])]
        for _ in range(int(random.integers(0, 3))):
            words.append(str(random.choice(_FILLERS)))
        clauses.append(" ".join([*words, str(random.choice(_GOOD if good else _BAD))]))
        positive = good != negated
    text = f" {random.choice(_TURNS)} ".join(clauses)
    if random.random() < 0.5:
        text += f" {random.choice(_FILLERS)}"
    return text, positive != (random.random() < _ODD)


def _lines(
    seed: int, streams: int, kind: str, make: Callable[[Random, int], list[tuple[str, bool | None]]]
) -> Iterator[list[bytes]]:
    """For each tick what every stream has to say, encoded."""
    random = np.random.Generator(np.random.PCG64(seed))
    encode = msgspec.json.Encoder().encode
    names = [f"{kind}-{number:03d}" for number in range(streams)]
    tick = 0
    while True:
        lines = []
        for place, name in enumerate(names):
            time = START + tick * TICK + place * TICK / streams
            for text, last in make(random, place):
                lines.append(encode(_Text(name, round(time, 3), text, last)) + b"\n")
        yield lines
        tick += 1
