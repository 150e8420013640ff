"""Two runs set against each other photo by photo."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.paired_tests import PairedTest, corrected, paired_test
from flowerlab.locale import _
from flowerlab.results.answers import Answers
from flowerlab.runs.run import told_apart


def why_not_paired(first: Answers, second: Answers) -> str:
    """Returns why two runs cannot be compared photo by photo, as a sentence; empty if they can."""
    names = told_apart([first.run, second.run])
    if first.classes != second.classes:
        words = _("{first} and {second} tell other classes apart, so that their answers cannot be set against each other.")
    elif first.run.recipe.dataset != second.run.recipe.dataset or first.photos_of != second.photos_of:
        words = _(
            "{first} and {second} were tested on photos of different data sets, so that a difference may come from the photos."
        )
    elif first.places.keys() != second.places.keys():
        words = _(
            "{first} and {second} were tested on different photos of one data set, so that a difference may come from the photos."
        )
    else:
        return ""
    return words.format(first=names[first.run.id], second=names[second.run.id])


def order_in(second: Answers, first: Answers) -> NDArray[np.int64]:
    """Returns where the photos of the first stand among those of the second: int64, (n,).

    Raises:
        ValueError: If `why_not_paired` gives a reason.
    """
    reason = why_not_paired(first, second)
    if reason:
        raise ValueError(reason)
    return np.asarray([second.places[photo] for photo in first.ids.tolist()], dtype=np.int64)


def pair(first: Answers, second: Answers) -> PairedTest:
    """Compares two runs photo by photo.

    Raises:
        ValueError: If `why_not_paired` gives a reason.
    """
    return paired_test(first.right, second.right[order_in(second, first)])


def pair_tests(sides: Sequence[Answers]) -> dict[tuple[str, str], PairedTest]:
    """Compares every two runs that were tested on the same photos, with p values that hold for all these pairs together.

    All pairs count, also where a page shows those of the best run alone: which is the best was seen on the same photos.

    Returns:
        (id, id) → the first against the second, in either order.
    """
    pairs = [both for both in itertools.combinations(sides, 2) if not why_not_paired(*both)]
    tests = corrected([pair(first, second) for first, second in pairs])
    found = {}
    for (first, second), test in zip(pairs, tests, strict=True):
        found[first.run.id, second.run.id] = test
        found[second.run.id, first.run.id] = test.reverse
    return found


def comparable(sides: Iterable[Answers]) -> list[list[Answers]]:
    """Groups runs that can be compared photo by photo: any two of a group, none of one with one of another.

    Returns:
        The largest group first; equally large ones in the order of their first runs, and each group in the order of the runs.
    """
    groups: list[list[Answers]] = []
    for side in sides:
        # Whether two runs are a pair is whether they share classes and photos, so that one of a group stands for all.
        found = next((group for group in groups if not why_not_paired(group[0], side)), None)
        if found is None:
            groups.append([side])
        else:
            found.append(side)
    return sorted(groups, key=len, reverse=True)
