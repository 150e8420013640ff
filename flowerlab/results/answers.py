"""What finished runs answer: one to one photo, and one to all of its test photos."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.calibration import best_temperature, calibration_error, tempered, tempered_one
from flowerlab.home import Home
from flowerlab.results.photos_of_run import photos_of
from flowerlab.runs.events import Result
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run
from flowerlab.store import Store

# More could not be kept apart side by side.
MOST_RUNS = 6


@dataclass(frozen=True)
class Answer:
    """What a run says about one photo.

    Args:
        run: With a result.
        probabilities: One a class, 0..1, in label order.
        temperature: What the run's logits are divided by to be calibrated; None if it is not known.
    """

    run: Run
    probabilities: tuple[float, ...]
    temperature: float | None = None

    @property
    def _result(self) -> Result:
        assert self.run.result is not None
        return self.run.result

    @property
    def classes(self) -> tuple[str, ...]:
        """Those that the run knows, in label order."""
        return self._result.classes

    @property
    def label(self) -> int:
        """Index of the most probable class."""
        return max(range(len(self.probabilities)), key=self.probabilities.__getitem__)

    @property
    def class_name(self) -> str:
        """The most probable class."""
        return self.classes[self.label]

    @property
    def confidence(self) -> float:
        """Probability of the most probable class, 0..1."""
        return max(self.probabilities)

    @property
    def calibrated(self) -> float | None:
        """The confidence at the run's temperature, 0..1; None if that is not known."""
        return None if self.temperature is None else max(tempered_one(self.probabilities, self.temperature))

    @property
    def unknown(self) -> bool | None:
        """Whether the photo is probably of none of the classes; None: not measured."""
        return self._result.unknown(self.probabilities)


@dataclass(frozen=True)
class Answers:
    """A run and its answers to its test photos.

    Args:
        photos_of: What tells its photos from others of the same name.
        classes: In label order.
        ids: (n,), of the photos, as in `Originals.ids`.
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
    """How well a run's confidence fits, and what a temperature changes.

    Args:
        before: Expected calibration error of the test photos.
        temperature: Chosen on the validation photos.
        after: The error with it.
    """

    before: float
    temperature: float
    after: float


def answers_of(home: Home, store: Store, run: Run) -> Answers | None:
    """Returns a run's answers to its test photos; None if it was not tested."""
    stored = load_predictions(home.run(run.id))
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
        photos_of=photos_of(store, run),
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


def calibrated(one: Answers) -> Calibrated:
    """Returns a run's calibration on its test photos, without and with the temperature that fits its validation photos best."""
    before = calibration_error(one.probabilities, one.truth)
    temperature = temperature_of(one)
    if temperature is None:
        return Calibrated(before, 1.0, before)
    return Calibrated(before, temperature, calibration_error(tempered(one.probabilities, temperature), one.truth))
