"""Perceptual hashes: 64 bits a photo that stay nearly the same when it is resized, compressed again or recoloured.

Computed once a data set and kept in the home.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadPhoto
from flowerlab.home import Home
from flowerlab.photos.reading import read_grey
from flowerlab.system.files import replace_file
from flowerlab.system.progress import Counted

# Raise it when the same photo gets another hash.
FORMAT = 1
SIDE_PX = 32
WAVES = 8
# In grey levels. A photo that varies less has nothing by which to recognise it.
LEAST_SPREAD = 2.0
PLAIN = 0
# Rows are the lowest waves of a DCT-II over `SIDE_PX` points.
COSINES = np.cos(math.pi / SIDE_PX * np.arange(WAVES)[:, None] * (np.arange(SIDE_PX) + 0.5))


def photo_hash(grey: NDArray[np.float64]) -> int:
    """Returns a photo's pHash (Zauner 2010): which of its 8 × 8 lowest waves are above their median.

    The waves are those of the two-dimensional DCT-II; the first of them, the mean brightness, has no part in the median.

    Args:
        grey: float64, (32, 32), 0..255.

    Returns:
        64 bits; `PLAIN`, which no photo with something in it has, if the photo shows next to nothing.
    """
    if grey.std() < LEAST_SPREAD:
        return PLAIN
    waves = (COSINES @ grey @ COSINES.T).ravel()
    return int.from_bytes(np.packbits(waves > np.median(waves[1:])).tobytes())


def hashes_file(home: Home, content: str) -> Path:
    """Returns where the hashes of photos with this content are, or will be, kept."""
    return home.hashes / f"phash-{FORMAT}-{content}.npy"


def kept_hashes(home: Home, originals: Originals) -> NDArray[np.uint64] | None:
    """Returns the hashes of a data set's photos if they were computed before; else None.

    Returns:
        uint64, (photos,); `PLAIN` for a photo that has no hash.
    """
    try:
        hashes: NDArray[np.uint64] = np.load(hashes_file(home, originals.content), allow_pickle=False)
    except (OSError, ValueError, EOFError):
        return None
    return hashes if hashes.shape == (len(originals),) and hashes.dtype == np.uint64 else None


def hash_photos(home: Home, originals: Originals, progress: Counted = lambda done, total: None) -> NDArray[np.uint64]:
    """Computes the hashes of a data set's photos and keeps them.

    Args:
        progress: Called with (done, total) before each photo; may raise to give up, which leaves nothing.

    Returns:
        uint64, (photos,); `PLAIN` for a photo that cannot be read or shows next to nothing.
    """
    hashes = np.zeros(len(originals), dtype=np.uint64)
    for position in range(len(originals)):
        progress(position, len(originals))
        try:
            hashes[position] = photo_hash(read_grey(originals.data(position), SIDE_PX))
        except BadPhoto:
            continue
    file = io.BytesIO()
    np.save(file, hashes)
    replace_file(hashes_file(home, originals.content), file.getvalue())
    return hashes
