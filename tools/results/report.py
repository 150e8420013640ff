"""The results as Markdown, as far as they have been measured."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from flowerlab.datasets.garden import DEFAULT_DIFFICULTY
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.recipe.presets import PRESETS
from tools.results.record import Figures
from tools.results.wanted import BACKBONES, DIFFICULTIES, LETTERS, SEEDS, Wanted, wanted

Find = Callable[[Wanted], Figures | None]
LECTURES_A = 0.559
TITLES = {"vgg16_mini": "VGG16 mini", "mobilenet_v2": "MobileNetV2 1.0"}
RESIZES = {"squash": "each photo squashed", "lecture": "padded to 442 × 1024, then squashed (the lecture)"}
SPLIT_WORDS = {"honest": "disjoint 30 %", "lecture": "overlapping first 30 %"}
# LECTURE.md, "The same recipes on the real photos": what was measured before Flowerlab was written.
EARLIER = {
    ("squash", "honest"): "55.9 % · 85.8 %",
    ("squash", "lecture"): "59.3 % · 98.6 %",
    ("lecture", "honest"): "51.4 % · 74.7 %",
    ("lecture", "lecture"): "55.7 % · 85.2 %",
}


def trained(find: Find, runs: Iterable[Wanted]) -> list[Figures]:
    """Returns what those of the runs came to that have been trained."""
    return [figures for one in runs if (figures := find(one)) is not None]


def mean_accuracy(figures: Sequence[Figures]) -> float:
    """Returns the mean test accuracy, 0..1."""
    return statistics.mean(one.test_accuracy for one in figures)


def written(figures: Sequence[Figures], expected: int) -> str:
    """Writes a mean accuracy, its interval, each seed's accuracy, and of how many runs if some are missing."""
    if not figures:
        return "not measured yet"
    mean = mean_accuracy(figures)
    # Every seed is tested on the same photos, so that more seeds do not make the interval narrower.
    low, high = accuracy_interval(mean, figures[0].test_photos)
    text = f"**{mean * 100:.1f} %** ({low * 100:.1f}–{high * 100:.1f})"
    if len(figures) > 1:
        text += ": " + ", ".join(f"{one.test_accuracy * 100:.1f}" for one in figures)
    return text if len(figures) == expected else f"{text}, {len(figures)} of {expected} runs"


def garden_section(find: Find) -> list[str]:
    """The four recipes on the garden."""
    lines = ["| recipe | test accuracy | parameters that train |", "| --- | --- | --- |"]
    means = {}
    for letter in LETTERS:
        runs = [wanted(letter, "garden", "vgg16_mini", seed=seed) for seed in SEEDS]
        done = trained(find, runs)
        if len(done) == len(SEEDS):
            means[letter] = mean_accuracy(done)
        counts = f"{done[0].trainable_parameters:,} of {done[0].total_parameters:,}" if done else ""
        lines.append(f"| {PRESETS[letter].heading} | {written(done, len(runs))} | {counts} |")
    if {"A", "B"} <= means.keys():
        lines += ["", f"B is {(means['B'] - means['A']) * 100:.1f} points above A."]
    return lines


def at_difficulty(find: Find, letter: str, difficulty: float) -> list[Figures]:
    """Returns what a recipe came to on the garden of a difficulty, once for each seed that was trained."""
    return trained(find, (wanted(letter, "garden", "vgg16_mini", seed=seed, difficulty=difficulty) for seed in SEEDS))


def difficulty_rows(find: Find) -> list[tuple[float, float | None, float | None]]:
    """Returns (difficulty, mean accuracy of A, of B); None where it was not measured."""
    rows = []
    for difficulty in DIFFICULTIES:
        both = [at_difficulty(find, letter, difficulty) for letter in "AB"]
        means = [mean_accuracy(done) if done else None for done in both]
        rows.append((difficulty, means[0], means[1]))
    return rows


