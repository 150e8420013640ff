"""A sweep: a grid of runs that share their photos and frozen features, queued together."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.estimates.cost import seconds_together
from flowerlab.lab import Lab
from flowerlab.recipe.grid import GridPoint
from flowerlab.scheduler.queue import Started


def seconds_of_sweep(lab: Lab, points: Sequence[GridPoint]) -> float:
    """Checks all recipes of a grid and estimates the seconds that those of them take which are not there yet.

    Raises:
        BadRecipe: If one of them cannot be trained here.
    """
    for point in points:
        lab.queue.check(point.recipe)
    return seconds_together([lab.estimates.of(point.recipe) for point in points if lab.queue.equal_to(point.recipe) is None])


def start_sweep(lab: Lab, points: Sequence[GridPoint], *, again: bool = False, student: str = "") -> list[Started]:
    """Queues the runs of a grid, in its order; those that are there are found, not trained again unless `again`."""
    with lab.queue.batch(student) as batch:
        return [batch.start(point.recipe, name=point.name, again=again) for point in points]
