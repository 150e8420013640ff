"""The benchmark as Markdown, and its plot."""

from __future__ import annotations

import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import plotly.graph_objects as go

from tools import ROOT
from tools.bench.pairs import Pair
from tools.docs.figure_picture import save_figure

# (row, cases, the first one that was measured counts, letter of the plain side, letter of Flowerlab's, precision, what must be reached)
TARGETS = (
    ("A, nothing frozen", ("handmade",), "A", "A", "float32", 1.0),
    ("B, first time, float32", ("vgg16-b", "vgg16"), "B", "B", "float32", 4.5),
    ("B, first time, bfloat16", ("vgg16-b", "vgg16"), "B", "B", "bfloat16", 8.0),
    ("B, features at hand", ("vgg16-b", "vgg16"), "B", "B-again", "float32", 100.0),
    ("C, first time", ("vgg16",), "C", "C", "float32", 1.6),
    ("C, features at hand", ("vgg16",), "C", "C-again", "float32", 2.3),
)
# (row, case, letter) of what learns something: VGG16 and MobileNetV2 begin with random weights here, and learn little in five epochs.
SAME = (("A (handmade)", "handmade", "A"), ("B (vgg16_mini)", "vgg16_mini", "B"))
WORDS = {"B": "B, first time", "C": "C, first time", "B-again": "B, features at hand", "C-again": "C, features at hand"}
PRECISIONS = ("float32", "bfloat16")
# An interval that reaches further than so much says little: points of accuracy, as a share.
WIDE = 0.05
# Written by tools.checks.soak.
SOAKED = ROOT / "docs" / "benchmarks" / "soak.md"


@dataclass(frozen=True)
class Ratio:
    """How many times quicker Flowerlab was, pair by pair."""

    values: tuple[float, ...]

    def __str__(self) -> str:
        """Writes the median and the range."""
        if not self.values:
            return "not measured"
        low, high = min(self.values), max(self.values)
        return f"**{statistics.median(self.values):.3g}** ({low:.3g}–{high:.3g})"


def by_machine(pairs: Sequence[Pair]) -> list[tuple[str, list[Pair]]]:
    """Returns (machine, its pairs), the machine that was measured last first."""
    names = dict.fromkeys(pair["machine"] for pair in reversed(pairs))
    return [(name, [pair for pair in pairs if pair["machine"] == name]) for name in names]


def plot_of(machine: str) -> str:
    """Returns where a machine's plot lies, seen from docs."""
    return f"benchmarks/seconds-{re.sub('[^a-z0-9]+', '-', machine.lower()).strip('-')}.png"


def ratio(pairs: Sequence[Pair], case: str, plain: str, ours: str, precision: str) -> Ratio:
    """Returns plain Keras ÷ Flowerlab of a case's pairs."""
    return Ratio(
        tuple(
            pair["plain"][plain]["seconds"] / pair[precision][ours]["seconds"]
            for pair in pairs
            if pair["case"] == case and ours in pair.get(precision, {})
        )
    )


def median_of(pairs: Sequence[Pair], case: str, side: str, get: Callable[[Pair], float | None]) -> float | None:
    """Returns the median of something over a case's pairs; None if there is none."""
    values = [value for pair in pairs if pair["case"] == case and side in pair if (value := get(pair[side])) is not None]
    return statistics.median(values) if values else None


def seconds_of(letter: str) -> Callable[[Pair], float | None]:
    """Returns what reads the seconds of a recipe from a side."""
    return lambda side: float(side[letter]["seconds"]) if letter in side else None


def by_case(pairs: Sequence[Pair]) -> Iterator[tuple[str, list[Pair], list[str]]]:
    """Yields (case, its pairs, precisions that were measured in it)."""
    for case in dict.fromkeys(pair["case"] for pair in pairs):
        own = [pair for pair in pairs if pair["case"] == case]
        yield case, own, [name for name in PRECISIONS if any(name in pair for pair in own)]


