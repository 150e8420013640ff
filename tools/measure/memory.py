"""Compares the memory that a run is said to need with the most that its trainer really had.

    python -m tools.measure.memory [--pictures 160]

In a home of its own. Each recipe is trained for one epoch by a fresh trainer, on random weights where the network's own are not here;
its peak is what Linux calls `VmHWM`: resident memory, the libraries' code included. Nothing else is measured, so others may work beside it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import psutil

from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from flowerlab.system.cpu import machine_name
from flowerlab.system.processes import TRAINER

MINI, WIDE = "vgg16_mini", "vgg16"
# What the table calls it, and its knobs; C goes on from the B above it.
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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=160, help="Of the garden; seven tenths train. Default: 160.")
    pictures = parser.parse_args().pictures
    print(f"{machine_name()}\n\n| recipe | estimate | measured | factor |\n| --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = Settings(home=Path(folder), garden_pictures=pictures, starter=False, warm_spare=False, refuse=False)
        for title, knobs in RECIPES:
            recipe = Recipe.parse({"epochs": 1, **knobs})
            estimate, peak = measured(settings, recipe)
            print(f"| {title} | {estimate / 1e6:,.0f} MB | {peak / 1e6:,.0f} MB | {estimate / peak:.2f} |", flush=True)


def measured(settings: Settings, recipe: Recipe) -> tuple[float, float]:
    """Trains a recipe in a lab that is opened for it alone, so that its trainer has had no run before.

    Returns:
        The estimate and the trainer's peak, in bytes.
    """
    lab = Lab(settings)
    try:
        if recipe.needs_pretrained and not lab.data.has_weights(recipe.architecture):
            recipe = recipe.changed(weights="none")
        estimate, run = lab.estimates.of(recipe).memory_bytes, lab.queue.start(recipe, again=True).run
        peak = 0.0
        while not (now := lab.store.get(run.id)).state.over:
            peak = max(peak, _peak_of_trainers())
            time.sleep(0.05)
        _check(now)
        return estimate, max(peak, _peak_of_trainers())
    finally:
        lab.close()


def _check(run: Run) -> None:
    if run.state is not RunState.DONE:
        raise SystemExit(f"{run.name} is {run.state}: {run.message}")


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
