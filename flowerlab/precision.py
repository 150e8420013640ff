"""In which precision frozen layers compute: told by the setting, the network and the processor."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Literal

from flowerlab.architectures import Architecture
from flowerlab.kept_features import Precision

Wish = Literal["auto", "float32", "bfloat16"]
# What Linux calls the instructions for it.
FLAGS = ("avx512_bf16", "amx_bf16")
CPU_FILE = Path("/proc/cpuinfo")


def frozen_precision(wish: Wish, chosen: Architecture, *, accelerator: bool = False) -> Precision:
    """Returns the precision of the pass through frozen layers.

    Args:
        wish: The setting.
        chosen: The network: not every one is quicker and near enough in bfloat16.
        accelerator: Whether a GPU computes.
    """
    if wish != "auto":
        return wish
    return "bfloat16" if chosen.bfloat16 and (accelerator or processor_has_bfloat16()) else "float32"


@functools.cache
def processor_has_bfloat16() -> bool:
    """Whether the processor computes with bfloat16 itself; False where it does not tell (not Linux)."""
    try:
        flags = CPU_FILE.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return any(flag in flags for flag in FLAGS)
