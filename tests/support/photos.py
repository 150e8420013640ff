"""Photos and data sets."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.originals import Original, Originals, write_originals
from flowerlab.home import Home

GARDEN = Garden(60)


def photo(number: int) -> bytes:
    """A small photo of three stripes; each number gives other pixels."""
    pixels = np.zeros((6, 9, 3), dtype=np.uint8)
    pixels[:, :3, 0], pixels[:, 3:6, 1], pixels[:, 6:, 2] = number % 256, 200, 255 - number % 256
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def some(home: Home, name: str = "set", *, count: int = 30, begin: int = 0) -> Originals:
    """A data set of two classes in turn."""
    photos = [Original(f"{number:03}", number % 2, photo(begin + number)) for number in range(count)]
    return write_originals(home.originals / name, ("a", "b"), photos)


def write_leaves(folder: Path, *, photos: int = 10) -> Path:
    """Makes a folder with two classes of photos and one file that is no photo."""
    for label, name in enumerate(("maple", "oak")):
        (folder / name).mkdir(parents=True)
        for number in range(photos):
            colour = (40 * label, 20 * number, 99)
            Image.new("RGB", (48, 32), colour).save(folder / name / f"{number}.png")
    (folder / "oak" / "notes.jpg").write_bytes(b"no photo")
    return folder


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """A photo of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **options)
    return out.getvalue()
