"""Which of hundreds of runs a widget offers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from flowerlab.runs.run import Run

# What a widget offers is kept for each open page until that page is forgotten, and a class has some hundred open: were all runs
# offered everywhere, the web process would grow with their number times that of the pages. More than this is not scrolled through.
MOST_OFFERED = 60


def offered(runs: Sequence[Run], chosen: Collection[str | None] = ()) -> list[Run]:
    """Returns the newest runs and those that are chosen.

    Args:
        runs: Newest first.
        chosen: Ids of runs that are offered however old they are.

    Returns:
        At most `MOST_OFFERED` and the chosen ones, newest first.
    """
    return [run for place, run in enumerate(runs) if place < MOST_OFFERED or run.id in chosen]
