"""A report as one web page that needs nothing but itself: no script, no address, no font."""

import math
from collections.abc import Iterable, Sequence
from html import escape

from lzp.play.chart import Chart
from lzp.play.chart_svg import PALETTE, draw_chart
from lzp.play.report import Report
from lzp.play.report_boards import Picture, share_text
from lzp.play.report_charts import calibration_charts, learning_charts, ply_charts
from lzp.play.report_figures import Findings, Mean, Means
from lzp.play.report_runs import Run
from lzp.play.report_style import STYLE

#: Figure, how it is headed, what it says, and whether it is a share.
_FIGURES = (
    ("policy_top1", "top-1", "the move played is the network's first", True),
    ("policy_top5", "top-5", "it is among the first five", True),
    ("policy_nats", "nats", "cross-entropy of the move played; lower is better", False),
    ("value_mse", "value MSE", "in [−1, 1]; 1 is no knowledge, lower is better", False),
    ("value_accuracy", "value accuracy", "the winner is named", True),
)
_LEARNING = (
    ("val/policy_loss", "policy loss", False),
    ("val/policy_top1", "top-1", True),
    ("val/value_mse", "value MSE", False),
    ("val/value_accuracy", "value accuracy", True),
)


def write_page(report: Report) -> str:
    """Return the HTML of a report."""
    name = escape(report.name)
    parts = [
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>",
        "<meta name='viewport' content='width=device-width, initial-scale=1'>",
        f"<title>{name}: report</title><style>{STYLE}</style></head><body>",
        f"<h1>{name}</h1>",
        _facts(report.facts),
    ]
    if report.findings is not None:
        parts.append(_cards(report.findings.total))
    if report.runs:
        parts += _learning(report)
    if report.findings is not None:
        parts += _measured(report.findings, report.side)
        parts += _boards(report)
    parts.append(f"<footer>lzp-report, {escape(report.version)}</footer></body></html>\n")
    return "\n".join(parts)


def _facts(facts: Sequence[tuple[str, str]]) -> str:
    """Return the list of what was measured."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(text)}</dd>" for name, text in facts)
    return f"<dl>{rows}</dl>"


def _cards(total: Means) -> str:
    """Return the big numbers."""
    cards = [
        f"<div class='card'>{escape(title)}<b>{_value(total[figure].mean, share)}</b>"
        f"<span>± {_error(total[figure].error, share)} · {escape(meaning)}</span></div>"
        for figure, title, meaning, share in _FIGURES
    ]
    return f"<div class='cards'>{''.join(cards)}</div>"


def _learning(report: Report) -> Iterable[str]:
    """Yield the learning curves and how each run stands."""
    yield "<h2>Learning curves</h2>"
    several = len(report.runs) > 1
    yield (
        "<p>Points: validation. Pale: training, smoothed."
        + (" Colors are runs." if several else "")
        + " Training far better than validation, and validation getting worse, is overfitting;"
        " the value shows it first.</p>"
    )
    if several:
        yield "<p>" + "".join(_key(run.name, n, "") for n, run in enumerate(report.runs)) + "</p>"
    charts = learning_charts(report.runs, report.marks)
    yield f"<div class='grid2'>{''.join(_figure(c, keys=not several) for c in charts)}</div>"
    yield "<h3>Validation at the end</h3>"
    yield _table(["run", "steps", "samples", *(t for _, t, _ in _LEARNING), "best policy loss"],
                 [_run_row(run) for run in report.runs])  # fmt: skip


def _run_row(run: Run) -> list[str]:
    """Return a run's line in the table: how far it came, and its last validation."""
    steps = max((curve.steps[-1] for curve in run.curves.values()), default=0)
    samples = f"{steps * run.samples_per_step:,}" if run.samples_per_step else "–"
    row = [escape(run.name), f"{steps:,}", samples]
    for name, _, share in _LEARNING:
        curve = run.curves.get(name)
        row.append(_value(curve.numbers[-1], share) if curve else "–")
    best = run.curves.get("val/policy_loss")
    return [*row, _value(min(best.numbers), False) if best else "–"]


