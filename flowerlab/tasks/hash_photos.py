"""Hashing a data set's photos in the background, so that a page can show how far it is and be left."""

from __future__ import annotations

import threading

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.photo_hashes import hash_photos, kept_hashes
from flowerlab.home import Home
from flowerlab.tasks.gather import Gathering

STEP = "Looking for photos that show the same"


class _GivenUp(Exception):
    """Somebody ended it."""


class Hasher:
    """Computes perceptual hashes in threads: it takes seconds, and Pillow leaves the interpreter to others while it decodes.

    Args:
        home: Where the hashes are kept.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._states: dict[str, Gathering] = {}
        self._given_up: set[str] = set()
        self._guard = threading.Lock()

    def state(self, originals: Originals) -> Gathering | None:
        """Returns how far a data set is; None if nobody asked for it since the lab was opened."""
        return self._states.get(originals.content)

    def start(self, originals: Originals) -> Gathering:
        """Begins to hash a data set's photos, unless that is under way."""
        with self._guard:
            state = self._states.get(originals.content)
            if state is not None and not state.over:
                return state
            state = self._states[originals.content] = Gathering(originals.folder.name, step=STEP, total=len(originals))
            self._given_up.discard(originals.content)
        threading.Thread(target=self._hash, args=(originals, state), daemon=True, name="hasher").start()
        return state

    def cancel(self, originals: Originals) -> None:
        """Ends the hashing of a data set; nothing of it is kept."""
        self._given_up.add(originals.content)

    def close(self) -> None:
        """Ends all of them."""
        self._given_up.update(self._states)

    def _hash(self, originals: Originals, state: Gathering) -> None:
        def progress(done: int, total: int) -> None:
            state.done = done
            if originals.content in self._given_up:
                raise _GivenUp

        try:
            if kept_hashes(self._home, originals) is None:
                hash_photos(self._home, originals, progress)
        except _GivenUp:
            state.error, state.cancelled = "It was cancelled before all photos were looked at.", True
        except OSError as error:
            state.error = f"The photos could not be looked at. Received: {error.strerror or error}."
        finally:
            state.over = True
