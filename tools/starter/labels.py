"""What a teacher says of crops that it did not learn from.

A softmax regression on MobileNetV2's pooled features names the five kinds of flower. Asked about its own training photos it is
surer than it should be; so five are fitted, each without a fifth of the photos, and each names the crops of that fifth.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS = 5
CROPS_TO_FIT = 8
STRENGTH = 0.003


def soft_labels(features: NDArray[np.float32], labels: NDArray[np.int64]) -> NDArray[np.float32]:
    """Returns the answers of teachers that have not seen the photo.

    Args:
        features: float32, (photos, crops of each, 1280).
        labels: int64, (photos,).

    Returns:
        float32, (photos, crops, classes), probabilities.
    """
    photos, crops, width = features.shape
    fold = np.random.default_rng(0).permutation(photos) % FOLDS
    answers = np.empty((photos, crops, int(labels.max()) + 1), dtype=np.float32)
    for number in range(FOLDS):
        known, asked = fold != number, fold == number
        teacher: Any = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=300))
        some = features[known][:, :CROPS_TO_FIT]
        teacher.fit(some.reshape(-1, width), np.repeat(labels[known], some.shape[1]))
        given = teacher.predict_proba(features[asked].reshape(-1, width))
        answers[asked] = given.reshape(-1, crops, given.shape[1])
    return answers
