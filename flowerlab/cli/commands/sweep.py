"""`sweep`: a grid of runs."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flowerlab.cli.bringing import bring_in
from flowerlab.cli.commands.train import Again, DryRun
from flowerlab.cli.knobs import takes_knobs
from flowerlab.cli.output import AsJson, give, run_record, write
from flowerlab.cli.plan import Plan, planned
from flowerlab.cli.running import Student, opened, see_through, student_named
from flowerlab.estimates.cost import seconds_together
from flowerlab.experiments.sweep import start_sweep
from flowerlab.lab import Lab
from flowerlab.locale.numbers import duration, percent, roughly
from flowerlab.recipe.grid import GridPoint, grid, parse_axis
from flowerlab.results.sentences import accuracy_words
from flowerlab.runs.run import Run


@takes_knobs()
def sweep(
    knobs: dict[str, str],
    knob: Annotated[
        list[str] | None,
        typer.Option(
            "--knob",
            metavar="KNOB=A,B",
            help="Values of one knob, with commas between; heads with colons: head=50,20:128. May be given several times: "
            "every combination is trained.",
        ),
    ] = None,
    again: Again = False,
    dry_run: DryRun = False,
    student: Student = None,
    as_json: AsJson = False,
) -> None:
    """Train a grid of networks that share their photos and frozen features.

    Every other flag holds for all of them. Ctrl-C stops those that are under way or waiting. In JSON the runs are in the order
    of the grid. Exit code 0: all done; 1: one failed or was stopped; 2: bad input.
    """
    axes = [parse_axis(text) for text in knob or []]
    who = student_named(student)
    with opened() as lab:

        def check(given: Any, brings: Any) -> None:
            for point in grid(given, axes):
                lab.queue.check(point.recipe, brings=brings)

        brought = bring_in(knobs, lab.home, check=check, dry_run=dry_run)
        points = grid(brought.knobs, axes)
        if dry_run:
            _show(points, [planned(lab, point.recipe, brought) for point in points], as_json=as_json)
            return
        started = {str(number): one for number, one in enumerate(start_sweep(lab, points, again=again, student=who))}

    def report(lab: Lab, runs: dict[str, Run]) -> None:
        ordered = [runs[str(number)] for number in range(len(points))]
        if as_json:
            pairs = zip(points, ordered, strict=True)
            give({"runs": [{"differs": dict(point.differs), **run_record(lab, run)} for point, run in pairs]})
        else:
            write(table(points, ordered))

    see_through(started, report)


def _show(points: list[GridPoint], plans: list[Plan], *, as_json: bool) -> None:
    seconds = seconds_together([plan.estimate for plan in plans if plan.equal is None])
    if as_json:
        recipes = [{"differs": dict(point.differs), "recipe": point.recipe.model_dump(mode="json")} for point in points]
        give({"dry_run": True, "runs": recipes, "seconds_total": seconds})
        return
    for point, plan in zip(points, plans, strict=True):
        there = "" if plan.equal is None else f"  ({plan.equal.name} is {plan.equal.state})"
        write("  " + ", ".join(f"{name}={value}" for name, value in point.differs.items()) + there)
    write(f"{len(points)} runs, about {roughly(seconds)}. Nothing was started.")


def table(points: list[GridPoint], runs: list[Run]) -> str:
    """Writes a grid's runs, the best validation accuracy first."""

    def row(point: GridPoint, run: Run) -> tuple[str, ...]:
        result = run.result
        return (
            *point.differs.values(),
            "–" if result is None else percent(result.val_accuracy),
            accuracy_words(run, "–"),
            "–" if result is None else duration(result.seconds),
            f"{run.id} {run.state}",
        )

    pairs = sorted(zip(points, runs, strict=True), key=lambda pair: -(pair[1].result.val_accuracy if pair[1].result else -1))
    lines = [(*points[0].differs, "validation", "test", "time", "run"), *(row(point, run) for point, run in pairs)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return "\n".join("  ".join(f"{text:<{width}}" for text, width in zip(line, widths, strict=True)).rstrip() for line in lines)
