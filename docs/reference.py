"""``make docs``: the reference pages that the code itself makes, metrics and settings."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path
from typing import Any

from streamrnn.events.reasons import EXPLANATIONS
from streamrnn.observe.families import Family
from streamrnn.observe.labels import BASELINES
from streamrnn.observe.metrics import metrics_of
from streamrnn.observe.prometheus import EXPIRED, HANDS, STAGES, STATES
from streamrnn.observe.quality import SCOPES
from streamrnn.settings import Settings, load
from streamrnn.settings.keys import Key, keys
from streamrnn.settings.scalars import written
from streamrnn.settings.schema import NO_STATE, STATE

FOLDER = Path(__file__).parent
MADE = "<!-- Made by `make docs` from the code. Change it there. -->\n"
# Together these have all metrics there are.
MODES = {
    "forecasts": ["model.head=quantiles", "transport.kind=kafka"],
    "labels that are classes": ["labels.mode=delayed", "labels.kind=class", "transport.kind=kafka"],
    "tokens": ["tokens.field=text", "events.features=[]"],
    "labels that are numbers": ["labels.mode=delayed", "labels.kind=number", "transport.kind=kafka"],
}


def pages() -> dict[Path, str]:
    """What is to stand in which file."""
    return {FOLDER / "metrics.md": metrics(), FOLDER / "settings.md": settings()}


def metrics() -> str:
    """The page of metrics."""
    modes: dict[Family, list[str]] = {}
    for mode, overrides in MODES.items():
        for family in metrics_of(load(None, overrides, {}).settings, _BUILD).families.described:
            modes.setdefault(family, []).append(mode)
    rows = [
        f"| `{family.name}` | {family.kind} | {', '.join(f'`{label}`' for label in family.labels)} | {family.text}"
        f"{'' if len(of) == len(MODES) else f' With {_joined(of)}.'} |"
        for family, of in modes.items()
    ]
    reasons = "\n".join(f"| `{reason}` | {_cell(text)} |" for reason, text in EXPLANATIONS.items())
    table = "\n".join(rows)
    return f"{MADE}{_METRICS}\n| name | type | labels | |\n|---|---|---|---|\n{table}\n{_LABELS}{reasons}\n"


def settings() -> str:
    """The page of settings."""
    defaults = Settings()
    parts = [MADE, _SETTINGS]
    for section, each in groupby(keys().values(), key=lambda key: key.path.rpartition(".")[0]):
        about = (type(getattr(defaults, section)).__doc__ or "").strip().splitlines()[0] if section else ""
        parts.append(f"\n## {section or 'seed'}\n\n{about}\n" if about else f"\n## {section or 'seed'}\n")
        parts.append("\n| setting | default | allowed | |\n|---|---|---|---|\n")
        parts += (_row(key, defaults) for key in each)
    return "".join(parts)


def _row(key: Key, defaults: Settings) -> str:
    value: Any = defaults
    for name in key.path.split("."):
        value = getattr(value, name)
    default = written(_plain(value))
    state = " **[state]**" if key.path.split(".")[0] in STATE and key.path not in NO_STATE else ""
    secret = " Never printed." if key.secret else ""
    cells = f"`{key.path}`", f"`{default}`", _cell(key.allowed), _cell(key.description) + secret + state
    return f"| {' | '.join(cells)} |\n"


def _plain(value: Any) -> Any:
    """A value as YAML would have it."""
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return str(value) if isinstance(value, Path) else value


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def _joined(words: list[str]) -> str:
    return " and ".join(words)


_BUILD = dict.fromkeys(("streamrnn", "python", "numpy", "kernels", "target", "engine"), "")
_METRICS = """# Metrics

All that `/metrics` shows. Counters and histograms begin at 0 with the process, and count what was answered live: a
silent replay shows in `streamrnn_replayed_events_total` alone, so sums over replicas and restarts count every event
once. No label takes its values from the data: targets, horizons, levels and experts are those of the settings, reasons
and stages are closed lists, partitions are those held. What is turned off has no series.

`deploy/prometheus/rules.yaml` and `deploy/grafana/board.json` are made of these; [operations](operations.md) has the
runbooks. Skill is a quotient of sums, as are mean width, coverage and accuracy:

    1 - sum by (target, horizon) (rate(streamrnn_absolute_error_total[1h]))
      / sum by (target, horizon) (rate(streamrnn_baseline_absolute_error_total{baseline="last_value"}[1h]))
"""
_LABELS = f"""
## What labels say

| label | values |
|---|---|
| `topic`, `partition` | those held by the instance |
| `target`, `horizon`, `level`, `share`, `expert` | those of the settings; horizon 0 is a label that is a number |
| `baseline` | last_value; of classes {BASELINES[0]} and {BASELINES[1]} |
| `stage` | {", ".join(STAGES)}; process runs beside the others, once for each partition |
| `state` | {", ".join(STATES)} |
| `event` | {", ".join(HANDS)} |
| `result` | ok and failed; of optimiser steps applied and skipped |
| `reason` of `streamrnn_expired_streams_total` | {", ".join(EXPIRED)} |
| `scope` | {", ".join(SCOPES)} |
| `kind` | what ended the process, see [Kafka](kafka.md#health) |

`reason` of `streamrnn_dead_letters_total`, and of the dead letters themselves:

| reason | |
|---|---|
"""
_SETTINGS = """# Settings

All settings, with their defaults. [config.yaml](../config.yaml) has the same with a word on when to change each. Values
come from, in this order, `--set a.b=c`, the environment (`STREAMRNN_A__B=c`), the file, the defaults. `${NAME}` and
`${file:/run/secrets/x}` are filled in, and never printed.

**[state]** marks what changes the state of a partition, or which records it accepts: with another value a saved state
does not fit, and the daemon says so and stops (exit code 3).
"""

if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text)
