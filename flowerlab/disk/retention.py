"""Retention: which runs go to the trash by themselves, and when it is emptied. Settings alone say so; unset, nothing goes.

What the rule would do now can be looked up at any time; what it did is written down and shown.
"""

from __future__ import annotations

import functools
import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flowerlab.disk.trash import Trash, TrashedRun
from flowerlab.errors import FlowerlabError
from flowerlab.home import Home
from flowerlab.locale import _
from flowerlab.packs.starter import STARTER_ID
from flowerlab.runs.run import Run
from flowerlab.settings import Settings, variable_of
from flowerlab.store import Store
from flowerlab.system.files import bytes_of, replace_file

DAY_S = 86_400.0
# The newest cleanings that are remembered.
REMEMBERED = 50
OLD_RULE = "cleaning-rule.json"
LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rule:
    """What is cleaned; each number is the setting of its name, None: never."""

    clean_runs_after_days: float | None = None
    keep_runs_gb: float | None = None
    empty_trash_after_days: float | None = None

    @classmethod
    def of(cls, settings: Settings) -> Rule:
        """Returns the rule that the settings make."""
        return cls(settings.clean_runs_after_days, settings.keep_runs_gb, settings.empty_trash_after_days)

    @property
    def off(self) -> bool:
        """Whether nothing is ever cleaned."""
        return self == Rule()

    def sentence(self) -> str:
        """Says the rule in words."""
        parts = []
        if self.clean_runs_after_days is not None:
            words = _("runs that ended more than {days:g} days ago go to the trash")
            parts.append(words.format(days=self.clean_runs_after_days))
        if self.keep_runs_gb is not None:
            words = _("the oldest runs go to the trash while all together take more than {gigabytes:g} GB")
            parts.append(words.format(gigabytes=self.keep_runs_gb))
        if self.empty_trash_after_days is not None:
            words = _("what has lain in the trash for {days:g} days is deleted for good")
            parts.append(words.format(days=self.empty_trash_after_days))
        return f"{'; '.join(parts)}." if parts else _("no run is cleaned by itself.")


# The environment variables that make the rule.
VARIABLES = {name: variable_of(name) for name in asdict(Rule())}


@dataclass(frozen=True)
class Due:
    """A run that the rule would move to the trash now, and why, as a sentence."""

    run: Run
    bytes: int
    why: str


