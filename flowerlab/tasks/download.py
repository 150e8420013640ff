"""Fetching what is missing while the lab goes on: an architecture's weights in a thread, a data set by gathering it."""

from __future__ import annotations

from flowerlab.architectures import ARCHITECTURES, architecture
from flowerlab.architectures.pretrained import fetch_weights
from flowerlab.datasets.catalog import DATASETS
from flowerlab.errors import BadInput, shown
from flowerlab.home import Home
from flowerlab.settings import Settings
from flowerlab.tasks.gather import gather_dataset
from flowerlab.tasks.task import Task, Work


def fetchable() -> tuple[str, ...]:
    """Returns the names of all that can be fetched: data sets, and architectures for their ImageNet weights."""
    photos = [name for name, entry in DATASETS.items() if entry.source.download_mb]
    return (*photos, *(name for name, entry in ARCHITECTURES.items() if entry.weights))


def megabytes_of(name: str) -> float:
    """Returns the size of what is fetched under a name, in MB (10⁶ bytes)."""
    return float(DATASETS[name].source.download_mb) if name in DATASETS else architecture(name).weights[0].megabytes


def fetch_title(name: str) -> str:
    """Returns what people call what is fetched under a name."""
    return DATASETS[name].title if name in DATASETS else architecture(name).title


def check_fetchable(name: str) -> None:
    """Raises BadInput if this is nothing that can be fetched."""
    if name not in fetchable():
        raise BadInput(
            f"This cannot be fetched. Expected one of {', '.join(fetchable())}. Received: {shown(name)}. Choose one of them."
        )


def download(name: str, home: Home, settings: Settings) -> Work[None]:
    """Returns the work of fetching one of `fetchable()`. Cancelled, what has come is kept for the next try.

    Raises:
        BadInput: If it is none of them.
    """
    check_fetchable(name)
    if name in DATASETS:
        return gather_dataset(name, home, settings)

    def do(task: Task[None]) -> None:
        fetch_weights(architecture(name), task.say)

    return Work(
        ("download", name),
        do,
        cancelled="It was cancelled; what has come is kept, and the next try goes on from there.",
        failed="It could not be fetched ({error}).",
    )
