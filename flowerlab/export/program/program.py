"""The program of a run: its stages with the photos as they are here, and what must lie beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flowerlab.architectures.pretrained import find_weights
from flowerlab.datasets.availability import Availability
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.splits import make_split
from flowerlab.errors import BadRecipe, DatasetNotAtHand, WeightsNotAtHand
from flowerlab.export.photo_files import photo_files
from flowerlab.export.program.script import code
from flowerlab.export.program.stages import Stage, beside, chain_of, tfds_name
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.provenance import photos_in
from flowerlab.runs.run import Run
from flowerlab.system.progress import Progress


@dataclass(frozen=True)
class Program:
    """What rebuilds a recipe.

    Args:
        photos: (folder, data set, photos) of each data set that must lie beside it; None for photos that are no longer here.
        weights: (name, file) of the starting weights that must lie beside it; None if it needs none.
    """

    name: str
    stages: tuple[Stage, ...]
    photos: tuple[tuple[str, str, Originals | None], ...]
    weights: tuple[str, Path] | None
    remark: str

    @property
    def beside(self) -> tuple[str, ...]:
        """What must lie beside it; empty if it can stand alone."""
        return tuple(beside(self.stages))

    def check_companions(self) -> None:
        """Checks that all that must lie beside it is here.

        Raises:
            DatasetNotAtHand: If its photos are not.
            WeightsNotAtHand: If its starting weights are not.
        """
        for _folder, dataset, originals in self.photos:
            if originals is None:
                raise DatasetNotAtHand(
                    f"The photos that it was trained with are no longer here. Expected those of {dataset}. Received: none, or others "
                    "of that name. Take the script or notebook alone, and bring the photos from where the run was trained."
                )
        if self.weights is not None and not self.weights[1].is_file():
            raise WeightsNotAtHand(
                f"The weights that it begins with are no longer here. Expected the file {self.weights[0]}. Received: none. Take the "
                "script or notebook alone."
            )

    def companions(self, progress: Progress) -> Iterator[tuple[str, bytes | Path]]:
        """Yields what must lie beside it, as (path, content or the file that has it)."""
        if self.weights is not None:
            yield self.weights
        for folder, dataset, originals in self.photos:
            if originals is None:
                continue
            for done, file in enumerate(photo_files(originals, dataset, folder)):
                progress("Packing photos", done, len(originals))
                yield file


def program_of_run(lab: Lab, run: Run) -> Program:
    """Returns the program that rebuilds a run, from the first run on its way.

    Raises:
        BadInput: If a run on its way was deleted.
    """
    chain = chain_of(lab.store, run)
    classes = run.result.classes if run.result is not None else lab.data.classes_of(run.recipe.dataset)
    found = [_photos_of(lab, one) for one in chain]
    stages = _stages([one.recipe for one in chain], classes, found)
    photos = {
        stage.folder: (stage.folder, stage.recipe.dataset, originals)
        for stage, originals in zip(stages, found, strict=True)
        if stage.tfds_name is None
    }
    return Program(run.name, stages, tuple(photos.values()), _weights(lab, stages[0]), run.message)


def recipe_code(data: Availability, recipes: Sequence[Recipe]) -> str:
    """Returns the code of a recipe that was not trained, without its introduction; the photos are cut by the rule.

    Args:
        recipes: From the first training to the last.

    Raises:
        BadRecipe: If its photos are not in this lab.
    """
    return code(_stages(recipes, data.classes_of(recipes[-1].dataset), [None] * len(recipes)), wrapped=False)


def _stages(recipes: Sequence[Recipe], classes: tuple[str, ...], photos: Sequence[Originals | None]) -> tuple[Stage, ...]:
    """Returns the stages; the folder of each data set that comes as one is `photos`, or `photos-2` if a later stage has another."""
    own = [name for name in dict.fromkeys(recipe.dataset for recipe in recipes) if tfds_name(name) is None]
    folders = {name: f"photos-{number}" if number > 1 else "photos" for number, name in enumerate(own, start=1)}
    return tuple(
        Stage(recipe, classes, _cuts(originals, recipe), folders.get(recipe.dataset, ""))
        for recipe, originals in zip(recipes, photos, strict=True)
    )


def _photos_of(lab: Lab, run: Run) -> Originals | None:
    """Returns the photos that a run was trained with; None if they are not here, or others have their name now."""
    dataset = run.recipe.dataset
    now = lab.data.identity(dataset)
    return lab.data.originals(dataset) if photos_in(lab.store.materials(run.id)) in ("", now) else None


def _cuts(originals: Originals | None, recipe: Recipe) -> tuple[int, int] | None:
    """Returns where the lab cuts these photos, if that is not where the rule alone would: identical photos stay together."""
    if originals is None:
        return None
    rule = make_split(len(originals), split=recipe.split, validation_fraction=recipe.validation_fraction)
    _order, parts = parts_of(originals, recipe.dataset, split=recipe.split, validation_fraction=recipe.validation_fraction)
    same = len(rule.train) == len(parts.train) and len(rule.validation) == len(parts.validation)
    return None if same else (len(parts.train), len(parts.train) + len(parts.validation))


def _weights(lab: Lab, stage: Stage) -> tuple[str, Path] | None:
    file, recipe = stage.weights_file, stage.recipe
    if file is None:
        return None
    if recipe.weights != recipe.chosen.pretrained:
        return file, lab.home.weights / file
    found = find_weights(recipe.chosen)
    if found is None:
        raise BadRecipe("weights", "are missing: they come with Flowerlab. Install it anew.", received=recipe.weights)
    return file, found
