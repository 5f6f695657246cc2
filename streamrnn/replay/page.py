"""The replay's report as one HTML page."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from itertools import pairwise

from streamrnn.replay.history import SKIPPED
from streamrnn.replay.numbers import number, percent
from streamrnn.replay.report import ReplayReport
from streamrnn.replay.style import STYLE
from streamrnn.replay.svg import Line, legend, line_chart

_CALENDAR = 86_400.0 * 365  # event times beyond this are dates; below, row numbers or the like
_TARGETS = 8  # charts of error over time
_TABLE = 10  # streams in a list
_OUTCOME = (("outcome", "outcome"), ("forecast", "forecast"))


def page(report: ReplayReport, title: str) -> str:
    """The report as HTML, with its style and charts inside; nothing is fetched from anywhere."""
    all_parts = _scores, _heads, _ahead, _intake, _streams, _errors, _plots, _worst
    parts = (_scores, _intake) if report.nothing() else all_parts
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
    counted = f"{report.title()}{span}."
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
    lead = "<br>".join(sentences) or escape(report.nothing() or "The last value never erred, so there is no skill.")
    how = "Every forecast was made before its outcome was seen, and scored before the network learned from it."
    return f'<h1>{escape(title)}</h1><p>{counted}</p><p class="lead">{lead}</p><p>{how}</p>'


def _scores(report: ReplayReport) -> str:
    columns = report.columns()
    head = "".join(f'<th title="{escape(meaning)}">{escape(name)}</th>' for name, meaning in columns)
    rows = [[escape(name), *report.row(target)] for target, name in enumerate(report.targets)]
    notes = "; ".join(f"{escape(name)}: {escape(meaning)}" for name, meaning in columns)
    return f"<h2>Scores</h2>{_table(f'<th>target</th>{head}', rows)}<p>{notes}.</p>"


def _heads(report: ReplayReport) -> str:
    """What was said of the next step beside the forecasts."""
    heads = report.heads
    return _told(heads.title(), ("target",), heads.columns(), heads.rows()) if heads.rows() else ""


def _ahead(report: ReplayReport) -> str:
    """Farther horizons, intervals and experts."""
    ahead = report.ahead
    parts = []
    if ahead.table() is not None:
        parts.append(_told("Steps ahead", ("target", "steps"), ahead.columns(), ahead.rows()))
    if ahead.experts:
        names = ("target", "steps", "expert")
        parts.append(_told("Experts", names, ahead.expert_columns(), ahead.expert_rows()))
    sentences = "".join(f"<li>{escape(sentence)}</li>" for sentence in ahead.sentences())
    return "".join(parts) + (f"<ul>{sentences}</ul>" if sentences else "")


def _told(title: str, names: tuple[str, ...], columns: list[tuple[str, str]], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{name}</th>" for name in names)
    head += "".join(f'<th title="{escape(meaning)}">{escape(name)}</th>' for name, meaning in columns)
    notes = "; ".join(f"{escape(name)}: {escape(meaning)}" for name, meaning in columns)
    return f"<h2>{title}</h2>{_table(head, [[escape(cell) for cell in row] for row in rows])}<p>{notes}.</p>"


def _intake(report: ReplayReport) -> str:
    """What was missing, refused or noticed in the file."""
    sentences = report.intake.sentences()
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return f"<h2>The file</h2><ul>{items}</ul>" if sentences else ""


def _streams(report: ReplayReport) -> str:
    """For each target of a replay with several streams: all by skill, or the best and the worst of many."""
    if report.streams < 2:
        return ""
    parts = ["<h2>Streams</h2><p>By skill, of the streams with at least 20 scored outcomes.</p>"]
    for target, name in enumerate(report.targets[:_TARGETS]):
        best, worst = report.scores.ranked(target, _TABLE)
        if report.streams > 2 * _TABLE:
            lists = [(f"{name}: best", best), (f"{name}: worst", worst)]
        else:
            lists = [(name, best + worst[::-1])]
        parts.append('<div class="pair">')
        parts += [f"<div><h3>{escape(head)}</h3>{_stream_table(report, target, rows)}</div>" for head, rows in lists]
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
    figures = []
    for target, name in enumerate(report.targets[:_TARGETS]):
        middles, error, naive = report.timeline.means(target)
        lines = [Line("last value", "naive", naive.tolist()), Line("forecast", "forecast", error.tolist())]
        chart = line_chart(middles.tolist(), lines, x_label="events", y_label="mean absolute error", from_zero=True)
        figures.append((name, "", chart))
    text = f"Mean absolute error of every {report.timeline.width:,} events, from the first on."
    return _figures("Error over time", text, [("forecast", "forecast"), ("last value", "naive")], figures)


def _plots(report: ReplayReport) -> str:
    figures = []
    for sample in report.samples:
        target = report.targets[sample.target]
        x, label, dates = _axis(list(sample.times))
        chart = line_chart(x, _pair(sample.outcomes, sample.forecasts), x_label=label, y_label=target, times=dates)
        figures.append((sample.stream, target, chart))
    text = "The newest points of the first streams met. Each forecast is drawn where its outcome came."
    return _figures("Forecast and outcome", text, _OUTCOME, figures)


def _worst(report: ReplayReport) -> str:
    figures = []
    for target, moment in report.worst():
        name = report.targets[target]
        when = _when(moment.time) if moment.time > _CALENDAR else f"time {moment.time:,.0f}"
        text = (
            f"{name}, {when}: {number(moment.outcome)}, forecast {number(moment.forecast)}, "
            f"off by {number(moment.error)} ({moment.severity:.1f} std)"
        )
        x = [float(place - moment.at) for place in range(len(moment.outcomes))]
        lines = _pair(moment.outcomes, moment.forecasts)
        chart = line_chart(
            x, lines, x_label="events from then", y_label=name, width=460, height=190, mark=moment.at
        )
        figures.append((report.scores.names[moment.place], text, chart if x else ""))
    if not figures:
        return f"<h2>Worst moments</h2><p>No stream has values beyond its first {SKIPPED} events.</p>"
    text = (
        "The forecasts furthest off, measured in standard deviations of their stream, the worst of each target and "
        f"stream first. The first {SKIPPED} events of each stream are left out."
    )
    return _figures("Worst moments", text, _OUTCOME, figures, style="moments")


def _figures(
    title: str,
    text: str,
    keys: Sequence[tuple[str, str]],
    figures: Sequence[tuple[str, str, str]],
    style: str = "",
) -> str:
    """A section of charts, each with a name and a text: triples of (name, text, chart); ``style`` is a CSS class."""
    parts = [
        f"<figure><figcaption><b>{escape(name)}</b> {escape(words)}</figcaption>{chart}</figure>"
        for name, words, chart in figures
    ]
    return f'<h2>{title}</h2><p>{text}</p>{legend(keys)}<div class="{style}">{"".join(parts)}</div>'


def _pair(outcomes: Sequence[float], forecasts: Sequence[float]) -> list[Line]:
    return [Line("outcome", "outcome", list(outcomes)), Line("forecast", "forecast", list(forecasts))]


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
