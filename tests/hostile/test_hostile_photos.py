"""Hostile photos: read as what they are, or refused in one sentence, in bounded memory."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from flowerlab.errors import BadPhoto
from flowerlab.photos.reading import RESIZE_MODES, read_photo, resize_photo
from tests.support import ROOT
from tests.support.hostile.judging import refusal
from tests.support.hostile.photos import REFUSED, TAKEN


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_photo_is_read(name: str) -> None:
    """Whatever its mode, metadata or shape, a whole photo is read at its size, and every resize mode makes a square of it."""
    photo = read_photo(TAKEN[name].make(), name)
    assert (photo.shape, photo.dtype) == ((*TAKEN[name].size, 3), np.uint8)
    for mode in RESIZE_MODES:
        assert resize_photo(photo, 32, mode).shape == (32, 32, 3)


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused(name: str) -> None:
    """What is empty, cut, disguised or a bomb is refused in one sentence that says what came."""
    said = refusal(lambda: read_photo(REFUSED[name].make(), "rose.jpg"), BadPhoto)
    assert said is not None
    assert said.startswith("rose.jpg ")
    assert REFUSED[name].words in said


@pytest.mark.parametrize("name", ["two\nlines.jpg", "\ud800.jpg", "\u202egpj.exe", "x" * 5000 + ".jpg", "", "a\0b", "\x1b[31m"])
def test_a_files_name_cannot_spoil_the_sentence(name: str) -> None:
    """Line breaks, half characters, reversed writing and endless names come out as one line that can be shown."""
    for data in (b"", b"no photo", REFUSED["30,000 × 30,000"].make(), REFUSED["a bomb: five thousand layers"].make()):
        assert refusal(lambda data=data: read_photo(data, name), BadPhoto) is not None


MEASURED = """
import io, resource, sys
import numpy as np
from PIL import Image
from flowerlab.photos.reading import read_photo
file, side = io.BytesIO(), 3000
kind = sys.argv[1]
if kind == "16 bit":
    Image.new("I;16", (side, side), 4000).save(file, "PNG", compress_level=1)
elif kind == "alpha":
    Image.new("RGBA", (side, side), (9, 9, 9, 99)).save(file, "PNG", compress_level=1)
else:
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (side, side)).save(file, "JPEG", exif=exif)
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
before = peak()
read_photo(file.getvalue())
print((peak() - before) / side**2)
"""


@pytest.mark.parametrize("kind", ["16 bit", "alpha", "turned"])
def test_a_photo_takes_bounded_memory(kind: str) -> None:
    """Reading takes at most 12 bytes a pixel beyond what making that picture took: 600 MB for the largest photo allowed."""
    pytest.importorskip("resource")
    answer = subprocess.run([sys.executable, "-c", MEASURED, kind], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert float(answer) < 12
