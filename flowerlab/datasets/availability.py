"""Which photos and weights are in a lab."""

from __future__ import annotations

import functools
from pathlib import Path

from flowerlab.architectures import ARCHITECTURES
from flowerlab.architectures import architecture as find_architecture
from flowerlab.architectures.pretrained import find_weights
from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import find_originals, originals_folder, tf_flowers_info
from flowerlab.datasets.import_folder import describe
from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadRecipe
from flowerlab.home import Home


class Availability:
    """What a lab can train on without fetching anything.

    Args:
        home: The lab's folder.
        garden: Which garden is drawn.
    """

    def __init__(self, home: Home, garden: Garden) -> None:
        self.garden, self._home = garden, home

    def originals(self, dataset: str) -> Originals | None:
        """Returns a data set's photos if they have been gathered; else None."""
        folder = originals_folder(self._home, dataset, self.garden)
        if folder is None or not (folder / "index.json").exists():
            return None
        return _cached_originals(self._home, dataset, self.garden, folder, (folder / "index.json").stat().st_mtime_ns)

    def dataset_at_hand(self, dataset: str) -> bool:
        """Whether a run on this data set needs no network."""
        if dataset == "tf_flowers":
            return tf_flowers_info().exists() or self.originals(dataset) is not None
        return dataset in DATASETS or (self._home.folders / dataset.removeprefix(FOLDER_PREFIX)).is_dir()

    def classes_of(self, dataset: str) -> tuple[str, ...]:
        """Returns a data set's classes in label order.

        Raises:
            BadRecipe: If an own folder is not there.
        """
        if dataset in DATASETS:
            return DATASETS[dataset].classes
        folder = self._home.folders / dataset.removeprefix(FOLDER_PREFIX)
        if not folder.is_dir():
            raise BadRecipe(
                "dataset",
                "names photos that are not in this lab.",
                received=dataset,
                advice="Import them on the Data page.",
            )
        return describe(folder).classes

    def weights_at_hand(self, architecture: str) -> bool:
        """Whether the pretrained weights of an architecture are on this machine (True for one that has none)."""
        chosen = find_architecture(architecture)
        return chosen.pretrained is None or find_weights(chosen) is not None

    def backbones(self) -> list[str]:
        """Returns the names of all networks that have something to fine-tune, the one to take first at the head.

        VGG16, the lecture's, leads if its weights are on this machine; else the first whose weights are here: VGG16 mini, which
        comes with Flowerlab.
        """
        known = [name for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None]
        return sorted(known, key=lambda name: not self.weights_at_hand(name))

    def at_hand(self, name: str) -> bool:
        """Whether a data set, or an architecture's weights, are on this machine."""
        return self.dataset_at_hand(name) if name in DATASETS else self.weights_at_hand(name)


@functools.lru_cache(maxsize=8)
def _cached_originals(home: Home, dataset: str, garden: Garden, folder: Path, written_ns: int) -> Originals | None:
    """Opens a data set's index once for all viewers; the folder and its time of writing make the key change with it."""
    return find_originals(home, dataset, garden)
