"""Bringing what a lesson pack holds into the lab: all of it or, if anything is wrong, nothing."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from flowerlab.architectures.pretrained import keras_home
from flowerlab.datasets.originals import open_originals
from flowerlab.errors import BadPack, HomeUnusable, UnknownRun
from flowerlab.home import Home
from flowerlab.packs.archive import extract, opened_pack
from flowerlab.packs.checks import check_item, read_run
from flowerlab.packs.manifest import RUN_RECORD, Item, ItemKind, Manifest, PackedFile
from flowerlab.runs.run import RunRecord
from flowerlab.store import Store
from flowerlab.system.downloads import is_whole
from flowerlab.system.files import digest_of, scratch_beside
from flowerlab.system.locks import waiting_for
from flowerlab.system.progress import Progress

# Left free beside what is unpacked: the list of runs must still be able to grow.
SPARE_BYTES = 100_000_000


@dataclass(frozen=True)
class Unpacked:
    """What became of a pack.

    Args:
        kept: What was here already and was left as it is.
        differing: Those of `kept` that are not as in the pack.
    """

    manifest: Manifest
    brought: tuple[Item, ...]
    kept: tuple[Item, ...]
    differing: tuple[Item, ...]


def unpack(source: Path, home: Home, store: Store, progress: Progress = lambda step, done, total: None) -> Unpacked:
    """Brings a pack's contents into the lab, and its weights to where Keras looks for them.

    Everything is unpacked into a scratch folder, checked, and only then moved into place. What is here already stays as it is.

    Raises:
        BadPack: If the pack is damaged, foreign, too new or hostile, or other photos have a name that it brings.
        HomeUnusable: If there is no room.
    """
    with opened_pack(source) as (archive, manifest):
        free = shutil.disk_usage(home.root).free
        if manifest.bytes + SPARE_BYTES > free:
            raise HomeUnusable(
                f"There is no room for the pack. Expected {(manifest.bytes + SPARE_BYTES) / 1e6:,.0f} MB free. "
                f"Received: {free / 1e6:,.0f} MB at {home.root}. Free some space, or set FLOWERLAB_HOME to another disk."
            )
        with scratch_beside(home.originals / "lesson") as scratch:
            extract(archive, manifest, scratch, progress)
            records: dict[str, RunRecord] = {}
            for number, item in enumerate(manifest.items):
                progress("Checking", number, len(manifest.items))
                check_item(item, scratch / item.path, home)
                if item.kind is ItemKind.RUN:
                    run_id = item.path.removeprefix("runs/")
                    records[item.path] = read_run(scratch / item.path / RUN_RECORD, run_id)
                    (scratch / item.path / RUN_RECORD).unlink()
            # Of two packs that bring the same thing, the second finds the first one's.
            with waiting_for(home.locks / "unpacking", check=lambda: progress("Waiting", 0, 0)):
                return _bring_in(manifest, scratch, home, store, records)


def _bring_in(manifest: Manifest, scratch: Path, home: Home, store: Store, records: dict[str, RunRecord]) -> Unpacked:
    kept = [item for item in manifest.items if _here(item, home, store)]
    differing = [item for item in kept if not _equal(item, manifest.files_of(item), scratch, home)]
    for item in differing:
        if item.kind is ItemKind.FOLDER:
            raise BadPack(
                f"Other photos have the name {item.name!r} here already. Expected the same photos, or none. Delete or rename "
                "yours on the Data page, or make the pack with another name. Nothing was changed."
            )
    brought = [item for item in manifest.items if item not in kept]
    # What was done is taken back only if something fails.
    with ExitStack() as undo:
        for item in brought:
            _move(item, scratch, _target(item, home), undo)
        store.adopt([records[item.path] for item in brought if item.kind is ItemKind.RUN])
        undo.pop_all()
    return Unpacked(manifest, tuple(brought), tuple(kept), tuple(differing))


def _target(item: Item, home: Home) -> Path:
    if item.kind is ItemKind.WEIGHTS:
        return keras_home() / "models" / item.path.removeprefix("weights/")
    return home.root.joinpath(*item.path.split("/"))


def _here(item: Item, home: Home, store: Store) -> bool:
    """Whether something usable has this place already."""
    target = _target(item, home)
    if item.kind is ItemKind.PHOTOS:
        return open_originals(target) is not None
    if item.kind is ItemKind.RUN:
        try:
            store.get(target.name)
        except UnknownRun:
            return False
        return True
    # What another program left half-written is of no use.
    return is_whole(target) if item.kind is ItemKind.WEIGHTS else target.exists()


def _equal(item: Item, files: Sequence[PackedFile], scratch: Path, home: Home) -> bool:
    target = _target(item, home)
    if item.kind is ItemKind.PHOTOS:
        mine, theirs = open_originals(target), open_originals(scratch / item.path)
        return mine is not None and theirs is not None and mine.content == theirs.content
    if item.kind is ItemKind.WEIGHTS:
        return digest_of(target) == files[0].sha256
    if item.kind is ItemKind.FOLDER:
        here = {path.relative_to(target).as_posix(): path for path in target.rglob("*") if path.is_file()}
        listed = {file.path.removeprefix(item.path + "/"): file.sha256 for file in files}
        return here.keys() == listed.keys() and all(digest_of(here[name]) == listed[name] for name in listed)
    # Features are named after all that they depend on; a run's id is its own.
    return True


def _move(item: Item, scratch: Path, target: Path, undo: ExitStack) -> None:
    unpacked = scratch.joinpath(*item.path.split("/"))
    if item.kind is ItemKind.WEIGHTS:
        # Keras' cache may lie on another disk, from where nothing can be renamed to here.
        target.parent.mkdir(parents=True, exist_ok=True)
        with scratch_beside(target) as near:
            shutil.copyfile(unpacked, near / target.name)
            (near / target.name).replace(target)
        undo.callback(target.unlink, missing_ok=True)
        return
    if target.exists():
        # Damaged photos, or what is left of a run that was deleted: nobody can use it.
        aside = scratch / f"aside-{target.name}"
        target.rename(aside)
        undo.callback(aside.rename, target)
    unpacked.rename(target)
    undo.callback(shutil.rmtree, target, ignore_errors=True)
