"""`export`: takes a finished run home, in one of several formats."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flowerlab.cli.output import AsJson, give, say, write
from flowerlab.cli.running import find_run, opened
from flowerlab.cli.watch import shown_progress
from flowerlab.errors import BadInput, shown
from flowerlab.export.formats import FORMATS, ExportFormat, Made
from flowerlab.export.take_home import check_run, check_target, take_home


def _choice(entry: ExportFormat) -> str:
    return f"{entry.name} ({' or '.join(entry.suffixes)})"


def export(
    run: Annotated[str, typer.Argument(help="A run: its id, the first digits of it (at least 4), or its name.")],
    to: Annotated[str, typer.Option("--to", metavar="TEXT", help=f"What to make: {', '.join(map(_choice, FORMATS.values()))}.")],
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
    """Take a finished run home: its model, for Keras or for phones, checked to answer as Keras does; a program in plain Keras that rebuilds
    it without Flowerlab; or a card of it: recipe, figures and plots on one page.
    """
    if to not in FORMATS:
        raise BadInput(f"--to must be one of {', '.join(FORMATS)}. Received: {shown(to)}. Choose one of them.")
    entry, target = FORMATS[to], out.expanduser()
    check_target(entry, target, force=force)
    with opened() as lab:
        chosen = find_run(lab, run)
        check_run(lab.home, chosen)
        with shown_progress() as progress:
            made = take_home(lab, chosen, entry, target, force=force, progress=progress)
    size_bytes = target.stat().st_size
    if as_json:
        give(
            {
                "run_id": chosen.id,
                "name": chosen.name,
                "to": entry.name,
                "path": str(target.resolve()),
                "bytes": size_bytes,
                "difference": made.difference,
                "photos": made.photos,
                "beside": list(made.lacks),
            }
        )
        return
    write(f"{target}: {size_bytes / 1e6:,.2f} MB")
    for remark in _remarks(entry, made):
        say(remark)


def _remarks(entry: ExportFormat, made: Made) -> list[str]:
    remarks = []
    if made.difference is not None:
        remarks.append(
            f"Asked about {made.photos} photos, it answers as Keras does: no probability differs by more than {made.difference:.1g}."
        )
    if made.lacks:
        remarks.append(f"Beside it must lie: {', '.join(made.lacks)}. To have that along, let the file end in {entry.suffixes[0]}.")
    return remarks
