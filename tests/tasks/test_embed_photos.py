"""Embedding photos: through a network in the background, in pieces."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Originals
from flowerlab.errors import PredictorFailed
from flowerlab.home import Home
from flowerlab.inference.embeddings import Part, Wanted, kept_embedding
from flowerlab.photos.reading import read_photo, resize_photo
from flowerlab.tasks import Task, TaskRunner, Work
from flowerlab.tasks import embed_photos as embedding_photos
from flowerlab.tasks.embed_photos import embed_photos

SIDE = 16


class Played:
    """A predictor that embeds photos by their mean colour; each piece takes `takes_s`."""

    def __init__(self) -> None:
        self.pieces: list[int] = []
        self.ranks: set[int] = set()
        self.takes_s = 0.0
        self.error = ""

    def embed(
        self, model: Path, photos: NDArray[np.uint8], *, rank: int = 0, waiting: Callable[[], None] = lambda: None
    ) -> NDArray[np.float32]:
        """Answers as the predictor does."""
        self.pieces.append(len(photos))
        self.ranks.add(rank)
        if self.error:
            raise PredictorFailed(self.error)
        due_s = time.monotonic() + self.takes_s
        while time.monotonic() < due_s:
            waiting()
            time.sleep(0.005)
        return photos.mean(axis=(1, 2), dtype=np.float32)


@pytest.fixture
def played() -> Played:
    """The predictor."""
    return Played()


class Embedder:
    """Starts and cancels embeddings, which ask the predictor that is played."""

    def __init__(self, home: Home, played: Played) -> None:
        self._home, self._played = home, played
        self.runner = TaskRunner()

    def work(self, asked: Wanted, originals: Originals) -> Work[None]:
        """Of one embedding."""
        return embed_photos(asked, originals, self._home, self._played)  # type: ignore[arg-type]

    def start(self, asked: Wanted, originals: Originals) -> Task[None]:
        """Begins it."""
        return self.runner.start(self.work(asked, originals))


@pytest.fixture
def embedding(home: Home, played: Played) -> Iterator[Embedder]:
    """What starts embeddings; closed, none is under way."""
    made = Embedder(home, played)
    yield made
    made.runner.close()
    assert all(task.over for task in made.runner._tasks.values())


@pytest.fixture
def originals(home: Home) -> Originals:
    """Some pictures of the garden."""
    return gather(home, "garden", Garden(30))


def wanted(home: Home, originals: Originals, part: Part = "train") -> Wanted:
    """An embedding of every second picture, backwards."""
    model = home.root / "model.keras"
    model.write_bytes(b"model")
    positions = np.arange(len(originals), dtype=np.int64)[::-2]
    return Wanted("0123456789ab", part, positions, originals.content, model, SIDE, "crop")


def wait_for(what: Callable[[], bool]) -> None:
    """Returns when it is so."""
    due_s = time.monotonic() + 20
    while not what():
        assert time.monotonic() < due_s
        time.sleep(0.005)


def test_every_photo_goes_through_once_and_is_kept(home: Home, originals: Originals, embedding: Embedder, played: Played) -> None:
    """Features are those of the resized photos, in the order asked for; everybody else goes first; a second call asks nothing."""
    asked = wanted(home, originals)
    state = embedding.start(asked, originals)
    wait_for(lambda: state.over)
    assert (state.error, state.done) == ("", 15)
    found = kept_embedding(home, asked)
    assert found is not None
    for place, position in enumerate(asked.positions):
        photo = resize_photo(read_photo(originals.data(int(position))), SIDE, "crop")
        np.testing.assert_allclose(found.features[place], photo.mean(axis=(0, 1)), rtol=1e-4)
    assert sum(played.pieces) == 15
    assert played.ranks == {1}
    assert not found.arranged
    again = embedding.start(asked, originals)
    wait_for(lambda: again.over)
    assert sum(played.pieces) == 15


def test_test_photos_are_arranged(home: Home, originals: Originals, embedding: Embedder) -> None:
    """Those of the map have places by PCA and by t-SNE."""
    asked = wanted(home, originals, "test")
    state = embedding.start(asked, originals)
    wait_for(lambda: state.over)
    found = kept_embedding(home, asked)
    assert found is not None
    assert {name: places.shape for name, places in found.arranged.items()} == {"pca": (15, 2), "tsne": (15, 2)}


def test_it_can_be_left_at_once(home: Home, originals: Originals, embedding: Embedder, played: Played) -> None:
    """Cancelled in the middle of a piece it ends there, says so, and keeps nothing; then it can begin anew."""
    asked = wanted(home, originals)
    played.takes_s = 60
    state = embedding.start(asked, originals)
    wait_for(lambda: bool(played.pieces))
    embedding.runner.cancel(embedding.work(asked, originals))
    wait_for(lambda: state.over)
    assert state.cancelled
    assert "cancelled" in state.error
    assert kept_embedding(home, asked) is None
    played.takes_s = 0
    again = embedding.start(asked, originals)
    wait_for(lambda: again.over)
    assert kept_embedding(home, asked) is not None


def test_what_fails_is_a_sentence(home: Home, originals: Originals, embedding: Embedder, played: Played) -> None:
    """The predictor's own words; nothing is kept."""
    played.error = "The machine may be too busy."
    state = embedding.start(wanted(home, originals), originals)
    wait_for(lambda: state.over)
    assert state.error == played.error
    assert not state.cancelled
    assert kept_embedding(home, wanted(home, originals)) is None


def test_pieces_grow_and_shrink_with_what_they_take(
    home: Home, originals: Originals, embedding: Embedder, played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A slow network is asked about fewer photos at a time, a quick one about more: who waits behind a piece waits shortly."""
    monkeypatch.setattr(embedding_photos, "PIECE_S", 0.02)
    played.takes_s = 0.04
    state = embedding.start(wanted(home, originals), originals)
    wait_for(lambda: state.over)
    assert played.pieces[:4] == [4, 2, 1, 1]
    played.pieces.clear()
    played.takes_s = 0
    monkeypatch.setattr(embedding_photos, "PIECE_S", 10.0)
    state = embedding.start(wanted(home, originals, "test"), originals)
    wait_for(lambda: state.over)
    assert played.pieces == [4, 8, 3]
