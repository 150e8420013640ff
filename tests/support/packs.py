"""Homes with something to pack, and what a home holds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from flowerlab.datasets.catalog import FLOWERS, dataset_source
from flowerlab.datasets.gather import find_originals
from flowerlab.datasets.import_folder import import_folder
from flowerlab.datasets.originals import Original, Originals, write_originals
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import About
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End, Epoch
from flowerlab.runs.run import Run
from flowerlab.store import Store
from tests.support.hostile.models import dense, keras_file, network
from tests.support.photos import GARDEN, jpeg


def tiny(number: int) -> bytes:
    """A tiny photo that no other number gives."""
    return jpeg((number % 256, number // 256, 90), (8, 8))


def bring_tf_flowers(home: Home, *, photos: int = 20) -> Originals:
    """Puts a tiny tf_flowers into a home, as if it had been gathered."""
    given = (Original(f"tf_flowers-{number:05d}", number % 5, tiny(number)) for number in range(photos))
    return write_originals(home.originals / "tf_flowers-3.0.1", FLOWERS, given)


def bring_folder(home: Home, tmp_path: Path, *, first: int = 0) -> None:
    """Imports own photos called `pets`: two classes of ten."""
    for place, kind in enumerate(("cat", "dog é")):
        folder = tmp_path / f"source{first}" / kind
        folder.mkdir(parents=True)
        for number in range(10):
            (folder / f"{number}.jpg").write_bytes(tiny(first + 10 * place + number))
    import_folder(tmp_path / f"source{first}", home.folders, "pets")


def bring_features(home: Home, originals: Originals, architecture: str) -> Path:
    """Puts hollow features of photos by a network into a home."""
    prepared, key, shape = home.prepared / ("a" * 24), "b" * 24, (len(originals), 2, 2, 3)
    prepared.mkdir()
    (prepared / "about.json").write_text(json.dumps({"content": originals.content}))
    about = About(prepared=prepared.name, architecture=architecture, cut=1, precision="float32", shape=shape, origins=("imagenet",))
    with KeptFeatures(home).making(key, about, np.float16) as write:
        write(np.ones(shape))
    return home.features / key


def bring_run(home: Home, store: Store, name: str, **knobs: Any) -> Run:
    """Writes a finished run with two epochs and a model into a home."""
    recipe = Recipe.parse(knobs)
    run = store.add(recipe, name, materials=dataset_source(recipe.dataset, GARDEN).identity(home))
    about: dict[str, Any] = {"run_id": run.id, "attempt": store.begin_attempt(run.id)}
    for number in range(2):
        store.append(Epoch(**about, epoch=number, loss=1.0, accuracy=0.5, val_loss=1.1, val_accuracy=0.4 + number / 10, seconds=1))
    result = {
        "classes": FLOWERS,
        "best_epoch": 1,
        "epochs_run": 2,
        "val_accuracy": 0.5,
        "test_accuracy": 0.6,
        "test_photos": 5,
        "total_parameters": 9,
        "trainable_parameters": 9,
        "seconds": 2,
        "seconds_training": 1,
        "cached_features": False,
    }
    store.append(End.model_validate({**about, "state": "done", "message": "It went well.", "result": result}))
    folder = home.run(run.id)
    folder.mkdir(exist_ok=True)
    (folder / "model.keras").write_bytes(keras_file(network(dense(label=name))))
    (folder / "log.txt").write_text("said")
    (folder / "part.keras").write_bytes(b"half")
    return store.get(run.id)


def holdings(root: Path) -> dict[str, bytes]:
    """Every file below a folder but the store's own and locks, by its path."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and "sqlite3" not in path.name and path.parent.name != "locks"
    }


def gathered(home: Home, dataset: str) -> Originals:
    """Photos that must be there."""
    found = find_originals(home, dataset, GARDEN)
    assert found is not None
    return found
