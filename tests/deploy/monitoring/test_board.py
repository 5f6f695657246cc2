"""The board is what Grafana can read, and a reader can."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Any

import pytest

from deploy.monitoring.board import MARKS, board
from deploy.monitoring.write import files

BOARD = board()
PANELS: list[dict[str, Any]] = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
NAMED = [pytest.param(panel, id=f"{panel['id']} {panel['title']}") for panel in PANELS]
MOST = 42
# Of those that Grafana knows; a misspelt one shows the bare number.
UNITS = {"none", "short", "cps", "cpm", "ops", "percentunit", "s", "bytes"}


def test_the_files_in_the_tree_are_what_the_code_makes() -> None:
    for path, text in files().items():
        assert path.read_text() == text, f"{path.name} is not current: make monitoring"


def test_panels_do_not_overlap_and_stay_on_the_grid() -> None:
    cells: list[set[tuple[int, int]]] = []
    for panel in BOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] >= 0 and place["x"] + place["w"] <= 24
        cells.append({(place["x"] + i, place["y"] + j) for i in range(place["w"]) for j in range(place["h"])})
    assert not any(first & second for first, second in combinations(cells, 2))


def test_there_are_no_more_panels_than_one_can_know() -> None:
    assert len(PANELS) <= MOST
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])
    titles = [panel["title"] for panel in BOARD["panels"] if panel["type"] == "row"]
    assert [title.lower().split(",")[0] for title in titles] == [
        "at a glance", "is it learning", "throughput and latency", "kafka", "streams and memory", "errors", "process",
    ]  # fmt: skip


@pytest.mark.parametrize("panel", NAMED)
def test_every_panel_tells_what_it_shows(panel: dict[str, Any]) -> None:
    assert len(panel["description"]) > 20 and panel["description"].endswith(".")
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["unit"] in UNITS
    steps = defaults["thresholds"]["steps"]
    assert steps[0]["value"] is None
    values = [step["value"] for step in steps[1:]]
    assert values == sorted(values)
    assert panel["targets"]
    for target in panel["targets"]:
        assert target["legendFormat"] and target["datasource"]["uid"] == "${datasource}"
        for label in re.findall(r"{{(\w+)}}", target["legendFormat"]):
            assert label in target["expr"]


@pytest.mark.parametrize("panel", NAMED)
def test_every_query_keeps_to_what_was_chosen(panel: dict[str, Any]) -> None:
    for target in panel["targets"]:
        # What is told by every instance alike needs no choice.
        asked = re.sub(r"streamrnn_(interval_level|quantile_share)\)", ")", target["expr"])
        for selector in re.findall(r"(?:streamrnn|process)_\w+(?:{[^}]*})?", asked):
            assert 'job=~"$job", instance=~"$instance"' in selector


def test_every_choice_is_used_and_every_used_one_is_there() -> None:
    text = str([panel["targets"] for panel in PANELS]) + str(MARKS)
    names = {choice["name"] for choice in BOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", text)) - {"__rate_interval"}
    assert used == names
