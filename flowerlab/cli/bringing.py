"""Bringing own photos and weights into the lab, given by a path instead of a name."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path

from flowerlab.architectures.pretrained import SUFFIXES, import_weights
from flowerlab.cli.output import one_line, say
from flowerlab.datasets.catalog import DATASETS, FOLDER_PREFIX
from flowerlab.datasets.import_folder import import_folder
from flowerlab.home import Home
from flowerlab.recipe.validation import PRETRAINED, WEIGHTS_FILE

# Somebody may point at a whole disk: what is too large to be a data set is left to the import to refuse.
LISTED_FILES = 100_000


def bring_in(
    knobs: Mapping[str, str], home: Home, *, check: Callable[[Mapping[str, str], Collection[str]], object]
) -> dict[str, str]:
    """Imports what is given by a path and returns the knobs with the names that recipes use.

    Everything else is checked first, so that a bad knob imports nothing.

    Args:
        knobs: As given.
        home: Where to import to.
        check: Raises BadRecipe for knobs that cannot be used; also told which of them (`dataset`, `weights`) hold another
            value meanwhile, because what they name is still to be imported.

    Raises:
        BadInput: If a knob or a path cannot be used.
    """
    photos, weights = _path_of_photos(knobs), _path_of_weights(knobs)
    named = dict(knobs)
    if photos is not None:
        named["dataset"] = "garden"
    if weights is not None:
        name = f"file:{weights.name}"
        named["weights"] = name if WEIGHTS_FILE.fullmatch(name) else "file:weights.h5"
    check(named, [name for name, path in (("dataset", photos), ("weights", weights)) if path is not None])
    if weights is not None:
        named["weights"] = import_weights(weights, home)
    if photos is not None:
        named["dataset"] = FOLDER_PREFIX + _import_photos(photos, home)
    return named


@contextlib.contextmanager
def aside() -> Iterator[Home]:
    """Gives a home next to the lab's for a moment: what is given by a path is imported there to be checked, and nothing is changed."""
    with tempfile.TemporaryDirectory() as folder:
        yield Home(Path(folder)).create()


def _import_photos(source: Path, home: Home) -> str:
    """Imports a folder or zip unless it was imported before as it is now, and returns the data set's name."""
    name = _name_for(source)
    if not (home.folders / name).is_dir():
        left_out = import_folder(source, home.folders, name, progress=lambda done, total: None).left_out
        if left_out:
            say(f"{len(left_out):,} files were left out, for example: {one_line(left_out[0])}")
    return name


def _name_for(source: Path) -> str:
    """Names a data set after its source and a hash of what lies there, so that changed photos get another name."""
    with contextlib.suppress(OSError):
        # A path that no file system can hold is left to the import to refuse.
        source = source.resolve()
    stem = source.stem if _is_file(source) else source.name
    plain = "".join(letter if letter.isalnum() or letter in " .-" else "-" for letter in stem).strip(" .-")
    listing = hashlib.sha256()
    for path in itertools.islice(_files(source), LISTED_FILES):
        with contextlib.suppress(OSError):
            about = path.stat()
            listing.update(f"{path.relative_to(source)}\0{about.st_size}\0{about.st_mtime_ns}\n".encode("utf-8", "replace"))
    return f"{plain[:40].rstrip(' .-') or 'photos'}-{listing.hexdigest()[:8]}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:
        return False


def _files(source: Path) -> Iterator[Path]:
    if _is_file(source):
        yield source
    for folder, subfolders, names in os.walk(source):
        subfolders.sort()
        yield from (Path(folder, name) for name in sorted(names))


def _path_of_photos(knobs: Mapping[str, str]) -> Path | None:
    value = knobs.get("dataset", "garden")
    if value in DATASETS or value.startswith(FOLDER_PREFIX):
        return None
    return _path(value, (".zip",))


def _path_of_weights(knobs: Mapping[str, str]) -> Path | None:
    value = knobs.get("weights", "none")
    if value in (*PRETRAINED, "none") or value.startswith("file:"):
        return None
    return _path(value, SUFFIXES)


def _path(value: str, suffixes: tuple[str, ...]) -> Path | None:
    """Returns the path that a text stands for; None if it looks like a misspelt name rather than a path."""
    if not value.strip() or "\0" in value:
        return None
    try:
        path = Path(value).expanduser()
        there = path.exists()
    except (OSError, RuntimeError):
        # Too long for a path, or `~somebody` who has no home here.
        path, there = Path(value), False
    marks = filter(None, (os.sep, os.altsep))
    return path if there or value.lower().endswith(suffixes) or any(mark in value for mark in marks) else None
