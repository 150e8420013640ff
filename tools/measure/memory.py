"""Compares the memory that a run is said to need with the most that its trainer really had.

    python -m tools.measure.memory [--pictures 160]

In a home of its own. Each recipe is trained for one epoch by a fresh trainer, on random weights where the network's own are not here;
its peak is what Linux calls `VmHWM`: resident memory, the libraries' code included. Nothing else is measured, so others may work beside it.
"""

from __future__ import annotations

from pathlib import Path

import psutil

from flowerlab.recipe.recipe import Recipe
from flowerlab.system.cpu import machine_name
from flowerlab.system.processes import TRAINER
from tools.measure.harness import own_home, own_lab, parser, print_heading, print_row, trained

MINI, WIDE = "vgg16_mini", "vgg16"
# What the table calls it, and its knobs; C starts from the B above it.
RECIPES: tuple[tuple[str, dict[str, object]], ...] = (
    ("A at 150 px, batch 32", {"architecture": "handmade"}),
    ("A at 331 px, batch 64", {"architecture": "handmade", "image_size": 331, "batch_size": 64}),
    ("B of VGG16 mini", {"architecture": MINI, "unfreeze_from": "none"}),
    ("C of VGG16 mini", {"architecture": MINI, "unfreeze_from": "block4_conv3"}),
    ("B of VGG16", {"architecture": WIDE, "unfreeze_from": "none"}),
    ("C of VGG16", {"architecture": WIDE, "unfreeze_from": "block4_conv3"}),
    ("MobileNetV2, all layers", {"architecture": "mobilenet_v2", "unfreeze_from": "all"}),
    ("ResNet50, from conv5", {"architecture": "resnet50", "unfreeze_from": "conv5_block1_1_conv"}),
    ("EfficientNetV2-B0, from block 6", {"architecture": "efficientnet_v2_b0", "unfreeze_from": "block6a_expand_conv"}),
    ("VGG16, all layers, batch 16", {"architecture": WIDE, "unfreeze_from": "all", "batch_size": 16}),
    (
        "VGG16 mini, all layers, 224 px, batch 64",
        {"architecture": MINI, "unfreeze_from": "all", "image_size": 224, "batch_size": 64},
    ),
)


def main() -> None:
    """Trains each recipe and prints one line for it."""
    pictures = parser(__doc__, pictures=(160, "Of the garden; seven tenths train.")).parse_args().pictures
    print(f"{machine_name()}\n")
    print_heading("recipe", "estimate", "measured", "factor")
    with own_home() as home:
        for title, knobs in RECIPES:
            estimate, peak = measured(home, pictures, Recipe.parse({"epochs": 1, **knobs}))
            print_row(title, f"{estimate / 1e6:,.0f} MB", f"{peak / 1e6:,.0f} MB", f"{estimate / peak:.2f}")


def measured(home: Path, pictures: int, recipe: Recipe) -> tuple[float, float]:
    """Trains a recipe in a lab that is opened for it alone, so that its trainer has had no run before.

    Returns:
        The estimate and the trainer's peak, in bytes.
    """
    with own_lab(home, garden_pictures=pictures, refuse=False) as lab:
        if recipe.needs_pretrained and not lab.data.has_weights(recipe.architecture):
            recipe = recipe.changed(weights="none")
        estimate, peaks = lab.estimates.of(recipe).memory_bytes, [0.0]
        trained(lab, recipe, again=True, watch=lambda: peaks.append(_peak_of_trainers()))
        return estimate, max(peaks)


def _peak_of_trainers() -> float:
    """Returns the peak of the trainer that this process has started; 0 while there is none."""
    peaks = [0.0]
    for child in psutil.Process().children(recursive=True):
        try:
            if child.cmdline()[1 : 1 + len(TRAINER)] == TRAINER:
                status = Path(f"/proc/{child.pid}/status").read_text("ascii")
                peaks.append(1024.0 * int(status.split("VmHWM:")[1].split()[0]))
        except (psutil.Error, OSError, IndexError):
            continue
    return max(peaks)


if __name__ == "__main__":
    main()
