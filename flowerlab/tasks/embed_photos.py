"""Embedding a run's photos in the background: piece by piece through the predictor, so that others are answered in between."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadPhoto, FlowerlabError
from flowerlab.home import Home
from flowerlab.inference.embeddings import Embedding, Wanted, keep_embedding, kept_embedding
from flowerlab.inference.predictor import Predictor
from flowerlab.inference.projection import arrange
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.tasks.gather import Gathering

EMBEDDING = "Letting the photos go through the network"
ARRANGING = "Arranging the photos"
# A photo that somebody asks about waits for one piece at most.
PIECE_S = 0.2
FIRST_PIECE, LARGEST_PIECE = 4, 64


class _GivenUp(Exception):
    """Somebody ended it."""


class Embedder:
    """Computes embeddings in threads that mostly wait for the predictor.

    Args:
        home: Where they are kept.
        predictor: That is asked.
    """

    def __init__(self, home: Home, predictor: Predictor) -> None:
        self._home = home
        self._predictor = predictor
        self._states: dict[str, Gathering] = {}
        self._given_up: set[str] = set()
        self._guard = threading.Lock()

    def state(self, wanted: Wanted) -> Gathering | None:
        """Returns how far an embedding is; None if nobody asked for it since the lab was opened."""
        return self._states.get(wanted.key)

    def start(self, wanted: Wanted, originals: Originals) -> Gathering:
        """Begins to compute an embedding, unless that is under way.

        Args:
            wanted: Which. A map is arranged for the test part.
            originals: Its photos.
        """
        key = wanted.key
        with self._guard:
            state = self._states.get(key)
            if state is not None and not state.over:
                return state
            state = self._states[key] = Gathering(wanted.run_id, step=EMBEDDING, total=len(wanted.positions))
            self._given_up.discard(key)
        threading.Thread(target=self._work, args=(wanted, originals, state), daemon=True, name="embedder").start()
        return state

    def cancel(self, wanted: Wanted) -> None:
        """Ends an embedding; nothing of it is kept."""
        self._given_up.add(wanted.key)

    def close(self) -> None:
        """Ends all of them."""
        self._given_up.update(self._states)

    def _work(self, wanted: Wanted, originals: Originals, state: Gathering) -> None:
        key = wanted.key

        def check() -> None:
            if key in self._given_up:
                raise _GivenUp

        try:
            if kept_embedding(self._home, wanted) is None:
                self._make(wanted, originals, state, check)
        except _GivenUp:
            state.error, state.cancelled = "It was cancelled before all photos were through.", True
        except FlowerlabError as error:
            state.error = str(error)
        except OSError as error:
            state.error = f"The features of the photos could not be kept. Received: {error.strerror or error}."
        finally:
            state.over = True

    def _make(self, wanted: Wanted, originals: Originals, state: Gathering, check: Callable[[], None]) -> None:
        parts: list[NDArray[np.float32]] = []
        done, piece, total = 0, FIRST_PIECE, len(wanted.positions)
        while done < total:
            check()
            photos = _photos(wanted, originals, wanted.positions[done : done + piece].tolist())
            begun_s = time.monotonic()
            parts.append(self._predictor.embed(wanted.model, photos, rank=1, waiting=check))
            piece = _next_piece(piece, time.monotonic() - begun_s)
            done += len(photos)
            state.done = done
        features = np.concatenate(parts)
        arranged: dict[str, NDArray[np.float32]] = {}
        if wanted.part == "test":
            state.step, state.done, state.total = ARRANGING, 0, 0
            arranged = arrange(features)
            check()
        keep_embedding(self._home, wanted, Embedding(wanted.positions, features, arranged))


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
