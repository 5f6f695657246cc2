"""What a panel is, and how panels become Grafana's JSON, laid out from left to right."""

from __future__ import annotations

from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Literal

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
WIDE = 24  # columns of Grafana's grid
GREEN, YELLOW, RED, BLUE = "green", "yellow", "red", "blue"


@dataclass(frozen=True, slots=True)
class Query:
    """An expression, and what its series are called."""

    expression: str
    legend: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel.

    Attributes
    ----------
    title, description : what it shows, and how to read it
    unit : Grafana's name of it
    queries : what is drawn
    kind : a curve over time, or its last value
    width, height : in cells of the grid
    least, most : of the axis; None lets it fit
    steps : value and colour from which on it holds; the first value is None
    stacked : whether curves stand on each other
    """

    title: str
    description: str
    unit: str
    queries: tuple[Query, ...]
    kind: Literal["timeseries", "stat"] = "timeseries"
    width: int = 8
    height: int = 8
    least: float | None = None
    most: float | None = None
    steps: tuple[tuple[float | None, str], ...] = ((None, GREEN),)
    stacked: bool = False

    def json(self, number: int, x: int, y: int) -> dict[str, Any]:
        """As Grafana reads it, at a place."""
        judged = len(self.steps) > 1
        defaults: dict[str, Any] = {
            "unit": self.unit,
            "color": {"mode": "thresholds" if self.kind == "stat" else "palette-classic"},
            "thresholds": {"mode": "absolute", "steps": [{"value": at, "color": color} for at, color in self.steps]},
        }
        defaults |= {name: value for name, value in (("min", self.least), ("max", self.most)) if value is not None}
        if self.kind == "timeseries":
            defaults["custom"] = {
                "lineWidth": 1, "fillOpacity": 30 if self.stacked else 6, "showPoints": "never", "spanNulls": False,
                "stacking": {"mode": "normal" if self.stacked else "none"},
                "thresholdsStyle": {"mode": "dashed" if judged else "off"},
            }  # fmt: skip
        return {
            "id": number, "type": self.kind, "title": self.title, "description": self.description,
            "datasource": SOURCE, "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [
                {"refId": letter, "expr": query.expression, "legendFormat": query.legend, "datasource": SOURCE}
                for letter, query in zip(ascii_uppercase, self.queries, strict=False)
            ],
            "fieldConfig": {"defaults": defaults, "overrides": []},
            "options": _STAT if self.kind == "stat" else _CURVES,
        }  # fmt: skip


_STAT = {
    "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
    "colorMode": "value", "graphMode": "area", "textMode": "auto", "justifyMode": "auto",
}  # fmt: skip
_CURVES = {
    "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
    "tooltip": {"mode": "multi", "sort": "desc"},
}


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under a heading."""

    title: str
    panels: list[Panel] = field(default_factory=list)


def laid_out(rows: list[Row]) -> list[dict[str, Any]]:
    """All panels, in lines from the top; a line ends where the next panel does not fit."""
    found: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        place = {"x": 0, "y": y, "w": WIDE, "h": 1}
        found.append(
            dict(id=len(found) + 1, type="row", title=row.title, gridPos=place, collapsed=False, panels=[])
        )
        x, y, tall = 0, y + 1, 0
        for panel in row.panels:
            if x + panel.width > WIDE:
                x, y, tall = 0, y + tall, 0
            found.append(panel.json(len(found) + 1, x, y))
            x, tall = x + panel.width, max(tall, panel.height)
        y += tall
    return found
