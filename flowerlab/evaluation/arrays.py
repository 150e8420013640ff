"""The arrays that figures are made of."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

# (n,): the true class of each photo, 0..classes - 1.
Labels = NDArray[np.int64]
# (n, classes): a row for each photo. Its answer is the class of the largest one; of equal ones the first.
Probabilities = NDArray[np.floating[Any]]
# (epochs, n, classes): the same after each epoch.
EpochProbabilities = NDArray[np.floating[Any]]
# Which photos, 0..n - 1, in the order that the function says; of equal ones the first comes first.
Places = NDArray[np.int64]
