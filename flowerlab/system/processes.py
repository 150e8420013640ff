"""Command lines of Flowerlab's own processes."""

from __future__ import annotations

TRAINER = ["-m", "flowerlab.trainer", "train"]
