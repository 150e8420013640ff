"""What the parts of the Compare page set against each other: a run, its answers, and its matrix counted from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from flowerlab.evaluation.confusion import cell_sizes
from flowerlab.results.answers import Answers, answers_of
from flowerlab.runs.run import Run
from flowerlab.ui.base.lab import lab


@dataclass(frozen=True)
class Side:
    """A run, and what it did with its test photos.

    Args:
        answers: To each photo; None if they are not kept.
        counts: int64, (classes, classes), photos by (true class, answer); None if it was not tested.
    """

    run: Run
    answers: Answers | None
    counts: NDArray[np.int64] | None

    @property
    def matrix(self) -> str:
        """What names its matrix on the page."""
        return f"matrix-{self.run.id}"

    @property
    def classes(self) -> tuple[str, ...]:
        """Its classes in label order; empty if it has no result."""
        return () if self.run.result is None else self.run.result.classes


def side_of(run: Run) -> Side:
    """Returns a run with its answers. Its matrix is counted from them, so that every number is that of the photos that it opens."""
    answers = answers_of(lab().home, lab().store, run)
    if answers is not None:
        return Side(run, answers, cell_sizes(answers.truth, answers.probabilities))
    counted = run.result.confusion_matrix if run.result is not None else None
    return Side(run, None, None if counted is None else np.asarray(counted, dtype=np.int64))


def answers_among(sides: Sequence[Side]) -> list[Answers]:
    """Returns the answers of those that keep them."""
    return [side.answers for side in sides if side.answers is not None]
