"""Own photos and weights given by a path instead of a name: brought into the lab, or for a dry run only looked at."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from flowerlab.architectures.pretrained import SUFFIXES, import_weights, weights_name
from flowerlab.cli.output import one_line, say
from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.folder_checks import FolderInfo, scan
from flowerlab.datasets.import_folder import import_folder
from flowerlab.datasets.sources.folder import FOLDER_PREFIX
from flowerlab.home import Home
from flowerlab.recipe.validation import PRETRAINED, WEIGHTS_FILE

# The path may be that of a whole disk: what is too large to be a data set is left to the import to refuse.
LISTED_FILES = 100_000
# Raises BadRecipe for knobs that cannot be used; also given which of them (`dataset`, `weights`) hold another value meanwhile, because
# what they name is not in the lab yet.
Check = Callable[[Mapping[str, str], Collection[str]], object]


@dataclass(frozen=True)
class Brought:
    """What was given by a path.

    Args:
        knobs: All knobs, with the names that recipes use.
        photos: What a folder or zip holds that was only looked at; None: none was given, or its photos are in the lab.
        weights: Whether a weights file was only looked at.
    """

    knobs: dict[str, str]
    photos: FolderInfo | None = None
    weights: bool = False

    @property
    def missing(self) -> list[str]:
        """The knobs that name what is not in the lab."""
        return [name for name, there in (("dataset", self.photos is not None), ("weights", self.weights)) if there]


def bring_in(knobs: Mapping[str, str], home: Home, *, check: Check, dry_run: bool = False) -> Brought:
    """Imports what is given by a path; in a dry run looks at it as the import would, and writes nothing.

    Everything else is checked first, so that a bad knob imports nothing.

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
    found = None
    if weights is not None:
        named["weights"] = f"file:{weights_name(weights)}" if dry_run else import_weights(weights, home)
    if photos is not None:
        name = _name_for(photos)
        named["dataset"] = FOLDER_PREFIX + name
        if not (home.folders / name).is_dir():
            found = scan(photos, name) if dry_run else import_folder(photos, home.folders, name)
            if found.left_out:
                say(f"{len(found.left_out):,} files were left out, for example: {one_line(found.left_out[0])}")
    return Brought(named, found, weights is not None) if dry_run else Brought(named)


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
        # Too long for a path, or `~name` of an account that has no home here.
        path, there = Path(value), False
    marks = filter(None, (os.sep, os.altsep))
    return path if there or value.lower().endswith(suffixes) or any(mark in value for mark in marks) else None
