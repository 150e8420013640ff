"""Every error that Flowerlab raises on purpose.

FlowerlabError                  anything we can explain in a sentence
├── BadInput                    somebody gave us something we cannot use; nothing was changed (exit code 2)
│   ├── BadRecipe               a knob has a value it cannot have
│   ├── BadPhoto                bytes that are not a photo we can read
│   ├── BadFolder               a folder or zip that is not a data set of photos
│   ├── BadPack                 a lesson pack that cannot be used
│   ├── BadModel                a model or weights file that is not loaded
│   ├── BadName                 a name that a run or data set cannot bear
│   ├── QueueFull               as many runs wait as may
│   ├── NoRoom                  a run needs more memory or disk than this machine can give
│   ├── InUse                   what is to be deleted is needed
│   └── UnknownRun              no run has this id
├── NotAtHand                   data or weights that are not on this machine and cannot be fetched now
│   ├── DatasetNotAtHand
│   ├── WeightsNotAtHand
│   └── DownloadFailed          a file could not be fetched from the network
├── HomeUnusable                FLOWERLAB_HOME cannot be used
│   ├── HomeReadOnly            it can be looked at, and not be changed
│   └── StoreUnusable           the list of runs in it cannot be read or written
│       ├── StoreDamaged        its bytes are not those that were written
│       ├── StoreLocked         another program holds it
│       └── DiskFull            there is no room
├── RunFailed                   a run ended without a model
└── PredictorFailed             the process that classifies photos did not answer

Texts follow one form: what was wrong, what is expected, `Received: …`, and what one can do.
"""

from __future__ import annotations

import reprlib

MOST_SHOWN = 120
_NOTHING = object()
_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = MOST_SHOWN


def shown(value: object) -> str:
    """Returns a foreign value as a sentence can hold it: as Python writes it, in one line, cut short in the middle."""
    try:
        return _short.repr(value)
    except ValueError:
        # Python refuses to write numbers of thousands of digits.
        return f"<a number of the type {type(value).__name__} with too many digits>"


def legible(text: str, most: int = MOST_SHOWN) -> str:
    """Returns a foreign text as a sentence can hold it: in one line, � for what cannot be shown, its middle left out if long."""
    # Only what may be kept is looked at: the text may be huge.
    kept = text if len(text) <= most else f"{text[: most * 2 // 3]}…{text[-(most // 3) :]}"
    return "".join(sign if sign.isprintable() else " " if sign.isspace() else "�" for sign in kept)


class FlowerlabError(Exception):
    """Anything that Flowerlab can explain in a sentence; its text is shown to students as it is."""


class BadInput(FlowerlabError):
    """Somebody gave us something that we cannot use. Nothing was changed."""


class BadRecipe(BadInput):
    """A knob of a recipe has a value that it cannot have.

    Args:
        field: The knob's name, as in `Recipe`.
        problem: What is wrong and what is expected, as a sentence without the field's name.
        received: The value that came in, if there was one.
        advice: What one can do, as a sentence.
    """

    def __init__(self, field: str, problem: str, *, received: object = _NOTHING, advice: str = "") -> None:
        self.field = field
        name = legible(field)
        parts = [f"{name}: {problem}"]
        if received is not _NOTHING:
            parts.append(f"Received: {name}={shown(received)}.")
        if advice:
            parts.append(advice)
        super().__init__(" ".join(parts))


class BadPhoto(BadInput):
    """Bytes that are not a photo we can read."""


class BadFolder(BadInput):
    """A folder or zip that is not a data set of photos."""


class BadPack(BadInput):
    """A lesson pack that is damaged, foreign, too new or hostile, or that cannot be made as asked."""


class BadModel(BadInput):
    """A model or weights file that is damaged, foreign or could do harm, and so is not loaded."""


class BadName(BadInput):
    """A name that a run or a data set cannot bear."""


class QueueFull(BadInput):
    """As many runs wait as may, in all or of one student."""


class NoRoom(BadInput):
    """A run needs more memory or disk than this machine can give."""


class InUse(BadInput):
    """What is to be deleted is needed by something that runs or waits."""


class UnknownRun(BadInput):
    """No run has this id."""


class NotAtHand(FlowerlabError):
    """Data or weights that are not on this machine and cannot be fetched now."""


class DatasetNotAtHand(NotAtHand):
    """A data set is not on this machine and cannot be fetched now."""


class WeightsNotAtHand(NotAtHand):
    """Pretrained weights are not on this machine and cannot be fetched now."""


class DownloadFailed(NotAtHand):
    """A file could not be fetched from the network; its text is one sentence with the reason."""


class HomeUnusable(FlowerlabError):
    """FLOWERLAB_HOME cannot be used."""


class HomeReadOnly(HomeUnusable):
    """The lab can be looked at, and not be changed."""


class StoreUnusable(HomeUnusable):
    """The file with the list of runs cannot be read or written."""


class StoreDamaged(StoreUnusable):
    """The bytes of the list of runs are not those that were written; it is rebuilt when the lab is next opened."""


class StoreLocked(StoreUnusable):
    """Another program holds the list of runs; it passes."""


class DiskFull(StoreUnusable):
    """There is no room for the list of runs; what was there is whole."""


class RunFailed(FlowerlabError):
    """A run ended without a model."""


class PredictorFailed(FlowerlabError):
    """The process that classifies photos did not answer."""
