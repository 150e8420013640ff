"""Finding a wanted run's figures, in the record or in the lab's store; or training it."""

from __future__ import annotations

from flowerlab.datasets.garden import DEFAULT_DIFFICULTY
from flowerlab.lab import Lab
from flowerlab.recipe.presets import PRESETS, preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run
from flowerlab.settings import Settings
from tools.results.record import Figures, Record
from tools.results.wanted import Wanted


class Labs:
    """The lab's home, opened once for every difficulty of the garden that is asked for.

    Args:
        record: Of all that was trained before, here or elsewhere.
    """

    def __init__(self, record: Record) -> None:
        self._settings = Settings.from_environment().model_copy(update={"starter": False, "warm_spare": False})
        self._labs: dict[float, Lab] = {}
        self._record = record

    def close(self) -> None:
        """Closes them all."""
        for lab in self._labs.values():
            lab.close()

    def find(self, wanted: Wanted) -> Figures | None:
        """Returns what a run came to, and records it; None if it was not trained yet."""
        found = self._record.find(wanted, self._materials(wanted))
        if found is not None:
            return found
        run = self._run(wanted)
        if run is None:
            return None
        figures = Figures.of(run)
        self._record.keep(wanted, self._materials(wanted), figures)
        return figures

    def train(self, wanted: Wanted) -> None:
        """Trains a run, and before it the one that it starts from, unless the store holds it; records its figures.

        Raises:
            SystemExit: If a run comes to no result.
        """
        self._trained(wanted)
        self.find(wanted)

    def _trained(self, wanted: Wanted) -> Run:
        found = self._run(wanted)
        if found is not None:
            return found
        if wanted.source is not None:
            self._trained(wanted.source)
        lab, recipe = self._lab(wanted, train=True), self._recipe(wanted)
        assert recipe is not None
        run = lab.queue.start(recipe, name=PRESETS[wanted.letter].run_name).run
        lab.queue.wait([run.id])
        ended = lab.store.get(run.id)
        if ended.result is None or ended.result.test_accuracy is None:
            raise SystemExit(f"{wanted}: {ended.state}. {ended.message}")
        return ended

    def _run(self, wanted: Wanted) -> Run | None:
        """Returns the finished run in the store; None if there is none."""
        lab, recipe = self._lab(wanted, train=False), self._recipe(wanted)
        found = None if recipe is None else lab.queue.equal_to(recipe)
        return found if found is not None and found.result is not None else None

    def _recipe(self, wanted: Wanted) -> Recipe | None:
        """Returns the recipe; None if the run that it starts from is not in the store."""
        source = None if wanted.source is None else self._run(wanted.source)
        if wanted.source is not None and source is None:
            return None
        return _recipe(wanted, start_from=None if source is None else source.id)

    def _materials(self, wanted: Wanted) -> str:
        """What its photos, and the weights that it or its source began with, stand for."""
        return self._lab(wanted, train=False).queue.materials(_recipe(wanted.source or wanted))

    def _lab(self, wanted: Wanted, *, train: bool) -> Lab:
        """Opens the home; one process owns its queue at a time, so that a lab that trains takes the place of the others."""
        key = DEFAULT_DIFFICULTY if wanted.difficulty is None else wanted.difficulty
        lab = self._labs.get(key)
        if lab is None or (train and not lab.owns_queue):
            if train:
                self.close()
                self._labs.clear()
            settings = self._settings.model_copy(update={"garden_difficulty": key})
            lab = self._labs[key] = Lab(settings, run_queue=train)
        return lab


def _recipe(wanted: Wanted, *, start_from: str | None = None) -> Recipe:
    shared = {"dataset": wanted.dataset, "split": wanted.split, "resize": wanted.resize, "seed": wanted.seed}
    return preset_recipe(wanted.letter, architecture=wanted.backbone or "vgg16_mini", start_from=start_from, shared=shared)
