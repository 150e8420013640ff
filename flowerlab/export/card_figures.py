"""The figures of a run card: curves as inline SVG, the confusion matrix as a table that is shaded. Plain HTML, no scripts."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

from flowerlab.charts.live import live_sentence
from flowerlab.evaluation.metrics import average_figures, class_figures
from flowerlab.locale import _
from flowerlab.runs.history import History

WIDTH, HEIGHT = 560, 260
LEFT, RIGHT, TOP, BOTTOM = 54, 14, 14, 40
MOST_TICKS = 10
# A loss above the last is cut off.
LOSS_TOPS = (0.2, 0.4, 1.0, 2.0, 4.0, 10.0, 20.0, 40.0, 100.0)


def curve(history: History, measure: str) -> str:
    """Draws training and validation over the epochs.

    Args:
        history: Of the run, with at least one epoch.
        measure: `accuracy` or `loss`.
    """
    numbers = sorted(history.epochs)
    training = [float(getattr(history.epochs[number], measure)) for number in numbers]
    validation = [float(getattr(history.epochs[number], f"val_{measure}")) for number in numbers]
    highest = max(*training, *validation)
    top = 1.0 if measure == "accuracy" else next((step for step in LOSS_TOPS if step >= highest), LOSS_TOPS[-1])
    last = numbers[-1] + 1

    def x(number: int) -> float:
        share = 0.5 if last == 1 else number / (last - 1)
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(value: float) -> float:
        return TOP + (1 - min(value / top, 1.0)) * (HEIGHT - TOP - BOTTOM)

    parts = [_grid(x, y, top, last, measure)]
    for kind, values in (("training", training), ("validation", validation)):
        points = [(x(number), y(value)) for number, value in zip(numbers, values, strict=True)]
        joined = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
        parts.append(f'<polyline class="{kind}" points="{joined}"/>')
        if kind == "validation":
            parts += [f'<circle class="dot" cx="{across:.1f}" cy="{down:.1f}" r="3.5"/>' for across, down in points]
    best = history.best_epoch
    if best is not None:
        across, down = x(best), y(float(getattr(history.epochs[best], f"val_{measure}")))
        parts.append(f'<circle class="best" cx="{across:.1f}" cy="{down:.1f}" r="8"/>')
    sentence = html.escape(live_sentence(history, "accuracy" if measure == "accuracy" else "loss"))
    title = html.escape(_("Accuracy") if measure == "accuracy" else _("Loss"))
    legend = html.escape(_("thick with dots: validation; dashed: training; ring: the epoch that was kept"))
    return (
        f'<figure><figcaption><b>{title}</b> <span class="quiet">{legend}</span></figcaption>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{sentence}">{"".join(parts)}</svg>'
        f'<p class="quiet">{sentence}</p></figure>'
    )


def _grid(x: Callable[[int], float], y: Callable[[float], float], top: float, last: int, measure: str) -> str:
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        down = y(share * top)
        words = f"{share * top:.0%}".replace("%", " %") if measure == "accuracy" else f"{share * top:.2g}"
        parts.append(f'<line class="rule" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{down:.1f}" y2="{down:.1f}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{down + 4:.1f}" text-anchor="end">{words}</text>')
    step = max(1, -(-last // MOST_TICKS))
    parts += [
        f'<text x="{x(number):.1f}" y="{HEIGHT - 20}" text-anchor="middle">{number + 1}</text>' for number in range(0, last, step)
    ]
    middle = (LEFT + WIDTH - RIGHT) / 2
    parts.append(f'<text x="{middle:.0f}" y="{HEIGHT - 4}" text-anchor="middle">{html.escape(_("epoch"))}</text>')
    return "".join(parts)


def matrix_table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Draws a confusion matrix as a table: rows are the truth, columns the answers, shaded by the share of the row."""
    names = [html.escape(name) for name in classes]
    head = "".join(f'<th scope="col">{name}</th>' for name in names)
    rows = []
    for place, row in enumerate(matrix):
        total = max(1, sum(row))
        cells = "".join(
            f'<td class="{"right" if column == place else "wrong"}" style="--share:{count / total:.3f}">{count:,}</td>'
            for column, count in enumerate(row)
        )
        rows.append(f'<tr><th scope="row">{names[place]}</th>{cells}</tr>')
    caption = html.escape(_("Rows: what the photo shows. Columns: what the network called it. Numbers of test photos."))
    return (
        f'<div class="wide" tabindex="0"><table class="matrix"><caption>{caption}</caption><thead><tr><td></td>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def class_table(matrix: Sequence[Sequence[int]], classes: Sequence[str]) -> str:
    """Writes precision, recall and F1 of each class, and their mean."""
    figures = class_figures(matrix)
    named = [*zip(classes, figures, strict=True), (_("mean of the classes"), average_figures(figures, weighted=False))]
    rows = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td>{100 * one.precision:.1f} %</td><td>{100 * one.recall:.1f} %</td>'
        f"<td>{100 * one.f1:.1f} %</td><td>{one.photos:,}</td></tr>"
        for name, one in named
    )
    heads = (_("class"), _("precision"), _("recall"), _("F1"), _("photos"))
    head = "".join(f'<th scope="col">{html.escape(word)}</th>' for word in heads)
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
