"""What pages and the command line call: start, stop, list, watch, predict."""

from __future__ import annotations

import copy
import dataclasses
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.catalog import FOLDER_PREFIX
from flowerlab.datasets.gather import photos_identity
from flowerlab.datasets.import_folder import delete_folder
from flowerlab.datasets.photo_hashes import hashes_file
from flowerlab.datasets.prepared import delete_prepared
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.disk.janitor import Janitor
from flowerlab.disk.meter import Meter
from flowerlab.disk.retention import Cleaning, clean
from flowerlab.disk.trash import Trash
from flowerlab.engine import Engine, Sink
from flowerlab.engine.fake import FakeEngine
from flowerlab.engine.local import LocalEngine
from flowerlab.errors import BadInput, DiskFull, HomeReadOnly, NoRoom, RunFailed
from flowerlab.estimates.cost import Price
from flowerlab.estimates.estimator import PhotosHere, footprint_in, price_in
from flowerlab.estimates.footprint import Footprint
from flowerlab.estimates.limits import check_disk, check_room
from flowerlab.home import Home
from flowerlab.inference.embeddings import forget_embeddings
from flowerlab.inference.predictor import Predictor
from flowerlab.packs.starter import RUN_ID as STARTER_ID
from flowerlab.packs.starter import bring_starter
from flowerlab.photos.reading import resize_photo
from flowerlab.recipe.presets import LECTURE, PRESETS, name_of, preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.history import History
from flowerlab.runs.provenance import materials_of
from flowerlab.runs.resume import GoingOn, going_on, longer
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler.checks import check_fits, source_of
from flowerlab.scheduler.fairness import check_queue, in_turns
from flowerlab.scheduler.jobs import make_job
from flowerlab.scheduler.scheduler import Owner, queueing_lock
from flowerlab.settings import Settings
from flowerlab.store.history_reader import Reader
from flowerlab.store.opening import Opened, open_store, open_to_look
from flowerlab.system.locks import waiting_for
from flowerlab.tasks.convert_model import Converter
from flowerlab.tasks.download import Fetcher
from flowerlab.tasks.embed_photos import Embedder
from flowerlab.tasks.gather import Gatherer, Gathering
from flowerlab.tasks.hash_photos import Hasher


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
        student: Who asks for the runs that are started, see `flowerlab.scheduler.fairness`.

    Attributes:
        data: Which photos and weights are here.
        notices: What happened when it was opened and people should know, as sentences.
        look_only: Why nothing can be changed, as a sentence; empty if it can.

    Raises:
        HomeUnusable: If the home, or the store in it, can neither be used nor looked at.
    """

    def __init__(self, settings: Settings | None = None, *, own_queue: bool = True, student: str = "") -> None:
        self.settings = settings or Settings.from_environment()
        self.home = Home(self.settings.home.expanduser().resolve())
        self._opened = self._open()
        self.store, self.notices, self.look_only = self._opened.store, self._opened.notices, self._opened.look_only
        self.data = Availability(self.home, garden_of(self.settings))
        self.trash = Trash(self.home, self.store, self.check_changeable)
        self.predictor = Predictor(self.home, self.settings)
        self.embedder = Embedder(self.home, self.predictor)
        self.gatherer = Gatherer(self.home, self.settings)
        self.fetcher = Fetcher(self.gatherer)
        self.hasher = Hasher(self.home)
        self.meter = Meter(self)
        self.converter = Converter(self.home, self.settings)
        self._reader = Reader(self.store)
        if self.settings.starter and not self.look_only:
            # Lost with the list, it comes back whole; deleted by somebody, it does not.
            lost = self._opened.rebuilt is not None and STARTER_ID in self._opened.rebuilt.refused
            bring_starter(self.home, self.store, again=lost)
        if not self.look_only:
            self.trash.bring_into_line()
        self.student = student
        # Runs that were queued in the block of `queueing` that is open.
        self._group: list[str] | None = None
        owns = own_queue and not self.look_only
        self._owner = Owner(self.store, self.home, self.settings, self._make_engine, self._check_disk) if owns else None
        self._janitor = Janitor(self.clean, lambda: self.owns_queue) if owns else None

    def _open(self) -> Opened:
        """Opens the store; where nothing can be written, to be looked at."""
        try:
            self.home.create()
            return open_store(self.home)
        except (HomeReadOnly, DiskFull) as error:
            if not self.home.store.is_file():
                raise
            opened = open_to_look(self.home, str(error))
            # What would lie beside the store lies beside its copy.
            self.home = dataclasses.replace(self.home, own_logs=opened.scratch)
            return opened

    def used_by(self, student: str) -> Lab:
        """Returns this very lab as one student uses it: what is started with it, that student has asked for.

        Args:
            student: See `flowerlab.scheduler.fairness`.
        """
        lab = copy.copy(self)
        lab.student, lab._group = student, None
        return lab

    def _make_engine(self, sink: Sink) -> Engine:
        if self.settings.engine == "fake":
            return FakeEngine(sink)
        return LocalEngine(sink, self.home, self.settings)

    def close(self) -> None:
        """Ends all that this process started. Runs under way are left to the next owner of the home."""
        if self._janitor is not None:
            self._janitor.close()
        if self._owner is not None:
            self._owner.close()
        self.embedder.close()
        self.predictor.close()
        self.converter.close()
        self.fetcher.close()
        self.hasher.close()
        self.gatherer.close()
        self._opened.close()

    @property
    def owns_queue(self) -> bool:
        """Whether this process runs the queue."""
        return self._owner is not None and self._owner.owns

    @property
    def trouble(self) -> str:
        """What keeps the queue of this process from going on now, as a sentence; empty if nothing does."""
        return self._owner.trouble if self._owner is not None else ""

    def check_changeable(self) -> None:
        """Checks that more can be done here than to look.

        Raises:
            HomeReadOnly: If not.
        """
        if self.look_only:
            raise HomeReadOnly(self.look_only)

    # Starting and ending

    def start(self, recipe: Recipe, *, name: str | None = None, again: bool = False) -> Started:
        """Queues a run, unless an equal one is done, live or waiting.

        Args:
            recipe: What to train.
            name: For people; default: made from the recipe.
            again: Train even if an equal run is there.

        Raises:
            BadRecipe: If the run it starts from does not fit, or files it names are missing.
            HomeUnusable: If the list of runs takes none.
            NoRoom: If it needs more memory or disk than this machine can give.
            QueueFull: If as many runs wait as may.
        """
        self.check_changeable()
        recipe = self._settled(recipe)
        self.check(recipe)
        name, materials = name or name_of(recipe), self.materials(recipe)
        if not again and (equal := self.store.equal_to(recipe, materials=materials)) is not None:
            return Started(equal, existing=True)
        check_room(footprint_in(self, recipe), recipe, self.home, self.settings)
        asked: dict[str, Any] = {"materials": materials, "student": self.student, "admit": self._admit}
        if again:
            run, existing = self.store.add(recipe, name, **asked), False
        else:
            run, existing = self.store.add_unless_equal(recipe, name, **asked)
        if self._group is not None and not existing:
            self._group.append(run.id)
        self._wake()
        return Started(run, existing=existing)

    def _admit(self, waiting: list[Run]) -> None:
        check_queue(waiting, self.student, self.settings)

    def _wake(self) -> None:
        if self._owner is not None:
            self._owner.wake()

    def equal_to(self, recipe: Recipe) -> Run | None:
        """Returns the run that `start` would return instead of making a new one; None if it would make one."""
        recipe = self._settled(recipe)
        return self.store.equal_to(recipe, materials=self.materials(recipe))

    def price(self, recipe: Recipe, *, photos: PhotosHere | None = None, runs: Sequence[Run] | None = None) -> Price:
        """Estimates what a run would cost on this machine.

        Args:
            recipe: What would be trained.
            photos: Its photos, if they have been gathered; how many there are and of how many classes. None: looked up here.
            runs: All runs, newest first, if somebody has read them already.

        Raises:
            BadRecipe: If its photos, or the run that it goes on from, are not in this lab.
        """
        return price_in(self, self._settled(recipe), photos, runs)

    def refusal(self, recipe: Recipe, price: Price) -> str | None:
        """Says why a run would be refused: it needs more memory or disk than there is; None if it has room."""
        try:
            check_room(Footprint(price.memory_bytes, price.disk_bytes), recipe, self.home, self.settings)
        except NoRoom as error:
            return str(error)
        return None

    def _check_disk(self, recipe: Recipe) -> None:
        if self.settings.refuse:
            check_disk(footprint_in(self, self._settled(recipe)).disk_bytes, self.home, self.settings)

    def gather_with_features(self, recipe: Recipe) -> Gathering:
        """Begins to gather a recipe's photos and to compute the frozen features that it would train on.

        They are float32: any computer can use them, also where this one would compute in bfloat16.
        """
        settings = self.settings.model_copy(update={"precision": "float32"})
        job = make_job("0" * 12, 0, recipe, home=self.home, settings=settings, source=self.store.source)
        return self.gatherer.start(recipe.dataset, [job])

    def _settled(self, recipe: Recipe) -> Recipe:
        """Names the weights that a run which goes on from another really has: those with which that one began."""
        if recipe.start_from is None:
            return recipe
        source = source_of(self, recipe.start_from).recipe
        return recipe.changed(weights=source.weights) if source.architecture == recipe.architecture else recipe

    def materials(self, recipe: Recipe) -> str:
        """Returns what tells a recipe's photos and shipped weights from others of the same name."""
        photos = photos_identity(self.home, recipe.dataset, self.data.garden)
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
            architecture: The backbone of B, C and gently; None: the first of `Availability.backbones`.
            weights: Of the backbone; None: its pretrained ones.
            shared: Other knobs, equal for all.
            letters: Keys of `PRESETS`.
            again: Train even if equal runs are there.
        """
        architecture = architecture or self.data.backbones()[0]
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
        """Begins no run for the length of a block, so that runs which share features are known together.

        All runs that are started in it are queued, or, if the block fails, none.
        """
        if self._group is not None:
            yield
            return
        with waiting_for(queueing_lock(self.home), poll_s=0.02):
            self._group = []
            try:
                yield
            except BaseException:
                self.store.withdraw(self._group)
                raise
            finally:
                self._group = None
        self._wake()

    def stop(self, run_id: str) -> RunState:
        """Asks a run to stop and returns its state. While it is being tested: skips the test."""
        state = self.store.request_stop(run_id)
        self._wake()
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
        check_room(footprint_in(self, recipe), recipe, self.home, self.settings)
        self.store.go_on(run_id, recipe, patience_from=patience_from, student=self.student, admit=self._admit)
        self._wake()
        return self.store.get(run_id)

    def going_on(self, run: Run) -> GoingOn:
        """Returns how a run that is over can go on."""
        return going_on(run, self.home)

    def rename(self, run_id: str, name: str) -> None:
        """Gives a run another name."""
        self.store.rename(run_id, name)

    def delete(self, run_id: str) -> None:
        """Moves a run that no trainer has into the trash, with its model and predictions; see `flowerlab.disk.trash`.

        Raises:
            UnknownRun: If there is no such run.
            BadInput: If it is under way, or another run starts from it that waits or is under way.
        """
        self.trash.throw(run_id)
        self._reader.forget(run_id)
        forget_embeddings(self.home, run_id=run_id)

    def clean(self) -> Cleaning | None:
        """Does now what the cleaning rule says, see `flowerlab.disk.retention`; returns what that was, None if nothing."""
        return clean(self.home, self.store, self.trash, self.settings)

    def wait(self, run_ids: Sequence[str], *, watch: Callable[[], None] = lambda: None, every_s: float = 0.2) -> None:
        """Returns when all these runs are over; calls `watch` at every look."""
        while True:
            watch()
            if all(self.store.get(run_id).state.over for run_id in run_ids):
                return
            time.sleep(every_s)

    def bring_starter(self) -> bool:
        """Brings the starter classifier back where it was deleted; returns whether it did."""
        self.check_changeable()
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
        waiting = [other.id for other in in_turns(self.store.queued(), self.store.turns())]
        return (waiting.index(run.id) if run.id in waiting else 0) + len(self.store.live())

    def finished(self) -> list[Run]:
        """Returns the runs that have a model, newest first."""
        return [run for run in self.store.all() if run.result is not None and self.model_path(run).exists()]

    def model_path(self, run: Run) -> Path:
        """Returns where a run's model is, or will be."""
        return self.home.model(run.id)

    # Photos

    def delete_photos(self, dataset: str) -> None:
        """Removes an imported data set with all that was made of it. Runs that trained on it keep their models.

        Args:
            dataset: `folder:NAME`.

        Raises:
            BadInput: If a run trains on it or waits to.
            BadFolder: If there is none of this name.
        """
        self.check_changeable()
        needing = [run.name for run in self.store.unfinished() if run.recipe.dataset == dataset]
        if needing:
            raise BadInput(f"{needing[0]!r} trains on these photos or waits to. Stop that run first, or wait for its end.")
        gathered = self.data.originals(dataset)
        delete_folder(self.home.folders, dataset.removeprefix(FOLDER_PREFIX))
        if gathered is not None:
            delete_prepared(self.home, gathered.content)
            hashes_file(self.home, gathered.content).unlink(missing_ok=True)
            forget_embeddings(self.home, content=gathered.content)
            shutil.rmtree(gathered.folder)

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
        resized = (resize_photo(photo, recipe.image_size, recipe.resize) for photo in photos)
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
        check_fits(self, recipe, brings)
