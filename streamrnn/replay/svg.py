"""Small line charts as inline SVG: axes with round numbers, a legend, colours from the page's style sheet."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 12, 40
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 10_800, 21_600, 43_200, 86_400)  # between two labels of a time axis


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a chart. ``style`` is the CSS class of its stroke: outcome, forecast or naive."""

    name: str
    style: str
    y: Sequence[float]


def line_chart(
    x: Sequence[float],
    lines: Sequence[Line],
    *,
    x_label: str,
    y_label: str,
    width: int = 900,
    height: int = 240,
    times: bool = False,
    from_zero: bool = False,
    mark: int | None = None,
) -> str:
    """An SVG element with all ``lines`` over the same ``x``; gaps where a value is NaN.

    Parameters
    ----------
    x : positions, rising
    lines : series, each as long as ``x``
    x_label, y_label : what the axes mean, with the unit
    width, height : of the drawing in pixels; it shrinks with the page
    times : whether ``x`` is seconds since 1970, to be labelled as UTC dates
    from_zero : whether the y axis must start at 0
    mark : index of a point to point out; None for none

    Returns
    -------
    str
        ``<svg ...>``; a sentence in a paragraph if there is no finite value to draw.
    """
    known = [value for line in lines for value in line.y if math.isfinite(value)]
    if not known or not len(x):
        return "<p>Nothing to draw.</p>"
    low, high = (min(0.0, *known) if from_zero else min(known)), max(known)
    y_ticks = ticks(low, high, 4)
    low, high = min(low, y_ticks[0]), max(high, y_ticks[-1])
    first, last = x[0], x[-1] if x[-1] > x[0] else x[0] + 1.0
    right, bottom = width - _RIGHT, height - _BOTTOM

    def across(value: float) -> float:
        return _LEFT + (value - first) / (last - first) * (right - _LEFT)

    def down(value: float) -> float:
        return bottom - (value - low) / (high - low) * (bottom - _TOP)

    x_ticks = _time_ticks(first, last, width // 130) if times else ticks(first, last, width // 130)
    label = _time_label(x_ticks) if times else _number_label(x_ticks)
    parts = [
        f'<svg class="chart{" wide" if width > 600 else ""}" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="{escape(y_label)} over {escape(x_label)}">'
    ]
    number = _number_label(y_ticks)
    for tick in y_ticks:
        y = down(tick)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" text-anchor="end" x="{_LEFT - 6}" y="{y + 4:.1f}">{number(tick)}</text>')
    for tick in (tick for tick in x_ticks if first <= tick <= last):
        place = min(max(across(tick), _LEFT + 12), right - 24)
        parts.append(f'<text class="tick" text-anchor="middle" x="{place:.1f}" y="{bottom + 16}">{label(tick)}</text>')
    parts.append(f'<line class="axis" x1="{_LEFT}" x2="{right}" y1="{bottom}" y2="{bottom}"/>')
    middle = (_LEFT + right) / 2
    parts.append(f'<text class="label" text-anchor="middle" x="{middle}" y="{height - 6}">{escape(x_label)}</text>')
    turn = f'transform="rotate(-90 12 {(bottom + _TOP) / 2})" x="12" y="{(bottom + _TOP) / 2}"'
    parts.append(f'<text class="label" text-anchor="middle" {turn}>{escape(y_label)}</text>')
    if mark is not None:
        place = across(x[mark])
        parts.append(f'<line class="mark" x1="{place:.1f}" x2="{place:.1f}" y1="{_TOP}" y2="{bottom}"/>')
    parts += [_path(x, line, across, down) for line in lines]
    parts.append("</svg>")
    return "".join(parts)


def legend(lines: Sequence[tuple[str, str]]) -> str:
    """An HTML list of names, each with a stroke in the colour of its style: pairs of (name, style)."""
    stroke = '<svg width="22" height="10"><line class="{}" x1="1" x2="21" y1="5" y2="5"/></svg>'
    items = "".join(f"<li>{stroke.format(style)} {escape(name)}</li>" for name, style in lines)
    return f'<ul class="legend">{items}</ul>'


def ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from at or below ``low`` to at or above ``high``, about ``most`` steps apart.

    Examples
    --------
    >>> ticks(0.0, 9.3, 4)
    [0.0, 2.5, 5.0, 7.5, 10.0]
    """
    span = high - low
    if not span > abs(high) * 1e-12:
        span = abs(high) or 1.0
        low, high = low - span / 2, high + span / 2
    rough = span / max(most, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in _STEPS if factor * power >= rough * 0.999)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [place * step for place in range(first, last + 1)]


def _time_ticks(first: float, last: float, most: int) -> list[float]:
    rough = (last - first) / max(most, 1)
    step = next((step for step in _SECONDS if step >= rough), math.ceil(rough / 86_400) * 86_400)
    return [float(place * step) for place in range(math.ceil(first / step), math.floor(last / step) + 1)]


def _time_label(ticks: Sequence[float]) -> Callable[[float], str]:
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 86_400
    form = "%Y-%m-%d" if step >= 86_400 else "%m-%d %H:%M" if step >= 60 else "%H:%M:%S"
    return lambda tick: datetime.fromtimestamp(tick, UTC).strftime(form)


def _number_label(ticks: Sequence[float]) -> Callable[[float], str]:
    largest = max(map(abs, ticks), default=0.0)
    if largest >= 1e7 or (0.0 < largest < 1e-4):
        return lambda tick: f"{tick:.3g}"
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    digits += round(step * 10**digits, 6) != round(step * 10**digits)  # a step of 2.5 needs one digit more
    return lambda tick: f"{tick:,.{digits}f}"


def _path(
    x: Sequence[float], line: Line, across: Callable[[float], float], down: Callable[[float], float]
) -> str:
    """A stroke that breaks at gaps; a point alone between two gaps becomes a dot."""
    strokes: list[list[str]] = [[]]
    for place, value in zip(x, line.y, strict=True):
        if math.isfinite(value):
            strokes[-1].append(f"{across(place):.1f} {down(value):.1f}")
        elif strokes[-1]:
            strokes.append([])
    path = " ".join("M" + " L".join(stroke if len(stroke) > 1 else stroke * 2) for stroke in strokes if stroke)
    return f'<path class="{line.style}" d="{path}"><title>{escape(line.name)}</title></path>'
