"""Own photos, imported into the lab."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from flowerlab.datasets import import_folder
from flowerlab.datasets.folder_checks import FolderInfo
from flowerlab.datasets.originals import Original
from flowerlab.errors import BadRecipe, DatasetNotAtHand
from flowerlab.home import Home
from flowerlab.system.progress import Progress

FOLDER_PREFIX = "folder:"


@dataclass(frozen=True)
class FolderSource:
    """An imported folder, `folder:NAME` in a recipe."""

    name: str
    download_mb: ClassVar[int] = 0
    drawn_s: ClassVar[float] = 0.0
    photo_bytes: ClassVar[float] = 100e3
    keeps_order: ClassVar[bool] = False
    tfds_name: ClassVar[None] = None
    published: ClassVar[None] = None
    identity_pattern: ClassVar[str] = r"folder-[0-9a-f]{8}-[0-9a-f]{12}"

    def folder(self, home: Home) -> Path:
        """Returns where the import put them."""
        return home.folders / self.name

    def identity(self, home: Home) -> str:
        """It changes with every file, so that another import is never mistaken for the one that was gathered."""
        folder = self.folder(home)
        if not folder.is_dir():
            return FOLDER_PREFIX + self.name
        listing = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                about = path.stat()
                listing.update(f"{path.relative_to(folder).as_posix()}\0{about.st_size}\0{about.st_mtime_ns}\n".encode())
        return f"folder-{hashlib.sha256(self.name.encode()).hexdigest()[:8]}-{listing.hexdigest()[:12]}"

    def classes(self, home: Home) -> tuple[str, ...]:
        return self._about(home).classes

    def photos(self, home: Home) -> int:
        return self._about(home).photos

    def available(self, home: Home) -> bool:
        return self.folder(home).is_dir()

    def originals(self, home: Home, progress: Progress) -> Iterator[Original]:
        if not self.available(home):
            raise DatasetNotAtHand(
                f"Your photos {self.name!r} are not in this lab. Expected an imported folder. "
                f"Received: dataset={FOLDER_PREFIX + self.name!r}. "
                "Import the folder or zip on the Data page, or choose the garden."
            )
        total = self.photos(home)

        def counted() -> Iterator[Original]:
            for done, photo in enumerate(import_folder.originals(self.folder(home))):
                progress("Gathering photos", done, total)
                yield photo

        return counted()

    def _about(self, home: Home) -> FolderInfo:
        if not self.available(home):
            raise BadRecipe(
                "dataset",
                "names photos that are not in this lab.",
                received=FOLDER_PREFIX + self.name,
                advice="Import them on the Data page.",
            )
        return import_folder.describe(self.folder(home))
