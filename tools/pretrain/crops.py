"""Crops of photos with what the teacher makes of them, computed once and kept as memory-mapped arrays."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from flowerlab.architectures import architecture
from flowerlab.architectures.pretrained import fetch_weights
from flowerlab.photos.reading import Pixels, read_photo
from tools.pretrain.alter import altered

STORED_PX = 112
TEACHER_PX = 160
SMALLEST_SHARE = 0.25
CHUNK = 64


@dataclass(frozen=True)
class Crops:
    """Crops and the teacher's answers.

    Args:
        photos: uint8, (n, 112, 112, 3), RGB.
        answers: float16, (n, 1280), the teacher's pooled features.
        sources: int64, (n,), the number of the photo that each was cut from.
    """

    photos: NDArray[np.uint8]
    answers: NDArray[np.float16]
    sources: NDArray[np.int64]


def random_crop(photo: Pixels, rng: np.random.Generator) -> Image.Image:
    """Cuts a random part of 25 % to 100 % of a photo's area, 3:4 to 4:3, mirrored half the time: 160 × 160 px."""
    image = Image.fromarray(photo)
    for _ in range(10):
        area = image.width * image.height * rng.uniform(SMALLEST_SHARE, 1.0)
        ratio = math.exp(rng.uniform(math.log(3 / 4), math.log(4 / 3)))
        width, height = round(math.sqrt(area * ratio)), round(math.sqrt(area / ratio))
        if width <= image.width and height <= image.height:
            break
    else:
        width, height = image.size
    left = int(rng.integers(0, image.width - width + 1))
    top = int(rng.integers(0, image.height - height + 1))
    crop = image.resize((TEACHER_PX, TEACHER_PX), Image.Resampling.BILINEAR, box=(left, top, left + width, top + height))
    return crop.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if rng.random() < 0.5 else crop


def make_crops(folder: Path, sources: Sequence[tuple[Callable[[], bytes], int]], *, seed: int = 0, alter: bool = False) -> Crops:
    """Returns the crops in a folder; makes what is missing, and goes on where an interrupted call was.

    Args:
        folder: Where they are kept.
        sources: For each photo a way to read its bytes, and how many crops it gives.
        seed: Of the crops; the photo's number is mixed in.
        alter: Whether each is altered (tools/pretrain/alter.py) before the teacher sees it.
    """
    total = sum(count for _, count in sources)
    folder.mkdir(parents=True, exist_ok=True)
    photos = _array(folder / "photos.npy", (total, STORED_PX, STORED_PX, 3), np.uint8)
    answers = _array(folder / "answers.npy", (total, 1280), np.float16)
    done_file = folder / "done.json"
    done = json.loads(done_file.read_text())["done"] if done_file.exists() else 0
    # One photo's crops are made in one go but lie anywhere: training reads stretches, which should be mixed.
    places = np.random.default_rng(seed).permutation(total)
    if done < total:
        teacher = keras.applications.MobileNetV2(
            include_top=False, weights=None, pooling="avg", input_shape=(TEACHER_PX, TEACHER_PX, 3)
        )
        # Keras knows the weights by the photo's size, but they fit every size: the file for 224 px serves.
        teacher.load_weights(fetch_weights(architecture("mobilenet_v2"), lambda step, done, count: None))
        numbered = enumerate(_crops(sources, seed, alter=alter))
        while chunk := [pair for _, pair in zip(range(CHUNK), numbered, strict=False)]:
            if chunk[-1][0] < done:
                continue
            where = places[[number for number, _ in chunk]]
            large = np.stack([np.asarray(crop, dtype=np.float32) for _, crop in chunk])
            answers[where] = keras.ops.convert_to_numpy(teacher.predict_on_batch(large / 127.5 - 1))
            photos[where] = np.stack(
                [np.asarray(crop.resize((STORED_PX, STORED_PX), Image.Resampling.BILINEAR)) for _, crop in chunk]
            )
            if chunk[-1][0] // CHUNK % 100 == 99 or chunk[-1][0] == total - 1:
                photos.flush()
                answers.flush()
                done_file.write_text(json.dumps({"done": chunk[-1][0] + 1}))
                print(f"crops: {chunk[-1][0] + 1:,} of {total:,}", file=sys.stderr, flush=True)
    cut_from = np.empty(total, dtype=np.int64)
    cut_from[places] = np.repeat(np.arange(len(sources)), [count for _, count in sources])
    return Crops(photos=photos, answers=answers, sources=cut_from)


def _crops(sources: Sequence[tuple[Callable[[], bytes], int]], seed: int, *, alter: bool) -> Iterator[Image.Image]:
    before = Image.new("RGB", (TEACHER_PX, TEACHER_PX), (128, 128, 128))
    for number, (read, count) in enumerate(sources):
        rng = np.random.default_rng([seed, number])
        photo = read_photo(read(), f"photo {number}")
        last = before
        for _ in range(count):
            last = random_crop(photo, rng)
            yield altered(last, rng, before) if alter else last
        # The next photo's crops get pieces of this one.
        before = last


def _array(path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> np.memmap[Any, Any]:
    if not path.exists():
        return np.lib.format.open_memmap(path, mode="w+", dtype=dtype, shape=shape)
    found = np.lib.format.open_memmap(path, mode="r+")
    if found.shape != shape:
        raise SystemExit(f"{path} holds other crops. Expected shape {shape}. Received: {found.shape}. Delete it.")
    return found
