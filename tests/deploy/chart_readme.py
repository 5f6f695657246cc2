"""The table of values in the chart's README, from values.yaml and its comments.

``python -m tests.deploy.chart_readme`` writes it anew.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import yaml

from tests.deploy.tools import CHART

FILE = CHART / "README.md"
_BEGIN, _END = "<!-- values: made by python -m tests.deploy.chart_readme -->\n", "<!-- end of values -->\n"


def rows() -> Iterator[tuple[str, str, str]]:
    """Each value's path, default and comment, in the order of the file; settings are described elsewhere."""
    lines = (CHART / "values.yaml").read_text().splitlines()
    whole = yaml.safe_load("\n".join(lines))
    path: list[str] = []
    comment: list[str] = []
    for line in lines:
        found = re.match(r"( *)([A-Za-z]+):", line)
        if line.lstrip().startswith("# ") and not line.lstrip().startswith("# -"):
            comment.append(line.strip()[2:])
        elif found is None:
            comment = []
        else:
            path = [*path[: len(found[1]) // 2], found[2]]
            value = whole
            for key in path:
                value = value[key]
            words, comment = " ".join(comment), []
            if path[0] == "settings":
                if len(path) == 1:
                    yield "settings", "see below", words
            elif isinstance(value, dict) and not line.rstrip().endswith("}"):
                if words:
                    yield ".".join(path), "", words
            else:
                yield ".".join(path), f"`{json.dumps(value)}`", words


def text() -> str:
    before, rest = FILE.read_text().split(_BEGIN)
    after = rest.split(_END)[1]
    table = ["| value | default | |", "|---|---|---|"]
    table += [f"| `{path}` | {default} | {words} |" for path, default, words in rows()]
    return before + _BEGIN + "\n".join(table) + "\n" + _END + after


if __name__ == "__main__":
    FILE.write_text(text())
