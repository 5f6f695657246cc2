"""Small panels in one SVG file, over the hours of the day."""

from collections.abc import Sequence
from html import escape

from streamrnn.replay.svg import Line, line_chart

WIDTH, HEIGHT, TOP = 560, 190, 64
_STYLE = """
.ground { fill: #ffffff; } path { fill: none; stroke-width: 1.6; stroke-linejoin: round; }
.forecast { stroke: #0b6fd3; } .naive { stroke: #c2590a; } .outcome { stroke: #5b6675; }
.grid { stroke: #dde2e8; } .axis { stroke: #5b6675; } text { fill: #5b6675; font: 12px system-ui, sans-serif; }
.title { fill: #1b2330; font-size: 16px; }
@media (prefers-color-scheme: dark) {
  .ground { fill: #12161c; } .forecast { stroke: #5aaeff; } .naive { stroke: #f2994a; } .outcome { stroke: #9aa6b5; }
  .grid { stroke: #2e3743; } .axis { stroke: #9aa6b5; } text { fill: #9aa6b5; } .title { fill: #e7ebf0; }
}
"""


def picture(title: str, subtitle: str, hours: Sequence[float], panels: Sequence[tuple[str, Sequence[Line]]]) -> str:
    """An SVG document with a panel for each (label, lines), two beside each other."""
    rows = -(-len(panels) // 2)
    width, height = 2 * WIDTH, TOP + rows * HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect class="ground" width="{width}" height="{height}"/>',
        f'<text class="title" x="14" y="26">{escape(title)}</text><text x="14" y="48">{escape(subtitle)}</text>',
    ]
    for i, (label, lines) in enumerate(panels):
        chart = line_chart(
            hours, lines, x_label="hours", y_label=label, width=WIDTH, height=HEIGHT, from_zero=True
        )
        place = f'<svg x="{i % 2 * WIDTH}" y="{TOP + i // 2 * HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        parts.append(chart.replace("<svg ", place, 1))
    return "\n".join([*parts, "</svg>\n"])
