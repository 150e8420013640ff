"""Which photos and weights are in a lab."""

from __future__ import annotations

import functools
from pathlib import Path

from flowerlab.architectures import ARCHITECTURES
from flowerlab.architectures import architecture as find_architecture
from flowerlab.architectures.pretrained import find_weights
from flowerlab.datasets.catalog import DATASETS, dataset_source
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.import_folder import folder_names
from flowerlab.datasets.originals import Originals, open_originals
from flowerlab.datasets.sources.folder import FOLDER_PREFIX
from flowerlab.datasets.sources.source import Source
from flowerlab.home import Home


class Availability:
    """What a lab can train on without fetching anything."""

    def __init__(self, home: Home, garden: Garden) -> None:
        self.garden, self._home = garden, home

    def names(self) -> list[str]:
        """Returns all data sets that a recipe can name here: those of the catalog, then own photos."""
        return [*DATASETS, *(FOLDER_PREFIX + name for name in folder_names(self._home.folders))]

    def source(self, dataset: str) -> Source:
        """Returns where a data set's photos come from."""
        return dataset_source(dataset, self.garden)

    def identity(self, dataset: str) -> str:
        """Returns what distinguishes a data set's photos from others of its name, see `Source`."""
        return self.source(dataset).identity(self._home)

    def classes_of(self, dataset: str) -> tuple[str, ...]:
        """Returns a data set's classes in label order.

        Raises:
            BadRecipe: If they are own photos that are not in this lab.
        """
        return self.source(dataset).classes(self._home)

    def photos_of(self, dataset: str) -> int:
        """Returns how many photos a data set has or will have once it is gathered.

        Raises:
            BadRecipe: If they are own photos that are not in this lab.
        """
        originals = self.originals(dataset)
        return self.source(dataset).photos(self._home) if originals is None else len(originals)

    def originals(self, dataset: str) -> Originals | None:
        """Returns a data set's photos if they have been gathered; else None."""
        folder = self._home.originals / self.identity(dataset)
        try:
            return _opened(folder, (folder / "index.json").stat().st_mtime_ns)
        except OSError:
            return None

    def has_photos(self, dataset: str) -> bool:
        """Whether a run on this data set needs no network."""
        return self.source(dataset).available(self._home) or self.originals(dataset) is not None

    def has_weights(self, architecture: str) -> bool:
        """Whether the pretrained weights of an architecture are on this machine (True for one that has none)."""
        chosen = find_architecture(architecture)
        return chosen.pretrained is None or find_weights(chosen) is not None

    def has(self, name: str) -> bool:
        """Whether a data set of the catalog, or an architecture's weights, are on this machine."""
        return self.has_photos(name) if name in DATASETS else self.has_weights(name)

    def missing_mb(self, dataset: str, architecture: str | None) -> float:
        """Returns how much a run would have to download, in MB (10⁶ bytes).

        Args:
            architecture: Whose pretrained weights it begins with; None: with none.
        """
        photos_mb = 0 if self.has_photos(dataset) else self.source(dataset).download_mb
        if architecture is None or self.has_weights(architecture):
            return photos_mb
        return photos_mb + find_architecture(architecture).weights[0].megabytes

    def backbones(self) -> list[str]:
        """Returns the names of all networks that have something to fine-tune, the one to take first at the head.

        VGG16, the lecture's, leads if its weights are on this machine; else the first whose weights are here: VGG16 mini, which
        comes with Flowerlab.
        """
        known = [name for name, entry in ARCHITECTURES.items() if entry.fine_tune_from is not None]
        return sorted(known, key=lambda name: not self.has_weights(name))


@functools.lru_cache(maxsize=8)
def _opened(folder: Path, written_ns: int) -> Originals | None:
    """Opens a data set's index once for all viewers; its time of writing makes the key change with it."""
    return open_originals(folder)
