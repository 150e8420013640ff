"""Embeddings: what the last layer of a run computes its answers from, for the photos of a data set; kept, and searched.

One file a run and part of its photos, in the home. It is a cache: whole or not there, checked when it is read, bounded.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.availability import Availability
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.home import Home
from flowerlab.inference.classify import model_of, squared
from flowerlab.inference.predictor import Predictor
from flowerlab.inference.projection import chosen_for_map
from flowerlab.results.answers import Answers
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.system.files import digest_of, replace_file
from flowerlab.system.safe_arrays import read_npz

# Raise it when files written before must not be read any more.
FORMAT = 1
MOST_BYTES = 1_000_000_000
LOG = logging.getLogger(__name__)

Part = Literal["train", "test"]
# How photos are laid out in the plane.
ARRANGEMENTS = ("pca", "tsne")


@dataclass(frozen=True)
class Wanted:
    """Which embedding: a run's, of some photos.

    Args:
        part: `train` to find neighbours in, `test` to draw the map of.
        positions: int64, (n,), of the photos, in their data set's order.
        content: Of the photos, see `Originals.content`.
        image_size: Side of the square that the network sees, in pixels.
        resize: How it is made, see `flowerlab.photos.reading.RESIZE_MODES`.
    """

    run_id: str
    part: Part
    positions: NDArray[np.int64]
    content: str
    model: Path
    image_size: int
    resize: str

    @property
    def key(self) -> str:
        """A name that changes with all that the features depend on."""
        about = [FORMAT, model_digest(self.model), self.content, self.image_size, self.resize]
        whole = hashlib.sha256(json.dumps(about).encode() + self.positions.astype(np.int64).tobytes())
        return f"{self.run_id}-{self.content[:12]}-{self.part}-{whole.hexdigest()[:24]}"


@dataclass(frozen=True)
class Embedding:
    """Features of photos.

    Args:
        positions: int64, (n,), of the photos, in their data set's order.
        features: float32, (n, features): what the network computes its answers from.
        arranged: Of each of `ARRANGEMENTS`, float32, (n, 2); empty where no map was asked for.
    """

    positions: NDArray[np.int64]
    features: NDArray[np.float32]
    arranged: dict[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Neighbour:
    """A photo that is near another one.

    Args:
        position: In the data set's order.
        similarity: Cosine of the angle between the two photos' features, −1..1; 1 is the same direction.
    """

    position: int
    similarity: float


def model_digest(model: Path) -> str:
    """Returns the SHA-256 of a model's file, in hexadecimal; read once as long as the file is the same."""
    about = model.stat()
    return _digest(model, about.st_mtime_ns, about.st_size)


@functools.lru_cache(maxsize=64)
def _digest(model: Path, written_ns: int, size: int) -> str:
    return digest_of(model)


def file_of(home: Home, key: str) -> Path:
    """Returns where an embedding is, or will be, kept."""
    return home.embeddings / f"{key}.npz"


def kept_embedding(home: Home, wanted: Wanted) -> Embedding | None:
    """Returns an embedding if it is kept and whole; None otherwise. One that is damaged is thrown away."""
    path = file_of(home, wanted.key)
    if not path.exists():
        return None
    try:
        # The zip's own checksums are compared while it is read.
        arrays = read_npz(path)
        features, positions = arrays["features"], arrays["positions"]
        arranged = {name: arrays[name] for name in ARRANGEMENTS if name in arrays}
        count = len(wanted.positions)
        whole = (
            np.array_equal(positions, wanted.positions)
            and features.ndim == 2
            and features.dtype == np.float32
            and len(features) == count
            and bool(np.isfinite(features).all())
            and all(one.shape == (count, 2) and bool(np.isfinite(one).all()) for one in arranged.values())
        )
        if not whole:
            raise ValueError(f"{path.name} holds other arrays")
    except (ValueError, KeyError) as error:
        LOG.warning("The kept embedding %s is thrown away and made again: %s.", path.name, error)
        path.unlink(missing_ok=True)
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return Embedding(positions, features, arranged)


