"""Gathering a data set outside a run, so that the Data page can show it, in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from flowerlab.datasets.catalog import dataset_source
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.engine.protocol import Job
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.tasks.process import done_by_process
from flowerlab.tasks.task import Task, Work


def gather_dataset(dataset: str, home: Home, settings: Settings, features: Sequence[Job] = ()) -> Work[None]:
    """Returns the work of gathering a data set. Cancelled, what is half made vanishes, but not what was downloaded.

    Args:
        settings: Size of the garden, threads, niceness.
        features: Jobs whose frozen features are computed afterwards and kept; nothing is trained.
    """
    rest = "what was downloaded is kept for the next try" if dataset_source(dataset).download_mb else "nothing was kept"

    def do(task: Task[None]) -> None:
        request = {
            "dataset": dataset,
            "home": str(home.root),
            "garden": asdict(garden_of(settings)),
            "features": [job.model_dump(mode="json") for job in features],
        }
        done_by_process(
            task,
            "gather",
            request,
            settings=settings,
            log=home.log("gather"),
            ended=lambda how: f"It ended by itself ({how}) before it was whole; {rest}.",
        )

    return Work(
        ("gather", dataset),
        do,
        cancelled=f"It was cancelled before it was whole; {rest}.",
        failed="The data set could not be gathered ({error}).",
    )
