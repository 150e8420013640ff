"""NumPy's files from anywhere: read without pickles, without bombs, and with one kind of error."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from flowerlab.system.safe_zip import open_zip

MOST_ARRAYS = 5_000
MOST_BYTES = 1_000_000_000
# Of an .npy file's own header.
HEADER_BYTES = 128


def map_npy(path: Path) -> NDArray[Any]:
    """Returns the array of an .npy file, memory-mapped and read-only.

    Raises:
        ValueError: If it is not there, or is anything but one whole array of numbers.
    """
    try:
        return np.lib.format.open_memmap(path, mode="r")
    except Exception as error:
        # NumPy's reader raises errors of any kind on hostile bytes.
        raise ValueError(f"{path.name} is no array ({type(error).__name__})") from None


@contextmanager
def new_npy(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Iterator[Callable[[NDArray[Any]], memoryview]]:
    """Gives what appends rows to a new .npy file, and returns their bytes.

    The file is written, not mapped: on a full disk a write is an error, a mapped page would kill the process.

    Args:
        dtype: Of the array; rows of other kinds are converted.

    Raises:
        OSError: If the disk is full, or other than all rows were written.
    """
    written = 0
    with path.open("wb") as file:
        described = {"descr": np.lib.format.dtype_to_descr(np.dtype(dtype)), "fortran_order": False}
        np.lib.format.write_array_header_1_0(file, {**described, "shape": shape})

        def append(rows: NDArray[Any]) -> memoryview:
            nonlocal written
            part = np.ascontiguousarray(rows, dtype=dtype).reshape(-1).view(np.uint8).data
            file.write(part)
            written += len(rows)
            return part

        yield append
    if written != shape[0]:
        raise OSError(f"{written} of {shape[0]} rows were written.")


def read_npz(path: Path) -> dict[str, NDArray[Any]]:
    """Returns the arrays of an .npz file by their names.

    Raises:
        ValueError: If it is not there, is damaged or holds anything but arrays of numbers and texts, or if they are larger
            than 1 GB in all.
    """
    try:
        with open_zip(path, MOST_ARRAYS) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            infos = archive.infolist()
            if sum(info.file_size for info in infos) > MOST_BYTES:
                raise ValueError("too large")
            arrays = {}
            for info in infos:
                with archive.open(info) as entry:
                    array = np.lib.format.read_array(entry, allow_pickle=False)
                arrays[info.filename.removesuffix(".npy")] = array
            return arrays
    except Exception as error:
        raise ValueError(f"{path.name} holds no arrays ({type(error).__name__})") from None
