"""The report of a replay of tokens as one HTML page."""

import math
from html import escape

from streamrnn.replay.html import html_list, html_table, whole_page
from streamrnn.replay.numbers import percent
from streamrnn.replay.svg import Line, legend, line_chart
from streamrnn.replay.tokens import TokenReplayReport


def token_page(report: TokenReplayReport, title: str) -> str:
    """The report as HTML, with its style and charts inside; nothing is fetched from anywhere."""
    parts = [_head(report), _scores(report), html_list("The file", report.intake.sentences())]
    if report.nothing() is None:
        parts.append(_bits(report))
    return whole_page(title, "".join(parts))


def _head(report: TokenReplayReport) -> str:
    lead = report.nothing()
    if lead is None:
        (_, right, bits), *_ = report.rows()
        lead = f"{bits:.2f} bits a token, {100 * right:.1f} % held likeliest: skill {percent(report.skill)}."
    how = "Every token was foretold before it was seen, and scored before anything was learned from it."
    return f'<p>{report.title()}.</p><p class="lead">{escape(lead)}</p><p>{how}</p>'


def _scores(report: TokenReplayReport) -> str:
    rows = [
        [escape(name), "" if math.isnan(right) else f"{right:.4f}", f"{bits:.4f}"]
        for name, right, bits in report.rows()
    ]
    notes = "bits: minus the binary logarithm of what had been held likely of a token, in the mean"
    return f"<h2>Scores</h2>{html_table(['', 'right', 'bits a token'], rows)}<p>{notes}.</p>"


def _bits(report: TokenReplayReport) -> str:
    middles, bits, usual = report.timeline.means(0)
    lines = [Line("usual token", "naive", usual.tolist()), Line("answer", "forecast", bits.tolist())]
    chart = line_chart(middles.tolist(), lines, x_label="events", y_label="bits a token", from_zero=True)
    text = f"Bits a token of every {report.timeline.width:,} events, from the first on."
    keys = [("answer", "forecast"), ("usual token", "naive")]
    return f"<h2>Bits over time</h2><p>{text}</p>{legend(keys)}<figure>{chart}</figure>"
