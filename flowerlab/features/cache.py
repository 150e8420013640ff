"""The cache of features: sets are opened and checked, and new ones written whole, within a limit."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowerlab.features.eviction import PLANNED, limit_of, make_room
from flowerlab.features.sets import ABOUT, ARRAY, About, KeptSets, checksum, read_about
from flowerlab.home import Home
from flowerlab.system.files import replace_file, written_whole
from flowerlab.system.locks import waiting_for
from flowerlab.system.safe_arrays import HEADER_BYTES, map_npy, new_npy

LOG = logging.getLogger(__name__)

Features = NDArray[np.float16] | NDArray[np.float32]


class KeptFeatures(KeptSets):
    """All sets of one home, and how much they may take.

    Args:
        limit_gb: Of all sets together, see `limit_of`.
    """

    def __init__(self, home: Home, limit_gb: float | None = None) -> None:
        super().__init__(home)
        self._limit_gb = limit_gb

    @property
    def limit_bytes(self) -> float:
        """How much all sets together may take."""
        return limit_of(self._home, self._limit_gb)

    def fits(self, size_bytes: float) -> bool:
        """Whether a set of this size may be kept at all, if need be in the place of others."""
        return size_bytes <= self.limit_bytes

    def open(self, key: str, shape: tuple[int, ...], origin: str = "") -> Features | None:
        """Returns a set, memory-mapped; None if it is not here. One that is damaged, or no such set, is thrown away.

        Args:
            key: Of the set. The caller holds it, see `held`.
            shape: That it must have.
            origin: Noted as one more name of the weights, if given.
        """
        folder = self._home.features / key
        if not folder.exists():
            return None
        about = read_about(folder)
        problem = "it does not say what it is" if about is None else _problem(folder, about, shape)
        if problem is not None:
            LOG.warning("The kept features %s are thrown away and computed again: %s.", key, problem)
            shutil.rmtree(folder, ignore_errors=True)
            return None
        assert about is not None
        # Notes for later: where they cannot be written, the features are as good.
        with contextlib.suppress(OSError):
            if origin and origin not in about.origins:
                about = about.model_copy(update={"origins": (*about.origins, origin)})
                replace_file(folder / ABOUT, about.model_dump_json().encode())
            os.utime(folder / ABOUT)
        features: Features = map_npy(folder / ARRAY)
        return features

    @contextmanager
    def making(self, key: str, about: About, dtype: DTypeLike) -> Iterator[Callable[[NDArray[Any]], None]]:
        """Gives what writes the next rows of a new set; the set is there when the block ends well.

        Raises:
            CacheFull: If it is larger than all sets together may be.
            OSError: If the disk is full or cannot be written.
        """
        size_bytes = int(np.prod(about.shape)) * np.dtype(dtype).itemsize + HEADER_BYTES
        with ExitStack() as stack:
            with waiting_for(self._home.locks / "features-room"):
                make_room(self._home, key, size_bytes, self._limit_gb)
                scratch = stack.enter_context(written_whole(self._home.features / key))
                # The next process that makes room counts what this set will take, not what of it is there by then.
                (scratch / PLANNED).write_text(str(size_bytes), encoding="ascii")
            crc = 0
            with new_npy(scratch / ARRAY, dtype, about.shape) as append:

                def write(rows: NDArray[Any]) -> None:
                    nonlocal crc
                    crc = zlib.crc32(append(rows), crc)

                yield write
            said = about.model_copy(update={"crc32": crc})
            (scratch / ABOUT).write_text(said.model_dump_json(), encoding="utf-8")
            (scratch / PLANNED).unlink()


def _problem(folder: Path, about: About, shape: tuple[int, ...]) -> str | None:
    try:
        array = map_npy(folder / ARRAY)
    except ValueError as error:
        return str(error)
    if array.shape != shape or about.shape != shape or array.dtype not in (np.float16, np.float32):
        return f"it has the form {array.dtype}{array.shape}, expected was {shape}"
    if checksum(array) != about.crc32:
        return "its bytes are not those that were written"
    return None
