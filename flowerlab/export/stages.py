"""A run and those that it goes on from: the trainings that a script must repeat, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from flowerlab.errors import BadInput, UnknownRun
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.store import Store


@dataclass(frozen=True)
class Stage:
    """One training.

    Args:
        recipe: What is trained.
        classes: Of its photos, in label order.
        cuts: (validation photos begin, training part ends): positions in the order in which the photos are cut. None: by the
            rule, because its photos are not known yet.
        folder: Of its photos, beside the program.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    cuts: tuple[int, int] | None = None
    folder: str = "photos"


def chain_of(store: Store, run: Run) -> list[Run]:
    """Returns the runs from the first that began by itself to this one.

    Raises:
        BadInput: If a run on the way was deleted.
    """
    chain = [run]
    while (run_id := chain[0].recipe.start_from) is not None:
        try:
            chain.insert(0, store.get(run_id))
        except UnknownRun:
            raise BadInput(
                "The recipe cannot be written down whole: the run that it goes on from was deleted. Expected every run on the way. "
                f"Received: {run_id}, which is gone. Train the recipe anew from a run that is here; its model can be taken home."
            ) from None
    return chain
