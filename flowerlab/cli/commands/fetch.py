"""`fetch`: brings photos and weights onto this machine while it has a network."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from flowerlab.cli.output import AsJson, give, say, write
from flowerlab.cli.running import opened
from flowerlab.errors import NotAtHand
from flowerlab.lab import Lab
from flowerlab.tasks.download import check_fetchable, fetch_title, fetchable, megabytes_of
from flowerlab.tasks.gather import Gathering

LOOK_S = 0.1
Show = Callable[[Gathering], None]


def fetch(
    names: Annotated[
        list[str],
        typer.Argument(help=f"What to fetch: {', '.join(fetchable())}.", metavar="NAME...", show_default=False),
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
            here = lab.data.at_hand(name)
            if not here:
                _fetch(lab, name)
            fetched.append({"name": name, "fetched": not here, "megabytes": megabytes_of(name)})
            if not as_json:
                write(f"{fetch_title(name)}: {'was here already' if here else 'fetched'}.")
    if as_json:
        give({"fetched": fetched})


def _fetch(lab: Lab, name: str) -> None:
    with _shown() as show:
        state = lab.fetcher.start(name)
        try:
            while not state.over:
                show(state)
                time.sleep(LOOK_S)
        except KeyboardInterrupt:
            # Closing the lab ends the download.
            say("What has come is kept; the next call goes on from there.")
            raise
        show(state)
    if state.error:
        raise NotAtHand(state.error)


@contextmanager
def _shown() -> Iterator[Show]:
    if not sys.stderr.isatty():
        said: list[str] = []

        def line(state: Gathering) -> None:
            if state.step not in said:
                said.append(state.step)
                say(f"{fetch_title(state.dataset)}: {state.step}")

        yield line
        return
    from flowerlab.cli.bars import GatheringBar

    with GatheringBar() as bar:
        yield bar.show