def difficulty_section(find: Find, plot: str) -> list[str]:
    """A and B over the difficulty, and what follows for the default."""
    lines = ["| difficulty | A | B |", "| --- | --- | --- |"]
    for difficulty in DIFFICULTIES:
        cells = [written(at_difficulty(find, letter, difficulty), len(SEEDS)) for letter in "AB"]
        lines.append(f"| {difficulty:g} | {' | '.join(cells)} |")
    known = [(abs(a - LECTURES_A), difficulty) for difficulty, a, _ in difficulty_rows(find) if a is not None]
    if not known:
        return lines
    if all(len(at_difficulty(find, "A", difficulty)) == len(SEEDS) for difficulty in DIFFICULTIES):
        lines += [
            "",
            f"A comes nearest to {LECTURES_A * 100:.1f} % at {min(known)[1]:g}; the default is {DEFAULT_DIFFICULTY:g}. "
            "Three seeds of A may lie 9 points apart, so that its neighbours are hardly to be told from it.",
        ]
    else:
        lines += ["", f"Not all of it has been measured: the default of {DEFAULT_DIFFICULTY:g} is not yet the rule's."]
    return [*lines, "", f"![Test accuracy of A and B over the difficulty]({plot})"]


def photos_section(find: Find) -> list[str]:
    """The four recipes on tf_flowers."""
    lines = ["| recipe | backbone | disjoint 30 % (honest) | overlapping first 30 % (the lecture's leak) |", "| --- " * 4 + "|"]
    for letter in LETTERS:
        for backbone in BACKBONES if letter != "A" else ("",):
            cells = [
                written(
                    trained(find, (wanted(letter, "tf_flowers", backbone, seed=seed, split=split) for seed in SEEDS)), len(SEEDS)
                )
                for split in SPLIT_WORDS
            ]
            lines.append(f"| {PRESETS[letter].heading} | {TITLES.get(backbone, '')} | {' | '.join(cells)} |")
    return lines


def padding_section(find: Find) -> list[str]:
    """A and B on tf_flowers by resize and split."""
    lines = [
        "| resize | test split | A from scratch | B, MobileNetV2 1.0 | measured earlier, A · B |",
        "| --- | --- | --- | --- | --- |",
    ]
    seeds = SEEDS[:2]
    for resize, said in RESIZES.items():
        for split, words in SPLIT_WORDS.items():
            cells = [
                written(
                    trained(
                        find,
                        (wanted(letter, "tf_flowers", "mobilenet_v2", seed=seed, split=split, resize=resize) for seed in seeds),
                    ),
                    len(seeds),
                )
                for letter in "AB"
            ]
            lines.append(f"| {said} | {words} | {' | '.join(cells)} | {EARLIER[resize, split]} |")
    return [*lines, "| *the lecture says, with VGG16* | | *54 %* | *92 %* | |"]


def report(find: Find, runs: Sequence[Wanted], plot: str) -> str:
    """Writes docs/results.md."""
    done = [figures for one in runs if (figures := find(one)) is not None]
    days = sorted(datetime.fromtimestamp(figures.ended_s, tz=UTC).date() for figures in done)
    when = f"between {days[0]} and {days[-1]}" if days else "never"
    lines = [
        "# Results",
        "",
        "Made by",
        "",
        "    python -m tools.results",
        "",
        f"with runs made {when} on {os.cpu_count()} cores ({platform.machine()}): {len(done)} of {len(runs)} runs are there. "
        "A further call trains what is missing and nothing else. All at 150 px, 5 epochs, batches of 32, Adam at 0.001 (gently: "
        "0.00001); C and gently go on from B. Each figure is the test accuracy: the mean over seeds, its "
        "95 % interval (Wilson, on the test photos, which are the same for each seed), then each seed's.",
        "",
        "## The garden",
        "",
        f"3,670 pictures, honest split, difficulty {DEFAULT_DIFFICULTY:g}; B, C and gently with VGG16 mini.",
        "",
        *garden_section(find),
        "",
        "## How hard the garden is",
        "",
        "The default difficulty was to be the value at which A comes nearest to its honest accuracy on real photos as it was "
        f"measured before Flowerlab was written, {LECTURES_A * 100:.1f} %.",
        "",
        *difficulty_section(find, plot),
        "",
        "## tf_flowers",
        "",
        "The photos as far as they were at hand (1,097 test photos), squashed. VGG16 mini has seen the training photos before, "
        "without their labels; MobileNetV2 has ImageNet weights.",
        "",
        *photos_section(find),
        "",
        "## What the leak and the padding do",
        "",
        *padding_section(find),
        "",
        "The earlier figures are those of another program, one to three seeds; why they differ where they do (B, padded and "
        "overlapping, most of all) is not known. The overlapping split tests on photos that were trained on: it is there to show "
        "what that does, and is labelled as a leak wherever it can be chosen.",
        "",
    ]
    return "\n".join(lines)