def letters_of(own: Sequence[Pair], of_known: Iterable[str]) -> tuple[str, ...]:
    """Returns the recipes of a case: A, or those given for a known network."""
    return ("A",) if "A" in own[0]["plain"] else tuple(name for name in of_known if name[0] in own[0]["plain"])


def targets_table(pairs: Sequence[Pair]) -> list[str]:
    """What must be reached, and what was."""
    lines = ["| plain Keras ÷ Flowerlab | must be at least | median of pairs (range) | reached |", "| --- " * 4 + "|"]
    for words, cases, plain, ours, precision, least in TARGETS:
        case = measured_of(pairs, cases)
        found = ratio(pairs, case, plain, ours, precision)
        reached = "–" if not found.values else "yes" if statistics.median(found.values) >= least else "no"
        lines.append(f"| {words} ({case}) | {least:g} | {found} | {reached} |")
    case = measured_of(pairs, ("vgg16-b", "vgg16"))
    share = peak_share(pairs, case, "float32")
    told, reached = ("not measured", "–") if share is None else (f"**{share:.0%}**", "yes" if share >= 0.6 else "no")
    lines.append(f"| frozen pass, share of the measured matrix speed ({case}, float32) | 60 % | {told} | {reached} |")
    for words, case, letter in SAME:
        both = [pair for pair in pairs if pair["case"] == case]
        told, same = difference_of(*accuracies(both, letter, "float32")) if both else ("not measured", "–")
        lines.append(f"| {words}, points of accuracy, Flowerlab − plain Keras (95 %) | the same | {told} | {same} |")
    return lines


def accuracies(pairs: Sequence[Pair], letter: str, precision: str) -> tuple[list[float], list[float]]:
    """Returns the test accuracies of plain Keras and of Flowerlab, pair by pair."""
    return (
        [pair["plain"][letter]["test_accuracy"] for pair in pairs],
        [pair[precision][letter]["test_accuracy"] for pair in pairs],
    )


def measured_of(pairs: Sequence[Pair], cases: Sequence[str]) -> str:
    """Returns the first of these cases that has pairs; the first of all if none has."""
    names = {pair["case"] for pair in pairs}
    return next((case for case in cases if case in names), cases[0])


def peak_share(pairs: Sequence[Pair], case: str, precision: str) -> float | None:
    """Returns the share of the matrix speed that the frozen pass reached, the median over pairs."""
    return median_of(pairs, case, precision, lambda side: side["B"]["features_flops"] / side["peak_flops"])


def all_table(pairs: Sequence[Pair]) -> list[str]:
    """Every case: seconds of both sides, ratios, whole processes."""
    lines = [
        "| network, pictures | recipe | plain Keras | Flowerlab | ratio (range) | whole process: plain Keras | Flowerlab |",
        "| --- " * 7 + "|",
    ]
    for case, own, precisions in by_case(pairs):
        for precision in precisions:
            for letter in letters_of(own, WORDS):
                plain = median_of(own, case, "plain", seconds_of(letter[0]))
                ours = median_of(own, case, precision, seconds_of(letter))
                if ours is None:
                    continue
                words = WORDS.get(letter, letter) + ("" if letter == "A" else f", {precision}")
                lines.append(
                    f"| {case}, {own[0]['pictures']:,} ({own[0]['weights']}) | {words} | {plain:.1f} s | {ours:.1f} s | "
                    f"{ratio(own, case, letter[0], letter, precision)} | {whole_process(own, case, precision, letter)} |"
                )
    return lines


def whole_process(own: Sequence[Pair], case: str, precision: str, letter: str) -> str:
    """Returns the last two cells of a row: seconds of the whole processes that ran the recipe, import and saving included.

    Where one process ran B and then C, they stand in the row of C.
    """
    recipes = letters_of(own, "BC")
    if letter[0] != recipes[-1]:
        return "with C | with C"
    again = letter.endswith("-again")
    # Once one process of Flowerlab ran all recipes twice, and nobody can say which half took how long.
    alone = [pair for pair in own if f"{letter[0]}-again" not in pair[precision] or "again_whole_s" in pair[precision]]
    if not alone:
        return "not measured | not measured"
    plain = median_of(own, case, "plain", lambda side: side["whole_s"])
    ours = median_of(alone, case, precision, lambda side: side["again_whole_s" if again else "whole_s"])
    both = " (B and C)" if len(recipes) > 1 else ""
    return f"{plain:.1f} s{both} | {ours:.1f} s{both}"


