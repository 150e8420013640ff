"""The lecture: its recipes A, B, C and C gently, queued together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flowerlab.lab import Lab
from flowerlab.recipe.presets import LECTURE, PRESETS, preset_recipe
from flowerlab.scheduler.queue import Started


def start_lecture(
    lab: Lab,
    *,
    architecture: str | None = None,
    weights: str | None = None,
    shared: Mapping[str, Any] | None = None,
    letters: Sequence[str] = LECTURE,
    again: bool = False,
    student: str = "",
) -> dict[str, Started]:
    """Queues the lecture's runs; C and gently start from B, which is queued with them if they need it.

    Args:
        architecture: The backbone of B, C and gently; None: the first of `Availability.backbones`.
        weights: Of the backbone; None: its pretrained ones.
        shared: Other knobs, equal for all.
        letters: Keys of `PRESETS`.

    Raises:
        BadRecipe: If a knob cannot have its value; then no run is queued.
    """
    architecture = architecture or lab.data.backbones()[0]
    wanted = [letter for letter in PRESETS if letter in letters]
    if any(PRESETS[letter].starts_from and PRESETS[letter].starts_from not in wanted for letter in wanted):
        wanted = [letter for letter in PRESETS if letter in wanted or letter == "B"]
    for letter in wanted:
        lab.queue.check(preset_recipe(letter, architecture=architecture, weights=weights, shared=shared))
    started: dict[str, Started] = {}
    with lab.queue.batch(student) as batch:
        for letter in wanted:
            source = PRESETS[letter].starts_from
            recipe = preset_recipe(
                letter,
                architecture=architecture,
                weights=weights,
                start_from=started[source].run.id if source else None,
                shared=shared,
            )
            started[letter] = batch.start(recipe, name=PRESETS[letter].run_name, again=again)
    return started
