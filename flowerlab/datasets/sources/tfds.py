"""Photos that TensorFlow Datasets (TFDS) knows. Its code runs in the trainer alone: here is where things lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flowerlab.datasets.archive import Archive
from flowerlab.datasets.originals import Original
from flowerlab.errors import DatasetNotAtHand
from flowerlab.home import Home
from flowerlab.system.environment import folder_named_by
from flowerlab.system.progress import Progress


def tfds_folder() -> Path:
    """Returns where TensorFlow Datasets keeps its data: `TFDS_DATA_DIR`, or its own default."""
    return folder_named_by("TFDS_DATA_DIR", Path("~/tensorflow_datasets"))


@dataclass(frozen=True)
class TfdsSource:
    """A data set of TFDS, with an `image` and a `label` for each photo.

    Args:
        name, version: As in `tfds.load("name:version")`.
        class_names: In TFDS' label order.
        count: Photos in `split`.
        download_mb: See `Source`.
        archive: The one file that it is made of, fetched by us so that a download goes on where it broke off; None: TFDS fetches.
        split: All photos that the lab shall have, as TFDS writes it: `train`, or `train+test` of a set with parts of its own.
        keeps_order: See `Source`.
    """

    name: str
    version: str
    class_names: tuple[str, ...]
    count: int
    download_mb: int
    archive: Archive | None = None
    split: str = "train"
    keeps_order: bool = False
    drawn_s: ClassVar[float] = 0.0

    @property
    def photo_bytes(self) -> float:
        return 1e6 * self.download_mb / self.count

    @property
    def tfds_name(self) -> str | None:
        return self.name if self.keeps_order and self.split == "train" else None

    @property
    def published(self) -> str:
        return f"{self.name}-{self.version}"

    @property
    def identity_pattern(self) -> str:
        return rf"{re.escape(self.name)}-[\d.]{{1,20}}"

    @property
    def folder(self) -> Path:
        """Where TFDS keeps the data set, in all versions."""
        return tfds_folder() / self.name

    @property
    def prepared(self) -> Path:
        """Where TFDS keeps this version once it has prepared it."""
        return self.folder / self.version

    @property
    def is_prepared(self) -> bool:
        """Whether TFDS has this version ready."""
        return (self.prepared / "dataset_info.json").exists()

    def identity(self, home: Home) -> str:
        """A version is the same photos wherever it came from."""
        return self.published

    def classes(self, home: Home) -> tuple[str, ...]:
        return self.class_names

    def photos(self, home: Home) -> int:
        return self.count

    def available(self, home: Home) -> bool:
        return self.is_prepared

    def originals(self, home: Home, progress: Progress) -> Iterator[Original]:
        """`flowerlab.trainer.tfds` reads them."""
        raise DatasetNotAtHand(f"{self.name} has not been gathered yet. Train on it once, or fetch it on the Data page.")