def checking_note(pairs: Sequence[Pair]) -> list[str]:
    """Says how long the check of the saved model takes, which begins when the test accuracy is known."""
    told = []
    for case, own, precisions in by_case(pairs):
        seconds = median_of(own, case, precisions[0], lambda side: side.get("B", {}).get("seconds_checking"))
        if seconds is not None:
            told.append(f"{case} {seconds:.1f} s")
    if not told:
        return []
    return [
        "Not in the seconds, but in the whole processes: once the test accuracy is known, a run from kept features lets the saved model",
        f"answer 64 photos and keeps the largest difference ({', '.join(told)}, most of it tracing and the frozen layers).",
        "",
    ]


def old_pairs_note(pairs: Sequence[Pair]) -> list[str]:
    """Says in which pairs the process that had made the features used them again, as all once did."""
    warm = dict.fromkeys(
        pair["case"] for pair in pairs if "B-again" in pair.get("float32", {}) and "again_whole_s" not in pair["float32"]
    )
    if not warm:
        return []
    return [
        f"In the pairs of {', '.join(warm)} the features at hand were used by the very process that had made them, in which VGG16's",
        "trace may have been warm. In all others they are used by a process of their own, and so they are since.",
        "",
    ]


def accuracy_table(pairs: Sequence[Pair]) -> list[str]:
    """Test accuracies of both sides, and whether they agree."""
    lines = [
        "| network | recipe | plain Keras | Flowerlab | Flowerlab − plain Keras, points (95 %) | the same |",
        "| --- " * 6 + "|",
    ]
    for case, own, precisions in by_case(pairs):
        for precision in precisions:
            both = [pair for pair in own if precision in pair]
            for letter in letters_of(own, "BC"):
                plain, ours = accuracies(both, letter, precision)
                told, same = difference_of(plain, ours)
                lines.append(f"| {case} | {letter}, {precision} | {_seeds(plain)} | {_seeds(ours)} | {told} | {same} |")
    return lines


def seeded_note(pairs: Sequence[Pair]) -> list[str]:
    """Says which pairs' plain side was trained with a seed set, as all once were."""
    seeded = list(dict.fromkeys(pair["case"] for pair in pairs if pair["plain"].get("seeded", True)))
    if not seeded:
        return []
    return [
        f"In the pairs of {', '.join(seeded)} plain Keras was given a seed. Its `fit` then goes through the photos in the same order in",
        "every epoch, which costs it accuracy (see [decision 7](decisions/0007-speed.md)); the other pairs, and Flowerlab, take a new",
        "order each time.",
        "",
    ]


def difference_of(plain: Sequence[float], ours: Sequence[float]) -> tuple[str, str]:
    """Returns the mean difference of the pairs with its interval, in words, and whether that holds zero.

    Where it holds zero and so much more that it could hide a difference, "yes, but wide".

    The interval is Student's over the pairs' differences, n − 1 degrees of freedom: photos are the same on both sides, what
    differs from pair to pair is the seed.
    """
    from scipy.stats import t

    # One side gives its share in float32: what differs after the sixth place is no photo.
    differences = [round(b - a, 6) + 0.0 for a, b in zip(plain, ours, strict=True)]
    mean = statistics.mean(differences)
    if len(differences) < 2:
        return f"{mean * 100:+.1f}".replace("-", "−"), "–"
    half = float(t.ppf(0.975, len(differences) - 1)) * statistics.stdev(differences) / len(differences) ** 0.5
    told = f"{mean * 100:+.1f} ({(mean - half) * 100:+.1f} to {(mean + half) * 100:+.1f})".replace("-", "−")
    same = "yes" if half <= WIDE else "yes, but wide"
    return told, same if abs(mean) <= half else "no"


