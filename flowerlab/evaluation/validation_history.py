"""What a run said of its validation photos after each epoch: how its recall and its single answers came about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.arrays import EpochProbabilities, Labels


@dataclass(frozen=True)
class EpochAnswers:
    """A run's answers to its validation photos, epoch by epoch; classes in label order."""

    classes: tuple[str, ...]
    ids: tuple[str, ...]
    truth: Labels
    probabilities: EpochProbabilities

    @property
    def epochs(self) -> int:
        """How many epochs there are, 1 or more."""
        return len(self.probabilities)

    def place(self, photo: str) -> int | None:
        """Returns where a photo stands, None if it is no validation photo of this run."""
        return self.ids.index(photo) if photo in self.ids else None


def epoch_answers(stored: dict[str, Any] | None) -> EpochAnswers | None:
    """Returns the answers after each epoch out of a run's predictions; None if it kept none, as one that came from elsewhere may."""
    if stored is None or not stored["val_probabilities"].size:
        return None
    return EpochAnswers(
        classes=tuple(str(name) for name in stored["classes"]),
        ids=tuple(str(photo) for photo in stored["val_ids"]),
        truth=stored["val_truth"].astype(np.int64),
        probabilities=stored["val_probabilities"],
    )


def recall_by_epoch(probabilities: EpochProbabilities, truth: Labels) -> NDArray[np.float64]:
    """Returns each class's recall after each epoch: of its photos, the share that was called so.

    Returns:
        float64, (epochs, classes), 0..1; NaN for a class without photos.
    """
    right = probabilities.argmax(axis=2) == truth
    shares = np.full((probabilities.shape[0], probabilities.shape[2]), np.nan)
    for label in np.unique(truth):
        shares[:, label] = right[:, truth == label].mean(axis=1)
    return shares


def restlessness(probabilities: EpochProbabilities) -> NDArray[np.float64]:
    """Returns how far the answer to each photo moved in all: Σ over epochs of ½ Σ over classes |p(e + 1) − p(e)|.

    One term is the total variation distance between two epochs' answers: the share of probability that changed its class.

    Returns:
        float64, (n,), 0..epochs - 1.
    """
    steps = np.abs(np.diff(probabilities.astype(np.float64), axis=0))
    return np.asarray(steps.sum(axis=(0, 2)) / 2)
