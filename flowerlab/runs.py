"""What pages and the command line call: start, stop, list, watch, predict."""

from __future__ import annotations

import functools
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.architectures import ARCHITECTURES
from flowerlab.architectures import architecture as find_architecture
from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX
from flowerlab.datasets.folder import delete_folder, describe
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import find_originals, originals_folder, photos_identity, tf_flowers_info
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.photo_hashes import hashes_file
from flowerlab.datasets.prepared import delete_prepared
from flowerlab.engine import Engine, Sink
from flowerlab.engine.fake import FakeEngine
from flowerlab.engine.fetcher import Fetcher
from flowerlab.engine.gatherer import Gatherer, Gathering
from flowerlab.engine.hasher import Hasher
from flowerlab.engine.local import LocalEngine
from flowerlab.engine.predictor import Predictor
from flowerlab.errors import BadInput, BadRecipe, RunFailed, UnknownRun
from flowerlab.going_on import GoingOn, going_on, longer
from flowerlab.history import History, Reader
from flowerlab.home import Home
from flowerlab.jobs import make_job
from flowerlab.materials import materials_of
from flowerlab.owner import Owner
from flowerlab.photos import resize_photo
from flowerlab.presets import LECTURE, PRESETS, name_of, preset_recipe
from flowerlab.price import Price, expected_photos, price_of
from flowerlab.recipe import Recipe
from flowerlab.run import Run, RunState
from flowerlab.settings import Settings
from flowerlab.starter import bring_starter
from flowerlab.store import Store
from flowerlab.weights import find_weights


@dataclass(frozen=True)
class Started:
    """What `Lab.start` did.

    Args:
        run: The run.
        existing: Whether it was there already: an equal recipe is not trained again unasked.
    """

    run: Run
    existing: bool


