"""What an attempt trains with, made ready: photos, network, frozen features."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import keras
from numpy.typing import NDArray

from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.datasets.splits import Split
from flowerlab.engine.protocol import Job
from flowerlab.errors import BadRecipe
from flowerlab.features.eviction import CacheFull
from flowerlab.features.precision import Precision, training_precision
from flowerlab.home import Home
from flowerlab.recipe.workload import wanted_way
from flowerlab.system.progress import Progress
from flowerlab.trainer.features import Computed, FrozenPart
from flowerlab.trainer.frozen_pass import Views
from flowerlab.trainer.model_pool import ModelPool
from flowerlab.trainer.networks import Network, build
from flowerlab.trainer.starting_weights import load_starting_weights
from flowerlab.trainer.tfds import read_tfds

POOL = ModelPool()
LOG = logging.getLogger(__name__)


class Stopwatch:
    """Adds up the seconds that an attempt spends on its steps: photos, features, saving, checking."""

    def __init__(self) -> None:
        self._began_s = time.monotonic()
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def on(self, step: str) -> Iterator[None]:
        """Counts the length of a block as a step's."""
        began_s = time.monotonic()
        try:
            yield
        finally:
            self.seconds[step] += time.monotonic() - began_s

    @property
    def total(self) -> float:
        """Seconds since the attempt began."""
        return time.monotonic() - self._began_s


@dataclass
class Setup:
    """What an attempt trains with.

    Args:
        features: Of the photos, what its frozen layers make of them; None if every photo goes through all layers in every epoch.
        copies: The same of changed copies of the training photos; None if there are none.
        precision: In which the photos went through the frozen layers.
        on_the_way: Passes made for runs that wait, see `FrozenPart.keep_on_the_way`.
    """

    job: Job
    prepared: Prepared
    split: Split
    network: Network
    watch: Stopwatch
    features: Computed | None = None
    copies: Computed | None = None
    precision: Precision = "float32"
    on_the_way: list[tuple[int, int]] = field(default_factory=list)

    @property
    def trained(self) -> keras.Model:
        """What learns: inputs → probabilities."""
        model = self.network.model if self.features is None else self.network.rest
        assert model is not None
        return model

    @property
    def inputs(self) -> NDArray[Any]:
        """What it learns from: features, or photos; (n, …), memory-mapped."""
        return self.prepared.photos if self.features is None else self.features.features

    @property
    def features_reused(self) -> bool | None:
        """Whether all features were there before; None if it trains without."""
        if self.features is None:
            return None
        return self.features.reused and (self.copies is None or self.copies.reused)


def make_setup(job: Job, home: Home, progress: Progress, stack: ExitStack) -> Setup:
    """Gathers and resizes the photos, builds the network, computes frozen features.

    Args:
        progress: Called with (step, done, total); may raise to give up.
        stack: Ends with the run; holds the features until then.
    """
    # One process serves many runs: each begins as if it were the first.
    keras.utils.clear_session(free_memory=True)
    recipe, settings, watch = job.recipe, job.settings, Stopwatch()
    with watch.on("photos"):
        originals = gather(home, recipe.dataset, settings.garden, progress=progress, read_tfds=read_tfds)
        prepared = prepare(home, originals, recipe.dataset, image_size=recipe.image_size, resize=recipe.resize, progress=progress)
        split = prepared.split(recipe.split, recipe.validation_fraction)
        if not (len(split.train) and len(split.validation) and len(split.test)):
            raise BadRecipe("dataset", "has too few photos for a training, a validation and a test part.", received=recipe.dataset)
    progress("Building the network", 0, 0)
    keras.utils.set_random_seed(recipe.seed)
    network = build(recipe, len(prepared.classes))
    load_starting_weights(network, recipe, home, progress)
    precision = training_precision(settings.training_precision, recipe)
    setup = Setup(job, prepared, split, POOL.exchange(network, recipe, len(prepared.classes), precision), watch)
    if settings.features != "off" and wanted_way(recipe) != "plain":
        with watch.on("features"):
            _use_features(setup, home, progress, stack)
    return setup


def _use_features(setup: Setup, home: Home, progress: Progress, stack: ExitStack) -> None:
    """Lets the photos go through the frozen layers once; where that cannot be, the run trains the plain way, and says why."""
    recipe = setup.job.recipe
    part = FrozenPart(home, setup.job, setup.prepared, setup.network, stack)
    views = Views(recipe.augment, recipe.seed, recipe.augment_views, setup.split.train) if recipe.augment_views else None
    try:
        if views is not None:
            part.check_room(views)
        setup.on_the_way = part.keep_on_the_way(setup.job.also_keep, progress)
        features = part.features(progress)
        setup.copies = None if views is None else part.features(progress, views)
    except (OSError, CacheFull) as error:
        LOG.warning("The features cannot be kept (%s): every photo goes through all layers in every epoch.", error)
        return
    setup.features, setup.precision = features, part.precision
