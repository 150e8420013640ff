"""Photos that may be labelled wrongly: confident learning's confident joint, from a run's probabilities.

All probabilities here are of photos that the run did not learn from; labels are those that were given to them.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.arrays import Labels, Probabilities

NONE = -1
# The mean of equal numbers may come out a hair above them.
ROUNDING = 1e-12


def self_confidence(probabilities: Probabilities, labels: Labels) -> NDArray[np.float64]:
    """Returns each class's threshold: how probable the run finds the class, in the mean, on the photos with its label.

    t_j = (1 / |X_j|) · Σ p(j; x) over the photos x in X_j, those labelled j (Northcutt, Jiang and Chuang 2021, equation 2).

    Returns:
        float64, (classes,), 0..1; infinite for a class without photos: nothing can be confidently of it.
    """
    shares = probabilities.astype(np.float64)
    return np.asarray(
        [shares[labels == label, label].mean() if (labels == label).any() else np.inf for label in range(shares.shape[1])]
    )


def confident_classes(probabilities: Probabilities, labels: Labels) -> Labels:
    """Returns the class under which the confident joint counts each photo.

    Of the classes j with p(j; x) ≥ t_j (see `self_confidence`) it is the most probable one; of equal ones the first (Northcutt,
    Jiang and Chuang, “Confident Learning: Estimating Uncertainty in Dataset Labels”, JAIR 70, 2021, equation 1).

    Returns:
        `NONE` for a photo that reaches no class's threshold and so is not counted.
    """
    shares = probabilities.astype(np.float64)
    reached = shares >= self_confidence(probabilities, labels) - ROUNDING
    best = np.where(reached, shares, -np.inf).argmax(axis=1)
    return np.where(reached.any(axis=1), best, NONE)


def label_issues(probabilities: Probabilities, labels: Labels) -> NDArray[np.bool_]:
    """Returns which photos the confident joint counts off its diagonal: confidently of another class than their label says.

    Such a photo may be labelled wrongly. It may as well be a hard one, or the run may be wrong.
    """
    found = confident_classes(probabilities, labels)
    return np.asarray((found != NONE) & (found != labels))
