"""What lies on the disk, in words of a page."""

from __future__ import annotations

import time
from datetime import datetime

from flowerlab.disk.items import CACHES, Kind, Thing
from flowerlab.disk.retention import DAY_S
from flowerlab.locale import _
from flowerlab.locale.numbers import roughly


def kind_words(kind: Kind) -> str:
    """Returns what a kind of thing is called."""
    return {
        Kind.RUN: _("Run"),
        Kind.CHECKPOINTS: _("Checkpoints"),
        Kind.FEATURES: _("Features"),
        Kind.PREPARED: _("Prepared photos"),
        Kind.PHOTOS: _("Photos"),
        Kind.HASHES: _("Photo hashes"),
        Kind.EMBEDDINGS: _("Similar photos"),
        Kind.OWN_PHOTOS: _("Own photos"),
        Kind.WEIGHTS: _("Own weights"),
        Kind.DOWNLOADS: _("Downloads"),
        Kind.TRASH: _("Trash"),
        Kind.LIST_COPIES: _("Copy of the list"),
        Kind.HALF_WRITTEN: _("Half-written"),
        Kind.REST: _("Lists and logs"),
    }[kind]


def loss_words(thing: Thing) -> str:
    """Returns what is lost with a thing, or why it stays."""
    if thing.why_not:
        return "🔒 " + thing.why_not
    if thing.kind in CACHES:
        if thing.again_s is None:
            return _("Made again when needed")
        return _("Made again when needed, about {time}").format(time=roughly(thing.again_s))
    if thing.kind is Kind.CHECKPOINTS:
        return _("The run cannot be trained on any more; its model stays")
    if thing.kind is Kind.LIST_COPIES:
        return _("Gone for good: the list of runs as it was before an update or a damage; the lab does not need it")
    if thing.kind is Kind.WEIGHTS:
        return _("Gone for good: whoever wants to train from it brings it again; models of runs stay")
    if thing.kind is Kind.HALF_WRITTEN:
        return _("Gone for good: a process that was killed had begun them")
    return _("Goes to the trash with its model")


def day_words(when_s: float) -> str:
    """Returns a day as people say it: `today`, `yesterday`, `5 days ago`, `2026-03-01`."""
    days = (datetime.now().date() - datetime.fromtimestamp(when_s).date()).days
    if days <= 0:
        return _("today")
    if days == 1:
        return _("yesterday")
    if (time.time() - when_s) / DAY_S < 30:
        return _("{count} days ago").format(count=days)
    return datetime.fromtimestamp(when_s).strftime("%Y-%m-%d")


def runs_words(count: int) -> str:
    """Writes a number of runs: `one run`, `12 runs`."""
    return _("one run") if count == 1 else _("{count} runs").format(count=f"{count:,}")
