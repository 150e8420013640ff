"""A run's photos as files: named after their place in the cut, and JPEGs whatever they were."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.parts import order_of
from flowerlab.export.photo_files import LARGEST_PX, as_jpeg, photo_files
from flowerlab.photos.reading import read_photo
from tests.support.photos import jpeg


def test_photos_are_named_after_their_place(garden: Originals) -> None:
    """The n-th photo in the order of the cut has the n-th name, in the folder of its class, with its own bytes."""
    files = list(photo_files(garden, "garden", "photos"))
    order = order_of(garden, "garden").tolist()
    assert [name for name, _data in files] == sorted((name for name, _data in files), key=lambda name: name[-9:])
    for place, ((name, data), position) in enumerate(zip(files, order, strict=True)):
        assert name == f"photos/{garden.classes[garden.labels[position]]}/{place:05d}.jpg"
        assert data == garden.data(position)


def test_other_photos_become_upright_jpegs() -> None:
    """A PNG, a turned photo and a huge one come out as JPEGs that any program reads as the lab does; a plain one stays as it is."""
    plain = jpeg((200, 30, 30))
    assert as_jpeg(plain, "plain") == plain
    png = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(png, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = jpeg((30, 200, 30), exif=exif)
    huge = jpeg((30, 30, 200), (3000, 1500))
    for data, size in ((png.getvalue(), (20, 10)), (turned, (30, 40)), (huge, (LARGEST_PX, LARGEST_PX // 2))):
        with Image.open(io.BytesIO(as_jpeg(data, "photo"))) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", size)
            assert image.getexif().get(0x0112, 1) == 1
            mean = np.asarray(image).mean(axis=(0, 1))
        assert np.abs(mean - read_photo(data).mean(axis=(0, 1))).max() < 3
