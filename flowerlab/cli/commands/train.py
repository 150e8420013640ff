"""`train`, `resume` and `lecture`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Annotated

import typer

from flowerlab.architectures import architecture
from flowerlab.cli.bringing import bring_in
from flowerlab.cli.knobs import takes_knobs
from flowerlab.cli.output import AsJson, give, run_record, say, summary, write
from flowerlab.cli.plan import plan_record, plan_text, planned
from flowerlab.cli.running import Student, find_run, opened, see_through, student_named
from flowerlab.experiments.lecture import start_lecture
from flowerlab.lab import Lab
from flowerlab.recipe.presets import LECTURE, preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState, check_name
from flowerlab.scheduler.queue import Started

OF_BACKBONE = ("architecture", "weights")
LECTURE_DEFAULTS = {
    "architecture": "vgg16 if its weights are at hand, else vgg16_mini",
    "weights": "the pretrained ones of the architecture",
}

Again = Annotated[bool, typer.Option("--again", metavar="", help="Train even if an equal run is there.")]
DryRun = Annotated[bool, typer.Option("--dry-run", metavar="", help="Show what would be trained, and start nothing.")]


@takes_knobs()
def train(
    knobs: dict[str, str],
    name: Annotated[
        str | None, typer.Option("--name", metavar="TEXT", help="Name of the run. Default: made from the recipe.")
    ] = None,
    again: Again = False,
    dry_run: DryRun = False,
    student: Student = None,
    as_json: AsJson = False,
) -> None:
    """Train one network.

    Ctrl-C stops the run and keeps its best epoch; pressed again, it skips the test. If an equal run is there already, its
    result is given. In JSON, best_epoch counts from 0. Exit code 0: done; 1: failed or stopped; 2: bad input.
    """
    if name is not None:
        check_name(name)
    if dry_run:
        _show_plan(knobs, as_json=as_json)
        return
    who = student_named(student)
    with opened() as lab:
        recipe = Recipe.parse(bring_in(knobs, lab.home, check=_checked_by(lab)).knobs)
        started = lab.queue.start(recipe, name=name, again=again, student=who)
    see_through({"run": started}, _report(as_json=as_json))


def resume(
    run: Annotated[str, typer.Argument(help="A run: its id, the first digits of it (at least 4), or its name.")],
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", help="How many more to train. Default: those of its recipe that are left."),
    ] = None,
    student: Student = None,
    as_json: AsJson = False,
) -> None:
    """Go on with a run that was stopped or interrupted, or train a finished one for more epochs.

    It goes on behind its last whole epoch with its optimizer as it was, and keeps its model until there is a new one. Ctrl-C
    stops it as it stops `train`. In JSON, best_epoch counts from 0. Exit code 0: done; 1: failed or stopped; 2: bad input.
    """
    who = student_named(student)
    with opened() as lab:
        started = Started(lab.queue.go_on(find_run(lab, run).id, epochs=epochs, student=who), existing=False)
    see_through({"run": started}, _report(as_json=as_json))


def _report(*, as_json: bool) -> Callable[[Lab, dict[str, Run]], None]:
    def report(lab: Lab, runs: dict[str, Run]) -> None:
        if as_json:
            give(run_record(lab, runs["run"]))
        else:
            write(summary(lab, runs["run"]))

    return report


def _checked_by(lab: Lab) -> Callable[[Mapping[str, str], Collection[str]], None]:
    return lambda given, brings: lab.queue.check(Recipe.parse(given), brings=brings)


def _show_plan(knobs: Mapping[str, str], *, as_json: bool) -> None:
    with opened() as lab:
        brought = bring_in(knobs, lab.home, check=_checked_by(lab), dry_run=True)
        plan = planned(lab, Recipe.parse(brought.knobs), brought)
        if as_json:
            give(plan_record(plan))
        else:
            write(plan_text(plan))


@takes_knobs(without=("unfreeze_from", "start_from"), defaults=LECTURE_DEFAULTS)
def lecture(
    knobs: dict[str, str],
    gently: Annotated[
        bool, typer.Option("--gently", metavar="", help="Also train C with a learning rate of 0.00001: fine-tuning, gently.")
    ] = False,
    again: Again = False,
    student: Student = None,
    as_json: AsJson = False,
) -> None:
    """Train the lecture's three networks.

    A from scratch, B transfer learning, C fine-tuning. The architecture and the weights are those of B and C; every other
    knob is the same for all. Ctrl-C stops what is under way. In JSON the runs are under A, B and C, and best_epoch counts
    from 0. Exit code 0: all done; 1: one failed or was stopped; 2: bad input.
    """
    letters, who = (*LECTURE, "gently") if gently else LECTURE, student_named(student)
    with opened() as lab:

        def check(given: Mapping[str, str], brings: Collection[str]) -> None:
            backbone, shared = _parted(given, lab)
            for letter in letters:
                lab.queue.check(preset_recipe(letter, **backbone, shared=shared), brings=brings)

        backbone, shared = _parted(bring_in(knobs, lab.home, check=check).knobs, lab)
        started = start_lecture(lab, **backbone, shared=shared, letters=letters, again=again, student=who)

    def report(lab: Lab, runs: dict[str, Run]) -> None:
        if as_json:
            give({"runs": {letter: run_record(lab, run) for letter, run in runs.items()}})
        else:
            write("\n".join(summary(lab, run) for run in runs.values()))
        chosen = architecture(backbone["architecture"])
        missing = backbone["weights"] == chosen.pretrained and not lab.data.has_weights(chosen.name)
        if missing and any(run.state is RunState.FAILED for run in runs.values()):
            say("With --weights none, B and C train without pretrained weights.")

    see_through(started, report)


def _parted(knobs: Mapping[str, str], lab: Lab) -> tuple[dict[str, str], dict[str, str]]:
    """Parts knobs into those of the backbone and those that all runs share."""
    name = knobs.get("architecture", lab.data.backbones()[0])
    backbone = {"architecture": name, "weights": knobs.get("weights", architecture(name).pretrained or "none")}
    return backbone, {knob: value for knob, value in knobs.items() if knob not in OF_BACKBONE}