def keep_embedding(home: Home, wanted: Wanted, embedding: Embedding) -> None:
    """Writes an embedding, whole or not at all, and makes room for it among the others.

    Raises:
        OSError: If the disk is full or cannot be written.
    """
    file = io.BytesIO()
    arrays = {"positions": embedding.positions, "features": embedding.features, **embedding.arranged}
    np.savez(file, **arrays)  # type: ignore[arg-type]
    _make_room(home, file.getbuffer().nbytes)
    replace_file(file_of(home, wanted.key), file.getvalue())


def _make_room(home: Home, size_bytes: int) -> None:
    """Deletes the least recently used files until all together are small enough."""
    files = []
    for path in home.embeddings.glob("[!.]*.npz"):
        with contextlib.suppress(OSError):
            about = path.stat()
            files.append((about.st_mtime, about.st_size, path))
    total = size_bytes + sum(size for _, size, _ in files)
    for _, size, path in sorted(files):
        if total <= MOST_BYTES:
            return
        path.unlink(missing_ok=True)
        total -= size


def forget_embeddings(home: Home, *, run_id: str | None = None, content: str | None = None) -> None:
    """Deletes what is kept of a run, or of photos that are no longer in the lab.

    Args:
        run_id: None: of all runs.
        content: Of the photos, see `Originals.content`; None: of all.
    """
    for path in home.embeddings.glob(f"{run_id or '*'}-{content[:12] if content else '*'}-*.npz"):
        path.unlink(missing_ok=True)


def features(
    predictor: Predictor, home: Home, run: Run, pixels: NDArray[np.uint8], *, waiting: Callable[[], None] = lambda: None
) -> NDArray[np.float32]:
    """Returns what a run computes its answer to a photo from: float32, (features,).

    Args:
        pixels: uint8, (height, width, 3), RGB, of any size.
        waiting: As in `Predictor.ask`.

    Raises:
        RunFailed: If the run has no model.
        PredictorFailed: If the predictor does not answer.
    """
    model = model_of(home, run, purpose="look into")
    return np.asarray(predictor.embed(model, squared(run, pixels)[None], waiting=waiting)[0], dtype=np.float32)


def training_photos(home: Home, store: Store, data: Availability, run: Run) -> tuple[Originals, Wanted] | None:
    """Returns the photos that a run was trained on and which embedding is theirs; None if they are not in this lab."""
    originals = run_photos(home, store, data, run)
    if originals is None:
        return None
    recipe = run.recipe
    order, parts = parts_of(originals, recipe.dataset, split=recipe.split, validation_fraction=recipe.validation_fraction)
    return originals, _wanted(home, run, "train", np.sort(order[parts.train]), originals)


def tested_photos(home: Home, store: Store, data: Availability, run: Run, answers: Answers) -> tuple[Originals, Wanted] | None:
    """Returns the photos of a run's map, of its test photos, and which embedding is theirs; None if they are not in this lab."""
    originals = run_photos(home, store, data, run)
    if originals is None:
        return None
    known = [originals.positions[photo] for photo in answers.ids.tolist() if photo in originals.positions]
    return originals, _wanted(home, run, "test", chosen_for_map(np.asarray(known, dtype=np.int64)), originals)


def _wanted(home: Home, run: Run, part: Part, positions: NDArray[np.int64], originals: Originals) -> Wanted:
    model = model_of(home, run, purpose="look into")
    return Wanted(run.id, part, positions, originals.content, model, run.recipe.image_size, run.recipe.resize)


def nearest(embedding: Embedding, features: NDArray[np.float32], count: int, *, but: int | None = None) -> list[Neighbour]:
    """Returns the photos whose features point most nearly the same way, the nearest first. All are compared.

    Args:
        features: float32, (features,), of the photo whose neighbours are looked for.
        but: Position of a photo that is left out: the one whose neighbours they are.
    """
    lengths = np.linalg.norm(embedding.features, axis=1) * np.linalg.norm(features)
    similarities = embedding.features @ features / np.maximum(lengths, 1e-12)
    order = np.argsort(-similarities, kind="stable")
    places = [int(place) for place in order[: count + 1] if embedding.positions[place] != but][:count]
    return [Neighbour(int(embedding.positions[place]), float(similarities[place])) for place in places]
