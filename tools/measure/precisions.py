"""Trains the lecture's recipes in float32 and in bfloat16 with several seeds: is it quicker, and is the accuracy the same?

    python -m tools.measure.precisions [--seeds 5] [--pictures 3670] [--letters A C gently]

In a home of its own, on a machine that does nothing else. C and gently start from a B of their own seed. The interval of the difference is
Student's over the seeds. Where it holds zero and the processor has bfloat16, `features.precision.training_precision` may choose it.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from pathlib import Path

from flowerlab.features.precision import Precision, processor_has_bfloat16
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.settings import Wish
from flowerlab.system.cpu import machine_name
from tools.bench.report import difference_of
from tools.measure.harness import own_home, own_lab, parser, print_heading, print_row, trained

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
LETTERS = ("A", "C", "gently")


def measure(
    home: Path, pictures: int, seeds: int, letters: Sequence[str]
) -> dict[tuple[str, Precision], list[tuple[float, float]]]:
    """Returns (test accuracy, seconds of training) of every seed, by letter and precision."""

    def train(recipe: Recipe, precision: Wish) -> Run:
        with own_lab(home, garden_pictures=pictures, training_precision=precision) as lab:
            return trained(lab, recipe, again=True)

    found: dict[tuple[str, Precision], list[tuple[float, float]]] = {}
    for seed in range(seeds):
        shared = {"seed": seed}
        first = train(preset_recipe("B", architecture="vgg16_mini", shared=shared), "auto")
        for precision in PRECISIONS:
            for letter in letters:
                recipe = preset_recipe(letter, architecture="vgg16_mini", start_from=first.id, shared=shared)
                result = train(recipe, precision).result
                assert result is not None
                assert result.test_accuracy is not None
                found.setdefault((letter, precision), []).append((result.test_accuracy, result.seconds_training))
    return found


def main() -> None:
    """Measures and prints."""
    options = parser(__doc__, seeds=(5, "Of each recipe."), pictures=(3670, "Of the garden."))
    options.add_argument("--letters", nargs="+", choices=LETTERS, default=LETTERS, help="Default: all three.")
    arguments = options.parse_args()
    with own_home() as home:
        found = measure(home, arguments.pictures, arguments.seeds, arguments.letters)
    emulated = "" if processor_has_bfloat16() else " It has no bfloat16: that is emulated, and its seconds say nothing."
    print(f"{machine_name()}; {arguments.seeds} seeds, {arguments.pictures:,} pictures.{emulated}\n")
    points = "bfloat16 − float32, points (95 %)"
    print_heading("recipe", "float32", "bfloat16", points, "the same", "float32 ÷ bfloat16, seconds")
    for letter in arguments.letters:
        (wide, narrow) = (list(zip(*found[letter, precision], strict=True)) for precision in PRECISIONS)
        difference, same = difference_of(wide[0], narrow[0])
        means = [f"{statistics.mean(side[0]):.1%}" for side in (wide, narrow)]
        print_row(letter, *means, difference, same, f"{statistics.mean(wide[1]) / statistics.mean(narrow[1]):.2f}")


if __name__ == "__main__":
    main()
