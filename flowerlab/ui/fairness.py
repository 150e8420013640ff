"""Whether runs that stand side by side were tested alike, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.locale import _
from flowerlab.run import Run
from flowerlab.ui.run_picker import escaped


def notes_on_fairness(runs: Sequence[Run]) -> list[str]:
    """Returns sentences on what makes the test accuracies of these runs not comparable; empty if nothing does."""
    notes = []
    leaky = [escaped(run.name) for run in runs if run.recipe.split == "lecture"]
    if leaky:
        notes.append(
            _(
                "{names}: the test photos were also in the training (the lecture's split). That is a leak: the accuracy is "
                "too high and must not be set against an honest one."
            ).format(names=", ".join(leaky))
        )
    notes += [
        f"{escaped(run.name)}: {_(run.recipe.seen_before)}"
        for run in runs
        if run.result is not None and run.recipe.seen_before
    ]
    return notes
