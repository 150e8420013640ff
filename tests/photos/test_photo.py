"""One photo, decoded when it is needed."""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from flowerlab.errors import BadPhoto
from flowerlab.photos import photo as module
from flowerlab.photos.photo import Photo


def jpeg(width: int, height: int, colour: str = "red") -> bytes:
    """Bytes of a photo of one colour."""
    file = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(file, "JPEG")
    return file.getvalue()


def test_a_photo_is_decoded_once_and_its_copy_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its pixels stay as long as the object; a copy is known by the same digest, which is not computed again, and has none."""
    decoded: list[str] = []

    def read(data: bytes, name: str) -> np.ndarray:
        decoded.append(name)
        return np.zeros((2, 3, 3), dtype=np.uint8)

    monkeypatch.setattr(module, "read_photo", read)
    photo = Photo("a.jpg", b"bytes")
    assert decoded == []
    assert photo.pixels is photo.pixels
    monkeypatch.setattr(module, "hashlib", None)
    copy = replace(photo, picture=b"smaller")
    assert copy.digest == photo.digest == hashlib.sha256(b"bytes").hexdigest()
    assert decoded == ["a.jpg"]
    assert copy.pixels.shape == (2, 3, 3)
    assert decoded == ["a.jpg"] * 2


def test_what_is_shown_is_small_and_comes_of_the_picture_if_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The longer side has 480 pixels at most; with a picture of it a photo is shown without being decoded."""
    assert Photo("a.jpg", jpeg(960, 300)).shown.shape == (150, 480, 3)
    assert Photo("a.jpg", jpeg(40, 30)).shown.shape == (30, 40, 3)
    pictured = Photo("a.jpg", b"no photo", picture=jpeg(40, 30, "blue"))
    assert pictured.shown[0, 0].tolist() == pytest.approx([0, 0, 255], abs=4)
    with pytest.raises(BadPhoto):
        _ = pictured.pixels
