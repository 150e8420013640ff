"""The layout of FLOWERLAB_HOME: where each kind of thing is kept."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from flowerlab.errors import HomeReadOnly, HomeUnusable

SWEPT_AFTER_S = 24 * 3600.0


@dataclass(frozen=True)
class Home:
    """The folders of one FLOWERLAB_HOME.

    Args:
        root: The folder itself. It need not exist yet; `create` makes it.
        own_logs: Where logs go if they cannot go there.
    """

    root: Path
    own_logs: Path | None = None

    @property
    def store(self) -> Path:
        """The SQLite file with all runs."""
        return self.root / "flowerlab.sqlite3"

    @property
    def runs(self) -> Path:
        """One folder a run: model, predictions, log."""
        return self.root / "runs"

    @property
    def originals(self) -> Path:
        """One folder a data set: its photos as they came."""
        return self.root / "originals"

    @property
    def prepared(self) -> Path:
        """One folder a (data set, size, resize mode): photos as arrays."""
        return self.root / "prepared"

    @property
    def features(self) -> Path:
        """One folder a (prepared photos, frozen layers): what the frozen part of a network made of the photos."""
        return self.root / "features"

    @property
    def hashes(self) -> Path:
        """One file a data set's content: the perceptual hashes of its photos."""
        return self.root / "hashes"

    @property
    def embeddings(self) -> Path:
        """One file a (model, photos): what a run's last layer computes its answers from."""
        return self.root / "embeddings"

    @property
    def folders(self) -> Path:
        """Own photos, imported: one folder a data set, one sub-folder a class."""
        return self.root / "folders"

    @property
    def weights(self) -> Path:
        """Own weight files, imported."""
        return self.root / "weights"

    @property
    def trash(self) -> Path:
        """One folder a run that was deleted, see `flowerlab.disk.trash`."""
        return self.root / "trash"

    @property
    def locks(self) -> Path:
        """Lock files: one a thing that only one process may do at a time."""
        return self.root / "locks"

    def log(self, name: str) -> Path:
        """The log of one of the lab's processes."""
        return (self.own_logs or self.root) / f"{name}.log"

    def run(self, run_id: str) -> Path:
        """The folder of one run. The id must come from the store."""
        return self.runs / run_id

    def model(self, run_id: str) -> Path:
        """The model of one run: `model.keras`, or the compact `model.npz` of a run that came with Flowerlab."""
        compact = self.run(run_id) / "model.npz"
        return compact if compact.exists() else self.run(run_id) / "model.keras"

    @property
    def all_folders(self) -> tuple[Path, ...]:
        """Every folder that the lab keeps something in."""
        return (
            self.runs,
            self.originals,
            self.prepared,
            self.features,
            self.hashes,
            self.embeddings,
            self.folders,
            self.weights,
            self.trash,
            self.locks,
        )

    def create(self) -> Home:
        """Makes the folders and checks that they can be written.

        Raises:
            HomeReadOnly: If they are there and cannot be written.
            HomeUnusable: If they cannot be made.
        """
        try:
            for folder in self.all_folders:
                folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root):
                pass
        except OSError as error:
            kind = HomeReadOnly if self.root.is_dir() else HomeUnusable
            raise kind(
                f"Flowerlab cannot write its folder ({error.strerror}). Expected a folder that you may write to. "
                f"Received: {self.root}. Set FLOWERLAB_HOME to another folder."
            ) from None
        return self

    def half_written(self) -> Iterator[Path]:
        """Yields the files and folders that a process is writing, or that a killed one left."""
        for folder in (self.originals, self.prepared, self.features, self.hashes, self.embeddings, self.folders, self.weights):
            yield from folder.glob(".*.part")

    def sweep(self, older_than_s: float = SWEPT_AFTER_S) -> None:
        """Removes what killed processes left half-written, if it is so old that none can still be writing it."""
        for path in list(self.half_written()):
            try:
                if time.time() - path.stat().st_mtime < older_than_s:
                    continue
                if path.is_dir():
                    shutil.rmtree(path)
                else:
                    path.unlink()
            except OSError:
                # Another process swept it first, or it cannot be removed: it harms nothing.
                continue
