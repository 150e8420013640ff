"""The test photos of a run, the worst first: which of them to look at, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.label_issues import NONE, confident_classes, label_issues
from flowerlab.evaluation.metrics import photo_losses

Show = Literal["wrong", "all", "label"]


@dataclass(frozen=True)
class Judged:
    """What a run's answers to its test photos are worth, photo by photo.

    Args:
        truth: int64, (n,).
        probabilities: float32, (n, classes).
        answers: int64, (n,), the most probable class.
        losses: float64, (n,), see `flowerlab.evaluation.metrics.photo_losses`.
        perhaps: int64, (n,), the class that a photo may rather be of; `NONE` where its label is not in doubt.
    """

    truth: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    answers: NDArray[np.int64]
    losses: NDArray[np.float64]
    perhaps: NDArray[np.int64]

    def places(self, show: Show, *, label: int | None = None) -> NDArray[np.int64]:
        """Returns the places of the photos to show, the largest loss first, equal ones in their order.

        Args:
            show: Those that were named wrongly, all, or those whose label is in doubt.
            label: Of one true class only; None for all.

        Returns:
            int64, places among the test photos.
        """
        wanted = np.ones(len(self.truth), dtype=bool)
        if show == "wrong":
            wanted = self.answers != self.truth
        elif show == "label":
            wanted = self.perhaps != NONE
        if label is not None:
            wanted = wanted & (self.truth == label)
        order = np.argsort(-self.losses, kind="stable")
        return np.asarray(order[wanted[order]])


def judge(probabilities: NDArray[np.float32], truth: NDArray[np.int64]) -> Judged:
    """Judges answers photo by photo.

    Args:
        probabilities: float32, (n, classes).
        truth: int64, (n,).
    """
    doubtful = label_issues(probabilities, truth)
    return Judged(
        truth=truth,
        probabilities=probabilities,
        answers=probabilities.argmax(axis=1),
        losses=photo_losses(probabilities, truth),
        perhaps=np.where(doubtful, confident_classes(probabilities, truth), NONE),
    )
