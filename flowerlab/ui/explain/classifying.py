"""Photos that somebody wants named: reading them, asking runs, remembering the answers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.splits import Split
from flowerlab.errors import BadPhoto, FlowerlabError
from flowerlab.inference.classify import predict
from flowerlab.lab import Lab
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.ui.widgets.photo_grid import encoded

# Decoded photos of a phone take 36 MB each: they are read and asked about in small groups, and then let go.
GROUP = 8
MEMORY = "classify-memory"
# So many pictures of a class no garden has: what is drawn here is in no training part.
BEHIND_EVERY_GARDEN = 100_000


@dataclass(frozen=True)
class Given:
    """One file, as it was given.

    Args:
        name: Of the file.
        data: Its bytes.
        truth: The true class, where it is known; None for own photos.
        drawn: Whether the garden drew it for want of test photos.
    """

    name: str
    data: bytes
    truth: str | None = None
    drawn: bool = False

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Answer:
    """What a run said about a photo.

    Args:
        probabilities: One a class, 0..1, in label order.
        seen: JPEG of the photo as the network saw it, after the resize.
    """

    probabilities: tuple[float, ...]
    seen: bytes


class Memory:
    """What one visitor's photos came to, so that a rerun of the page asks nothing twice."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.problems: dict[str, str] = {}
        self.answers: dict[tuple[str, str], Answer] = {}


class Decoded:
    """Photos that are decoded while a page is drawn once. The first few are not let go until then, so that nothing decodes them again.

    Args:
        most: How many those are.
    """

    def __init__(self, most: int = 0) -> None:
        self._most = most
        self._pixels: dict[str, NDArray[np.uint8]] = {}

    def pixels(self, given: Given) -> NDArray[np.uint8]:
        """Returns a photo as uint8, (height, width, 3), RGB.

        Raises:
            BadPhoto: As `read_photo`.
        """
        found = self._pixels.get(given.digest)
        if found is None:
            found = read_photo(given.data, given.name)
            if len(self._pixels) < self._most:
                self._pixels[given.digest] = found
        return found


def memory() -> Memory:
    """Returns this visitor's memory."""
    if MEMORY not in st.session_state:
        st.session_state[MEMORY] = Memory()
    kept: Memory = st.session_state[MEMORY]
    return kept


def classify(
    lab: Lab,
    kept: Memory,
    photos: Sequence[Given],
    runs: Sequence[Run],
    *,
    decoded: Decoded | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> dict[str, str]:
    """Fills the memory with what it lacks about these photos and runs.

    Args:
        lab: Whose predictor is asked.
        kept: The memory.
        photos: To be named.
        runs: Finished ones.
        decoded: Decodes them. Default: one that keeps none.
        progress: Called between groups of photos with (done, in all); may raise to give up, and what was answered is kept.

    Returns:
        Run id to sentence for the runs that could not be asked.
    """
    failed: dict[str, str] = {}
    digests = {given.digest: given for given in photos}
    lacking = [
        given
        for digest, given in digests.items()
        if digest not in kept.problems
        and (digest not in kept.pictures or any((run.id, digest) not in kept.answers for run in runs))
    ]
    for begin in range(0, len(lacking), GROUP):
        progress(begin, len(lacking))
        group = _read(kept, lacking[begin : begin + GROUP], decoded or Decoded())
        for run in runs:
            asked = {digest: pixels for digest, pixels in group.items() if (run.id, digest) not in kept.answers}
            if asked and run.id not in failed:
                _ask(lab, kept, run, asked, failed)
    return failed


def _read(kept: Memory, group: Sequence[Given], decoded: Decoded) -> dict[str, NDArray[np.uint8]]:
    pixels: dict[str, NDArray[np.uint8]] = {}
    for given in group:
        try:
            pixels[given.digest] = decoded.pixels(given)
        except BadPhoto as error:
            kept.problems[given.digest] = str(error)
            continue
        kept.pictures[given.digest] = encoded(pixels[given.digest])
    return pixels


def _ask(lab: Lab, kept: Memory, run: Run, asked: dict[str, NDArray[np.uint8]], failed: dict[str, str]) -> None:
    try:
        probabilities = predict(lab.predictor, lab.home, run, list(asked.values()))
    except FlowerlabError as error:
        failed[run.id] = str(error)
        return
    for (digest, pixels), row in zip(asked.items(), probabilities, strict=True):
        seen = encoded(resize_photo(pixels, run.recipe.image_size, run.recipe.resize))
        kept.answers[run.id, digest] = Answer(tuple(float(value) for value in row), seen)


def sample_photos(lab: Lab, run: Run, *, turn: int, count: int = 5) -> list[Given]:
    """Returns test photos of the data set that a run was trained on, of different classes as far as they go.

    Args:
        lab: Whose photos.
        run: Its split decides which photos are test photos.
        turn: Another number gives other photos.
        count: How many.

    Returns:
        Empty if the photos that the run was trained and tested on are not in the lab (any more).
    """
    originals = run_photos(lab.home, lab.store, lab.data, run)
    if originals is None:
        return []
    order, parts = _parts(originals, run)
    mixed = order[np.random.default_rng([turn, 1]).permutation(parts.test)]
    labels = originals.labels[mixed]
    # First one photo of each class, then the second of each, and so on.
    rank = np.asarray([int(np.sum(labels[:place] == label)) for place, label in enumerate(labels)], dtype=np.int64)
    chosen = [int(mixed[place]) for place in np.argsort(rank, kind="stable")[:count]]
    return [
        Given(originals.ids[position], originals.data(position), originals.classes[int(originals.labels[position])])
        for position in chosen
    ]


def was_trained_on(lab: Lab, run: Run, photo: Given) -> bool:
    """Whether a photo is, byte by byte, one of those from which a run has learnt, so that its answer proves nothing."""
    originals = run_photos(lab.home, lab.store, lab.data, run)
    return originals is not None and photo.digest in _trained(originals, run, run.id)


@st.cache_resource(max_entries=24, show_spinner=False)
def _trained(_originals: Originals, _run: Run, run_id: str) -> frozenset[str]:
    order, parts = _parts(_originals, _run)
    return frozenset(_originals.digests[position] for position in order[parts.train])


def _parts(originals: Originals, run: Run) -> tuple[NDArray[np.int64], Split]:
    recipe = run.recipe
    return parts_of(originals, recipe.dataset, split=recipe.split, validation_fraction=recipe.validation_fraction)


def drawn_samples(run: Run, *, turn: int) -> list[Given]:
    """Returns flowers that the garden draws, one of each class, for a run whose own photos are not in the lab.

    Args:
        run: With a result.
        turn: Another number gives other flowers.

    Returns:
        Empty if the run's classes are others than the garden's.
    """
    # Drawing is not what the page's first sight should wait for.
    from flowerlab.datasets.garden import CLASSES, pictures

    if run.result is None or set(run.result.classes) != set(CLASSES):
        return []
    indexes = [pictures.index_of(label, BEHIND_EVERY_GARDEN + turn) for label in range(len(CLASSES))]
    return [
        Given(f"drawn-{index}.jpg", pictures.draw_original(index).data, CLASSES[label], drawn=True)
        for label, index in enumerate(indexes)
    ]
