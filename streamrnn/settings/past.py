"""Settings of an earlier run, as its snapshots tell them, against those of now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from streamrnn.settings.differences import differences
from streamrnn.settings.keys import keys
from streamrnn.settings.scalars import written
from streamrnn.settings.schema import Settings
from streamrnn.settings.section import REDACTED


class PastError(Exception):
    """The earlier settings cannot be known; the message says why, with the remedy."""


def changed(then: Mapping[str, Any], digest: str, now: Settings) -> dict[str, str]:
    """What differs, in words, by path; what an earlier version did not know had its default.

    Parameters
    ----------
    then, digest : of a snapshot, see ``snapshots.header.Header``
    now : the settings to compare with

    Raises
    ------
    PastError
        There is something that cannot be compared.
    """
    if digest == now.state_digest():
        return {}
    if not then:
        raise PastError("it was made by a version that did not keep its settings")
    present = now.state_settings()
    before = Settings().state_settings() | dict(then)
    secret = [path for path in before if REDACTED in (before[path], present.get(path))]
    if secret and rebuilt(then, now).state_digest() != digest:
        raise PastError(
            f"{', '.join(secret)} came by ${{...}}, which no snapshot keeps, so that it cannot be compared: start once "
            f"with the old settings and the value written out"
        )
    return {
        path: next(iter(differences({path: value}, present)), f"{path} was {written(value)} and is no setting any more")
        for path, value in before.items()
        if path not in secret and (path not in present or written(value) != written(present[path]))
    }


def rebuilt(then: Mapping[str, Any], now: Settings) -> Settings:
    """The earlier settings; those of now stand for secrets, and for all that does not change state.

    Raises
    ------
    PastError
        They are not possible any more.
    """
    tree: dict[str, Any] = {"transport": now.transport, "kafka": now.kafka}
    for path, value in then.items():
        if path not in keys() or path == "labels.topic":
            continue
        if path == "events.targets" and value == then.get("events.features"):
            continue  # null, as it is in all modes, is written out as all of them
        section, _, name = path.rpartition(".")
        if value == REDACTED:
            value = getattr(getattr(now, section) if section else now, name)
        (tree.setdefault(section, {}) if section else tree)[name] = value
    if now.labels.topic is not None and then.get("labels.topic") is not None:
        tree["labels"] |= {"topic": now.labels.topic, "journal": now.labels.journal}
    try:
        return Settings.model_validate(tree)
    except ValueError as error:
        raise PastError(f"its settings are not possible in this version ({error})") from error
