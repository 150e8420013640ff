"""Splits: which photos train, validate and test."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.datasets.splits import make_split, stratified_order


@pytest.mark.parametrize(("count", "train", "test"), [(3670, 2569, 1101), (3658, 2561, 1097)])
def test_sizes_are_the_lectures(count: int, train: int, test: int) -> None:
    """3,670 photos give 2,569 for training and 1,101 for testing, in both splits."""
    for name in ("honest", "lecture"):
        split = make_split(count, split=name, validation_fraction=0.2)
        assert len(split.train) + len(split.validation) == train
        assert len(split.test) == test


def test_validation_is_the_last_fifth_as_in_keras() -> None:
    """Keras' validation_split=0.2 keeps the samples from int(n · 0.8) on."""
    split = make_split(3670, split="honest", validation_fraction=0.2)
    assert split.validation[0] == int(2569 * 0.8)
    assert split.validation[-1] == 2568


def test_lecture_split_tests_on_training_photos() -> None:
    """In the lecture's split every test photo was seen in training; the honest one shares none."""
    leaky = make_split(1000, split="lecture", validation_fraction=0.2)
    seen = set(leaky.train) | set(leaky.validation)
    assert set(leaky.test) <= seen
    honest = make_split(1000, split="honest", validation_fraction=0.2)
    assert not set(honest.test) & (set(honest.train) | set(honest.validation))


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 30)), min_size=20, max_size=200), st.integers(0, 5))
def test_identical_photos_are_never_in_two_parts(photos: list[tuple[int, int]], seed: int) -> None:
    """Whatever the labels, photos with equal bytes lie in one part only."""
    labels, contents = [label for label, _ in photos], [str(content) for _, content in photos]
    order = stratified_order(labels, contents, seed=seed)
    ordered = [contents[position] for position in order]
    split = make_split(len(ordered), split="honest", validation_fraction=0.2, digests=ordered)
    parts = [{ordered[position] for position in part} for part in (split.train, split.validation, split.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert sorted([*split.train, *split.validation, *split.test]) == list(range(len(ordered)))


def test_order_is_stratified_and_seeded() -> None:
    """Each tenth of the order holds the classes in the same shares, one photo more or less; the seed decides the rest."""
    labels = [0] * 500 + [1] * 300 + [2] * 200
    digests = [str(number) for number in range(1000)]
    order = stratified_order(labels, digests)
    for begin in range(0, 1000, 100):
        counts = np.bincount(np.asarray(labels)[order[begin : begin + 100]], minlength=3)
        assert np.abs(counts - [50, 30, 20]).max() <= 2
    assert (order == stratified_order(labels, digests)).all()
    assert (order != stratified_order(labels, digests, seed=1)).any()
