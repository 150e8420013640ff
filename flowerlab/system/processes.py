"""Flowerlab's own processes: by what their command lines are known."""

from __future__ import annotations

TRAINER = ["-m", "flowerlab.trainer", "train"]
