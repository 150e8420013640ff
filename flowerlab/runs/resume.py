"""How a run that is over can go on: after its last whole epoch, to the end of its recipe or for more epochs than that."""

from __future__ import annotations

from dataclasses import dataclass

from flowerlab.errors import BadInput
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.run import Run


@dataclass(frozen=True)
class GoingOn:
    """What of a run's training is there.

    Args:
        epochs_run: Whole epochs after which it goes on; 0: it starts again.
        left: Epochs of its recipe that it has not trained; 0 if they all are, or if it ended early.
        ended_early: Whether its patience has run out.
        possible: Whether it can be trained at all: not if only its model was kept.
    """

    epochs_run: int
    left: int
    ended_early: bool
    possible: bool


def going_on(run: Run, home: Home) -> GoingOn:
    """Returns how a run that is over can go on."""
    state = left_behind(home.run(run.id))
    if state is None:
        return GoingOn(0, run.recipe.epochs if run.result is None else 0, ended_early=False, possible=run.result is None)
    ended_early = state.waited(run.patience_from) >= run.recipe.patience
    left = 0 if ended_early else max(0, run.recipe.epochs - state.epochs_run)
    return GoingOn(state.epochs_run, left, ended_early=ended_early, possible=True)


def longer(run: Run, home: Home, more: int | None) -> tuple[Recipe, int]:
    """Returns the recipe with which a run goes on, and the whole epochs from which its patience counts.

    With so many epochs in all it is the recipe of an unbroken run, which would have come out the same; except where the patience
    had run out: it is then counted again.

    Args:
        more: Epochs to train; None: those of its recipe that are left.

    Raises:
        BadInput: If it is not over, if nothing is left to train, or if what it would need was not kept.
        BadRecipe: If a run cannot have so many epochs.
    """
    if not run.state.over:
        raise BadInput(f"{run.name!r} is {run.state}: it goes on by itself.")
    found = going_on(run, home)
    if not found.possible:
        raise BadInput(
            f"{run.name!r} cannot be trained on: only its model was kept, not the state of its optimizer. Start a new run from it "
            f"instead. Received: {run.id}."
        )
    if more is not None and more < 1:
        raise BadInput(f"The number of more epochs must be 1 or more. Received: {more}.")
    if more is None and not found.left and run.result is not None:
        why = "ended early" if found.ended_early else f"has trained all of its {found.epochs_run} epochs"
        raise BadInput(f"{run.name!r} {why}. Say how many more epochs it shall train.")
    if more is None:
        return run.recipe, run.patience_from
    return (run.recipe.changed(epochs=found.epochs_run + more), found.epochs_run if found.ended_early else run.patience_from)
