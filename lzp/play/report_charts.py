"""The charts of a report: learning curves of runs, figures by ply, calibration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lzp.play.chart import Chart, Series, Style
from lzp.play.report import Report
from lzp.play.report_figures import Bin, Calibration, Findings, ply_width
from lzp.play.report_runs import Curve, Run

#: A line of more points than this looks the same.
_MOST_POINTS = 300
#: Training figures are means over this part of a run: single batches only scatter.
_SMOOTHED_PART = 0.025
#: And over as many points to either side at least.
_LEAST_REACH = 4


@dataclass(frozen=True, slots=True)
class _Panel:
    """One chart of learning curves.

    Attributes:
        title: of the chart.
        train: names under which the training figure may be logged, best first.
        val: likewise the validation figure.
        percent: the figure is a share.
    """

    title: str
    train: tuple[str, ...]
    val: tuple[str, ...]
    percent: bool = False


_PANELS = (
    _Panel("policy loss (nats)", ("train/policy_loss",), ("val/policy_loss",)),
    _Panel("top-1", ("train/policy_top1_step",), ("val/policy_top1",), percent=True),
    _Panel(
        "value MSE",
        ("train/value_mse_step", "train/value_loss"),
        ("val/value_mse", "val/value_loss"),
    ),
    _Panel("value accuracy", ("train/value_accuracy_step",), ("val/value_accuracy",), percent=True),
)


def all_charts(report: Report) -> list[Chart]:
    """Return every chart of a report, the learning curves first."""
    charts = learning_charts(report.runs, report.marks) if report.runs else []
    if report.findings is not None:
        charts += ply_charts(report.findings, report.side) + calibration_charts(report.findings)
    return charts


def learning_charts(runs: Sequence[Run], marks: Sequence[tuple[float, str]]) -> list[Chart]:
    """Return learning curves of runs over each other, and the learning rate.

    Args:
        runs: at least one; the horizontal axis counts samples if all say how many a step has.
        marks: steps of the first run to be marked, with their names.
    """
    counted = all(run.samples_per_step for run in runs)
    scales = [float(run.samples_per_step or 1) if counted else 1.0 for run in runs]
    label = "samples" if counted else "steps"
    placed = [(scales[0] * step, name) for step, name in marks]
    charts = [
        Chart(
            title=panel.title,
            x_label=label,
            series=[
                series
                for number, (run, scale) in enumerate(zip(runs, scales, strict=True))
                for series in _learning_series(panel, run, scale, (number, len(runs) == 1))
            ],
            percent=panel.percent,
            marks=placed,
        )
        for panel in _PANELS
    ]
    rates = [
        _rate_series(run, scale, number, len(runs) == 1)
        for number, (run, scale) in enumerate(zip(runs, scales, strict=True))
    ]
    charts.append(Chart(title="learning rate", x_label=label, series=rates, marks=placed))
    return [chart for chart in charts if not chart.is_empty]


def ply_charts(findings: Findings, side: int) -> list[Chart]:
    """Return the figures by ply."""
    bins, width = findings.by_ply, ply_width(side)

    def chart(title: str, names: Sequence[tuple[str, str]], percent: bool) -> Chart:
        series = [
            _bin_series(bins, figure, name, color, percent)
            for color, (figure, name) in enumerate(names)
        ]
        label = f"moves played before the position, in steps of {width}"
        return Chart(title=title, x_label=label, series=series, percent=percent)

    return [
        chart("moves foretold", [("policy_top1", "top-1"), ("policy_top5", "top-5")], True),
        chart("cross-entropy (nats)", [("policy_nats", "")], False),
        chart("value MSE (1 is no knowledge)", [("value_mse", "")], False),
        chart("winner named", [("value_accuracy", "")], True),
    ]


def calibration_charts(findings: Findings) -> list[Chart]:
    """Return what came of the value's and the policy's promises."""
    return [
        _reliability(findings.value, "value", "winrate promised to the side to move", "won"),
        _reliability(
            findings.policy, "policy", "probability of the network's first move", "played"
        ),
    ]


def smooth(curve: Curve) -> Curve:
    """Return the mean over a window around each point, and at most `_MOST_POINTS` of them."""
    count = len(curve.steps)
    half = max(_LEAST_REACH, int(_SMOOTHED_PART * count / 2))
    sums = [0.0]
    for number in curve.numbers:
        sums.append(sums[-1] + number)
    means = []
    for index in range(count):
        # As far to the left as to the right, so that the ends are not bent.
        reach = min(half, index, count - 1 - index)
        first, end = index - reach, index + reach + 1
        means.append((sums[end] - sums[first]) / (end - first))
    return thin(Curve(curve.steps, tuple(means)))


def thin(curve: Curve) -> Curve:
    """Return at most about `_MOST_POINTS` points of a curve, the last one among them."""
    stride = -(-len(curve.steps) // _MOST_POINTS)
    kept = range((len(curve.steps) - 1) % stride, len(curve.steps), stride) if stride else range(0)
    return Curve(
        tuple(curve.steps[index] for index in kept), tuple(curve.numbers[index] for index in kept)
    )


def _learning_series(
    panel: _Panel, run: Run, scale: float, place: tuple[int, bool]
) -> list[Series]:
    """Return a run's training and validation figure; `place` is its number and if it is alone."""
    number, alone = place
    series = []
    if (train := _first(run, panel.train)) is not None:
        name = "training" if alone else ""
        series.append(_line(smooth(train), scale, name, number, "pale"))
    if (val := _first(run, panel.val)) is not None:
        name = "validation" if alone else run.name
        series.append(_line(thin(val), scale, name, number, "points"))
    return series