class Cleaning(BaseModel):
    """What was cleaned once: by the rule, or because the checkpoints of finished runs took more than they may.

    Args:
        when_s: Unix time.
        thrown: Keys in the trash of the runs that went there.
        deleted: Names of runs that were deleted from the trash for good.
        checkpoints: Names of runs that lost what is needed to train them on; their models stay.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    when_s: float
    thrown: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    checkpoints: tuple[str, ...] = ()
    bytes: int = 0

    @property
    def took_runs(self) -> bool:
        """Whether runs went to the trash, or from it."""
        return bool(self.thrown or self.deleted)


def due(rule: Rule, runs: Sequence[Run], bytes_of_run: Callable[[Run], int], now_s: float) -> list[Due]:
    """Returns the runs that a rule would move to the trash, those that ended first at the head.

    Never one that waits or is under way, that is marked to be kept, that another run starts from, or the starter.

    Args:
        runs: All of the lab, those that ended last at the head, in the order of their ends: a clock that was set back has no say in it.
        now_s: Unix time.
    """
    sources = {run.recipe.start_from for run in runs}
    over = [run for run in runs if run.state.over]
    free = [run for run in reversed(over) if not (run.kept or run.id in sources or run.id == STARTER_ID)]
    found: dict[str, Due] = {}
    if rule.clean_runs_after_days is not None:
        for run in free:
            if now_s - (run.ended_s or run.created_s) > rule.clean_runs_after_days * DAY_S:
                why = f"It ended more than {rule.clean_runs_after_days:g} days ago."
                found[run.id] = Due(run, bytes_of_run(run), why)
    if rule.keep_runs_gb is not None:
        total = sum(bytes_of_run(run) for run in runs) - sum(one.bytes for one in found.values())
        for run in free:
            if total <= rule.keep_runs_gb * 1e9:
                break
            if run.id not in found and (taken := bytes_of_run(run)):
                found[run.id] = Due(run, taken, f"All runs together took more than {rule.keep_runs_gb:g} GB.")
                total -= taken
    return [found[run.id] for run in free if run.id in found]


def due_now(home: Home, store: Store, rule: Rule) -> list[Due]:
    """Returns the runs that a rule would move to the trash now."""
    if rule.clean_runs_after_days is None and rule.keep_runs_gb is None:
        return []
    ended = store.latest_ends()
    known = {run.id for run in ended}
    runs = [*ended, *(run for run in store.all() if run.id not in known)]
    measured = functools.cache(lambda run_id: bytes_of(home.run(run_id)))
    return due(rule, runs, lambda run: measured(run.id), time.time())


def apply(home: Home, store: Store, trash: Trash, settings: Settings) -> Cleaning | None:
    """Does what the rule says; returns what that was, None if nothing. What it did is kept in the home."""
    rule, before, begun_s = Rule.of(settings), cleanings(home), time.time()
    old_ones = _long_in_trash(trash, rule)
    if old_ones:
        # Written down before it is done: killed on the way, it has deleted nothing in silence.
        _remember(home, [Cleaning(when_s=begun_s, deleted=tuple(old.name for old in old_ones)), *before])
    freed, deleted = sum(trash.delete(old.key) for old in old_ones), tuple(old.name for old in old_ones)
    thrown, names = [], []
    for one in due_now(home, store, rule):
        try:
            # Others may have marked it or started from it a moment ago.
            if store.get(one.run.id).kept:
                continue
            thrown.append(trash.throw(one.run.id, why=one.why))
        except (FlowerlabError, OSError) as error:
            LOG.warning("The cleaning rule leaves %s (%s): %s", one.run.name, one.run.id, error)
            continue
        freed += one.bytes
        names.append(one.run.name)
    if not thrown and not old_ones:
        return None
    cleaning = Cleaning(when_s=begun_s, thrown=tuple(thrown), names=tuple(names), deleted=deleted, bytes=freed)
    LOG.info("By the cleaning rule runs went to the trash or left it for good: %s", cleaning.model_dump_json())
    _remember(home, [cleaning, *before])
    return cleaning


def _long_in_trash(trash: Trash, rule: Rule) -> list[TrashedRun]:
    days = rule.empty_trash_after_days
    return [] if days is None else [one for one in trash.all() if time.time() - one.thrown_s > days * DAY_S]


def remember_checkpoints(home: Home, name: str, taken: int) -> None:
    """Writes down that a finished run loses its checkpoints, see `Settings.checkpoints_gb`.

    Those of one day are one entry: in a class there may be one at the end of every run.
    """
    now_s, before = time.time(), cleanings(home)
    LOG.info("%r cannot be trained on any more: the checkpoints of finished runs take more than they may.", name)
    names: tuple[str, ...] = (name,)
    if before and not before[0].took_runs and 0 <= now_s - before[0].when_s < DAY_S:
        names, taken = (name, *before[0].checkpoints), taken + before[0].bytes
        before = before[1:]
    _remember(home, [Cleaning(when_s=now_s, checkpoints=names, bytes=taken), *before])


def _remember(home: Home, done: Sequence[Cleaning]) -> None:
    replace_file(_log_file(home), json.dumps([one.model_dump() for one in done[:REMEMBERED]]).encode())


def cleanings(home: Home) -> list[Cleaning]:
    """Returns what was cleaned, the newest first."""
    try:
        return [Cleaning.model_validate(one) for one in json.loads(_log_file(home).read_bytes())]
    except (OSError, ValueError, TypeError):
        return []


def _log_file(home: Home) -> Path:
    return home.root / "cleanings.json"


def left_by_older_version(home: Home, settings: Settings) -> list[str]:
    """Returns what was chosen on the Disk page of an older version, which nothing follows now, as `VARIABLE=number`.

    Empty as soon as a setting says otherwise, or the file is deleted.
    """
    try:
        chosen = json.loads((home.root / OLD_RULE).read_bytes())
        numbers = {name: chosen.get(name) for name in VARIABLES if getattr(settings, name) is None}
    except (OSError, ValueError, AttributeError):
        return []
    return [f"{VARIABLES[name]}={number:g}" for name, number in numbers.items() if isinstance(number, (int, float)) and number > 0]
