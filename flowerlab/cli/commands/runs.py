"""`runs`: a table of all runs."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from flowerlab.cli.output import AsJson, give, run_record, say, write
from flowerlab.cli.running import opened
from flowerlab.datasets.catalog import dataset_title
from flowerlab.errors import BadInput, shown
from flowerlab.locale.numbers import duration, percent
from flowerlab.results.sentences import accuracy_words
from flowerlab.runs.run import Run, RunState

# Behind a test accuracy: its network had seen photos of that data set before.
SEEN = "*"
COLUMNS = ("id", "name", "state", "data", "test accuracy (95 %)", "validation", "time", "made")


def runs(
    state: Annotated[
        str | None, typer.Option("--state", metavar="TEXT", help=f"Only runs in this state: {', '.join(RunState)}.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List all runs, the newest first.

    On a terminal a table, else one line a run with tabs between the columns. In JSON, best_epoch counts from 0.
    """
    if state is not None and state not in list(RunState):
        raise BadInput(f"--state must be one of {', '.join(RunState)}. Received: {shown(state)}. Choose one of them.")
    with opened() as lab:
        chosen = [run for run in lab.store.all() if state is None or run.state == state]
        if as_json:
            give({"runs": [run_record(lab, run) for run in chosen]})
        elif not chosen:
            say("There are no runs yet. Start with: python -m flowerlab lecture" if state is None else "There are none.")
        elif sys.stdout.isatty():
            _table(chosen)
        else:
            write("\n".join("\t".join(row) for row in (COLUMNS, *map(_row, chosen))))
        if not as_json:
            for sentence in dict.fromkeys(run.recipe.seen_before for run in chosen if _marked(run)):
                say(f"{SEEN} {sentence}")


def _marked(run: Run) -> bool:
    return bool(run.result is not None and run.recipe.seen_before)


def _row(run: Run) -> tuple[str, ...]:
    result = run.result
    return (
        run.id,
        run.name,
        str(run.state),
        dataset_title(run.recipe.dataset),
        accuracy_words(run, "–") + (f" {SEEN}" if _marked(run) else ""),
        percent(result.val_accuracy) if result is not None else "–",
        duration(result.seconds) if result is not None else "–",
        datetime.fromtimestamp(run.created_s).strftime("%Y-%m-%d %H:%M"),
    )


def _table(chosen: list[Run]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for column in COLUMNS:
        table.add_column(Text(column), overflow="fold", no_wrap=column == "id")
    for run in chosen:
        # Text, because a name may hold what rich would read as markup.
        table.add_row(*map(Text, _row(run)))
    Console().print(table)
