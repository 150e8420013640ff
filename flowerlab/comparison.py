"""Finished runs beside each other: what each told of its test photos, and whether two of them were told the same photos."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.calibration import best_temperature, calibration_error, tempered
from flowerlab.datasets.gather import tf_flowers_originals
from flowerlab.datasets.originals import Originals
from flowerlab.locale import _
from flowerlab.materials import photos_in
from flowerlab.metrics import load_predictions
from flowerlab.paired import SURE_BELOW, PairedTest, corrected, paired_test
from flowerlab.run import Run, told_apart
from flowerlab.runs import Lab

# More would not be told apart side by side.
MOST_RUNS = 6


@dataclass(frozen=True)
class Answers:
    """A run and its answers to its test photos.

    Args:
        run: The run.
        photos_of: What tells its photos from others of the same name.
        classes: In label order.
        ids: (n,), of the photos.
        truth: int64, (n,).
        probabilities: float32, (n, classes).
        val_truth: int64, (m,), of the validation photos.
        val_probabilities: float32, (m, classes), of the best epoch.
    """

    run: Run
    photos_of: str
    classes: tuple[str, ...]
    ids: NDArray[Any]
    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    val_truth: NDArray[np.int64]
    val_probabilities: NDArray[np.float32]

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each photo's id stands among `ids`."""
        return {photo: place for place, photo in enumerate(self.ids.tolist())}

    @property
    def right(self) -> NDArray[np.bool_]:
        """bool, (n,): which photos were named rightly."""
        return np.asarray(self.probabilities.argmax(axis=1) == self.truth)

    @property
    def accuracy(self) -> float:
        """Share of the photos that were named rightly, 0..1."""
        return float(self.right.mean())


@dataclass(frozen=True)
class Calibrated:
    """How well a run's sureness fits, and what a temperature changes.

    Args:
        before: Expected calibration error of the test photos.
        temperature: Chosen on the validation photos.
        after: The error with it.
    """

    before: float
    temperature: float
    after: float


def answers_of(lab: Lab, run: Run) -> Answers | None:
    """Returns a run's answers to its test photos; None if it was not tested."""
    stored = load_predictions(lab.home.run(run.id))
    if run.result is None or stored is None or not len(stored["test_truth"]):
        return None
    of_epochs = stored["val_probabilities"]
    classes = tuple(str(name) for name in stored["classes"])
    if run.result.best_epoch < len(of_epochs):
        val_truth, best = stored["val_truth"].astype(np.int64), of_epochs[run.result.best_epoch]
    else:
        # Nothing was validated that belongs to the saved weights.
        val_truth, best = np.zeros(0, dtype=np.int64), np.zeros((0, len(classes)), dtype=np.float32)
    return Answers(
        run=run,
        photos_of=photos_of(lab, run),
        classes=classes,
        ids=stored["test_ids"],
        truth=stored["test_truth"].astype(np.int64),
        probabilities=stored["test_probabilities"],
        val_truth=val_truth,
        val_probabilities=best,
    )


def temperature_of(answers: Answers | None) -> float | None:
    """Returns what a run's logits are divided by to be calibrated, chosen on its validation photos; None if it is not known."""
    if answers is None or not len(answers.val_truth):
        return None
    return best_temperature(answers.val_probabilities, answers.val_truth)


def photos_of(lab: Lab, run: Run) -> str:
    """Returns what tells a run's photos from others, also from others of the same name: an id is the same photo only within these."""
    if run.recipe.dataset == "tf_flowers":
        # One set of photos, whoever names it: the starter, which was trained elsewhere, does not.
        return tf_flowers_originals(lab.home).name
    return photos_in(lab.store.materials(run.id))


def run_photos(lab: Lab, run: Run) -> Originals | None:
    """Returns the photos that a run was trained on; None if they are not in this lab (any more).

    An own folder may have been deleted, and another imported under its name; the garden may have been given another size.
    """
    originals = lab.stock.originals(run.recipe.dataset)
    # Where photos are kept is named by what tells them from others.
    if originals is None or originals.folder.name != photos_of(lab, run):
        return None
    if photos_in(lab.store.materials(run.id)) == originals.folder.name:
        return originals
    # The starter names no photos. It was made where some of tf_flowers' photos were missing, and its ids are positions.
    return originals if _bears_its_labels(originals, load_predictions(lab.home.run(run.id))) else None


