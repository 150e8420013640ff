"""Embedding a run's photos in the background: piece by piece through the predictor, so that others are answered in between."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadPhoto
from flowerlab.home import Home
from flowerlab.inference.embeddings import Embedding, Wanted, keep_embedding, kept_embedding
from flowerlab.inference.predictor import Predictor
from flowerlab.inference.projection import arrange
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.tasks.task import Task, Work

EMBEDDING = "Letting the photos go through the network"
ARRANGING = "Arranging the photos"
# A photo that a page asks about waits for one piece at most.
PIECE_S = 0.2
FIRST_PIECE, LARGEST_PIECE = 4, 64


def embed_photos(wanted: Wanted, originals: Originals, home: Home, predictor: Predictor) -> Work[None]:
    """Returns the work of computing and keeping an embedding; it mostly waits for the predictor.

    Args:
        wanted: Which. A map is arranged for the test part.
    """

    def do(task: Task[None]) -> None:
        if kept_embedding(home, wanted) is not None:
            return
        features = _through_the_network(task, wanted, originals, predictor)
        arranged: dict[str, NDArray[np.float32]] = {}
        if wanted.part == "test":
            task.say(ARRANGING, 0, 0)
            arranged = arrange(features)
            task.check()
        keep_embedding(home, wanted, Embedding(wanted.positions, features, arranged))

    return Work(
        ("embed", wanted.key),
        do,
        cancelled="It was cancelled before all photos were through.",
        failed="The features of the photos could not be kept. Received: {error}.",
        step=EMBEDDING,
        total=len(wanted.positions),
    )


def _through_the_network(task: Task[None], wanted: Wanted, originals: Originals, predictor: Predictor) -> NDArray[np.float32]:
    parts: list[NDArray[np.float32]] = []
    done, piece, total = 0, FIRST_PIECE, len(wanted.positions)
    while done < total:
        task.say(EMBEDDING, done, total)
        photos = _photos(wanted, originals, wanted.positions[done : done + piece].tolist())
        begun_s = time.monotonic()
        parts.append(predictor.embed(wanted.model, photos, rank=1, waiting=task.check))
        piece = _next_piece(piece, time.monotonic() - begun_s)
        done += len(photos)
    task.say(EMBEDDING, done, total)
    return np.concatenate(parts)


def _next_piece(piece: int, took_s: float) -> int:
    """Returns how many photos the next piece has, so that it takes about `PIECE_S`."""
    if took_s > PIECE_S:
        return max(1, piece // 2)
    return min(LARGEST_PIECE, piece * 2) if took_s < PIECE_S / 2 else piece


def _photos(wanted: Wanted, originals: Originals, positions: Sequence[int]) -> NDArray[np.uint8]:
    """Returns photos as the network sees them; one that cannot be read is black, as it must keep its place."""
    photos = np.zeros((len(positions), wanted.image_size, wanted.image_size, 3), dtype=np.uint8)
    for place, position in enumerate(positions):
        try:
            photo = read_photo(originals.data(position), originals.ids[position])
        except BadPhoto:
            continue
        photos[place] = resize_photo(photo, wanted.image_size, wanted.resize)
    return photos
