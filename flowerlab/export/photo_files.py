"""A run's photos as a folder of JPEGs: one sub-folder a class, every photo named after its place in the data set."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator

from PIL import ExifTags, Image

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import order_of
from flowerlab.photos.reading import read_photo

# Of the longer side. Networks look at 331 pixels at most: what is larger only makes the folder heavy.
LARGEST_PX = 1024
QUALITY = 95
JPEG_END = b"\xff\xd9"


def photo_files(originals: Originals, dataset: str, folder: str) -> Iterator[tuple[str, bytes]]:
    """Yields the photos in the order in which they are cut, as (path, JPEG): `photos/roses/00012.jpg`."""
    digits = max(5, len(str(len(originals))))
    for place, position in enumerate(order_of(originals, dataset).tolist()):
        kind = originals.classes[int(originals.labels[position])]
        yield f"{folder}/{kind}/{place:0{digits}d}.jpg", as_jpeg(originals.data(position), originals.ids[position])


def as_jpeg(data: bytes, name: str) -> bytes:
    """Returns a photo as an upright RGB or grey JPEG of at most 1024 pixels; one that is so already stays as it is, to the byte.

    Raises:
        BadPhoto: As `read_photo`.
    """
    if _is_plain(data):
        return data
    image = Image.fromarray(read_photo(data, name))
    if max(image.size) > LARGEST_PX:
        image.thumbnail((LARGEST_PX, LARGEST_PX), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    image.save(out, "JPEG", quality=QUALITY, subsampling=0)
    return out.getvalue()


def _is_plain(data: bytes) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
                return (
                    image.format == "JPEG"
                    and image.mode in ("RGB", "L")
                    and image.getexif().get(ExifTags.Base.Orientation, 1) == 1
                    and max(image.size) <= LARGEST_PX
                    and data.endswith(JPEG_END)
                )
    except Exception:
        # Whatever the decoder meets: it is read and written again, or `read_photo` says what is wrong.
        return False
