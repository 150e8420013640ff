"""Whether runs that stand side by side were tested alike, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from flowerlab.locale import _
from flowerlab.results.columns import LEAK_MARK, SPARED_MARK
from flowerlab.runs.run import Run, told_apart
from flowerlab.ui.base.text import escaped


def marked_names(runs: Sequence[Run]) -> dict[str, str]:
    """Returns a name for each run by its id, as figures show it: kept apart, and marked where the test photos had leaked."""
    return {
        run_id: f"{name} {LEAK_MARK} {_('leak')}" if run.recipe.split == "lecture" else name
        for run, (run_id, name) in zip(runs, told_apart(runs).items(), strict=True)
    }


def features_note(runs: Sequence[Run]) -> str:
    """Returns a sentence on runs whose time leaves out what an earlier run had computed; empty if there is none."""
    names = told_apart(runs)
    spared = [escaped(names[run.id]) for run in runs if run.result is not None and run.result.features_at_hand]
    if not spared:
        return ""
    return _(
        "{mark} {names}: the features of the frozen layers were already there from an earlier run. The seconds leave out what computing "
        "them takes."
    ).format(mark=SPARED_MARK, names=", ".join(spared))


def notes_on_fairness(runs: Sequence[Run]) -> list[str]:
    """Returns sentences on what makes the test accuracies of these runs not comparable; empty if nothing does."""
    notes = []
    names = told_apart(runs)
    leaky = [escaped(names[run.id]) for run in runs if run.recipe.split == "lecture"]
    if leaky:
        notes.append(
            _(
                "{names}: the test photos were also in the training (the lecture's split). That is a leak: the accuracy is "
                "too high and must not be set against an honest one."
            ).format(names=", ".join(leaky))
        )
    notes += [
        f"{escaped(names[run.id])}: {_(run.recipe.seen_before)}"
        for run in runs
        if run.result is not None and run.recipe.seen_before
    ]
    return notes
