"""Compares what the price before the click says with what runs take, on a fixed list of recipes.

    python -m tools.checks.prices [--pictures 600]

In a home of its own, on a machine that does nothing else. The first run of each architecture is made first; then each recipe is
priced, trained and compared. Within a factor of 1.5 is what is promised; beyond it this ends with 1.
"""

from __future__ import annotations

import sys

from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from tools.measure.harness import own_lab, parser, print_heading, print_row, trained

PROMISED = 1.5
MINI, WIDE, SMALL = "vgg16_mini", "vgg16", "mobilenet_v2_035"
FIRST: tuple[dict[str, object], ...] = (
    {"architecture": "handmade", "epochs": 2},
    {"architecture": MINI, "unfreeze_from": "none", "epochs": 2},
    {"architecture": WIDE, "unfreeze_from": "none", "weights": "none", "image_size": 64, "epochs": 2},
    {"architecture": SMALL, "unfreeze_from": "none", "weights": "none", "epochs": 2},
)
RECIPES: tuple[dict[str, object], ...] = (
    {"architecture": "handmade", "epochs": 5},
    {"architecture": "handmade", "epochs": 3, "image_size": 96, "batch_size": 8},
    {"architecture": "handmade", "epochs": 2, "augment": "standard", "image_size": 200},
    # Without patience: the estimate is of all epochs.
    {"architecture": MINI, "unfreeze_from": "none", "epochs": 20, "patience": 20, "head": (128,)},
    {"architecture": MINI, "unfreeze_from": "block4_conv3", "epochs": 5},
    {"architecture": MINI, "unfreeze_from": "all", "epochs": 2, "image_size": 96},
    {"architecture": MINI, "unfreeze_from": "none", "epochs": 3, "augment": "flip"},
    {"architecture": MINI, "unfreeze_from": "none", "epochs": 5, "image_size": 224, "augment": "flip", "augment_views": 2},
    {"architecture": WIDE, "unfreeze_from": "none", "weights": "none", "epochs": 5, "image_size": 96},
    {"architecture": WIDE, "unfreeze_from": "block4_conv3", "weights": "none", "epochs": 2, "image_size": 64},
    {"architecture": SMALL, "unfreeze_from": "block_13_expand", "weights": "none", "epochs": 5},
    {"architecture": SMALL, "unfreeze_from": "none", "weights": "none", "epochs": 5, "image_size": 224},
)


def main() -> int:
    """Trains and prints one line a recipe; returns 1 if a price was wrong."""
    pictures = parser(__doc__, pictures=(600, "Of the garden.")).parse_args().pictures
    worst = 1.0
    with own_lab(garden_pictures=pictures, warm_spare=True) as lab:
        for knobs in FIRST:
            _seconds(lab, Recipe.parse(knobs))
        print_heading("recipe", "estimate", "took", "factor")
        for knobs in RECIPES:
            recipe = Recipe.parse(knobs)
            estimate = lab.estimates.of(recipe).seconds_total
            took = _seconds(lab, recipe)
            worst = max(worst, estimate / took, took / estimate)
            words = ", ".join(f"{name} {value}" for name, value in knobs.items())
            print_row(words, f"{estimate:.1f} s", f"{took:.1f} s", f"{estimate / took:.2f}")
    print(f"Largest factor: {worst:.2f}; promised is {PROMISED}.")
    return int(worst > PROMISED)


def _seconds(lab: Lab, recipe: Recipe) -> float:
    result = trained(lab, recipe).result
    assert result is not None
    return result.seconds


if __name__ == "__main__":
    sys.exit(main())
