"""Heat maps over photos."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from flowerlab.charts.heat_picture import difference_over, difference_sentence, heat_over, heat_sentence
from flowerlab.photos.heatmaps import difference, in_photo, scaled, share_by_place
from flowerlab.photos.reading import RESIZE_MODES, resize_photo

MAPS = arrays(np.float32, (4, 5), elements=st.floats(0, 1000, width=32))


@pytest.mark.parametrize("mode", RESIZE_MODES)
@pytest.mark.parametrize("shape", [(200, 400), (400, 200), (600, 1300)])
def test_a_map_lies_over_what_the_network_saw(mode: str, shape: tuple[int, int]) -> None:
    """A white spot in a photo, seen through the resize and taken as a map, comes back at the spot, whatever the resize did."""
    photo = np.zeros((*shape, 3), dtype=np.uint8)
    middle = (shape[0] // 2, shape[1] // 2)
    photo[middle[0] - 30 : middle[0] + 30, middle[1] - 30 : middle[1] + 30] = 255
    seen = resize_photo(photo, 100, mode)[:, :, 0].astype(np.float32)
    heat = in_photo(seen, *shape, mode)
    assert heat.shape == shape
    places = np.indices(shape).reshape(2, -1) @ heat.ravel() / heat.sum()
    assert np.abs(places - middle).max() < 6
    assert heat[photo[:, :, 0] > 0].sum() > 0.8 * heat.sum()


def test_beside_a_crop_there_is_no_heat() -> None:
    """What the network did not see cannot speak for anything."""
    heat = in_photo(np.ones((4, 4), dtype=np.float32), 100, 300, "crop")
    assert heat[:, 100:200].all()
    assert not heat[:, :100].any()
    assert not heat[:, 200:].any()


@given(MAPS, MAPS)
def test_a_difference_turns_round_with_its_sides(first: np.ndarray, second: np.ndarray) -> None:
    """It lies within −1 and 1, is 0 for equal maps, and changes its sign when the two are exchanged."""
    found = difference(first, second)
    assert np.abs(found).max() <= 1
    assert not difference(first, first).any()
    np.testing.assert_allclose(found, -difference(second, first), atol=1e-6)


@given(MAPS)
def test_shares_add_up(heat: np.ndarray) -> None:
    """The nine places hold all the heat there is; the highest value becomes 1."""
    assert share_by_place(heat).sum() == pytest.approx(1 if heat.sum() > 0 else 0, abs=1e-4)
    assert scaled(heat).max() == pytest.approx(1 if heat.max() > 0 else 0)


def test_a_map_is_told_in_words() -> None:
    """The places with most heat are named with their shares; a map without heat says so."""
    heat = np.zeros((9, 9), dtype=np.float32)
    heat[4, 4], heat[0, 0] = 3, 1
    assert heat_sentence(heat) == "Most of the heat is in the middle (75 %), at the upper left (25 %)."
    spread = np.ones((30, 30), dtype=np.float32)
    spread[10:20, 10:20] = 1.5
    assert heat_sentence(spread) == "The heat is spread over the photo, a little more of it in the middle (16 %)."
    assert "Nothing" in heat_sentence(np.zeros((9, 9), dtype=np.float32))
    other = np.zeros((9, 9), dtype=np.float32)
    other[8, 8] = 1
    assert difference_sentence(difference(heat, other), "A", "B") == (
        "A looks more in the middle; B looks more at the lower right."
    )
    assert difference_sentence(difference(heat, heat), "A", "B") == "Both look at the same places."


def test_the_picture_keeps_the_photo_where_opacity_is_nothing() -> None:
    """At 0 it is the photo to the bit; at 1 cold is dark and hot is light; a difference leaves grey where both agree."""
    photo = np.random.default_rng(0).integers(0, 256, (12, 12, 3), dtype=np.uint8)
    heat = np.zeros((12, 12), dtype=np.float32)
    heat[6, 6] = 2
    assert (heat_over(photo, heat, 0.0) == photo).all()
    covered = heat_over(photo, heat, 1.0)
    assert covered[0, 0].max() < 10
    assert covered[6, 6].min() > 150
    assert (difference_over(photo, np.zeros((12, 12), dtype=np.float32), 1.0).std(axis=2) < 1).all()