def _rate_series(run: Run, scale: float, number: int, alone: bool) -> Series:
    """Return a run's learning rate, of its first parameters where there are several."""
    names = tuple(sorted(name for name in run.curves if name.startswith("lr-")))
    curve = _first(run, names) or Curve((), ())
    return _line(thin(curve), scale, "" if alone else run.name, number, "line")


def _first(run: Run, names: Sequence[str]) -> Curve | None:
    """Return the first of some figures that a run has logged."""
    return next((run.curves[name] for name in names if name in run.curves), None)


def _line(curve: Curve, scale: float, name: str, color: int, style: Style) -> Series:
    """Return a curve over samples, or over steps where `scale` is 1."""
    x = [scale * step for step in curve.steps]
    pairs = zip(curve.steps, curve.numbers, strict=True)
    notes = [f"{name} step {step:,}: {number:.4g}".strip() for step, number in pairs]
    return Series(name=name, x=x, y=curve.numbers, notes=notes, color=color, style=style)


def _bin_series(bins: Sequence[Bin], figure: str, name: str, color: int, percent: bool) -> Series:
    """Return one figure of bins, with its errors."""
    means = [part.means[figure] for part in bins]
    show: Callable[[float], str] = _percent if percent else _number
    notes = [
        f"around move {part.at:.0f}: {show(mean.mean)} ± {show(mean.error)}, "
        f"{mean.count:,} positions"
        for part, mean in zip(bins, means, strict=True)
    ]
    known = [index for index, mean in enumerate(means) if mean.count]
    return Series(
        name=name,
        x=[bins[index].at for index in known],
        y=[means[index].mean for index in known],
        errors=[means[index].error for index in known],
        notes=[notes[index] for index in known],
        color=color,
    )


def _reliability(found: Calibration, what: str, label: str, came_true: str) -> Chart:
    """Return a reliability diagram, with the share of positions in each bin as bars."""
    shares = [part.means["share"] for part in found.bins]
    total = sum(share.count for share in shares)
    at = [part.at for part in found.bins]
    notes = [
        f"promised {_percent(place)}: {_percent(share.mean)} ± {_percent(share.error)} "
        f"{came_true}, {share.count:,} positions"
        for place, share in zip(at, shares, strict=True)
    ]
    counts = Series(
        name="share of positions",
        x=at,
        y=[share.count / total for share in shares],
        notes=notes,
        color=7,
        style="bars",
    )
    points = Series(
        name=came_true,
        x=at,
        y=[share.mean for share in shares],
        errors=[share.error for share in shares],
        notes=notes,
    )
    return Chart(
        title=f"{what}: expected calibration error {_percent(found.error)}",
        x_label=label,
        series=[counts, points],
        percent=True,
        x_range=(0.0, 1.0),
        y_range=(0.0, 1.0),
        diagonal=True,
    )


def _percent(share: float) -> str:
    return f"{100 * share:.1f}%"


def _number(number: float) -> str:
    return f"{number:.3f}"
