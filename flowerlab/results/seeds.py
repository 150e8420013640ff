"""Several seeds of one recipe: which runs they are, and what they come to together.

A run that starts from another is repeated whole: its source gets the new seed too. Otherwise all would begin with one and the same
head, and the spread would look smaller than chance makes it.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flowerlab.locale import _
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.ancestry import ancestry
from flowerlab.runs.provenance import Provenance
from flowerlab.runs.run import Run, RunState
from flowerlab.store import Store

WANTED = 3


@dataclass(frozen=True)
class Spread:
    """What several values come to together.

    Args:
        sd: Sample standard deviation (n − 1); 0 for one value.
        low, high: The smallest and the largest.
    """

    count: int
    mean: float
    sd: float
    low: float
    high: float


def spread(values: Sequence[float]) -> Spread:
    """Returns mean and spread of one value or more."""
    return Spread(
        count=len(values),
        mean=statistics.fmean(values),
        sd=statistics.stdev(values) if len(values) > 1 else 0.0,
        low=min(values),
        high=max(values),
    )


def spread_words(accuracies: Spread) -> str:
    """Writes accuracies (0..1) as `3 seeds: 85.1 % ± 1.2 (84.0–86.4)`: mean, standard deviation, smallest and largest."""
    return _("{count} seeds: {mean:.1f} % ± {sd:.1f} ({low:.1f}–{high:.1f})").format(
        count=accuracies.count,
        mean=100 * accuracies.mean,
        sd=100 * accuracies.sd,
        low=100 * accuracies.low,
        high=100 * accuracies.high,
    )


def families(store: Store, runs: Iterable[Run]) -> list[tuple[Run, ...]]:
    """Groups runs whose recipes are equal but for the seed, here and in the runs that they start from.

    Only whole runs (done) stand together: one that was stopped has another number of epochs. Of runs with equal seeds, which are
    equal runs, the first is taken.

    Returns:
        Tuples of one run or more, in the order of their first ones.
    """
    found: dict[str, dict[str, Run]] = {}
    for run in runs:
        family, seeds = _family(store, run)
        if run.state is not RunState.DONE:
            family, seeds = run.id, ""
        found.setdefault(family, {}).setdefault(seeds, run)
    return [tuple(members.values()) for members in found.values()]


def relatives(store: Store, run: Run, *, among: Sequence[Run] | None = None) -> list[Run]:
    """Returns all runs that are done, under way or waiting, and equal to this one but for the seed; the oldest first.

    This one is among them, if it is done itself.

    Args:
        among: All runs, newest first, if they have been read already.
    """
    bare = _bare(run.recipe)
    near = [
        other
        for other in reversed(store.all() if among is None else among)
        if (other.state is RunState.DONE or not other.state.over) and _bare(other.recipe) == bare
    ]
    own, _seeds = _family(store, run)
    by_seeds: dict[str, Run] = {}
    for other in near:
        family, seeds = _family(store, other)
        if family == own:
            by_seeds.setdefault(seeds, other)
    return list(by_seeds.values())


def missing_seeds(run: Run, others: Iterable[Run], *, wanted: int = WANTED) -> list[int]:
    """Returns the smallest seeds that are still to be trained so that there are as many as wanted, the run's own among them."""
    there = {run.recipe.seed, *(other.recipe.seed for other in others)}
    free = (seed for seed in range(wanted + len(there)) if seed not in there)
    return [next(free) for _number in range(wanted - len(there))]


def _bare(recipe: Recipe) -> tuple[Recipe, bool]:
    return recipe.model_copy(update={"seed": 0, "start_from": None}), recipe.start_from is not None


def _family(store: Store, run: Run) -> tuple[str, str]:
    """What a run shares with those that differ in seeds only, and its seeds, from that of the first run on."""
    links = list(ancestry(Provenance(run.recipe, store.materials(run.id)), store.source))
    shared: list[object] = [[link.recipe.model_dump(mode="json", exclude={"seed", "start_from"}), link.materials] for link in links]
    # A source that was deleted is known by its id alone.
    shared.append(links[-1].recipe.start_from)
    return json.dumps(shared, sort_keys=True), json.dumps([link.recipe.seed for link in reversed(links)])
