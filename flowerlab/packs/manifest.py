"""What a lesson pack says of itself: `manifest.json`, and which paths a pack may hold at all."""

from __future__ import annotations

import json
import re
import unicodedata
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from flowerlab.datasets.catalog import DATASETS
from flowerlab.datasets.folder_checks import FOLDER_NAME, RESERVED
from flowerlab.errors import BadPack, legible

# Raise it when an older Flowerlab would misread a pack.
FORMAT: Final = 1
KIND: Final = "flowerlab-lesson"
MANIFEST = "manifest.json"
MOST_MANIFEST_BYTES = 20_000_000
MOST_PART_BYTES = 250
FORBIDDEN = frozenset('<>:"/\\|?*')


class ItemKind(StrEnum):
    """What a pack brings."""

    PHOTOS = "photos"  # a data set as it was gathered
    FOLDER = "own photos"  # an imported folder
    WEIGHTS = "weights"  # pretrained, for Keras' cache
    FEATURES = "features"  # what the frozen part of a network made of the photos
    RUN = "run"  # a finished run


ITEM_PATHS = {
    ItemKind.PHOTOS: re.compile(rf"originals/(?:{'|'.join(entry.source.identity_pattern for entry in DATASETS.values())})"),
    ItemKind.FOLDER: re.compile(rf"folders/(?:{FOLDER_NAME.pattern})"),
    ItemKind.WEIGHTS: re.compile(r"weights/[\w.-]{1,120}"),
    ItemKind.FEATURES: re.compile(r"features/[0-9a-f]{24}"),
    ItemKind.RUN: re.compile(r"runs/[0-9a-f]{12}"),
}
# Names on the way to a file of each kind: `folders/NAME/CLASS/FILE` has four.
DEPTH = {ItemKind.PHOTOS: 3, ItemKind.FOLDER: 4, ItemKind.WEIGHTS: 2, ItemKind.FEATURES: 3, ItemKind.RUN: 3}
RUN_RECORD = "run.json"
NEEDED = {
    ItemKind.PHOTOS: {"index.json", "photos.bin"},
    ItemKind.FEATURES: {"about.json", "features.npy"},
    ItemKind.RUN: {RUN_RECORD},
}
# A run may bring more files than those that it needs; these may not.
NOTHING_ELSE = (ItemKind.PHOTOS, ItemKind.FEATURES)


class Item(BaseModel):
    """One thing that a pack brings.

    Args:
        path: Of its folder in the pack; for weights of the file itself.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: ItemKind
    name: Annotated[str, Field(min_length=1, max_length=200)]
    path: str

    @field_validator("name")
    @classmethod
    def _can_be_shown(cls, name: str) -> str:
        if not name.isprintable():
            raise ValueError("a name cannot be shown")
        return name


class PackedFile(BaseModel):
    """One file of a pack.

    Args:
        path: In the pack, with `/` between folders.
        size: In bytes.
        sha256: Of its bytes, in hexadecimal.
        modified_ns: When it was changed last, Unix time in nanoseconds; None where it does not matter.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(max_length=1000)]
    size: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    modified_ns: Annotated[int, Field(ge=0, lt=2**63)] | None = None


class Manifest(BaseModel):
    """All that a pack says of itself; what it says here is checked against what it holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["flowerlab-lesson"] = KIND
    format: Literal[1] = FORMAT
    flowerlab: Annotated[str, Field(max_length=40)]
    made_s: float
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    files: tuple[PackedFile, ...]

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Manifest:
        for item in self.items:
            if not ITEM_PATHS[item.kind].fullmatch(item.path):
                raise ValueError(f"{item.path!r} is no path for {item.kind}")
        _all_different([item.path for item in self.items])
        _all_different([file.path for file in self.files])
        unlisted = self.by_item.keys() - {item.path for item in self.items}
        if unlisted:
            raise ValueError(f"{min(unlisted)!r} belongs to nothing that the pack brings")
        for file in self.files:
            if not all(is_safe(part) for part in file.path.split("/")):
                raise ValueError(f"{file.path!r} is no path that a pack may hold")
        for item in self.items:
            self._check_files(item)
        return self

    def _check_files(self, item: Item) -> None:
        paths = [file.path.split("/") for file in self.files_of(item)]
        if not paths or any(len(parts) != DEPTH[item.kind] for parts in paths):
            raise ValueError(f"{item.path!r} does not hold its files, or holds folders where none belong")
        names, needed = {parts[-1] for parts in paths}, NEEDED.get(item.kind, set())
        if not needed <= names or (item.kind in NOTHING_ELSE and names != needed):
            raise ValueError(f"{item.path!r} does not hold the files that it should")

    @cached_property
    def by_item(self) -> dict[str, list[PackedFile]]:
        """The files, by the path of what they belong to: the first two names on the way to them."""
        found: dict[str, list[PackedFile]] = {}
        for file in self.files:
            found.setdefault("/".join(file.path.split("/")[:2]), []).append(file)
        return found

    def files_of(self, item: Item) -> list[PackedFile]:
        """Returns the files that belong to an item."""
        return self.by_item.get(item.path, [])

    @property
    def bytes(self) -> int:
        """Of all files together."""
        return sum(file.size for file in self.files)


def read_manifest(text: bytes) -> Manifest:
    """Reads `manifest.json`.

    Raises:
        BadPack: If it is not ours, too new, or does not agree with itself.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError):
        raise foreign() from None
    if not isinstance(record, dict) or record.get("kind") != KIND:
        raise foreign()
    version = record.get("format")
    if isinstance(version, int) and version > FORMAT:
        raise BadPack(
            f"The pack was made by a newer Flowerlab ({legible(str(record.get('flowerlab')), 40)}). Expected format {FORMAT}. "
            f"Received: format {version}. Update Flowerlab on this computer."
        )
    try:
        return Manifest.model_validate(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = legible(".".join(map(str, first["loc"]))) or MANIFEST
        raise BadPack(
            f"The pack's list of contents cannot be used. Expected what `pack` writes. Received: {where}: "
            f"{legible(first['msg'], 300)}. Make the pack anew."
        ) from None


def foreign() -> BadPack:
    """Returns the error for a zip that is not ours."""
    return BadPack(
        f"This is no lesson pack. Expected a file made by `python -m flowerlab pack`. Received: a zip without our {MANIFEST}. "
        "Choose another file; photos are imported on the Data page."
    )


def is_safe(part: str) -> bool:
    """Whether every file system can have a file or folder of this name, which hides nothing."""
    return (
        0 < len(part.encode("utf-8", "replace")) <= MOST_PART_BYTES
        and part.isprintable()
        and not FORBIDDEN & set(part)
        and not part.startswith(".")
        and not part.endswith((".", " "))
        and part.split(".")[0].strip().lower() not in RESERVED
    )


def _all_different(paths: list[str]) -> None:
    """Raises ValueError if two paths are one on a disk that ignores case and the spelling of accents."""
    seen: set[str] = set()
    for path in paths:
        plain = unicodedata.normalize("NFC", path).casefold()
        if plain in seen:
            raise ValueError(f"{path!r} is listed twice")
        seen.add(plain)
