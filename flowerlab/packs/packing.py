"""Making a lesson pack of what is here."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

import flowerlab
from flowerlab.architectures import ARCHITECTURES, Architecture
from flowerlab.architectures.pretrained import find_weights
from flowerlab.datasets.catalog import dataset_source, dataset_title
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import find_originals
from flowerlab.datasets.originals import Originals
from flowerlab.datasets.sources.folder import FolderSource
from flowerlab.errors import BadPack, DatasetNotAtHand, WeightsNotAtHand
from flowerlab.features.sets import ABOUT, ARRAY, KeptSets
from flowerlab.home import Home
from flowerlab.packs.archive import Content, write_archive
from flowerlab.packs.manifest import RUN_RECORD, Item, ItemKind, Manifest, PackedFile
from flowerlab.runs.run import Run, RunRecord
from flowerlab.runs.serialization import run_json
from flowerlab.store import Store
from flowerlab.system.downloads import is_whole
from flowerlab.system.files import check_new_file, digest_of, scratch_beside
from flowerlab.system.progress import Progress

# What a trainer leaves beside a model while it works.
UNFINISHED = re.compile(r"\..*|part\..*|best.*")


@dataclass(frozen=True)
class Packed:
    """A pack that was written."""

    path: Path
    bytes: int
    manifest: Manifest


@dataclass(frozen=True)
class _Part:
    """One item with its files: (path in the pack, file or bytes)."""

    item: Item
    files: list[tuple[str, Content]]


def pack(
    target: Path,
    home: Home,
    store: Store,
    *,
    dataset: str | None = None,
    architecture: Architecture | None = None,
    runs: Sequence[Run] = (),
    garden: Garden,
    progress: Progress = lambda step, done, total: None,
) -> Packed:
    """Writes a lesson pack, whole or not at all.

    Args:
        dataset: Name, as in a recipe; gathered before. None packs no photos.
        architecture: Whose weights, and whose features of this data set, are packed; None packs neither.

    Raises:
        BadPack: If there is nothing to pack, or the file is there already.
        NotAtHand: If photos or weights are not on this machine.
    """
    check_target(target)
    parts: list[_Part] = []
    if dataset is not None:
        originals = _gathered(home, dataset, garden)
        source = dataset_source(dataset, garden)
        parts.append(_own_photos(home, source) if isinstance(source, FolderSource) else _photos(dataset, originals))
        if architecture is not None:
            parts += _features(home, originals, architecture)
    if architecture is not None and architecture.weights:
        parts.append(_weights(architecture))
    parts += [_run(home, store, run) for run in runs]
    if not parts:
        raise BadPack(
            "There is nothing to pack. Expected a data set, an architecture with pretrained weights, or finished runs. "
            "Received: none. Name them with --dataset, --architecture or --runs."
        )
    items = tuple(part.item for part in parts)

    def describe(files: tuple[PackedFile, ...]) -> Manifest:
        return Manifest(flowerlab=flowerlab.__version__, made_s=time.time(), items=items, files=files)

    with scratch_beside(target) as scratch:
        files = [file for part in parts for file in part.files]
        try:
            manifest = write_archive(scratch / "pack.zip", files, describe, progress)
        except ValidationError as error:
            # A file was put into the home by hand that no other computer would take.
            raise BadPack(
                f"Something here cannot be packed. Expected files as the lab writes them. Received: {error.errors()[0]['msg']}. "
                "Rename or remove it, or leave it out of the pack."
            ) from None
        (scratch / "pack.zip").rename(target)
    return Packed(target, target.stat().st_size, manifest)


def check_target(target: Path) -> None:
    """Checks where the pack shall lie, before photos and weights are fetched, which may take long.

    Raises:
        BadPack: If the file cannot be made.
    """
    check_new_file(target, BadPack, instead="delete it")


def _gathered(home: Home, dataset: str, garden: Garden) -> Originals:
    originals = find_originals(home, dataset, garden)
    if originals is None:
        raise DatasetNotAtHand(
            f"The photos of {dataset_title(dataset)} have not been gathered yet. Open the data set on the Data page once."
        )
    return originals


def _photos(dataset: str, originals: Originals) -> _Part:
    path = f"originals/{originals.folder.name}"
    item = Item(kind=ItemKind.PHOTOS, name=dataset_title(dataset), path=path)
    return _Part(item, [(f"{path}/{name}", originals.folder / name) for name in ("index.json", "photos.bin")])


def _own_photos(home: Home, source: FolderSource) -> _Part:
    folder, path = source.folder(home), f"folders/{source.name}"
    files: list[tuple[str, Content]] = [
        (f"{path}/{file.relative_to(folder).as_posix()}", file) for file in sorted(folder.glob("*/*")) if file.is_file()
    ]
    return _Part(Item(kind=ItemKind.FOLDER, name=source.name, path=path), files)


def _features(home: Home, originals: Originals, architecture: Architecture) -> list[_Part]:
    """Returns the kept features of these photos by this network; those that do not say of which are left out."""
    prepared = {path.parent.name for path in home.prepared.glob("*/about.json") if _says(path, content=originals.content)}
    parts = []
    for kept in sorted(KeptSets(home).all(), key=lambda one: one.key):
        if kept.about.prepared not in prepared or kept.about.architecture != architecture.name:
            continue
        path, folder = f"features/{kept.key}", home.features / kept.key
        name = f"{architecture.title}, features {kept.key[:6]}"
        files: list[tuple[str, Content]] = [(f"{path}/{file}", folder / file) for file in (ABOUT, ARRAY)]
        parts.append(_Part(Item(kind=ItemKind.FEATURES, name=name, path=path), files))
    return parts


def _says(path: Path, **expected: str) -> bool:
    try:
        about = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(about, dict) and all(about.get(key) == value for key, value in expected.items())


def _weights(architecture: Architecture) -> _Part:
    found = find_weights(architecture)
    if found is None:
        file = architecture.weights[0]
        raise WeightsNotAtHand(
            f"The ImageNet weights of {architecture.title} are not on this machine. Expected {file.name} "
            f"({file.megabytes:g} MB) in Keras' cache. Fetch them first: train one run with them where there is a network."
        )
    check_weights_file(found, found.name)
    path = f"weights/{found.name}"
    return _Part(Item(kind=ItemKind.WEIGHTS, name=f"{architecture.title}, ImageNet", path=path), [(path, found)])


def _run(home: Home, store: Store, run: Run) -> _Part:
    if run.result is None or not run.state.over or not home.model(run.id).is_file():
        raise BadPack(f"{run.name!r} has no model to pack. Expected a finished run. Received: {run.id}, {run.state}. Leave it out.")
    path, folder = f"runs/{run.id}", home.run(run.id)
    files: list[tuple[str, Content]] = [(f"{path}/{RUN_RECORD}", run_json(_for_others(store.record(run.id))))]
    if folder.is_dir():
        files += [
            (f"{path}/{file.name}", file)
            for file in sorted(folder.iterdir())
            if file.is_file() and not UNFINISHED.fullmatch(file.name) and file.name != RUN_RECORD
        ]
    return _Part(Item(kind=ItemKind.RUN, name=run.name, path=path), files)


def _for_others(record: RunRecord) -> RunRecord:
    """Returns a run's record without who asked for it: that concerns this home alone."""
    return replace(record, run=replace(record.run, student="", kept=False))


def check_weights_file(path: Path, name: str) -> None:
    """Checks a weights file by the name that it has in Keras' cache and, where the package knows its hash, by that.

    Raises:
        BadPack: If no architecture has weights of this name, or the file is not that one.
    """
    known = next((file for chosen in ARCHITECTURES.values() for file in chosen.weights if file.name == name), None)
    if known is None:
        raise BadPack(
            f"No network that this Flowerlab knows has weights of this name. Received: {name}. Update Flowerlab, or leave them out."
        )
    if known.digest is None and not is_whole(path):
        raise BadPack(
            f"The weights file {name} is no whole HDF5 file. Expected one of about {known.megabytes:g} MB. Received: "
            f"{path.stat().st_size / 1e6:.1f} MB. Fetch it anew."
        )
    if known.digest is not None and digest_of(path, known.hash_name) != known.digest:
        raise BadPack(
            f"The weights file {name} is not the one that Keras' authors published. Expected {known.megabytes:g} MB "
            f"with the hash {known.digest}. Received: {path.stat().st_size / 1e6:.1f} MB with another. Fetch it anew."
        )