def _measured(findings: Findings, side: int) -> Iterable[str]:
    """Yield what was counted: by ply, calibration, groups."""
    yield "<h2>By move number</h2><p>Bars: one standard error, taken over games.</p>"
    charts = ply_charts(findings, side)
    yield f"<div class='grid2'>{''.join(_figure(chart) for chart in charts)}</div>"
    yield (
        "<h2>Calibration</h2><p>What the network promised against what came true. Points below"
        " the dashed line: too sure of itself. Gray: where its promises lie.</p>"
    )
    charts = calibration_charts(findings)
    yield f"<div class='grid2'>{''.join(_figure(chart) for chart in charts)}</div>"
    if findings.groups:
        yield "<h2>Kinds of positions</h2>"
    for heading, groups in findings.groups.items():
        titles = [heading, "positions", *(title for _, title, _, _ in _FIGURES)]
        yield _table(titles, [_group_row(name, means) for name, means in groups.items()])


def _group_row(name: str, means: Means) -> list[str]:
    """Return a group's line in its table."""
    count = next(iter(means.values())).count
    figures = [_with_error(means[figure], share) for figure, _, _, share in _FIGURES]
    return [escape(name), f"{count:,}", *figures]


def _with_error(mean: Mean, share: bool) -> str:
    """Return a mean and its error as HTML."""
    return f"{_value(mean.mean, share)} <small>± {_error(mean.error, share)}</small>"


def _boards(report: Report) -> Iterable[str]:
    """Yield the hardest positions."""
    legend = (
        "Discs: the network's first moves with their probabilities in percent, the likeliest"
        " blue. Red ring: the move played. Ring on a stone: the last move. One position of a game."
    )
    if report.moves:
        yield (
            "<h2>Most surprising moves</h2><p>The moves played that the network held for least"
            f" likely: its blind spots, or a player's slip. {legend}</p>"
        )
        yield f"<div class='grid3'>{''.join(map(_picture, report.moves))}</div>"
    if report.values:
        yield (
            "<h2>Surest of the wrong winner</h2><p>Where the value was most wrong: a misjudged"
            f" position, a later blunder, or a result recorded wrongly. {legend}</p>"
        )
        yield f"<div class='grid3'>{''.join(map(_picture, report.values))}</div>"


def _picture(picture: Picture) -> str:
    """Return one board with what there is to say of it."""
    first, share = picture.top[0]
    won = {True: "and won", False: "and lost", None: "nobody won"}[picture.won]
    mover = picture.to_play.capitalize()
    return (
        f"<figure>{picture.svg}<div class='under'><b>{mover} to play, move {picture.ply + 1}: "
        f"{picture.played}</b> at {_chance(picture.played_share)}; the network: {first} at "
        f"{_chance(share)}.<br>Winrate of {mover}: {100 * picture.winrate:.0f}%, {won}.<br>"
        f"{escape(picture.source)}</div></figure>"
    )


def _chance(share: float) -> str:
    """Return a probability in percent; none is ever nothing."""
    text = share_text(share)
    return "under 0.01%" if text == "0" else f"{text}%"


def _figure(chart: Chart, keys: bool = True) -> str:
    """Return a chart with its title and, where series have names, their colors."""
    named = [series for series in chart.series if series.name]
    legend = "".join(_key(s.name, s.color, s.style) for s in named) if keys else ""
    small = f"<small>{legend}</small>" if legend else ""
    caption = f"<figcaption>{escape(chart.title)}{small}</figcaption>"
    return f"<figure class='chart'>{caption}{draw_chart(chart)}</figure>"


def _key(name: str, color: int, style: str) -> str:
    """Return one entry of a legend."""
    return f"<span class='key c{color % PALETTE} {style}'><i>{escape(name)}</i></span>"


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells of rows are HTML already."""
    head = "".join(f"<th>{escape(title)}</th>" for title in titles)
    body = "".join(
        f"<tr><th>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>"
        for row in rows
    )
    return f"<div class='table'><table><tr>{head}</tr>{body}</table></div>"


def _value(number: float, share: bool) -> str:
    """Return a figure as text."""
    if math.isnan(number):
        return "–"
    return f"{100 * number:.1f}%" if share else f"{number:.3f}"


def _error(number: float, share: bool) -> str:
    """Return a standard error as text."""
    if math.isnan(number):
        return "?"
    return f"{100 * number:.1f}%" if share else f"{number:.3f}"
