"""What a run's folder says of the run itself, so that a store that was lost can be rebuilt: `run.json`.

A deleted run's folder gets another name before the run leaves the store, and then goes: what is not called after a run is of none.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

from flowerlab.errors import HomeUnusable
from flowerlab.recipe.validation import RUN_ID
from flowerlab.runs.run import RunRecord
from flowerlab.runs.serialization import run_json
from flowerlab.system.files import replacement

RECORD = "run.json"
BURIED = re.compile(rf"({RUN_ID.pattern})\.deleted-\w+")


class RunFolders:
    """The folders of all runs of one home."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @contextlib.contextmanager
    def keeping(self, record: RunRecord) -> Iterator[Callable[[], object]]:
        """Writes a run's record beside its folder's, and gives what puts it into its place: a reader finds the one before or this one.

        Raises:
            OSError: If it cannot be written.
        """
        folder = self.root / record.run.id
        folder.mkdir(parents=True, exist_ok=True)
        with replacement(folder / RECORD, run_json(record)) as put:
            yield put

    def bury(self, run_id: str, into: Path | None = None) -> None:
        """Takes a run's folder away, so that it is nobody's; `unbury` brings it back.

        Args:
            into: Where it goes; None: to where `remove_buried` ends it.

        Raises:
            HomeUnusable: If it cannot be taken away.
        """
        folder = self.root / run_id
        try:
            with contextlib.suppress(FileNotFoundError):
                folder.rename(into or self.root / f"{run_id}.deleted-{uuid.uuid4().hex[:8]}")
        except OSError as error:
            raise HomeUnusable(
                f"The folder of this run cannot be deleted. Received: {error.strerror or error}: {folder}. Close the programs that have "
                "files of it open, and try again. Nothing was changed."
            ) from error

    def unbury(self, run_id: str, into: Path | None = None) -> None:
        """Brings back what `bury` took away, into the same place."""
        for folder in (into,) if into is not None else tuple(self.root.glob(f"{run_id}.deleted-*")):
            with contextlib.suppress(OSError):
                folder.rename(self.root / run_id)

    def remove_buried(self, run_id: str) -> None:
        """Deletes what `bury` took away, as far as that can be done now."""
        for folder in self.root.glob(f"{run_id}.deleted-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def remove_empty(self, run_id: str) -> None:
        """Deletes a run's folder if nothing is in it."""
        with contextlib.suppress(OSError):
            (self.root / run_id).rmdir()

    def buried(self) -> set[str]:
        """Returns the ids of runs whose deletion has begun and is not over."""
        if not self.root.is_dir():
            return set()
        return {match[1] for path in self.root.iterdir() if (match := BURIED.fullmatch(path.name))}

    def all(self) -> list[Path]:
        """Returns the folders of runs, by their names."""
        if not self.root.is_dir():
            return []
        return sorted(path for path in self.root.iterdir() if RUN_ID.fullmatch(path.name) and path.is_dir())
