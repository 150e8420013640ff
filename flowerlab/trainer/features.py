"""Frozen features: every photo goes through the frozen layers once, and what comes out is kept.

A set serves every recipe with the same photos, frozen layers and precision; a deeper cut begins at a shallower one that is kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from flowerlab.architectures import Architecture
from flowerlab.datasets.prepared import Prepared
from flowerlab.engine.protocol import Job
from flowerlab.features.cache import Features, KeptFeatures
from flowerlab.features.eviction import CacheFull
from flowerlab.features.precision import Precision, frozen_precision, good_enough
from flowerlab.features.sets import FORMAT, About
from flowerlab.home import Home
from flowerlab.recipe.workload import FLOAT16_BYTES, FLOAT32_BYTES
from flowerlab.system.locks import waiting_for
from flowerlab.system.progress import Progress
from flowerlab.trainer.frozen_pass import Rows, Views, run_layers
from flowerlab.trainer.networks import Network, make_backbone

FLOAT16_MAX = float(np.finfo(np.float16).max)
STEP = "Computing features"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Computed:
    """A set of features, and where it came from.

    Args:
        features: float16 (n, …), memory-mapped; float32 where float16 cannot hold a value or the setting says so.
        reused: Whether it was kept already.
        begin: The cut at which its pass began; 0 for the photos.
    """

    features: Features
    reused: bool
    begin: int = 0


class FrozenPart:
    """The layers before the cut, and the features that they make of photos.

    Args:
        network: With a cut.
        stack: Ends with the run; until then its sets are not deleted to make room.

    Attributes:
        precision: Of the pass. What is kept already in more digits than would be computed serves as well.
    """

    def __init__(self, home: Home, job: Job, prepared: Prepared, network: Network, stack: ExitStack) -> None:
        assert network.backbone is not None
        assert network.cut > 0
        self._kept, self._prepared, self._chosen = KeptFeatures(home, job.settings.features_gb), prepared, job.recipe.chosen
        self._cut, self._backbone = network.cut, network.backbone
        self._exact, self._origin, self._stack = job.settings.features == "float32", job.origin, stack
        self._digests = _digests(self._backbone, self._chosen, self._cut)
        self.precision: Precision = frozen_precision(job.settings.precision, self._chosen)
        serving = good_enough(job.settings.precision, self.precision)
        self.precision = next((one for one in serving if self._kept.has(self._key(self._cut, None, one))), self.precision)

    def keep_on_the_way(self, cuts: Sequence[int], progress: Progress) -> list[tuple[int, int]]:
        """Keeps the features at cuts before our own, for runs that wait; our own pass then begins at the last of them.

        Nothing is done where our own features are kept already, or where there is no room.

        Args:
            cuts: Clean cuts; others than those before our own are left out.

        Returns:
            The passes that this took: the cut at which each began (0 for the photos), and at which it ended.
        """
        passes: list[tuple[int, int]] = []
        if self._is_kept():
            return passes
        needed = self._bytes_at(self._cut)
        for cut in sorted(cut for cut in cuts if cut in self._digests and cut < self._cut):
            needed += self._bytes_at(cut)
            try:
                if self._kept.fits(needed):
                    with ExitStack() as meanwhile:
                        computed = self._features(progress, None, cut, meanwhile)
                    if not computed.reused:
                        passes.append((computed.begin, cut))
            except (OSError, CacheFull) as error:
                LOG.info("The features before layer %d are not kept on the way (%s).", cut, error)
        return passes

    def check_room(self, views: Views) -> None:
        """Checks, before either is computed, that the features of photos and views may be kept together.

        Raises:
            CacheFull: If not.
        """
        if self._is_kept() and self._is_kept(views):
            return
        if not self._kept.fits(self._bytes_at(self._cut) + self._bytes_at(self._cut, views)):
            raise CacheFull("photos and copies together are more than may be kept")

    def _is_kept(self, views: Views | None = None) -> bool:
        """Whether our own features, or those of views, are here; they may turn out to be damaged when they are opened."""
        return self._kept.has(self._key(self._cut, views))

    def _shape(self, cut: int, views: Views | None = None) -> tuple[int, ...]:
        """The shape of the features before a layer."""
        rows = len(self._prepared.ids) if views is None else len(views)
        return rows, *self._backbone.layers[cut - 1].output.shape[1:]

    def _bytes_at(self, cut: int, views: Views | None = None) -> int:
        return math.prod(self._shape(cut, views)) * (FLOAT32_BYTES if self._exact else FLOAT16_BYTES)

    def features(self, progress: Progress, views: Views | None = None) -> Computed:
        """Returns the frozen layers' output for every photo, or for views of the training photos; computes what is not kept.

        Args:
            progress: Called with (step, done, total); may raise to give up, which leaves nothing behind.
            views: Changed copies instead of the photos.

        Raises:
            CacheFull: If it is larger than what may be kept.
            OSError: If it cannot be written.
        """
        return self._features(progress, views, self._cut, self._stack)

    def _features(self, progress: Progress, views: Views | None, cut: int, stack: ExitStack) -> Computed:
        key, shape = self._key(cut, views), self._shape(cut, views)
        stack.enter_context(self._kept.held(key))
        with waiting_for(self._kept.lock_of(key), check=lambda: progress(STEP, 0, shape[0])):
            found = self._kept.open(key, shape, self._origin)
            if found is not None:
                return Computed(found, reused=True)
            about = About(
                prepared=self._prepared.key,
                architecture=self._chosen.name,
                cut=cut,
                precision=self.precision,
                exact=self._exact,
                views="" if views is None else views.name,
                shape=shape,
                origins=(self._origin,),
            )
            # What the pass begins with must stay until it is over, and no longer: others may need its room.
            with ExitStack() as meanwhile:
                begin, rows = self._source(cut, views, meanwhile)
                try:
                    self._write(key, about, np.float32 if self._exact else np.float16, begin, rows, progress)
                except OverflowError:
                    LOG.info("A feature does not fit into float16; they are kept as float32.")
                    self._write(key, about, np.float32, begin, rows, progress)
            found = self._kept.open(key, shape)
        if found is None:
            raise OSError(f"The features {key} just written cannot be read back.")
        return Computed(found, reused=False, begin=begin)

    @cached_property
    def _computing(self) -> keras.Model:
        """The backbone in the precision of the pass."""
        if self.precision == "float32":
            return self._backbone
        narrow = make_backbone(self._chosen, self._backbone.input_shape[1], precision=self.precision)
        narrow.set_weights(self._backbone.get_weights())
        return narrow

    def _key(self, cut: int, views: Views | None, precision: Precision | None = None) -> str:
        """Changes with whatever the features depend on.

        That is the photos (content, order, size, resize mode), the frozen layers' actual weight values, the cut, and the
        precision of the pass and of what is kept.
        """
        parts = [
            FORMAT,
            self._prepared.key,
            self._chosen.name,
            cut,
            precision or self.precision,
            self._exact,
            "" if views is None else views.name,
            self._digests[cut],
        ]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:24]

    def _source(self, before: int, views: Views | None, stack: ExitStack) -> tuple[int, Rows]:
        """Returns where to begin: the deepest cut before another whose features are kept, else the photos (0)."""
        for cut in sorted(self._digests, reverse=True):
            key = self._key(cut, views)
            if cut >= before or not self._kept.has(key):
                continue
            if not self._kept.fits(self._bytes_at(cut, views) + self._bytes_at(before, views)):
                # They would not find room side by side.
                continue
            stack.enter_context(self._kept.held(key))
            found = self._kept.open(key, self._shape(cut, views))
            if found is not None:
                LOG.info("The features before layer %d begin with those kept before layer %d.", before, cut)
                return cut, partial(_cut_out, found)
        photos = self._prepared.photos
        return 0, partial(_cut_out, photos) if views is None else views.rows(photos)

    def _write(
        self, key: str, about: About, dtype: type[np.float16] | type[np.float32], begin: int, rows: Rows, progress: Progress
    ) -> None:
        total = about.shape[0]
        step = STEP if not about.views else "Computing features of changed photos"
        with self._kept.making(key, about, dtype) as write:
            progress(step, 0, total)
            done = 0
            for values in run_layers(self._computing, self._chosen, begin, about.cut, rows, total):
                if dtype is np.float16 and np.abs(values).max() > FLOAT16_MAX:
                    raise OverflowError
                write(values)
                done += len(values)
                progress(step, done, total)


def _cut_out(array: NDArray[Any], begin: int, end: int) -> NDArray[Any]:
    # Copied here, in the thread that reads ahead: a slice of a memory map is read only when it is used.
    return np.array(array[begin:end])


def _digests(backbone: keras.Model, chosen: Architecture, last: int) -> dict[int, str]:
    """Returns, for each clean cut up to the last, a hash of all weight values before it."""
    digests, whole = {}, hashlib.sha256()
    for index, layer in enumerate(backbone.layers[:last]):
        if chosen.layers[index].clean and index:
            digests[index] = whole.copy().hexdigest()
        for weight in layer.weights:
            whole.update(np.ascontiguousarray(keras.ops.convert_to_numpy(weight)).tobytes())
    digests[last] = whole.hexdigest()
    return digests
