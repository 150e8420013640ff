"""Trains the lecture's recipes in float32 and in bfloat16 with several seeds: is it quicker, and is the accuracy the same?

    python -m tools.measure.precisions [--seeds 5] [--pictures 3670] [--letters A C gently]

In a home of its own, on a machine that does nothing else. C and gently go on from a B of their own seed. The interval of the difference is
Student's over the seeds. Where it holds zero and the processor has bfloat16, `features.precision.training_precision` may choose it.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

from flowerlab.features.precision import Precision, processor_has_bfloat16
from flowerlab.lab import Lab
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings
from flowerlab.system.cpu import machine_name
from tools.bench.report import difference_of

PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16")
LETTERS = ("A", "C", "gently")


def measure(settings: Settings, seeds: int, letters: Sequence[str]) -> dict[tuple[str, Precision], list[tuple[float, float]]]:
    """Returns (test accuracy, seconds of training) of every seed, by letter and precision."""
    found: dict[tuple[str, Precision], list[tuple[float, float]]] = {}
    for seed in range(seeds):
        first = _trained(settings, preset_recipe("B", architecture="vgg16_mini", shared={"seed": seed}))
        for precision in PRECISIONS:
            asked = settings.model_copy(update={"training_precision": precision})
            for letter in letters:
                recipe = preset_recipe(letter, architecture="vgg16_mini", start_from=first[0], shared={"seed": seed})
                found.setdefault((letter, precision), []).append(_trained(asked, recipe)[1:])
    return found


def _trained(settings: Settings, recipe: Recipe) -> tuple[str, float, float]:
    lab = Lab(settings)
    try:
        run_id = lab.queue.start(recipe, again=True).run.id
        lab.queue.wait([run_id])
        result = lab.store.get(run_id).result
    finally:
        lab.close()
    assert result is not None
    assert result.test_accuracy is not None
    return run_id, result.test_accuracy, result.seconds_training


def main() -> None:
    """Measures and prints."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5, help="Default: 5.")
    parser.add_argument("--pictures", type=int, default=3670, help="Of the garden. Default: 3670.")
    parser.add_argument("--letters", nargs="+", choices=LETTERS, default=LETTERS, help="Default: all three.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(home=Path(folder), garden_pictures=arguments.pictures, starter=False, warm_spare=False)
        found = measure(settings, arguments.seeds, arguments.letters)
    emulated = "" if processor_has_bfloat16() else " It has no bfloat16: that is emulated, and its seconds say nothing."
    print(f"{machine_name()}; {arguments.seeds} seeds, {arguments.pictures:,} pictures.{emulated}\n")
    print(
        "| recipe | float32 | bfloat16 | bfloat16 − float32, points (95 %) | the same | float32 ÷ bfloat16, seconds |\n"
        + "| --- " * 6
        + "|"
    )
    for letter in arguments.letters:
        (wide, narrow) = (list(zip(*found[letter, precision], strict=True)) for precision in PRECISIONS)
        told, same = difference_of(wide[0], narrow[0])
        means = " | ".join(f"{statistics.mean(side[0]):.1%}" for side in (wide, narrow))
        print(f"| {letter} | {means} | {told} | {same} | {statistics.mean(wide[1]) / statistics.mean(narrow[1]):.2f} |")


if __name__ == "__main__":
    main()
