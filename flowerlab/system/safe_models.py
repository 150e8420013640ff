"""Model and weights files: whether one may be loaded at all, without loading it.

Keras' safe mode guards the loading itself. This refuses earlier, when a file is brought, and in one sentence.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flowerlab.errors import BadModel, legible, shown
from flowerlab.system.downloads import HDF5, is_whole
from flowerlab.system.safe_arrays import read_npz
from flowerlab.system.safe_zip import DAMAGE, TooManyEntries, open_zip

CONFIG, WEIGHTS = "config.json", "model.weights.h5"
ENTRIES = frozenset((CONFIG, WEIGHTS, "metadata.json"))
MOST_CONFIG_BYTES = 20_000_000
# Where Keras keeps what a saved network of layers consists of; its functions that fetch or write files lie elsewhere.
ROOMS = frozenset(
    (
        "layers",
        "initializers",
        "regularizers",
        "constraints",
        "activations",
        "dtype_policies",
        "models",
        "ops",
        "optimizers",
        "losses",
        "metrics",
    )
)
# Layers of Keras that run a program, or read files, when they are loaded.
PROGRAMS = frozenset(
    (
        "Lambda",
        "__lambda__",
        "TFSMLayer",
        "TorchModuleWrapper",
        "JaxLayer",
        "FlaxLayer",
        "StringLookup",
        "IntegerLookup",
        "TextVectorization",
    )
)


def check_model_file(path: Path) -> None:
    """Checks that a file is what Keras or Flowerlab saves, whole, and holds nothing but layers and numbers.

    Args:
        path: Ends in .keras, .h5 or .npz.

    Raises:
        BadModel: If not; the sentence says what it holds.
    """
    if path.suffix == ".keras":
        _check_keras(path)
    elif path.suffix == ".npz":
        try:
            read_npz(path)
        except ValueError:
            raise _refused(path, _describe(path)) from None
    elif not is_whole(path):
        raise _refused(path, _describe(path))


def _check_keras(path: Path) -> None:
    try:
        with open_zip(path, len(ENTRIES)) as archive:
            infos = {info.filename: info for info in archive.infolist()}
            if not {CONFIG, WEIGHTS} <= infos.keys() <= ENTRIES:
                raise _refused(path, "a zip of other things")
            if any(info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1 for info in infos.values()):
                raise _refused(path, "a zip that was packed by another program")
            if infos[CONFIG].file_size > MOST_CONFIG_BYTES:
                raise _refused(path, f"a list of layers of {infos[CONFIG].file_size:,} bytes")
            config = json.loads(archive.read(CONFIG))
            with archive.open(WEIGHTS) as weights:
                if weights.read(len(HDF5)) != HDF5:
                    raise _refused(path, "a zip whose weights are none")
    except TooManyEntries:
        raise _refused(path, "a zip of other things") from None
    except DAMAGE:
        raise _refused(path, _describe(path)) from None
    for part in _parts(config):
        if (problem := _problem(part)) is not None:
            raise _refused(path, problem)


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Yields every part of a saved network that names a class."""
    left = [config]
    while left:
        part = left.pop()
        if isinstance(part, dict):
            if "class_name" in part:
                yield part
            left += part.values()
        elif isinstance(part, list):
            left += part


def _problem(part: dict[str, Any]) -> str | None:
    name, module = part["class_name"], part.get("module")
    if name in PROGRAMS if isinstance(name, str) else True:
        return f"a layer of the kind {shown(name)}, which can hold a program"
    rooms = module.split(".") if isinstance(module, str) else ["keras"]
    rooms = [room for room in rooms if room != "src"]
    if rooms[0] != "keras" or (len(rooms) > 1 and rooms[1] not in ROOMS):
        return f"{shown(f'{module}.{name}')}, which is a program and no layer of Keras"
    return None


def _describe(path: Path) -> str:
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError as error:
        return f"a file that cannot be read ({error.strerror})"
    for start, words in (
        (b"\x80", "a pickle, which is a program"),
        (HDF5, "an HDF5 file that is damaged, cut short or wrongly named"),
        (b"PK\x03\x04", "a zip that is damaged, cut short or wrongly named"),
    ):
        if head.startswith(start):
            return words
    return "a file of another kind" if head else "an empty file"


def _refused(path: Path, what: str) -> BadModel:
    return BadModel(
        f"{legible(path.name)} is not loaded. Expected a whole file that Keras saved, with nothing but layers and numbers in it. "
        f"Received: {what}. Save it anew with model.save or model.save_weights, or choose another."
    )
