"""In which precision layers compute: by the settings, the network and the processor."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from flowerlab.architectures import Architecture
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Wish
from flowerlab.system.cpu import processor_flags

Precision = Literal["float32", "bfloat16"]
# What Linux calls the instructions for it.
FLAGS = {"avx512_bf16", "amx_bf16"}
NVIDIA = Path("/dev/nvidia0")


def frozen_precision(wish: Wish, chosen: Architecture) -> Precision:
    """Returns the precision of the pass through frozen layers.

    Args:
        wish: The setting; `auto`: bfloat16 where the processor has it and the network is quicker and near enough in it.
    """
    if wish != "auto":
        return wish
    return "bfloat16" if chosen.bfloat16 and (processor_has_bfloat16() or NVIDIA.exists()) else "float32"


def training_precision(wish: Wish, recipe: Recipe) -> Precision:
    """Returns the precision of what trains.

    Args:
        wish: The setting. `auto` is bfloat16 on a processor that has it, where layers of a network train of which it was shown that its
            accuracy stays the same; a head alone gains nothing.
    """
    if wish != "auto":
        return wish
    shown = recipe.chosen.trains_in_bfloat16 and recipe.unfreeze_from != "none"
    return "bfloat16" if shown and processor_has_bfloat16() else "float32"


def good_enough(wish: Wish, wanted: Precision) -> tuple[Precision, ...]:
    """Returns the precisions whose features serve if they are kept already, the best first: more digits than are needed do no harm."""
    return ("float32", "bfloat16") if wish == "auto" and wanted == "bfloat16" else (wanted,)


def processor_has_bfloat16() -> bool:
    """Whether the processor computes with bfloat16 itself; False where it does not tell (not Linux)."""
    return bool(FLAGS & (processor_flags() or set()))
