"""The test photos of a run, the worst first: which of them to look at, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.arrays import Labels, Places, Probabilities
from flowerlab.evaluation.label_issues import NONE, confident_classes, label_issues
from flowerlab.evaluation.metrics import photo_losses

Show = Literal["wrong", "all", "label"]


@dataclass(frozen=True)
class Judged:
    """What a run's answers to its test photos are worth, photo by photo.

    Args:
        losses: float64, (n,), see `flowerlab.evaluation.metrics.photo_losses`.
        perhaps: The class that a photo may rather be of; `NONE` where its label is not in doubt.
    """

    truth: Labels
    probabilities: Probabilities
    answers: Labels
    losses: NDArray[np.float64]
    perhaps: Labels

    def places(self, show: Show, *, label: int | None = None) -> Places:
        """Returns the places of the photos to show, the largest loss first.

        Args:
            show: Those that were named wrongly, all, or those whose label is in doubt.
            label: Of one true class only; None for all.
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


def judge(probabilities: Probabilities, truth: Labels) -> Judged:
    """Judges answers photo by photo."""
    doubtful = label_issues(probabilities, truth)
    return Judged(
        truth=truth,
        probabilities=probabilities,
        answers=probabilities.argmax(axis=1),
        losses=photo_losses(probabilities, truth),
        perhaps=np.where(doubtful, confident_classes(probabilities, truth), NONE),
    )
