"""Photos that are named: reading them, asking runs, remembering the answers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import parts_of
from flowerlab.datasets.splits import Split
from flowerlab.errors import BadPhoto, FlowerlabError
from flowerlab.inference.classify import predict, squared
from flowerlab.lab import Lab
from flowerlab.photos.photo import Photo
from flowerlab.photos.reading import read_photo
from flowerlab.results.answers import Answer
from flowerlab.results.photos_of_run import run_photos
from flowerlab.runs.run import Run
from flowerlab.system.progress import Counted
from flowerlab.ui.widgets.photo_grid import encoded
from flowerlab.ui.widgets.stored_answers import stored_of

# Decoded photos of a phone take 36 MB each: they are read and asked about in small groups, and then let go.
GROUP = 8
MEMORY = "classify-memory"
# So many pictures of a class no garden has: what is drawn here is in no training part.
BEHIND_EVERY_GARDEN = 100_000


class Memory:
    """What one visitor's photos came to, so that a rerun of the page asks nothing twice. Photos are known by their digests.

    Attributes:
        pictures: A smaller JPEG of each photo.
        problems: Why a file is no photo, as a sentence.
        probabilities: (run id, digest) → what the run answered.
        seen: (run id, digest) → JPEG of the photo as the network saw it, after the resize.
    """

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self.problems: dict[str, str] = {}
        self.probabilities: dict[tuple[str, str], tuple[float, ...]] = {}
        self.seen: dict[tuple[str, str], bytes] = {}

    def answer(self, lab: Lab, run: Run, photo: Photo) -> Answer | None:
        """Returns what a run answered; None if it could not."""
        probabilities = self.probabilities.get((run.id, photo.digest))
        return None if probabilities is None else Answer(run, probabilities, stored_of(lab, run).temperature)


def memory() -> Memory:
    """Returns this visitor's memory."""
    kept: Memory = st.session_state.setdefault(MEMORY, Memory())
    return kept


def classify(
    lab: Lab,
    kept: Memory,
    photos: Sequence[Photo],
    runs: Sequence[Run],
    *,
    keep: int = 0,
    progress: Counted = lambda done, total: None,
) -> dict[str, str]:
    """Fills the memory with what it lacks about these photos and runs.

    Args:
        keep: Of how many photos the pixels are kept in `Photo.pixels`; the others are decoded and let go.
        progress: Called between groups of photos with (done, in all); may raise to give up, and what was answered is kept.

    Returns:
        Run id to sentence for the runs that could not be asked.
    """
    failed: dict[str, str] = {}
    lacking = [
        photo
        for photo in {photo.digest: photo for photo in photos}.values()
        if photo.digest not in kept.problems
        and (photo.digest not in kept.pictures or any((run.id, photo.digest) not in kept.probabilities for run in runs))
    ]
    for begin in range(0, len(lacking), GROUP):
        progress(begin, len(lacking))
        group = _read(kept, lacking[begin : begin + GROUP], keep - begin)
        for run in runs:
            asked = {digest: pixels for digest, pixels in group.items() if (run.id, digest) not in kept.probabilities}
            if asked and run.id not in failed:
                _ask(lab, kept, run, asked, failed)
    return failed


def _read(kept: Memory, group: Sequence[Photo], keep: int) -> dict[str, NDArray[np.uint8]]:
    found: dict[str, NDArray[np.uint8]] = {}
    for place, photo in enumerate(group):
        try:
            pixels = photo.pixels if place < keep else read_photo(photo.data, photo.name)
        except BadPhoto as error:
            kept.problems[photo.digest] = str(error)
            continue
        found[photo.digest] = pixels
        kept.pictures[photo.digest] = encoded(pixels)
    return found


def _ask(lab: Lab, kept: Memory, run: Run, asked: dict[str, NDArray[np.uint8]], failed: dict[str, str]) -> None:
    try:
        probabilities = predict(lab.predictor, lab.home, run, list(asked.values()))
    except FlowerlabError as error:
        failed[run.id] = str(error)
        return
    for (digest, pixels), row in zip(asked.items(), probabilities, strict=True):
        kept.seen[run.id, digest] = encoded(squared(run, pixels))
        kept.probabilities[run.id, digest] = tuple(float(value) for value in row)


def sample_photos(lab: Lab, run: Run, *, turn: int, count: int = 5) -> list[Photo]:
    """Returns test photos of the data set that a run was trained on, of different classes as far as they go; other ones at each turn.

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
    return [photo_of(originals, int(mixed[place])) for place in np.argsort(rank, kind="stable")[:count]]


def photo_of(originals: Originals, position: int) -> Photo:
    """Returns a photo of a data set, with its true class."""
    truth = originals.classes[int(originals.labels[position])]
    return Photo(originals.ids[position], originals.data(position), truth, digest=originals.digests[position])


def was_trained_on(lab: Lab, run: Run, photo: Photo) -> bool:
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


def drawn_samples(run: Run, *, turn: int) -> list[Photo]:
    """Returns flowers that the garden draws, one of each class; empty if the run's classes are others than the garden's."""
    # Drawing is not what the page's first sight should wait for.
    from flowerlab.datasets.garden import CLASSES, pictures

    if run.result is None or set(run.result.classes) != set(CLASSES):
        return []
    indexes = [pictures.index_of(label, BEHIND_EVERY_GARDEN + turn) for label in range(len(CLASSES))]
    return [
        Photo(f"drawn-{index}.jpg", pictures.draw_original(index).data, CLASSES[label], drawn=True)
        for label, index in enumerate(indexes)
    ]
