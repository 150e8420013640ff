"""Whether what was unpacked can be used: looked at in the scratch folder, before anything is moved into place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from flowerlab.datasets.catalog import dataset_of_identity
from flowerlab.datasets.folder_checks import MAX_CLASSES, MIN_CLASSES
from flowerlab.datasets.originals import verify_originals
from flowerlab.errors import BadModel, BadPack, BadPhoto, shown
from flowerlab.features.sets import checksum, read_about
from flowerlab.home import Home
from flowerlab.packs.manifest import Item, ItemKind
from flowerlab.packs.packing import check_weights_file
from flowerlab.photos.reading import SUFFIXES, read_photo
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import RunRecord
from flowerlab.runs.serialization import parse_run
from flowerlab.system.safe_arrays import map_npy
from flowerlab.system.safe_models import check_model_file

MODELS, PREDICTIONS = ("model.keras", "model.npz"), "predictions.npz"


def check_item(item: Item, place: Path, home: Home) -> None:
    """Checks one item; what a run says of itself is checked where it is read.

    Raises:
        BadPack: If the lab could not use it.
    """
    checks: dict[ItemKind, Callable[[Path], None]] = {
        ItemKind.PHOTOS: lambda path: _check_photos(path, home),
        ItemKind.FOLDER: _check_folder,
        ItemKind.WEIGHTS: lambda path: check_weights_file(path, path.name),
        ItemKind.FEATURES: _check_features,
        ItemKind.RUN: _check_run,
    }
    checks[item.kind](place)


def _check_photos(folder: Path, home: Home) -> None:
    originals = verify_originals(folder)
    if originals is None:
        raise _unusable(f"the photos in {folder.name}, whose index does not fit")
    # Data sets that the lab knows by name are here from then on, and never fetched again.
    known = dataset_of_identity(folder.name)
    if known is not None and originals.classes != (classes := known.source.classes(home)):
        raise _unusable(f"the photos in {folder.name}, of other classes than {', '.join(classes)}")
    for position, name in enumerate(originals.ids):
        _check_photo(originals.data(position), name)


def _check_photo(data: bytes, name: str) -> None:
    try:
        read_photo(data, name)
    except BadPhoto as error:
        raise _unusable(str(error)) from None


def _check_folder(folder: Path) -> None:
    kinds = [path.name for path in folder.iterdir()]
    if not MIN_CLASSES <= len(kinds) <= MAX_CLASSES:
        raise _unusable(f"own photos of {len(kinds)} classes; {MIN_CLASSES} to {MAX_CLASSES} are needed")
    for file in sorted(folder.glob("*/*")):
        if file.suffix.lower() not in SUFFIXES:
            raise _unusable(f"{shown(file.name)} among own photos")
        _check_photo(file.read_bytes(), file.name)


def _check_features(folder: Path) -> None:
    about = read_about(folder)
    try:
        features = map_npy(folder / "features.npy")
    except ValueError:
        raise _unusable(f"the features {folder.name}, which cannot be read") from None
    if about is None:
        raise _unusable(f"the features {folder.name}, which do not say what they are of")
    if features.dtype not in (np.float16, np.float32) or features.ndim != 4 or features.shape != about.shape:
        raise _unusable(f"the features {folder.name}, of another form")
    if checksum(features) != about.crc32:
        raise _unusable(f"the features {folder.name}, whose bytes are not those that were written")


def _check_run(folder: Path) -> None:
    models = [folder / name for name in MODELS if (folder / name).is_file()]
    if not models:
        raise _unusable(f"the run {folder.name} without a model")
    for model in models:
        try:
            check_model_file(model)
        except BadModel as error:
            raise _unusable(f"the run {folder.name}: {error}") from None
    if (folder / PREDICTIONS).exists() and load_predictions(folder) is None:
        raise _unusable(f"the run {folder.name}, whose predictions cannot be read")


def read_run(path: Path, run_id: str) -> RunRecord:
    """Reads the record of a packed run.

    Raises:
        BadPack: If it is not a finished run of this id.
    """
    try:
        record = parse_run(path.read_bytes(), run_id)
        if not record.run.state.over or record.run.result is None:
            raise ValueError("the run is not finished")
    except ValueError as error:
        raise BadPack(
            f"A run of the pack cannot be used. Expected a finished run as `pack` writes it. Received: run {run_id} ({error}). Make the "
            "pack anew, without this run. Nothing was changed."
        ) from None
    return record


def _unusable(what: str) -> BadPack:
    return BadPack(f"The pack holds something that the lab cannot use. Received: {what}. Make the pack anew. Nothing was changed.")
