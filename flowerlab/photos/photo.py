"""One photo that is named or looked into: brought by a visitor, taken from a data set, or drawn."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flowerlab.photos.reading import read_photo

# The longer side of what is drawn upon.
SHOWN_PX = 480


@dataclass(frozen=True)
class Photo:
    """One photo, as it came.

    What is decoded stays as long as the object (36 MB for a phone's): a page keeps photos that are not decoded, and draws itself
    with copies of them (`dataclasses.replace`).

    Args:
        name: Of its file, or its id in its data set.
        data: The file's bytes: JPEG, PNG, WebP or HEIC.
        truth: The true class, where it is known; None for own photos.
        drawn: Whether the garden drew it for want of test photos.
        picture: A smaller JPEG of it, if there is one: then it is shown without being decoded.
        digest: SHA-256 of the data, in hexadecimal; empty: computed.
    """

    name: str
    data: bytes
    truth: str | None = None
    drawn: bool = False
    picture: bytes | None = None
    digest: str = ""

    def __post_init__(self) -> None:
        if not self.digest:
            object.__setattr__(self, "digest", hashlib.sha256(self.data).hexdigest())

    @cached_property
    def pixels(self) -> NDArray[np.uint8]:
        """uint8, (height, width, 3), RGB.

        Raises:
            BadPhoto: As `read_photo`.
        """
        return read_photo(self.data, self.name)

    @cached_property
    def shown(self) -> NDArray[np.uint8]:
        """The photo, small enough to be drawn upon at once: uint8, (height, width, 3), RGB."""
        image = Image.fromarray(self.pixels) if self.picture is None else Image.open(io.BytesIO(self.picture))
        share = min(1.0, SHOWN_PX / max(image.size))
        if share < 1:
            image = image.resize((max(1, round(image.width * share)), max(1, round(image.height * share))))
        return np.asarray(image, dtype=np.uint8)
