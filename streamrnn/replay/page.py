"""The replay's report as one HTML page."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise

from streamrnn.replay.history import Moment
from streamrnn.replay.report import ReplayReport, number, percent
from streamrnn.replay.style import STYLE
from streamrnn.replay.svg import Line, legend, line_chart

_CALENDAR = 86_400.0 * 365  # event times beyond this are dates; below, row numbers or the like
_TARGETS = 8  # charts of error over time
_TABLE = 10  # streams in a list


def page(report: ReplayReport, title: str) -> str:
    """The report as HTML, with its style and charts inside; nothing is fetched from anywhere."""
    parts = (_scores, _streams, _errors, _plots, _worst)
    body = _head(report, title) + "".join(part(report) for part in parts)
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>"
    )


def _head(report: ReplayReport, title: str) -> str:
    span = ""
    if report.first_time > _CALENDAR:
        span = f", {_when(report.first_time)} to {_when(report.last_time)} UTC"
    counted = f"{report.events:,} events of {report.streams:,} stream{'s' if report.streams != 1 else ''}{span}."
    sentences = []
    for target, name in enumerate(report.targets[:_TARGETS]):
        score = report.scores.total(target)
        if math.isnan(score.skill):
            continue
        word, style = ("better", "good") if score.skill >= 0 else ("worse", "bad")
        sentences.append(
            f'<b>{escape(name)}</b>: <span class="{style}">{abs(100 * score.skill):.1f} % {word}</span> '
            f"than the last value (MAE {number(score.mae)} against {number(score.naive_mae)})."
        )
    lead = "<br>".join(sentences) or "Nothing could be scored: no stream had two values in a row."
    how = "Every forecast was made before its outcome was seen, and scored before the network learned from it."
    return f'<h1>{escape(title)}</h1><p>{counted}</p><p class="lead">{lead}</p><p>{how}</p>'


def _scores(report: ReplayReport) -> str:
    columns = report.columns()
    head = "".join(f'<th title="{escape(meaning)}">{escape(name)}</th>' for name, meaning in columns)
    rows = [[escape(name), *report.row(target)] for target, name in enumerate(report.targets)]
    notes = "; ".join(f"{escape(name)}: {escape(meaning)}" for name, meaning in columns)
    return f"<h2>Scores</h2>{_table(f'<th>target</th>{head}', rows)}<p>{notes}.</p>"


def _streams(report: ReplayReport) -> str:
    """The streams with the most and the least skill, for each target of a replay with several streams."""
    if report.streams < 2:
        return ""
    parts = ["<h2>Streams</h2><p>By skill, of the streams with at least 20 scored outcomes.</p>"]
    for target, name in enumerate(report.targets[:_TARGETS]):
        parts.append('<div class="pair">')
        for word, places in zip(("best", "worst"), report.scores.ranked(target, _TABLE), strict=True):
            parts.append(f"<div><h3>{escape(name)}: {word}</h3>{_stream_table(report, target, places)}</div>")
        parts.append("</div>")
    return "".join(parts)


def _stream_table(report: ReplayReport, target: int, places: list[int]) -> str:
    rows = []
    for place in places:
        score = report.scores.stream(place, target)
        rows.append(
            [
                escape(report.scores.names[place]), f"{score.count:,}", number(score.mae), number(score.naive_mae),
                percent(score.skill),
            ]
        )  # fmt: skip
    return _table("<th>stream</th><th>scored</th><th>MAE</th><th>naive MAE</th><th>skill</th>", rows)


def _errors(report: ReplayReport) -> str:
    parts = [
        "<h2>Error over time</h2>",
        f"<p>Mean absolute error of every {report.timeline.width:,} events, from the first on.</p>",
        legend([("forecast", "forecast"), ("last value", "naive")]),
    ]
    for target, name in enumerate(report.targets[:_TARGETS]):
        middles, error, naive = report.timeline.means(target)
        lines = [Line("last value", "naive", naive.tolist()), Line("forecast", "forecast", error.tolist())]
        chart = line_chart(middles.tolist(), lines, x_label="events", y_label="mean absolute error", from_zero=True)
        parts.append(f"<figure><figcaption><b>{escape(name)}</b></figcaption>{chart}</figure>")
    return "".join(parts)


def _plots(report: ReplayReport) -> str:
    parts = [
        "<h2>Forecast and outcome</h2>",
        "<p>The newest points of the first streams met. Each forecast is drawn where its outcome came.</p>",
        legend([("outcome", "outcome"), ("forecast", "forecast")]),
    ]
    for sample in report.samples:
        lines = [
            Line("outcome", "outcome", list(sample.outcomes)),
            Line("forecast", "forecast", list(sample.forecasts)),
        ]
        target = report.targets[sample.target]
        x, label, dates = _axis(list(sample.times))
        chart = line_chart(x, lines, x_label=label, y_label=target, times=dates)
        caption = f"<b>{escape(sample.stream)}</b> {escape(target)}"
        parts.append(f"<figure><figcaption>{caption}</figcaption>{chart}</figure>")
    return "".join(parts)


def _worst(report: ReplayReport) -> str:
    parts = [
        "<h2>Worst moments</h2>",
        "<p>The forecasts furthest off, measured in standard deviations of their stream until then.</p>",
        legend([("outcome", "outcome"), ("forecast", "forecast")]),
    ]
    found = [(target, moment) for target in range(len(report.targets)) for moment in report.moments(target)]
    found.sort(key=lambda each: -each[1].severity)
    if not found:
        return "<h2>Worst moments</h2><p>No stream was long enough to tell what is far off for it.</p>"
    figures = [_moment(report, target, moment) for target, moment in found[:20]]
    return "".join([*parts, '<div class="moments">', *figures, "</div>"])


def _moment(report: ReplayReport, target: int, moment: Moment) -> str:
    when = _when(moment.time) if moment.time > _CALENDAR else f"time {moment.time:,.0f}"
    caption = (
        f"<b>{escape(report.scores.names[moment.place])}</b> {escape(report.targets[target])}, {when}: "
        f"{number(moment.outcome)}, forecast {number(moment.forecast)}, off by {moment.severity:.1f} std"
    )
    x = [float(place - moment.at) for place in range(len(moment.outcomes))]
    lines = [Line("outcome", "outcome", moment.outcomes), Line("forecast", "forecast", moment.forecasts)]
    unit = report.targets[target]
    chart = line_chart(x, lines, x_label="events from then", y_label=unit, width=460, height=190, mark=moment.at)
    return f"<figure><figcaption>{caption}</figcaption>{chart if x else ''}</figure>"


def _axis(times: list[float]) -> tuple[list[float], str, bool]:
    """Positions, label, and whether they are dates. Times that go backwards are of no use as an axis."""
    rising = all(later >= earlier for earlier, later in pairwise(times))
    if rising and times and times[0] > _CALENDAR:
        return times, "event time (UTC)", True
    return [float(place) for place in range(len(times))], f"the last {len(times):,} events", False


def _table(head: str, rows: Sequence[Sequence[str]]) -> str:
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
