"""A run and those that it starts from: the trainings that a program must repeat, in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flowerlab.datasets.catalog import dataset_source
from flowerlab.errors import BadInput
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.ancestry import ancestry
from flowerlab.runs.run import Run
from flowerlab.store import Store


@dataclass(frozen=True)
class Stage:
    """One training.

    Args:
        classes: Of its photos, in label order.
        cuts: (validation photos begin, training part ends): positions in the order in which the photos are cut. None: by the
            rule, because its photos are not known yet.
        folder: Of its photos, beside the program; of no use where they come from TensorFlow Datasets.
    """

    recipe: Recipe
    classes: tuple[str, ...]
    cuts: tuple[int, int] | None = None
    folder: str = "photos"

    @property
    def tfds_name(self) -> str | None:
        """Its data set's name in TensorFlow Datasets; None if its photos lie in a folder."""
        return tfds_name(self.recipe.dataset)

    @property
    def weights_file(self) -> str | None:
        """The file with starting weights that must lie beside the program; None if it needs none."""
        weights = self.recipe.weights
        if weights == "flowerlab":
            return f"{self.recipe.architecture}.npz"
        return weights.removeprefix("file:") if weights.startswith("file:") else None


def tfds_name(dataset: str) -> str | None:
    """Returns what TensorFlow Datasets calls a data set; None if its photos lie in a folder."""
    return dataset_source(dataset).tfds_name


def beside(stages: Sequence[Stage]) -> list[str]:
    """Returns what must lie beside the program: folders of photos, a file with weights; empty if it can stand alone."""
    folders = dict.fromkeys(f"{stage.folder}/" for stage in stages if stage.tfds_name is None)
    return [*folders, *([stages[0].weights_file] if stages[0].weights_file is not None else [])]


def chain_of(store: Store, run: Run) -> list[Run]:
    """Returns the runs from the first, which started from no other, to this one.

    Raises:
        BadInput: If a run on the way was deleted.
    """
    chain = list(ancestry(run, store.find))
    gone = chain[-1].recipe.start_from
    if gone is not None:
        raise BadInput(
            "The recipe cannot be written down whole: the run that it goes on from was deleted. Expected every run on the way. "
            f"Received: {gone}, which is gone. Train the recipe anew from a run that is here; its model can be taken home."
        )
    return chain[::-1]
