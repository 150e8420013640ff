"""The trash: runs that were deleted, each a folder from which it can be brought back whole.

`trash/ID-N/record.json` is what the list of runs knew of it, `trash/ID-N/files` is its folder. A run is either in the list or in the
trash: the record is written first, then its folder moves, then the list lets go of the run. Whatever dies in between, nothing is
lost: `bring_into_line` gives back the folder of a run that the list still has.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flowerlab.errors import BadInput, FlowerlabError, UnknownRun, shown
from flowerlab.home import Home
from flowerlab.inference.embeddings import forget_embeddings
from flowerlab.runs.run import Run, RunRecord, RunState
from flowerlab.runs.serialization import parse_run, run_json
from flowerlab.store import Store
from flowerlab.system.files import bytes_of, replace_file
from flowerlab.system.locks import waiting_for

RECORD, FILES = "record.json", "files"
# A run that came with a lesson pack may be thrown away, brought once more and thrown away again.
KEY = re.compile(r"([0-9a-f]{12})-(\d+)")


@dataclass(frozen=True)
class TrashedRun:
    """A run in the trash.

    Args:
        key: Of its folder in the trash; a run that was deleted twice has two.
        id: Of the run.
        thrown_s: Unix time.
        why: As a sentence, if a rule deleted it; else empty.
    """

    key: str
    id: str
    name: str
    state: RunState
    thrown_s: float
    why: str
    bytes: int
    has_model: bool


class Trash:
    """The trash of one home."""

    def __init__(self, home: Home, store: Store) -> None:
        self._home, self._store = home, store

    def throw(self, run_id: str, *, why: str = "") -> str:
        """Moves a run out of the list of runs into the trash.

        Returns:
            The key of its folder there.

        Raises:
            UnknownRun: If there is no such run.
            BadInput: If it is under way, or another run starts from it that waits or is under way.
            HomeUnusable: If its folder cannot be moved; nothing was changed then.
        """
        with self._alone():
            record = self._store.record(run_id)
            place = next(place for number in itertools.count(1) if not (place := self._home.trash / f"{run_id}-{number}").exists())
            place.mkdir()
            try:
                replace_file(place / RECORD, _json(record, time.time(), why))
                self._store.delete(run_id, into=place / FILES)
            except (FlowerlabError, OSError):
                if not (place / FILES).exists():
                    shutil.rmtree(place, ignore_errors=True)
                raise
        forget_embeddings(self._home, run_id=run_id)
        return place.name

    def bring_into_line(self) -> None:
        """Ends deletions that were cut off on the way: a run that the list still has gets its folder back."""
        with self._alone():
            for place in list(self._home.trash.iterdir()):
                # By its name: a record holds every event of its run, and each opening of the lab comes by here.
                named = KEY.fullmatch(place.name)
                if named is None or not self._here(named[1]) or _read(place) is None:
                    continue
                folder = self._home.run(named[1])
                if (place / FILES).is_dir() and not folder.exists():
                    (place / FILES).rename(folder)
                if not (place / FILES).exists():
                    shutil.rmtree(place, ignore_errors=True)

    def all(self) -> list[TrashedRun]:
        """Returns what lies in the trash, the newest first."""
        return [
            TrashedRun(
                key=place.name,
                id=about["run"]["id"],
                name=about["run"]["name"],
                state=RunState(about["run"]["state"]),
                thrown_s=float(about["thrown_s"]),
                why=about["why"],
                has_model=about["run"]["result"] is not None,
                bytes=sum(bytes_of(folder) for folder in self._folders(place, about)),
            )
            for place, about in self._places()
        ]

    def restore(self, key: str) -> Run:
        """Brings a run back into the list, with its files, its curve and, if that is free, its number.

        Args:
            key: Of its folder in the trash, or its id.

        Raises:
            UnknownRun: If it is not in the trash.
            BadInput: If a run of this id is in the list.
        """
        with self._alone():
            place, about = self._find(key)
            record = parse_run(json.dumps(about["run"]).encode(), about["run"]["id"])
            run_id, folder = record.run.id, self._home.run(record.run.id)
            if self._here(run_id):
                raise BadInput(f"The run cannot be brought back: one of this id is in the lab. Received: {run_id}.")
            if (place / FILES).is_dir():
                if folder.exists():
                    # The list had no such run: what lies there is not known.
                    folder.rename(self._home.runs / f".{run_id}-{time.time_ns()}.part")
                (place / FILES).rename(folder)
            self._store.adopt([record], keep_numbers=True)
            shutil.rmtree(place)
            return self._store.get(run_id)

    def delete(self, key: str) -> int:
        """Deletes a run of the trash for good; returns how many bytes that freed.

        Args:
            key: Of its folder in the trash, or its id.

        Raises:
            UnknownRun: If it is not in the trash.
        """
        with self._alone():
            place, about = self._find(key)
            freed = 0
            for folder in self._folders(place, about):
                freed += bytes_of(folder)
                shutil.rmtree(folder, ignore_errors=True)
            return freed

    def _alone(self) -> contextlib.AbstractContextManager[None]:
        self._store.check_changeable()
        return waiting_for(self._home.locks / "trash", poll_s=0.02)

    def _find(self, key: str) -> tuple[Path, dict[str, Any]]:
        for place, about in self._places():
            if key in (place.name, about["run"]["id"]):
                return place, about
        raise UnknownRun(
            f"There is no such run in the trash. Expected an id that `python -m flowerlab disk` shows. Received: {shown(key)}."
        )

    def _places(self) -> Iterator[tuple[Path, dict[str, Any]]]:
        """Gives the folders of the trash with their records, the newest first; one whose run never left the list is none."""
        found = []
        for place in self._home.trash.iterdir() if self._home.trash.is_dir() else ():
            about = _read(place)
            if about is not None and ((place / FILES).exists() or not self._here(about["run"]["id"])):
                found.append((place, about))
        yield from sorted(found, key=lambda one: float(one[1]["thrown_s"]), reverse=True)

    def _folders(self, place: Path, about: dict[str, Any]) -> list[Path]:
        """Returns where a run's files are: in the trash, or, if that was cut short, still where they were."""
        folder = self._home.run(about["run"]["id"])
        stayed = not (place / FILES).exists() and folder.exists() and not self._here(about["run"]["id"])
        return [place, folder] if stayed else [place]

    def _here(self, run_id: str) -> bool:
        try:
            self._store.get(run_id)
        except UnknownRun:
            return False
        return True


def _json(record: RunRecord, thrown_s: float, why: str) -> bytes:
    return json.dumps({"thrown_s": thrown_s, "why": why, "run": json.loads(run_json(record))}).encode()


def _read(place: Path) -> dict[str, Any] | None:
    """Returns what a folder of the trash says of its run; None if it says nothing that is understood here."""
    named = KEY.fullmatch(place.name)
    try:
        about: dict[str, Any] = json.loads((place / RECORD).read_bytes())
        return about if named and named[1] == about["run"]["id"] else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
