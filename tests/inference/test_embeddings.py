"""Embeddings: kept, checked, bounded, searched."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.home import Home
from flowerlab.inference import embeddings
from flowerlab.inference.embeddings import Embedding, Wanted, file_of, forget_embeddings, keep_embedding, kept_embedding, nearest
from flowerlab.inference.projection import arrange, chosen_for_map


def wanted(home: Home, *, run_id: str = "0123456789ab", model: bytes = b"model", count: int = 5, content: str = "c" * 64) -> Wanted:
    """An embedding of a run with this model."""
    path = home.root / f"{run_id}.keras"
    if not path.exists() or path.read_bytes() != model:
        path.write_bytes(model)
        os.utime(path, ns=(0, hash(model) % 10**9))
    return Wanted(run_id, "train", np.arange(count, dtype=np.int64), content, path, 64, "squash")


def made(asked: Wanted) -> Embedding:
    """Features for it."""
    features = np.random.default_rng(0).normal(size=(len(asked.positions), 3)).astype(np.float32)
    return Embedding(asked.positions, features, {"pca": features[:, :2].copy()})


def test_what_is_kept_comes_back(home: Home) -> None:
    """Features, positions and places come back to the bit; another model, size or photos find nothing."""
    asked = wanted(home)
    embedding = made(asked)
    keep_embedding(home, asked, embedding)
    found = kept_embedding(home, asked)
    assert found is not None
    assert (found.features == embedding.features).all()
    assert (found.arranged["pca"] == embedding.arranged["pca"]).all()
    assert kept_embedding(home, wanted(home, count=4)) is None
    assert kept_embedding(home, wanted(home, content="d" * 64)) is None
    assert kept_embedding(home, wanted(home, model=b"trained further")) is None


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_damaged_file_is_thrown_away(home: Home, place: float) -> None:
    """A bit that changed, or a file cut short, is noticed: it is none, and is made anew."""
    asked = wanted(home, count=400)
    keep_embedding(home, asked, made(asked))
    path = file_of(home, asked.key)
    data = bytearray(path.read_bytes())
    data[int(len(data) * place)] ^= 0xFF
    path.write_bytes(data)
    assert kept_embedding(home, asked) is None
    assert not path.exists()
    path.write_bytes(bytes(data[: len(data) // 2]))
    assert kept_embedding(home, asked) is None


def test_the_cache_is_bounded(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room, what was used longest ago goes first."""
    runs = ["a" * 12, "b" * 12, "c" * 12]
    sizes = []
    for age, run_id in enumerate(runs[:2]):
        asked = wanted(home, run_id=run_id)
        keep_embedding(home, asked, made(asked))
        path = file_of(home, asked.key)
        sizes.append(path.stat().st_size)
        os.utime(path, (age, age))
    # The older one is looked at again, and so is the newer one now.
    assert kept_embedding(home, wanted(home, run_id=runs[0])) is not None
    monkeypatch.setattr(embeddings, "MOST_BYTES", 2 * max(sizes) + 10)
    third = wanted(home, run_id=runs[2])
    keep_embedding(home, third, made(third))
    assert [kept_embedding(home, wanted(home, run_id=run_id)) is not None for run_id in runs] == [True, False, True]


def test_a_run_that_goes_takes_its_embeddings_along(home: Home) -> None:
    """Deleting a run, or photos, leaves those of others."""
    first, second = wanted(home, run_id="a" * 12), wanted(home, run_id="b" * 12, content="d" * 64)
    for asked in (first, second):
        keep_embedding(home, asked, made(asked))
    forget_embeddings(home, run_id="a" * 12)
    assert kept_embedding(home, first) is None
    assert kept_embedding(home, second) is not None
    forget_embeddings(home, content="d" * 64)
    assert list(Path(home.embeddings).iterdir()) == []


@given(st.integers(2, 30), st.integers(0, 1000))
def test_neighbours_are_the_nearest_of_all(count: int, seed: int) -> None:
    """By cosine, the nearest first, the photo itself left out; compared with every single one."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4)).astype(np.float32)
    embedding = Embedding(rng.permutation(100)[:count].astype(np.int64), features, {})
    own = int(embedding.positions[0])
    found = nearest(embedding, features[0] * 3, 3, but=own)
    cosines = {
        int(position): float(row @ features[0] / np.linalg.norm(row) / np.linalg.norm(features[0]))
        for position, row in zip(embedding.positions, features, strict=True)
        if position != own
    }
    best = sorted(cosines.values(), reverse=True)[:3]
    assert [one.similarity for one in found] == pytest.approx(best, abs=1e-5)
    assert all(cosines[one.position] == pytest.approx(one.similarity, abs=1e-5) for one in found)
    assert nearest(embedding, features[0], 1)[0].position == own


def test_two_clouds_stay_apart_on_the_map() -> None:
    """Both arrangements keep two far clouds apart, are the same at a second call, and have a place for every photo."""
    rng = np.random.default_rng(0)
    features = np.concatenate([rng.normal(0, 1, (30, 6)), rng.normal(12, 1, (30, 6))]).astype(np.float32)
    places = arrange(features)
    for name in ("pca", "tsne"):
        one, other = places[name][:30], places[name][30:]
        between = np.linalg.norm(one.mean(axis=0) - other.mean(axis=0))
        assert between > 2 * max(one.std(), other.std()) or between > 2 * np.linalg.norm(one - one.mean(axis=0), axis=1).mean()
        assert (arrange(features)[name] == places[name]).all()


@pytest.mark.parametrize("count", [1, 2, 7])
def test_few_or_equal_photos_have_places_too(count: int) -> None:
    """One photo, two, or all the same: a place each, and no error."""
    rng = np.random.default_rng(0)
    for features in (rng.normal(size=(count, 3)).astype(np.float32), np.ones((count, 3), dtype=np.float32)):
        for places in arrange(features).values():
            assert places.shape == (count, 2)
            assert np.isfinite(places).all()


def test_a_map_of_many_photos_shows_evenly_spread_ones() -> None:
    """At most so many, in order, none twice, from the first to the last."""
    found = chosen_for_map(np.arange(7001))
    assert (len(found), found[0], found[-1]) == (2000, 0, 7000)
    assert (np.diff(found) > 0).all()
    assert len(chosen_for_map(np.arange(12))) == 12
