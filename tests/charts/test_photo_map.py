"""The map of photos as a figure and in words."""

from __future__ import annotations

import numpy as np
import pytest

from flowerlab.charts.colours import class_colour
from flowerlab.charts.photo_map import RIGHT, WRONG, map_figure, map_sentence, separation_sentence, sign_of

CLASSES = ("daisy", "rose", "tulip")
TRUTH = np.asarray([2, 0, 2, 1, 0])
ANSWERS = np.asarray([2, 1, 0, 1, 0])
PLACES = np.asarray([[0, 9], [1, 8], [2, 7], [3, 6], [4, 5]], dtype=np.float32)


@pytest.mark.parametrize(
    ("by_error", "names", "inside", "colours"),
    [
        (False, ["● daisy (2)", "▲ rose (1)", "■ tulip (2)"], [[1, 4], [3], [0, 2]], [class_colour(label) for label in range(3)]),
        (True, ["right (3)", "wrong (2)"], [[0, 3, 4], [1, 2]], [RIGHT, WRONG]),
    ],
    ids=["by class", "by error"],
)
def test_every_point_stands_in_its_group(by_error: bool, names: list[str], inside: list[list[int]], colours: list[str]) -> None:
    """Each photo is one point: in the group of its class, or of right and wrong, at its place, with its number and what it was called."""
    groups = map_figure(PLACES, TRUTH, ANSWERS, CLASSES, by_error=by_error).data
    assert [group.name for group in groups] == names
    assert [group.customdata.tolist() for group in groups] == inside
    assert [group.marker.color for group in groups] == colours
    assert len({group.marker.symbol for group in groups}) == len(groups)
    for group, chosen in zip(groups, inside, strict=True):
        assert np.stack([group.x, group.y], axis=1).tolist() == PLACES[chosen].tolist()
    texts = {int(place): text for group in groups for place, text in zip(group.customdata, group.text, strict=True)}
    assert texts == {
        0: "tulip, called tulip",
        1: "daisy, called rose",
        2: "tulip, called daisy",
        3: "rose, called rose",
        4: "daisy, called daisy",
    }


def test_a_class_without_photos_is_an_empty_group() -> None:
    """The groups' order is that of the labels, also where a class has no photo."""
    groups = map_figure(PLACES[:1], TRUTH[:1], ANSWERS[:1], CLASSES, by_error=False).data
    assert [len(group.x) for group in groups] == [0, 0, 1]


def test_classes_of_one_colour_have_other_signs() -> None:
    """Of a dozen classes no two have both colour and sign in common."""
    assert len({(class_colour(label), sign_of(label)) for label in range(12)}) == 12


def test_the_map_is_told_in_words() -> None:
    """How many photos, of how many classes, how many named wrongly; how many lie nearest to one of their own class."""
    assert map_sentence(TRUTH, ANSWERS, CLASSES).startswith("A map of 5 test photos of 3 classes")
    assert "2 were named wrongly" in map_sentence(TRUTH, ANSWERS, CLASSES)
    # Two daisies and two tulips point the same way, whatever their length; the rose points where the tulips do.
    features = np.asarray([[0, 1], [9, 1], [0, 5], [1, 5], [1, 0]], dtype=np.float32)
    assert separation_sentence(features, TRUTH) == "Of 5 photos 4 have as nearest other photo one of their own class."
    assert separation_sentence(features[:1], TRUTH[:1]) == ""
