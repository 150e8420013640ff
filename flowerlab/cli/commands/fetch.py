"""`fetch`: brings photos and weights onto this machine while it has a network."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from flowerlab.cli.output import AsJson, give, say, write
from flowerlab.cli.running import opened
from flowerlab.errors import NotAtHand
from flowerlab.lab import Lab
from flowerlab.tasks import Task
from flowerlab.tasks.download import check_fetchable, download, fetch_title, fetchable, megabytes_of

LOOK_S = 0.1
Show = Callable[[Task[None]], None]


def fetch(
    names: Annotated[
        list[str], typer.Argument(help=f"What to fetch: {', '.join(fetchable())}.", metavar="NAME...", show_default=False)
    ],
    as_json: AsJson = False,
) -> None:
    """Fetch photos (tf_flowers) or an architecture's ImageNet weights, so that the lab has them without a network.

    What is there already is not fetched again. Ctrl-C keeps what has come: the next call goes on from there.
    """
    for name in names:
        check_fetchable(name)
    fetched = []
    with opened() as lab:
        for name in dict.fromkeys(names):
            here = lab.data.has(name)
            if not here:
                _fetch(lab, name)
            fetched.append({"name": name, "fetched": not here, "megabytes": megabytes_of(name)})
            if not as_json:
                write(f"{fetch_title(name)}: {'was here already' if here else 'fetched'}.")
    if as_json:
        give({"fetched": fetched})


def _fetch(lab: Lab, name: str) -> None:
    with _shown(name) as show:
        task = lab.tasks.start(download(name, lab.home, lab.settings))
        try:
            while not task.wait(LOOK_S):
                show(task)
        except KeyboardInterrupt:
            # Closing the lab ends the download.
            say("What has come is kept; the next call goes on from there.")
            raise
        show(task)
    if task.error:
        raise NotAtHand(task.error)


@contextmanager
def _shown(name: str) -> Iterator[Show]:
    if not sys.stderr.isatty():
        said: list[str] = []

        def line(task: Task[None]) -> None:
            if task.step not in said:
                said.append(task.step)
                say(f"{fetch_title(name)}: {task.step}")

        yield line
        return
    from flowerlab.cli.bars import TaskBar

    with TaskBar() as bar:
        yield bar.show
