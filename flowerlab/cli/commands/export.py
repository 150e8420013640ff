"""`export`: takes a finished run home, in one of several forms."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowerlab.cli.commands.lesson import shown_progress
from flowerlab.cli.output import AsJson, give, say, write
from flowerlab.cli.running import find_run, opened
from flowerlab.errors import BadInput, shown
from flowerlab.export.take_home import ENDINGS, Kind, TakenHome, check_run, check_target, take_home


def export(
    run: Annotated[str, typer.Argument(help="A run: its id, the first digits of it (at least 4), or its name.")],
    to: Annotated[str, typer.Option("--to", metavar="TEXT", help=f"What to make: {', '.join(Kind)}.")],
    out: Annotated[
        Path,
        typer.Option(
            "--out",
            metavar="PATH",
            help="The file to be made. A .zip brings along what a script or notebook needs beside it: photos, weights.",
        ),
    ],
    force: Annotated[bool, typer.Option("--force", metavar="", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Take a finished run home: its model, a program in plain Keras that rebuilds it, or a card of it.

    keras (.keras): the model for Keras. litert (.tflite): the model for phones, checked to answer as Keras does. script (.py or .zip) and
    notebook (.ipynb or .zip): the recipe in plain Keras, without Flowerlab. card (.html): recipe, figures and plots on one page.
    """
    if to not in list(Kind):
        raise BadInput(f"--to must be one of {', '.join(Kind)}. Received: {shown(to)}. Choose one of them.")
    kind, target = Kind(to), out.expanduser()
    check_target(kind, target, force=force)
    with opened() as lab:
        chosen = find_run(lab, run)
        check_run(lab, chosen)
        with shown_progress() as progress:
            taken = take_home(lab, chosen, kind, target, force=force, progress=progress)
    if as_json:
        give(
            {
                "run_id": chosen.id,
                "name": chosen.name,
                "to": str(kind),
                "path": str(taken.path.resolve()),
                "bytes": taken.bytes,
                "difference": taken.difference,
                "photos": taken.photos,
                "beside": list(taken.lacks),
            }
        )
        return
    write(f"{taken.path}: {taken.bytes / 1e6:,.2f} MB")
    for remark in _remarks(kind, taken):
        say(remark)


def _remarks(kind: Kind, taken: TakenHome) -> list[str]:
    told = []
    if taken.difference is not None:
        told.append(
            f"Asked about {taken.photos} photos, it answers as Keras does: no probability differs by more than {taken.difference:.1g}."
        )
    if taken.lacks:
        told.append(f"Beside it must lie: {', '.join(taken.lacks)}. To have that along, let the file end in {ENDINGS[kind][0]}.")
    return told
