"""`experiment`: one of the three ready experiments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from flowerlab.cli.bringing import Brought, bring_in
from flowerlab.cli.commands.train import Again, DryRun
from flowerlab.cli.knobs import takes_knobs
from flowerlab.cli.output import AsJson, give, run_record, say, write
from flowerlab.cli.plan import planned
from flowerlab.cli.running import Student, opened, see_through, student_named
from flowerlab.errors import BadInput
from flowerlab.estimates.cost import seconds_together
from flowerlab.experiments.ready_made import DECIDED, EXPERIMENTS, Arm, Trial, arm_recipe, find_trial, seconds_of_trial, start_trial
from flowerlab.lab import Lab
from flowerlab.locale.numbers import percent, roughly
from flowerlab.results.answers import answers_of
from flowerlab.results.pairing import pair, why_not_paired
from flowerlab.results.sentences import accuracy_words, pair_sentence
from flowerlab.runs.run import Run

DEFAULTS = {"architecture": "vgg16 if its weights are at hand, else vgg16_mini"}


@takes_knobs(without=DECIDED, defaults=DEFAULTS)
def experiment(
    knobs: dict[str, str],
    which: Annotated[str, typer.Argument(metavar="EXPERIMENT", help=f"One of {', '.join(EXPERIMENTS)}.")],
    again: Again = False,
    student: Student = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Train the runs of a ready experiment and tell what came out.

    fine-tuning: why did the lecture's fine-tuning get worse? leak: what do test photos do that also trained? padding: what does the
    black canvas do? Every flag holds for all runs of it; equal runs that are there are not trained again. In JSON the runs are
    under the names of the arms. Exit code 0: all done; 1: one failed or was stopped; 2: bad input.
    """
    if which not in EXPERIMENTS:
        raise BadInput(f"There is no such experiment. Expected one of {', '.join(EXPERIMENTS)}. Received: {which[:80]!r}.")
    chosen = EXPERIMENTS[which]
    who = student_named(student)
    with opened() as lab:
        architecture = knobs.pop("architecture", lab.data.backbones()[0])

        def check(given: Any, brings: Any) -> None:
            for arm in chosen.arms:
                lab.queue.check(arm_recipe(arm, architecture=architecture, shared=given), brings=brings)

        brought = bring_in(knobs, lab.home, check=check, dry_run=dry_run)
        trial = find_trial(lab, chosen, architecture=architecture, shared=brought.knobs)
        if dry_run:
            _show(lab, trial, brought, as_json=as_json)
            return
        if trial.recipes:
            say(f"{len(trial.recipes)} runs to train, about {roughly(seconds_of_trial(lab, trial))}.")
        started = start_trial(lab, chosen, architecture=architecture, shared=brought.knobs, again=again, student=who)

    def report(lab: Lab, runs: dict[str, Run]) -> None:
        said = sentences(lab, chosen.arms, runs)
        if as_json:
            changes = {name: run.result and run.result.weight_changes for name, run in runs.items()}
            records = {name: {**run_record(lab, run), "weight_changes": changes[name]} for name, run in runs.items()}
            give({"experiment": which, "runs": records, "sentences": said})
            return
        write(chosen.question)
        for arm in chosen.arms:
            write(f"  {arm.label}: test accuracy {accuracy_words(runs[arm.name], '–')}{_moved(runs[arm.name])}")
        for sentence in said:
            write(sentence)

    see_through(started, report)


def _show(lab: Lab, trial: Trial, brought: Brought, *, as_json: bool) -> None:
    """Says which runs would be trained and what that would cost; an arm that starts from another costs as one that does not."""
    plans = {name: planned(lab, recipe, brought) for name, recipe in trial.recipes.items()}
    seconds = seconds_together([plan.estimate for plan in plans.values()])
    there = {name: run for name, run in trial.runs.items() if name not in plans}
    if as_json:
        missing = {name: plan.recipe.model_dump(mode="json") for name, plan in plans.items()}
        give(
            {
                "experiment": trial.experiment.name,
                "dry_run": True,
                "missing": missing,
                "there": {name: run.id for name, run in there.items()},
                "seconds_total": seconds,
            }
        )
        return
    write(trial.experiment.question)
    for arm in trial.experiment.arms:
        run = there.get(arm.name)
        state = "to train" if run is None else f"{run.name} is {run.state}"
        after = f", from the run of {arm.starts_from}" if arm.starts_from else ""
        write(f"  {arm.label}: {state}{after}")
    write(f"{len(plans)} runs to train, about {roughly(seconds)}. Nothing was started.")


def _moved(run: Run) -> str:
    """Says how far the first layer after the frozen ones moved, if anything of the known network learnt."""
    changes = run.result and run.result.weight_changes
    if not changes or run.recipe.unfreeze_from == "none":
        return ""
    layer, change = next(iter(changes.items()))
    return f"; {layer} moved by {percent(change)} of its length"


def sentences(lab: Lab, arms: Sequence[Arm], runs: dict[str, Run]) -> list[str]:
    """Says of each arm whether it differs from B, photo by photo, or why that cannot be said."""
    labels = {arm.name: arm.label for arm in arms}
    sides = {name: side for name, run in runs.items() if (side := answers_of(lab.home, lab.store, run)) is not None}
    if "B" not in sides:
        say("B was not tested, so that the others cannot be set against it.")
        return []
    found = []
    for name, side in sides.items():
        if name != "B":
            reason = why_not_paired(sides["B"], side)
            found.append(reason or pair_sentence(labels[name], "B", pair(side, sides["B"])))
    return found
