"""Fetching what is missing while the lab goes on: weights in a thread each, tf_flowers in the gatherer's process."""

from __future__ import annotations

import threading

from flowerlab.architectures import ARCHITECTURES, architecture
from flowerlab.architectures.pretrained import fetch_weights
from flowerlab.datasets.catalog import DATASETS
from flowerlab.errors import BadInput, NotAtHand, shown
from flowerlab.tasks.gather import Gatherer, Gathering

LEAVES_WITHIN_S = 2.0


class _Cancelled(Exception):
    """Somebody pressed Cancel."""


def fetchable() -> tuple[str, ...]:
    """Returns the names of all that can be fetched: data sets, and architectures for their ImageNet weights."""
    photos = [name for name, entry in DATASETS.items() if entry.archive is not None]
    return (*photos, *(name for name, entry in ARCHITECTURES.items() if entry.weights))


def megabytes_of(name: str) -> float:
    """Returns the size of what is fetched under a name, in MB (10⁶ bytes)."""
    return float(DATASETS[name].download_mb) if name in DATASETS else architecture(name).weights[0].megabytes


def fetch_title(name: str) -> str:
    """Returns what people call what is fetched under a name."""
    return DATASETS[name].title if name in DATASETS else architecture(name).title


def check_fetchable(name: str) -> None:
    """Raises BadInput if this is nothing that can be fetched."""
    if name not in fetchable():
        raise BadInput(
            f"This cannot be fetched. Expected one of {', '.join(fetchable())}. Received: {shown(name)}. Choose one of them."
        )


class Fetcher:
    """Starts and watches downloads.

    Args:
        gatherer: Fetches data sets, because they are made ready too.
    """

    def __init__(self, gatherer: Gatherer) -> None:
        self._gatherer = gatherer
        self._states: dict[str, Gathering] = {}
        self._threads: dict[str, threading.Thread] = {}
        self._guard = threading.Lock()

    def state(self, name: str) -> Gathering | None:
        """Returns how far a download is; None if nobody asked for it since the lab was opened."""
        return self._gatherer.state(name) if name in DATASETS else self._states.get(name)

    def start(self, name: str) -> Gathering:
        """Begins to fetch, unless that is under way.

        Args:
            name: One of `fetchable()`.

        Raises:
            BadInput: If it is none of them.
        """
        check_fetchable(name)
        if name in DATASETS:
            return self._gatherer.start(name)
        with self._guard:
            state = self._states.get(name)
            if state is None or state.over:
                state = self._states[name] = Gathering(name)
                self._threads[name] = threading.Thread(target=_fetch, args=(name, state), daemon=True, name=f"fetch-{name}")
                self._threads[name].start()
            return state

    def cancel(self, name: str) -> None:
        """Ends a download; what has come is kept for the next try."""
        if name in DATASETS:
            self._gatherer.cancel(name)
        elif (state := self._states.get(name)) is not None:
            state.cancelled = True

    def close(self) -> None:
        """Ends all of them."""
        for name, thread in list(self._threads.items()):
            self.cancel(name)
            thread.join(LEAVES_WITHIN_S)


def _fetch(name: str, state: Gathering) -> None:
    def progress(step: str, done: int, total: int) -> None:
        state.step, state.done, state.total = step, done, total
        if state.cancelled:
            raise _Cancelled

    try:
        fetch_weights(architecture(name), progress)
        state.cancelled = False
    except _Cancelled:
        state.error = "It was cancelled; what has come is kept, and the next try goes on from there."
    except NotAtHand as error:
        state.error = str(error)
    except Exception as error:
        # The page waits for an end, whatever happens here.
        state.error = f"It could not be fetched ({type(error).__name__}: {error})."
    state.over = True
