"""What came from outside: weights that people brought, and what Keras and TensorFlow Datasets have fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flowerlab.architectures.pretrained import keras_home
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.disk.items import Item, Kind, total_of
from flowerlab.disk.kinds.kind import DiskKind, deleted_from, entries, item_of
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.store import Store


def own_weights(home: Home, store: Store) -> DiskKind:
    """Imported files of weights; runs that are over have their own."""

    def listed() -> list[Item]:
        return [item_of(Kind.WEIGHTS, file, file.name) for file in entries(home.weights)]

    def blocked_by() -> dict[str, str]:
        runs = [run for run in store.unfinished() if run.recipe.weights.startswith("file:")]
        return {run.recipe.weights.removeprefix("file:"): f"{run.name!r} begins with it." for run in runs}

    return DiskKind(Kind.WEIGHTS, listed, deleted_from(home.weights), blocked_by)


def downloads() -> DiskKind:
    """Only shown: it lies outside the home, where other programs may use it too."""

    def listed() -> Iterator[Item]:
        for title, places in _places().items():
            found = [item_of(Kind.DOWNLOADS, place, title) for place in places]
            yield Item(Kind.DOWNLOADS, title, title, total_of(found), max(item.used_s for item in found))

    def blocked_by() -> dict[str, str]:
        why = "Other programs may use it too. Who needs it no more deletes it by hand: "
        return {title: why + ", ".join(map(str, places)) for title, places in _places().items()}

    return DiskKind(Kind.DOWNLOADS, listed, lambda key: None, blocked_by)


def _places() -> dict[str, list[Path]]:
    try:
        tfds = [entry.source.folder for entry in DATASETS.values() if isinstance(entry.source, TfdsSource)]
        places = {"Keras": [keras_home() / "models"], "TensorFlow Datasets": tfds}
    except FlowerlabError:
        # The folder is of a user who is not known here; whatever needs it will say so.
        return {}
    found = {title: [folder for folder in folders if folder.is_dir()] for title, folders in places.items()}
    return {title: folders for title, folders in found.items() if folders}