def _bears_its_labels(originals: Originals, stored: dict[str, Any] | None) -> bool:
    """Whether every test photo of a run is here and has the label that the run was told."""
    if stored is None:
        return True
    labels = [
        int(originals.labels[originals.positions[photo]]) if photo in originals.positions else None
        for photo in stored["test_ids"].tolist()
    ]
    return bool(labels == stored["test_truth"].tolist())


def why_not_paired(first: Answers, second: Answers) -> str:
    """Returns why two runs cannot be compared photo by photo, as a sentence; empty if they can."""
    told = told_apart([first.run, second.run])
    if first.classes != second.classes:
        words = _(
            "{first} and {second} tell other classes apart, so that their answers cannot be set against each other."
        )
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
    return words.format(first=told[first.run.id], second=told[second.run.id])


def comparable(sides: Iterable[Answers]) -> list[list[Answers]]:
    """Groups runs that can be compared photo by photo: any two of a group, none of one with one of another.

    Args:
        sides: In the order in which they shall be.

    Returns:
        The largest group first; equally large ones in the order of their first runs.
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

    Args:
        sides: The runs that stand beside each other.

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


def pair_sentence(first: str, second: str, test: PairedTest) -> str:
    """Says in one plain sentence whether a difference was found, and in a second one if test and interval disagree.

    Args:
        first, second: Names of the runs.
        test: First against second.
    """
    if test.only_first_right == test.only_second_right:
        return _equal_sentence(first, second, test)
    better, worse = (first, second) if test.difference > 0 else (second, first)
    if test.real:
        words = _(
            "{better} was better than {worse} by {points} points{interval}, and that is hardly chance: if both were equally good, "
            "it would happen in {cases}."
        )
    elif test.mcnemar_p < SURE_BELOW:
        words = _(
            "{better} was better than {worse} by {points} points{interval}, but that may be chance: looked at alone it would happen in "
            "{cases} if both were equally good, but {pairs} pairs were tested, and among so many one such comes easily."
        )
    else:
        words = _(
            "{better} was better than {worse} by {points} points{interval}, but that may be chance: it would happen in {cases} if both "
            "were equally good."
        )
    told = words.format(
        better=better, worse=worse, points=f"{abs(test.difference) * 100:.1f}", cases=_in_words(test.mcnemar_p),
        interval=_interval_words(test if test.difference > 0 else test.reverse), pairs=test.tested_together,
    )  # fmt: skip
    return f"{told} {_disagreement(test)}" if test.disagrees else told


def _equal_sentence(first: str, second: str, test: PairedTest) -> str:
    only = test.only_first_right
    if not only:
        words = _("No difference was found between {first} and {second}: they named the same photos rightly.")
    elif only == 1:
        words = _(
            "No difference was found between {first} and {second}{interval}: each named 1 photo rightly that the other did not."
        )
    else:
        words = _(
            "No difference was found between {first} and {second}{interval}: each named {only} photos rightly that the other did not."
        )
    return words.format(first=first, second=second, interval=_interval_words(test), only=f"{only:,}")


def _interval_words(test: PairedTest) -> str:
    """Writes the interval behind a difference; nothing where there are too few photos for one."""
    if test.interval is None:
        return ""
    low, high = (f"{bound * 100:+.1f}".replace("-", "−") for bound in test.interval)
    return " " + _("({low} to {high})").format(low=low, high=high)


def _disagreement(test: PairedTest) -> str:
    if test.mcnemar_p < SURE_BELOW:
        words = _(
            "The interval says otherwise, for it reaches 0: this lies on the border, and more test photos would decide."
        )
    else:
        words = _(
            "The interval says otherwise, for it leaves 0 out: this lies on the border, and more test photos would decide."
        )
    return words


def _in_words(p: float) -> str:
    if p < 0.001:
        return _("less than 1 of 1,000 cases")
    # Near the border of 5 of 100 one digit more, so that a sentence does not seem to contradict itself.
    if p < 0.01 or 0.04 < p < 0.06:
        return _("{count} of 1,000 cases").format(count=round(p * 1000))
    return _("{count} of 100 cases").format(count=round(p * 100))


def calibrated(one: Answers) -> Calibrated:
    """Returns a run's calibration on its test photos, without and with the temperature that fits its validation photos best."""
    before = calibration_error(one.probabilities, one.truth)
    temperature = temperature_of(one)
    if temperature is None:
        return Calibrated(before, 1.0, before)
    return Calibrated(before, temperature, calibration_error(tempered(one.probabilities, temperature), one.truth))
