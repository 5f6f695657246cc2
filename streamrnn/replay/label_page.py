"""The report of a replay of classes as one HTML page."""

from html import escape

from streamrnn.replay.html import html_list, html_table, whole_page
from streamrnn.replay.labels import LabelReplayReport
from streamrnn.replay.numbers import percent
from streamrnn.replay.svg import Line, legend, line_chart


def label_page(report: LabelReplayReport, title: str) -> str:
    """The report as HTML, with its style and charts inside; nothing is fetched from anywhere."""
    parts = (_head, _scores, _intake) if report.nothing() else (_head, _scores, _intake, _errors, _confusion)
    return whole_page(title, "".join(part(report) for part in parts))


def _head(report: LabelReplayReport) -> str:
    lead = report.nothing()
    if lead is None:
        rows = report.rows()
        lead = (
            f"{100 * rows[0][1]:.1f} % of the answers are right, against {100 * rows[1][1]:.1f} % of the "
            f"{rows[1][0]}'s: skill {percent(report.skill)}."
        )
    how = "Every answer was given before its label was seen, and scored before the network learned from it."
    return f'<p>{report.title()}.</p><p class="lead">{escape(lead)}</p><p>{how}</p>'


def _scores(report: LabelReplayReport) -> str:
    rows = [[escape(name), f"{accuracy:.4f}", f"{loss:.4f}"] for name, accuracy, loss in report.rows()]
    notes = "log loss: minus the natural logarithm of the probability that the label had been given, at most 6.9"
    return f"<h2>Scores</h2>{html_table(['', 'accuracy', 'log loss'], rows)}<p>{notes}.</p>"


def _intake(report: LabelReplayReport) -> str:
    return html_list("The file", report.intake.sentences())


def _errors(report: LabelReplayReport) -> str:
    middles, error, naive = report.timeline.means(0)
    baseline = report.rows()[1][0]
    lines = [Line(baseline, "naive", naive.tolist()), Line("answer", "forecast", error.tolist())]
    chart = line_chart(middles.tolist(), lines, x_label="labels", y_label="share of wrong answers", from_zero=True)
    text = f"Share of wrong answers of every {report.timeline.width:,} labels, from the first on."
    keys = [("answer", "forecast"), (baseline, "naive")]
    return f"<h2>Errors over time</h2><p>{text}</p>{legend(keys)}<figure>{chart}</figure>"


def _confusion(report: LabelReplayReport) -> str:
    names = [escape(name) for name in report.classes]
    rows = [[name, *(f"{count:,}" for count in row)] for name, row in zip(names, report.confusion, strict=True)]
    table = html_table(["label", *(f"answered {name}" for name in names)], rows)
    return f"<h2>Labels and answers</h2>{table}"
