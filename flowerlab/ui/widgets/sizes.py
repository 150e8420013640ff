"""What lies on the disk, in words of a page."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime

from flowerlab.disk.items import CACHES, Item, Kind
from flowerlab.disk.retention import DAY_S, Cleaning
from flowerlab.locale import _
from flowerlab.locale.numbers import roughly
from flowerlab.ui.base.text import escaped

MOST_NAMED = 8


def kind_words(kind: Kind) -> str:
    """Returns what a kind is called."""
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


def loss_words(item: Item) -> str:
    """Returns what is lost with an item, or why it stays."""
    if item.why_not:
        return "🔒 " + item.why_not
    if item.kind in CACHES:
        if item.again_s is None:
            return _("Made again when needed")
        return _("Made again when needed, about {time}").format(time=roughly(item.again_s))
    if item.kind is Kind.CHECKPOINTS:
        return _("The run cannot be trained on any more; its model stays")
    if item.kind is Kind.LIST_COPIES:
        return _("Gone for good: the list of runs as it was before an update or a damage; the lab does not need it")
    if item.kind is Kind.WEIGHTS:
        return _("Gone for good: whoever wants to train from it brings it again; models of runs stay")
    if item.kind is Kind.HALF_WRITTEN:
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


def names_words(names: Sequence[str]) -> str:
    """Writes names as Markdown, the first of many: `one, two and 7 more`."""
    named = ", ".join(escaped(name) for name in names[:MOST_NAMED])
    left = len(names) - MOST_NAMED
    return named if left <= 0 else named + " " + _("and {count} more").format(count=left)


def cleaning_words(cleaning: Cleaning) -> str:
    """Says what was cleaned, as Markdown."""
    words = []
    if cleaning.names:
        words.append((_("{day} the rule moved {runs} to the trash: {names}."), cleaning.names))
    if cleaning.deleted:
        words.append((_("{day} the rule deleted {runs} from the trash for good: {names}."), cleaning.deleted))
    if len(cleaning.checkpoints) == 1:
        lost = _(
            "{day} {runs} lost its checkpoints, because those of all finished runs took more than they may: {names}. Its model stays."
        )
        words.append((lost, cleaning.checkpoints))
    elif cleaning.checkpoints:
        lost = _(
            "{day} {runs} lost their checkpoints, because those of all finished runs took more than they may: {names}. Their models stay."
        )
        words.append((lost, cleaning.checkpoints))
    day = day_words(cleaning.when_s).capitalize()
    return " ".join(text.format(day=day, runs=runs_words(len(names)), names=names_words(names)) for text, names in words)