def _seeds(values: Sequence[float]) -> str:
    return f"{statistics.mean(values):.1%} ({', '.join(f'{value:.1%}' for value in values)})"


def report(pairs: Sequence[Pair]) -> str:
    """Writes the page that the pairs make."""
    return "\n".join(
        [
            "# Benchmarks",
            "",
            "Made by `make bench` (`python -m tools.bench`), which runs plain Keras and Flowerlab in turn and writes this page.",
            "",
            "Plain Keras is `tools/bench/plain_keras.py`: the lecture as one writes it, photos as float32 arrays in memory, `fit` over",
            "the whole network, batches of 32, Keras' own threads. 150 px, five epochs, pictures of the garden. Each side runs in a",
            "process of its own; with features at hand that is one that finds them on disk and nothing else warm. Seconds go from the",
            "decoded uint8 photos to the test accuracy, without import and saving; C's begin where B is there. Each machine has a",
            "section, the one that was measured last first.",
            "",
            *(line for machine, own in by_machine(pairs) for line in section(machine, own)),
            *(SOAKED.read_text(encoding="utf-8").splitlines() if SOAKED.exists() else []),
            "",
        ]
    )


def section(machine: str, pairs: Sequence[Pair]) -> list[str]:
    """Writes what one machine's pairs came to."""
    told = ", ".join(f"{case} {len(own)}" for case, own, _ in by_case(pairs))
    return [
        f"## {machine}",
        "",
        f"Pairs: {told}.",
        "",
        "### What must be reached",
        "",
        *targets_table(pairs),
        "",
        "A share above 100 % is reached where the library finds convolutions that need fewer operations than are counted.",
        "",
        f"![Seconds of plain Keras and of Flowerlab]({plot_of(machine)})",
        "",
        "### All of it",
        "",
        "Medians over pairs.",
        "",
        *all_table(pairs),
        "",
        *checking_note(pairs),
        *old_pairs_note(pairs),
        "### The same accuracy",
        "",
        "Mean over pairs, then each. The two sides draw other random numbers, so that single runs differ: the interval of the",
        "difference is Student's over the pairs, and the same means that it holds zero; one that reaches further than",
        "five points is called wide: it could hide much.",
        "",
        *accuracy_table(pairs),
        "",
        *seeded_note(pairs),
    ]


def draw(pairs: Sequence[Pair], file: Path) -> None:
    """Draws the seconds of both sides, in Chromium."""
    rows = []
    for case, own, _ in by_case(pairs):
        for letter in letters_of(own, WORDS):
            best = "bfloat16" if letter in own[0].get("bfloat16", {}) else "float32"
            plain = median_of(own, case, "plain", seconds_of(letter[0]))
            ours = median_of(own, case, best, seconds_of(letter))
            rows.append((f"{case}<br>{WORDS.get(letter, letter)}", plain, ours))
    figure = go.Figure()
    for place, (name, colour) in enumerate([("plain Keras", "#D55E00"), ("Flowerlab", "#0072B2")], start=1):
        values = [row[place] for row in rows]
        figure.add_bar(
            y=[row[0] for row in rows],
            x=values,
            name=name,
            orientation="h",
            marker_color=colour,
            text=[f"{value:.3g} s" for value in values],
            textposition="outside",
        )
    figure.update_layout(
        template="plotly_white",
        font={"size": 15},
        width=900,
        height=120 + 62 * len(rows),
        bargap=0.25,
        margin={"l": 170, "r": 20, "t": 60, "b": 60},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.0},
        xaxis={"title": "seconds, on a logarithmic scale", "type": "log", "dtick": 1, "range": [-0.5, 2.6]},
        yaxis={"autorange": "reversed"},
    )
    save_figure(figure, file)
