"""Opening foreign zips: what a zip says of its contents is measured before it is read.

Python's reader makes an object of every entry that a zip lists, half a kilobyte for as little as fifty bytes: a million entries
would take half a gigabyte before one could count them.
"""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from io import BufferedReader, FileIO
from pathlib import Path
from typing import IO

# What reading damaged zips and arrays raises, besides what `zipfile` says itself. Python refuses to make some arrays at all.
DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, RuntimeError, ValueError, MemoryError, OverflowError)
ARCHIVE_DATE = (1980, 1, 1, 0, 0, 0)
ENTRY = b"PK\x01\x02"
# A name of a hundred letters and what zips note of times; far more only in a zip that is made to fill the memory.
MOST_BYTES_AN_ENTRY = 1000
# What ends a zip, with the longest comment that it can have.
LONGEST_END_BYTES = 66_000
# LZMA takes as much memory as an entry asks for, up to 4 GB.
PLAIN_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


class OddlyPacked(Exception):
    """An entry is compressed, encrypted or stored in a way that is not read here."""


class TooManyEntries(Exception):
    """A zip lists more than is read."""


class _Counted(BufferedReader):
    """A file of which no list of more than `most` entries is read at once; None: everything is."""

    most: int | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        if self.most is None:
            return super().read(size)
        left = os.fstat(self.fileno()).st_size - self.tell()
        wanted = left if size is None or size < 0 else min(size, left)
        if wanted > max(self.most * MOST_BYTES_AN_ENTRY, LONGEST_END_BYTES):
            raise TooManyEntries
        data = super().read(wanted)
        if data.count(ENTRY) > self.most:
            raise TooManyEntries
        return data


class _Zip(zipfile.ZipFile):
    """A zip that closes its file, which `zipfile` leaves open if it was given one."""

    def __init__(self, file: _Counted) -> None:
        self._counted = file
        super().__init__(file)

    def close(self) -> None:
        super().close()
        self._counted.close()


def open_zip(path: Path, most_entries: int) -> zipfile.ZipFile:
    """Opens a zip for reading.

    Raises:
        TooManyEntries: If it lists more than `most_entries`, or takes far too many bytes to do so.
        zipfile.BadZipFile: If it is no whole zip, or cannot be read at all.
    """
    try:
        file = _Counted(FileIO(path))
    except OSError as error:
        raise zipfile.BadZipFile(str(error)) from None
    try:
        file.most = most_entries
        archive = _Zip(file)
        file.most = None
        return archive
    except TooManyEntries:
        file.close()
        raise
    except DAMAGE as error:
        file.close()
        raise zipfile.BadZipFile(str(error)) from None


def plain_entry(path: str) -> zipfile.ZipInfo:
    """Returns the entry of an ordinary file that a zip shall hold, the same at every making."""
    info = zipfile.ZipInfo(path, ARCHIVE_DATE)
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


def open_entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Opens an entry of a zip for reading.

    Raises:
        OddlyPacked: If it is not simply stored or deflated, or is encrypted.
    """
    if info.compress_type not in PLAIN_METHODS or info.flag_bits & 1:
        raise OddlyPacked
    try:
        return archive.open(info)
    except NotImplementedError as error:
        raise OddlyPacked from error
