"""Frozen features: every photo goes through the frozen layers once, and what comes out is kept.

A set serves every recipe with the same photos, frozen layers and precision; a deeper cut begins at a shallower one that is kept.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from flowerlab.architectures import Architecture
from flowerlab.datasets.prepared import Prepared
from flowerlab.features.cache import Features, KeptFeatures
from flowerlab.features.eviction import NoRoom
from flowerlab.features.precision import Precision
from flowerlab.features.sets import FORMAT, About, views_name
from flowerlab.photos.augmentation import copy_of
from flowerlab.recipe.workload import FLOAT16_BYTES, FLOAT32_BYTES
from flowerlab.system.locks import waiting_for
from flowerlab.trainer.networks import Network, make_backbone, part_of, preprocessing_of

# Larger batches are no faster (VGG16, MobileNetV2 on two cores), and Stop would wait for them.
BATCH = 16
FLOAT16_MAX = float(np.finfo(np.float16).max)
STEP = "Computing features"
LOG = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]
Rows = Callable[[int, int], NDArray[Any]]


@dataclass(frozen=True)
class Views:
    """Changed copies of the training photos that go through the frozen layers instead of the photos themselves.

    Args:
        how: Augmentation, see `flowerlab.photos.augmentation`.
        seed: Of the changes.
        copies: Of each photo, 1 or more.
        training: int64, (n,), positions of the training photos.
    """

    how: str
    seed: int
    copies: int
    training: NDArray[np.int64]

    @property
    def name(self) -> str:
        """What tells these views from others of the same photos."""
        return views_name(self.how, self.seed, self.copies, self.training)

    def rows(self, photos: NDArray[np.uint8]) -> Rows:
        """Returns what gives the changed photos (begin, end): first one copy of each photo, then the next."""

        def read(begin: int, end: int) -> NDArray[np.uint8]:
            return np.stack(
                [copy_of(photos[self.training[row % len(self.training)]], self.how, self.seed, row) for row in range(begin, end)]
            )

        return read


@dataclass(frozen=True)
class Computed:
    """A set of features, and where it came from.

    Args:
        features: float16 (n, …), memory-mapped; float32 where float16 cannot hold a value or the setting says so.
        at_hand: Whether it was there already.
        begin: The cut at which its pass began; 0 for the photos.
    """

    features: Features
    at_hand: bool
    begin: int = 0


class FrozenPart:
    """The layers before the cut, and the features that they make of photos.

    Args:
        kept: All kept sets.
        prepared: The photos.
        network: With a cut.
        chosen: Its architecture.
        precision: Of the pass.
        good_enough: Precisions whose features serve if they are kept already, the best first.
        exact: Keep float32 in any case.
        origin: Name of the starting weights.
        stack: Ends with the run; until then its sets are not deleted to make room.
    """

    def __init__(
        self,
        kept: KeptFeatures,
        prepared: Prepared,
        network: Network,
        chosen: Architecture,
        *,
        precision: Precision,
        good_enough: Sequence[Precision],
        exact: bool,
        origin: str,
        stack: ExitStack,
    ) -> None:
        assert network.backbone is not None
        assert network.cut > 0
        self._kept, self._prepared, self._chosen = kept, prepared, chosen
        self._cut, self._backbone = network.cut, network.backbone
        self._exact, self._origin, self._stack = exact, origin, stack
        self._digests = _digests(self._backbone, chosen, self._cut)
        self._narrow: keras.Model | None = None
        kept_ones = [one for one in good_enough if kept.has(self._key(self._cut, None, one))]
        self.precision: Precision = kept_ones[0] if kept_ones else precision

    def keep_on_the_way(self, cuts: Sequence[int], progress: Progress) -> list[tuple[int, int]]:
        """Keeps the features at cuts before our own, for runs that wait; our own pass then begins at the last of them.

        Nothing is done where our own features are kept already, or where there is no room.

        Args:
            cuts: Clean cuts; others than those before our own are left out.
            progress: As for `features`.

        Returns:
            The passes that this took: the cut at which each began (0 for the photos), and at which it ended.
        """
        passes: list[tuple[int, int]] = []
        if self.is_kept():
            return passes
        needed = self.bytes_at(self._cut)
        for cut in sorted(cut for cut in cuts if cut in self._digests and cut < self._cut):
            needed += self.bytes_at(cut)
            try:
                if self._kept.fits(needed):
                    with ExitStack() as meanwhile:
                        computed = self._features(progress, None, cut, meanwhile)
                    if not computed.at_hand:
                        passes.append((computed.begin, cut))
            except (OSError, NoRoom) as error:
                LOG.info("The features before layer %d are not kept on the way (%s).", cut, error)
        return passes

    def is_kept(self, views: Views | None = None) -> bool:
        """Whether our own features, or those of views, are here; they may turn out to be damaged when they are opened."""
        return self._kept.has(self._key(self._cut, views))

    def bytes_at(self, cut: int, rows: int | None = None) -> int:
        """Returns the size of the features before a layer, of all photos or of so many rows."""
        values = len(self._prepared.ids) if rows is None else rows
        for axis in self._backbone.layers[cut - 1].output.shape[1:]:
            values *= axis
        return values * (FLOAT32_BYTES if self._exact else FLOAT16_BYTES)

    def features(self, progress: Progress, views: Views | None = None) -> Computed:
        """Returns the frozen layers' output for every photo, or for views of the training photos; computes what is not kept.

        Args:
            progress: Called with (step, done, total); may raise to give up, which leaves nothing behind.
            views: Changed copies instead of the photos.

        Raises:
            NoRoom: If it is larger than what may be kept.
            OSError: If it cannot be written.
        """
        return self._features(progress, views, self._cut, self._stack)

    def _features(self, progress: Progress, views: Views | None, cut: int, stack: ExitStack) -> Computed:
        total = len(self._prepared.ids) if views is None else views.copies * len(views.training)
        shape = (total, *self._backbone.layers[cut - 1].output.shape[1:])
        key = self._key(cut, views)
        stack.enter_context(self._kept.held(key))
        with waiting_for(self._kept.lock_of(key), check=lambda: progress(STEP, 0, total)):
            found = self._kept.open(key, shape, self._origin)
            if found is not None:
                return Computed(found, at_hand=True)
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
        return Computed(found, at_hand=False, begin=begin)

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
        total = len(self._prepared.ids) if views is None else views.copies * len(views.training)
        for cut in sorted(self._digests, reverse=True):
            key = self._key(cut, views)
            if cut >= before or not self._kept.has(key):
                continue
            if not self._kept.fits(self.bytes_at(cut, total) + self.bytes_at(before, total)):
                # They would not find room side by side.
                continue
            stack.enter_context(self._kept.held(key))
            found = self._kept.open(key, (total, *self._backbone.layers[cut - 1].output.shape[1:]))
            if found is not None:
                LOG.info("The features before layer %d begin with those kept before layer %d.", before, cut)
                return cut, partial(_cut_out, found)
        photos = self._prepared.photos
        return 0, partial(_cut_out, photos) if views is None else views.rows(photos)

    def _write(
        self,
        key: str,
        about: About,
        dtype: type[np.float16] | type[np.float32],
        begin: int,
        rows: Rows,
        progress: Progress,
    ) -> None:
        total = about.shape[0]
        step = STEP if not about.views else "Computing features of changed photos"
        with self._kept.making(key, about, dtype) as write:
            progress(step, 0, total)
            done = 0
            for values in self._pass(begin, about.cut, rows, total):
                if dtype is np.float16 and np.abs(values).max() > FLOAT16_MAX:
                    raise OverflowError
                write(values)
                done += len(values)
                progress(step, done, total)

    def _pass(self, begin: int, end: int, rows: Rows, total: int) -> Iterator[NDArray[np.float32]]:
        """Runs the layers from `begin` to `end` over all rows, batch by batch; the next batch is read meanwhile."""
        backbone = self._backbone if self.precision == "float32" else self._narrowed()
        part = part_of(backbone, begin, end)
        assert part is not None
        prepare = preprocessing_of(self._chosen) if begin == 0 else (lambda values: values)

        first_rows = rows(0, 1)
        # The number of rows is left open: the last, smaller batch is no new shape.
        signature = [tf.TensorSpec((None, *first_rows.shape[1:]), first_rows.dtype)]

        @tf.function(input_signature=signature)  # type: ignore[untyped-decorator]
        def forward(batch: tf.Tensor) -> tf.Tensor:
            return tf.cast(part(prepare(tf.cast(batch, tf.float32)), training=False), tf.float32)

        with ThreadPoolExecutor(max_workers=1) as reader:
            following = reader.submit(rows, 0, min(BATCH, total))
            for first in range(0, total, BATCH):
                batch = following.result()
                if first + BATCH < total:
                    following = reader.submit(rows, first + BATCH, min(first + 2 * BATCH, total))
                yield forward(tf.constant(batch)).numpy()

    def _narrowed(self) -> keras.Model:
        """The backbone once more, computing in bfloat16."""
        if self._narrow is None:
            side = self._prepared.photos.shape[1]
            self._narrow = make_backbone(self._chosen, side, precision="bfloat16")
            self._narrow.set_weights(self._backbone.get_weights())
        return self._narrow


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
