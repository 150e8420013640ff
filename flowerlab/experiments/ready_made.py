"""Three ready experiments: questions that the lecture leaves open, each answered by runs that differ in one thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flowerlab.estimates.cost import seconds_together
from flowerlab.lab import Lab
from flowerlab.recipe.presets import GENTLE_LEARNING_RATE, LECTURE_LEARNING_RATE, PRESETS, preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler.queue import Started

# What the arms decide, or what would not be the same question any more.
DECIDED = ("unfreeze_from", "start_from", "learning_rate", "split", "resize")


@dataclass(frozen=True)
class Arm:
    """One of the runs of an experiment. It is the lecture's recipe B but for what is said here.

    Args:
        name: Short, unique in its experiment.
        title: For people: the same in every table, legend and sentence.
        also: Under which name the lecture knows it; empty if under none.
        fine_tunes: Whether the last layers of the known network learn too, from the same layer on as in the lecture's C.
        starts_from: Name of the arm whose run it starts from; None if it starts by itself.
    """

    name: str
    title: str
    also: str = ""
    knobs: Mapping[str, Any] = field(default_factory=dict)
    fine_tunes: bool = False
    starts_from: str | None = None

    @property
    def label(self) -> str:
        """Title, and the lecture's name behind it: `Head from B, 0.001 (the lecture's C)`."""
        return f"{self.title} ({self.also})" if self.also else self.title

    @property
    def run_name(self) -> str:
        """A name for its runs, for people; `{number}` is left for the store to fill."""
        return f"{self.title} #{{number}}"


@dataclass(frozen=True)
class Experiment:
    """A question and the runs that answer it, in the order in which they are trained."""

    name: str
    question: str
    sentence: str
    arms: tuple[Arm, ...]


# The lecture's B: in each experiment the same run, so that it is trained once.
B = Arm("B", PRESETS["B"].heading)
HIGH, LOW = {"learning_rate": LECTURE_LEARNING_RATE}, {"learning_rate": GENTLE_LEARNING_RATE}
TWO_BY_TWO = {
    ("fresh", LECTURE_LEARNING_RATE): Arm("fresh-high", "Fresh head, 0.001", "", HIGH, fine_tunes=True),
    ("fresh", GENTLE_LEARNING_RATE): Arm("fresh-low", "Fresh head, 0.00001", "", LOW, fine_tunes=True),
    ("trained", LECTURE_LEARNING_RATE): Arm(
        "trained-high", "Head from B, 0.001", "the lecture's C", HIGH, fine_tunes=True, starts_from="B"
    ),
    ("trained", GENTLE_LEARNING_RATE): Arm(
        "trained-low", "Head from B, 0.00001", "the lecture's C, gently", LOW, fine_tunes=True, starts_from="B"
    ),
}

EXPERIMENTS: dict[str, Experiment] = {
    "fine-tuning": Experiment(
        "fine-tuning",
        "Why did fine-tuning get worse?",
        "The last layers of the known network learn in four ways: under a fresh head or under the one that B has trained, each at "
        "the lecture's learning rate of 0.001 and at 0.00001. The arms under B's head have B's epochs behind them, which the fresh heads "
        "have not; all else is the same.",
        (B, *TWO_BY_TWO.values()),
    ),
    "leak": Experiment(
        "leak",
        "What does the leak do?",
        "Recipe B is trained twice: tested on photos that it never saw, and tested as in the widely copied notebook, on photos that "
        "also trained it. All else is the same.",
        (B, Arm("leak", "B with the leak", knobs={"split": "lecture"})),
    ),
    "padding": Experiment(
        "padding",
        "What does the padding do?",
        "Recipe B is trained twice: on photos that fill the square, and on photos that were first put into the corner of a large black "
        "canvas, as in the lecture. All else is the same.",
        (B, Arm("padding", "B with the padding", knobs={"resize": "lecture"})),
    ),
}


def arm_recipe(arm: Arm, *, architecture: str, start_from: str | None = None, shared: Mapping[str, Any] | None = None) -> Recipe:
    """Returns the recipe of an arm; `shared` are other knobs, equal for all arms.

    Raises:
        BadRecipe: If a knob has a value that it cannot have, or the architecture has nothing to fine-tune.
    """
    b = preset_recipe("B", architecture=architecture, shared=shared)
    values = dict(arm.knobs)
    if arm.fine_tunes:
        values["unfreeze_from"] = b.chosen.fine_tune_from
    return b.changed(**values, start_from=start_from)


@dataclass(frozen=True)
class Trial:
    """An experiment on some photos with some network, as it stands in a lab.

    Args:
        runs: The newest run of each arm that has one: what is done, under way or waiting; else one that came to nothing.
        recipes: What is still to be trained. An arm whose source is missing is there with the recipe of one that starts by itself,
            which costs the same.
    """

    experiment: Experiment
    architecture: str
    shared: Mapping[str, Any]
    runs: Mapping[str, Run]
    recipes: Mapping[str, Recipe]

    @property
    def complete(self) -> bool:
        """Whether every arm has a run that is done and was tested."""
        return not self.recipes and all(run.state is RunState.DONE for run in self.runs.values())

    @property
    def under_way(self) -> bool:
        """Whether a run of it waits or is under way."""
        return any(not run.state.over for run in self.runs.values())


def find_trial(lab: Lab, experiment: Experiment, *, architecture: str, shared: Mapping[str, Any] | None = None) -> Trial:
    """Finds the runs of an experiment by their recipes, whichever student started them.

    Raises:
        BadRecipe: If a knob has a value that it cannot have, or the architecture has nothing to fine-tune.
    """
    runs: dict[str, Run] = {}
    missing: dict[str, Recipe] = {}
    for arm in experiment.arms:
        source = runs.get(arm.starts_from or "")
        if arm.starts_from is not None and (source is None or arm.starts_from in missing):
            missing[arm.name] = arm_recipe(arm, architecture=architecture, shared=shared)
            continue
        recipe = arm_recipe(arm, architecture=architecture, shared=shared, start_from=source.id if source else None)
        run = lab.queue.equal_to(recipe)
        if run is None:
            missing[arm.name] = recipe
            run = next((other for other in lab.store.all() if other.recipe == recipe and _in_vain(other)), None)
        if run is not None:
            runs[arm.name] = run
    return Trial(experiment, architecture, shared or {}, runs, missing)


def _in_vain(run: Run) -> bool:
    return run.state.over and run.state is not RunState.DONE


def seconds_of_trial(lab: Lab, trial: Trial) -> float:
    """Estimates the seconds that the rest of an experiment takes; what its runs share is counted once.

    Raises:
        BadRecipe: If its photos are not in this lab.
    """
    return seconds_together([lab.estimates.of(recipe) for recipe in trial.recipes.values()])


def start_trial(
    lab: Lab,
    experiment: Experiment,
    *,
    architecture: str,
    shared: Mapping[str, Any] | None = None,
    again: bool = False,
    student: str = "",
) -> dict[str, Started]:
    """Queues the runs of an experiment; those that are there are found, not trained again.

    Raises:
        BadRecipe: If one of the recipes cannot be trained here; then none is queued.
    """
    for arm in experiment.arms:
        lab.queue.check(arm_recipe(arm, architecture=architecture, shared=shared))
    started: dict[str, Started] = {}
    with lab.queue.batch(student) as batch:
        for arm in experiment.arms:
            source = started[arm.starts_from].run.id if arm.starts_from is not None else None
            recipe = arm_recipe(arm, architecture=architecture, shared=shared, start_from=source)
            started[arm.name] = batch.start(recipe, name=arm.run_name, again=again)
    return started
