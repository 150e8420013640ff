"""The missing seeds of a run: their price and their start."""

from __future__ import annotations

import re
from collections.abc import Iterable

from flowerlab.errors import BadRecipe
from flowerlab.estimates.cost import Estimate, seconds_together
from flowerlab.lab import Lab
from flowerlab.runs.ancestry import ancestry
from flowerlab.runs.run import Run

# What was put after the name of a run for its number, or by this module for its seed.
SUFFIX = re.compile(r"(, seed \d+)?( #\d+)?$")
LONGEST_NAME = 50


def seconds_of_seeds(lab: Lab, run: Run, seeds: Iterable[int]) -> float:
    """Estimates the seconds that `start_seeds` would cost; what is there already costs nothing. All runs are read once.

    Raises:
        BadRecipe: If a run that this one starts from is gone, or the photos are gone or are others now.
    """
    chain, estimates, everything = _chain(lab, run), list[Estimate](), lab.store.all()
    for seed in seeds:
        before: Run | None = None
        for link in chain:
            # As long as its own is missing, the price is that of starting from the one that is there.
            source = link.recipe.start_from if before is None else before.id
            recipe = link.recipe.changed(seed=seed, start_from=source)
            known = link is chain[0] or before is not None
            before = lab.queue.equal_to(recipe) if known else None
            if before is None:
                estimates.append(lab.estimates.of(recipe, runs=everything))
    return seconds_together(estimates)


def start_seeds(lab: Lab, run: Run, seeds: Iterable[int], *, student: str = "") -> list[Run]:
    """Queues a run's recipe with other seeds, and before each what it starts from; returns a run for each seed, new or found.

    Raises:
        BadRecipe: If a run that this one starts from is gone, or the photos are gone or are others now.
    """
    chain, last = _chain(lab, run), list[Run]()
    for link in chain:
        lab.queue.check(link.recipe)
    with lab.queue.batch(student) as batch:
        for seed in seeds:
            before: Run | None = None
            for link in chain:
                recipe = link.recipe.changed(seed=seed, start_from=before.id if before is not None else None)
                before = batch.start(recipe, name=seed_name(link.name, seed)).run
            assert before is not None
            last.append(before)
    return last


def seed_name(name: str, seed: int) -> str:
    """Returns a name for a run that repeats another with a new seed; `{number}` is left for the store to fill."""
    plain = SUFFIX.sub("", name).replace("{", "").replace("}", "")
    return f"{plain[:LONGEST_NAME]}, seed {seed} #{{number}}"


def _chain(lab: Lab, run: Run) -> list[Run]:
    """Returns the run and all that it starts from, the first one first."""
    chain = list(ancestry(run, lab.store.find))[::-1]
    gone = chain[0].recipe.start_from
    if gone is not None:
        raise BadRecipe(
            "start_from",
            f"of {chain[0].name!r} names a run that was deleted, so it cannot be repeated.",
            received=gone,
            advice="Train that first run again.",
        )
    for link in chain:
        if lab.queue.materials(link.recipe) != lab.store.materials(link.id):
            raise BadRecipe(
                "dataset",
                f"of {link.name!r}, or the weights it began with, are no longer what they were when it was trained, so "
                "that another seed would not be all that differs.",
                received=link.recipe.dataset,
                advice="Train it again, then repeat that run.",
            )
    return chain
