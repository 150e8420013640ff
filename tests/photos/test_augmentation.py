"""Augmentation: what each mode does to photos, and what it leaves alone."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from flowerlab.photos.augmentation import AUGMENTATIONS, LIGHT, augment

RNG = np.random.default_rng(5)
PHOTOS: NDArray[np.uint8] = RNG.integers(0, 256, (40, 24, 32, 3), dtype=np.uint8)


def spot(height: int, width: int, row: float, column: float) -> NDArray[np.uint8]:
    """A dark photo with a soft bright spot."""
    rows, columns = np.mgrid[:height, :width]
    far = (rows - row) ** 2 + (columns - column) ** 2
    return np.repeat((200 * np.exp(-far / 18)).astype(np.uint8)[:, :, None], 3, axis=2)


def middle(photo: NDArray[np.uint8]) -> tuple[float, float]:
    """Where a photo's brightest part lies: row and column."""
    light = photo[:, :, 0].astype(float)
    light = np.where(light > light.max() - 60, light, 0)
    rows, columns = np.mgrid[: light.shape[0], : light.shape[1]]
    return float((rows * light).sum() / light.sum()), float((columns * light).sum() / light.sum())


@pytest.mark.parametrize("how", AUGMENTATIONS)
def test_shape_and_kind_stay_and_the_photos_given_too(how: str) -> None:
    """Every mode gives uint8 of the same shape and changes nothing in the photos that it was given, not even later."""
    given = PHOTOS.copy()
    given.setflags(write=False)
    changed = augment(given, how, np.random.default_rng((0, 1)))
    assert (changed.shape, changed.dtype) == (PHOTOS.shape, np.uint8)
    changed[:] = 0
    assert (given == PHOTOS).all()


@pytest.mark.parametrize("how", AUGMENTATIONS)
def test_no_photos_are_no_photos(how: str) -> None:
    """An empty batch comes back empty."""
    assert augment(PHOTOS[:0], how, np.random.default_rng(0)).shape == (0, 24, 32, 3)


@pytest.mark.parametrize("how", ["flip", "standard"])
def test_seed_and_epoch_decide(how: str) -> None:
    """The same seed and epoch give the same photos; another seed or another epoch gives others."""
    first = augment(PHOTOS, how, np.random.default_rng((3, 7)))
    assert (augment(PHOTOS, how, np.random.default_rng((3, 7))) == first).all()
    assert (augment(PHOTOS, how, np.random.default_rng((4, 7))) != first).any()
    assert (augment(PHOTOS, how, np.random.default_rng((3, 8))) != first).any()


def test_none_changes_nothing_and_draws_nothing() -> None:
    """`none` gives the photos as they are and leaves the random numbers where they were."""
    rng = np.random.default_rng(0)
    before = rng.bit_generator.state
    assert (augment(PHOTOS, "none", rng) == PHOTOS).all()
    assert rng.bit_generator.state == before


def test_flip_mirrors_half_of_the_photos() -> None:
    """Each photo is as it was or mirrored left to right, about half of each, and others in the next epoch."""
    mirrored = []
    for epoch in range(10):
        changed = augment(PHOTOS, "flip", np.random.default_rng((0, epoch)))
        same = (changed == PHOTOS).all(axis=(1, 2, 3))
        turned = (changed == PHOTOS[:, :, ::-1]).all(axis=(1, 2, 3))
        assert (same ^ turned).all()
        mirrored.append(turned)
    assert 0.4 < np.mean(mirrored) < 0.6
    # Some epoch mirrors a photo and some epoch does not.
    assert (np.any(mirrored, axis=0) & ~np.all(mirrored, axis=0)).all()


def test_standard_changes_every_photo_differently() -> None:
    """The same photo, many times in a batch, comes out different each time."""
    batch = np.repeat(PHOTOS[:1], 12, axis=0)
    changed = augment(batch, "standard", np.random.default_rng(0))
    assert len({one.tobytes() for one in changed} | {PHOTOS[0].tobytes()}) == 13


@pytest.mark.parametrize("shape", [(24, 32), (32, 24), (9, 60), (60, 9), (1, 1), (33, 33)])
@pytest.mark.parametrize("level", [0, 90, 255])
def test_standard_brings_no_black_borders(shape: tuple[int, int], level: int) -> None:
    """A photo of one colour stays one of one colour, only a little brighter or darker: nothing comes from outside."""
    batch = np.full((60, *shape, 3), level, dtype=np.uint8)
    changed = augment(batch, "standard", np.random.default_rng(1)).reshape(60, -1)
    assert (changed.min(axis=1) == changed.max(axis=1)).all()
    furthest = 255 * LIGHT + abs(level - 127.5) * LIGHT + 1
    assert np.abs(changed.astype(int) - level).max() <= furthest
    # Clipped light stays white, it does not run over into black.
    assert changed.min() > 150 if level == 255 else changed.max() < 200


def test_standard_moves_a_little_and_not_far() -> None:
    """The photo's middle moves by up to a tenth of each side, as that looks turned and zoomed, and to all four sides."""
    height, width = 32, 96
    batch = np.repeat(spot(height, width, (height - 1) / 2, (width - 1) / 2)[None], 60, axis=0)
    moved = np.array([middle(one) for one in augment(batch, "standard", np.random.default_rng(2))])
    down, right = (moved - [(height - 1) / 2, (width - 1) / 2]).T
    sine = np.sin(np.radians(15))
    furthest_down, furthest_right = 1.2 * 0.1 * np.array([height + width * sine, width + height * sine])
    assert -furthest_down - 1 < down.min() < -2 < 2 < down.max() < furthest_down + 1
    assert -furthest_right - 1 < right.min() < -7 < 7 < right.max() < furthest_right + 1


def test_standard_turns_and_zooms_within_its_bounds() -> None:
    """Two spots keep their distance times 0.8 to 1.2, and their line turns by at most 15 degrees to either side."""
    size, off = 96, 20
    centre = (size - 1) / 2
    angles, zooms = [], []
    pair = np.stack([spot(size, size, centre - off, centre), spot(size, size, centre + off, centre)])
    for epoch in range(60):
        # The same random numbers for a photo with the upper spot and for one with the lower.
        upper, lower = (middle(augment(one[None], "standard", np.random.default_rng(epoch))[0]) for one in pair)
        down, right = lower[0] - upper[0], lower[1] - upper[1]
        angles.append(np.degrees(np.arctan2(right, down)))
        zooms.append(np.hypot(down, right) / (2 * off))
    assert -16 < min(angles) < -8
    assert 8 < max(angles) < 16
    assert 0.77 < min(zooms) < 0.87
    assert 1.13 < max(zooms) < 1.23


def test_an_unknown_mode_is_named() -> None:
    """A mode that is none is refused with what there is and what came."""
    with pytest.raises(ValueError, match=r"none, flip, standard\. Received: 'spin'"):
        augment(PHOTOS, "spin", np.random.default_rng(0))