class Lab:
    """One home, opened. Each process that uses the lab has one.

    Args:
        settings: Default: from the environment.
        own_queue: Whether this process should run the queue when nobody else does.
    """

    def __init__(self, settings: Settings | None = None, *, own_queue: bool = True) -> None:
        self.settings = settings or Settings.from_environment()
        self.home = Home(self.settings.home.expanduser().resolve()).create()
        self.store = Store(self.home.store)
        self.predictor = Predictor(self.home, self.settings)
        self.gatherer = Gatherer(self.home, self.settings)
        self.fetcher = Fetcher(self.gatherer)
        self.hasher = Hasher(self.home)
        self._reader = Reader(self.store)
        if self.settings.starter:
            bring_starter(self.home, self.store)
        self._owner = Owner(self.store, self.home, self.settings, self._make_engine) if own_queue else None

    def _make_engine(self, sink: Sink) -> Engine:
        if self.settings.engine == "fake":
            return FakeEngine(sink)
        return LocalEngine(sink, self.home, self.settings)

    def close(self) -> None:
        """Ends all that this process started. Runs under way are left to the next owner of the home."""
        if self._owner is not None:
            self._owner.close()
        self.predictor.close()
        self.fetcher.close()
        self.hasher.close()
        self.gatherer.close()
        self.store.close()

    @property
    def owns_queue(self) -> bool:
        """Whether this process runs the queue."""
        return self._owner is not None and self._owner.owns

    # Starting and ending

    def start(self, recipe: Recipe, *, name: str | None = None, again: bool = False) -> Started:
        """Queues a run, unless an equal one is done, live or waiting.

        Args:
            recipe: What to train.
            name: For people; default: made from the recipe.
            again: Train even if an equal run is there.

        Raises:
            BadRecipe: If the run it starts from does not fit, or files it names are missing.
        """
        recipe = self._settled(recipe)
        self.check(recipe)
        name, materials = name or name_of(recipe), self.materials(recipe)
        if again:
            run, existing = self.store.add(recipe, name, materials=materials), False
        else:
            run, existing = self.store.add_unless_equal(recipe, name, materials=materials)
        if self._owner is not None:
            self._owner.wake()
        return Started(run, existing=existing)

    def equal_to(self, recipe: Recipe) -> Run | None:
        """Returns the run that `start` would return instead of making a new one; None if it would make one."""
        recipe = self._settled(recipe)
        return self.store.equal_to(recipe, materials=self.materials(recipe))

    def price(
        self,
        recipe: Recipe,
        *,
        photos: tuple[Originals | None, int, int] | None = None,
        runs: Sequence[Run] | None = None,
    ) -> Price:
        """Estimates what a run would cost on this machine.

        Args:
            recipe: What would be trained.
            photos: Its photos, if they have been gathered; how many there are and of how many classes. None: looked up here.
            runs: All runs, newest first, if somebody has read them already.

        Raises:
            BadRecipe: If its photos, or the run that it goes on from, are not in this lab.
        """
        recipe = self._settled(recipe)
        if photos is None:
            classes, originals = len(self.classes_of(recipe.dataset)), self.originals(recipe.dataset)
            photos = originals, self._count(recipe.dataset) if originals is None else len(originals), classes
        return price_of(
            recipe, home=self.home, settings=self.settings, originals=photos[0], count=photos[1], classes=photos[2],
            runs=self.store.all() if runs is None else runs, source=self.store.source,
        )  # fmt: skip

    def gather_with_features(self, recipe: Recipe) -> Gathering:
        """Begins to gather a recipe's photos and to compute the frozen features that it would train on.

        They are float32: any computer can use them, also where this one would compute in bfloat16.
        """
        settings = self.settings.model_copy(update={"precision": "float32"})
        job = make_job("0" * 12, 0, recipe, home=self.home, settings=settings, source=self.store.source)
        return self.gatherer.start(recipe.dataset, [job])

    def _count(self, dataset: str) -> int:
        if dataset in DATASETS:
            return expected_photos(dataset, self.settings.garden)
        return describe(self.home.folders / dataset.removeprefix(FOLDER_PREFIX)).photos

    def _settled(self, recipe: Recipe) -> Recipe:
        """Names the weights that a run which goes on from another really has: those with which that one began."""
        if recipe.start_from is None:
            return recipe
        source = self._source(recipe.start_from).recipe
        return recipe.changed(weights=source.weights) if source.architecture == recipe.architecture else recipe

    def materials(self, recipe: Recipe) -> str:
        """Returns what tells a recipe's photos and shipped weights from others of the same name."""
        photos = photos_identity(self.home, recipe.dataset, self.settings.garden)
        ships = recipe.weights == "flowerlab" and recipe.start_from is None
        return materials_of(photos, recipe.chosen if ships else None)

    def lecture(
        self,
        *,
        architecture: str | None = None,
        weights: str | None = None,
        shared: Mapping[str, Any] | None = None,
        letters: Sequence[str] = LECTURE,
        again: bool = False,
    ) -> dict[str, Started]:
        """Queues the lecture's runs; C and gently go on from B, which is queued with them if they need it.

        Args:
            architecture: The backbone of B, C and gently; None: the first of `backbones`.
            weights: Of the backbone; None: its pretrained ones.
            shared: Other knobs, equal for all.
            letters: Keys of `PRESETS`.
            again: Train even if equal runs are there.
        """
        architecture = architecture or self.backbones()[0]
        wanted = [letter for letter in PRESETS if letter in letters]
        if any(PRESETS[letter].goes_on_from and PRESETS[letter].goes_on_from not in wanted for letter in wanted):
            wanted = [letter for letter in PRESETS if letter in wanted or letter == "B"]
        # All recipes are checked before the first run is made: a bad knob changes nothing.
        for letter in wanted:
            self.check(preset_recipe(letter, architecture=architecture, weights=weights, shared=shared))
        started: dict[str, Started] = {}
        with self.queueing():
            for letter in wanted:
                source = PRESETS[letter].goes_on_from
                recipe = preset_recipe(
                    letter,
                    architecture=architecture,
                    weights=weights,
                    start_from=started[source].run.id if source else None,
                    shared=shared,
                )
                started[letter] = self.start(recipe, name=PRESETS[letter].run_name, again=again)
        return started

    @contextmanager
    def queueing(self) -> Iterator[None]:
        """Begins no run here for the length of a block, so that runs which share features are known together."""
        with self._owner.holding() if self._owner is not None else nullcontext():
            yield

    def stop(self, run_id: str) -> RunState:
        """Asks a run to stop and returns its state. While it is being tested: skips the test."""
        state = self.store.request_stop(run_id)
        if self._owner is not None:
            self._owner.wake()
        return state

    def go_on(self, run_id: str, *, epochs: int | None = None) -> Run:
        """Has a run that is over go on behind its last whole epoch, with its optimizer as it was; it keeps its model meanwhile.

        Args:
            run_id: Of the run.
            epochs: How many more to train; None: those of its recipe that are left.

        Raises:
            BadInput: If it cannot go on, or its photos or weights are no longer those that it was trained with.
        """
        run = self.store.get(run_id)
        recipe, patience_from = longer(run, self.home, epochs)
        self.check(recipe)
        if self.materials(recipe) != self.store.materials(run_id):
            raise BadInput(
                f"{run.name!r} cannot go on: the photos or weights that it was trained with have changed. Train its recipe again as "
                f"a new run. Received: {run.id}."
            )
        self.store.go_on(run_id, recipe, patience_from=patience_from)
        if self._owner is not None:
            self._owner.wake()
        return self.store.get(run_id)

    def going_on(self, run: Run) -> GoingOn:
        """Returns how a run that is over can go on."""
        return going_on(run, self.home)

    def rename(self, run_id: str, name: str) -> None:
        """Gives a run another name."""
        self.store.rename(run_id, name)

    def delete(self, run_id: str) -> None:
        """Removes a run that no trainer has, with its model and predictions.

        Raises:
            UnknownRun: If there is no such run.
            BadInput: If it is under way, or another run starts from it that waits or is under way.
        """
        self.store.delete(run_id)
        self._reader.forget(run_id)
        shutil.rmtree(self.home.run(run_id), ignore_errors=True)

    def wait(self, run_ids: Sequence[str], *, watch: Callable[[], None] = lambda: None, every_s: float = 0.2) -> None:
        """Returns when all these runs are over; calls `watch` at every look."""
        while True:
            watch()
            if all(self.store.get(run_id).state.over for run_id in run_ids):
                return
            time.sleep(every_s)

    def bring_starter(self) -> bool:
        """Brings the starter classifier back where it was deleted; returns whether it did."""
        return bring_starter(self.home, self.store, again=True)

    def finish_under_way(self) -> None:
        """Waits for a run that this process trains for somebody else; the rest of the queue is left to the next owner."""
        if self._owner is not None and self._owner.owns:
            self._owner.begin_no_more()
            self.wait([run.id for run in self.store.live()])

    # Reading

    def history(self, run_id: str) -> History:
        """Returns a run's curves and progress up to now."""
        return self._reader.history(run_id)

    def queue_place(self, run: Run) -> int:
        """Returns how many runs go before a waiting one (those under way included)."""
        waiting = [other.id for other in self.store.queued()]
        return (waiting.index(run.id) if run.id in waiting else 0) + len(self.store.live())

    def finished(self) -> list[Run]:
        """Returns the runs that have a model, newest first."""
        return [run for run in self.store.all() if run.result is not None and self.model_path(run).exists()]

    def model_path(self, run: Run) -> Path:
        """Returns where a run's model is, or will be."""
        return self.home.model(run.id)

    # Photos and weights

    def originals(self, dataset: str) -> Originals | None:
        """Returns a data set's photos if they have been gathered; else None."""
        folder = originals_folder(self.home, dataset, self.settings.garden)
        if folder is None or not (folder / "index.json").exists():
            return None
        return _cached_originals(
            self.home, dataset, self.settings.garden, folder, (folder / "index.json").stat().st_mtime_ns
        )

    def dataset_at_hand(self, dataset: str) -> bool:
        """Whether a run on this data set needs no network."""
        if dataset == "tf_flowers":
            return tf_flowers_info().exists() or self.originals(dataset) is not None
        return dataset in DATASETS or (self.home.folders / dataset.removeprefix(FOLDER_PREFIX)).is_dir()

    def classes_of(self, dataset: str) -> tuple[str, ...]:
        """Returns a data set's classes in label order.

        Raises:
            BadRecipe: If an own folder is not there.
        """
        if dataset in DATASETS:
            return DATASETS[dataset].classes
        folder = self.home.folders / dataset.removeprefix(FOLDER_PREFIX)
        if not folder.is_dir():
            raise BadRecipe(
                "dataset",
                "names photos that are not in this lab.",
                received=dataset,
                advice="Import them on the Data page.",
            )
        return describe(folder).classes

    def delete_photos(self, dataset: str) -> None:
        """Removes an imported data set with all that was made of it. Runs that trained on it keep their models.

        Args:
            dataset: `folder:NAME`.

        Raises:
            BadInput: If a run trains on it or waits to.
            BadFolder: If there is none of this name.
        """
        needing = [run.name for run in (*self.store.live(), *self.store.queued()) if run.recipe.dataset == dataset]
        if needing:
            raise BadInput(
                f"{needing[0]!r} trains on these photos or waits to. Stop that run first, or wait for its end."
            )
        gathered = self.originals(dataset)
        delete_folder(self.home.folders, dataset.removeprefix(FOLDER_PREFIX))
        if gathered is not None:
            delete_prepared(self.home, gathered.content)
            hashes_file(self.home, gathered.content).unlink(missing_ok=True)
            shutil.rmtree(gathered.folder)

    def weights_at_hand(self, architecture: str) -> bool:
        """Whether the pretrained weights of an architecture are on this machine (True for one that has none)."""
        chosen = find_architecture(architecture)
        return chosen.pretrained is None or find_weights(chosen) is not None

    def backbones(self) -> list[str]:
        """Returns the names of all networks that have something to fine-tune, the one to take first at the head.

        VGG16, the lecture's, leads if its weights are on this machine; else the first whose weights are here: VGG16 mini, which
        comes with Flowerlab.
        """
        known = [name for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None]
        return sorted(known, key=lambda name: not self.weights_at_hand(name))

    def at_hand(self, name: str) -> bool:
        """Whether a data set, or an architecture's weights, are on this machine."""
        return self.dataset_at_hand(name) if name in DATASETS else self.weights_at_hand(name)

    def predict(self, run: Run, photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Classifies photos with a finished run.

        Args:
            run: With a model.
            photos: uint8 (height, width, 3), RGB, of any size: they are resized as the run's training photos were.

        Returns:
            float32, (photos, classes), probabilities.

        Raises:
            RunFailed: If the run has no model.
            PredictorFailed: If the predictor does not answer.
        """
        if run.result is None or not self.model_path(run).exists():
            raise RunFailed(f"{run.name!r} has no model to classify with. Choose a run that is done.")
        recipe = run.recipe
        resized = np.stack([resize_photo(photo, recipe.image_size, recipe.resize) for photo in photos])
        return self.predictor.predict(self.model_path(run), resized)

    def warm_predictor(self, finished: Sequence[Run]) -> None:
        """Starts the process that classifies, and has it load the first of these runs' models, without waiting.

        Args:
            finished: As `finished` returns them.
        """
        if finished:
            size = finished[0].recipe.image_size
            self.predictor.warm(self.model_path(finished[0]), (size, size))
        else:
            self.predictor.warm()

    # Checks

    def check(self, recipe: Recipe, *, brings: Collection[str] = ()) -> None:
        """Checks that a recipe can be trained here: its photos and weights are in this lab, and its source fits.

        Args:
            recipe: To check.
            brings: `dataset` or `weights`, if that is not in this lab because it is still to be imported.

        Raises:
            BadRecipe: If a folder, a weights file or a run that it names is missing, or that run has no model, or another
                architecture, image size, head or classes.
        """
        if recipe.dataset.startswith(FOLDER_PREFIX) and "dataset" not in brings:
            self.classes_of(recipe.dataset)
        named = self.home.weights / recipe.weights.removeprefix("file:")
        if recipe.weights.startswith("file:") and "weights" not in brings and not named.is_file():
            raise BadRecipe(
                "weights",
                "names a file that is not in this lab.",
                received=recipe.weights,
                advice="Bring it with --weights PATH.",
            )
        if recipe.start_from is not None:
            source = self._source(recipe.start_from)
            self._check_source(recipe, source)
            if "dataset" not in brings:
                self._check_classes(recipe, source)

    def _source(self, run_id: str) -> Run:
        try:
            return self.store.get(run_id)
        except UnknownRun:
            raise BadRecipe("start_from", "names a run that is not there.", received=run_id) from None

    def _check_source(self, recipe: Recipe, source: Run) -> None:
        if source.state.over and source.result is None:
            raise BadRecipe("start_from", f"names {source.name!r}, which has no model.", received=recipe.start_from)
        for knob in ("architecture", "image_size", "head"):
            mine, theirs = getattr(recipe, knob), getattr(source.recipe, knob)
            if mine != theirs:
                raise BadRecipe(
                    knob, f"must be {theirs!r} as in {source.name!r}, the run that this one starts from.", received=mine
                )

    def _check_classes(self, recipe: Recipe, source: Run) -> None:
        # A finished run knows its classes, even if its photos were deleted since.
        theirs = source.result.classes if source.result is not None else self.classes_of(source.recipe.dataset)
        mine = self.classes_of(recipe.dataset)
        if mine != theirs:
            raise BadRecipe(
                "dataset",
                f"must have the classes of {source.name!r}, the run that this one starts from ({', '.join(theirs)}).",
                received=", ".join(mine),
            )


@functools.lru_cache(maxsize=8)
def _cached_originals(home: Home, dataset: str, garden: Garden, folder: Path, written_ns: int) -> Originals | None:
    """Opens a data set's index once for all viewers; the folder and its time of writing make the key change with it."""
    return find_originals(home, dataset, garden)
