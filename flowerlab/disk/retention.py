"""The cleaning rule: which runs go to the trash by themselves, and when the trash is emptied.

A rule is off until somebody sets it. What it would do now can be asked at any time, what it did is written down and shown.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from flowerlab.disk.trash import Trash, TrashedRun
from flowerlab.errors import BadInput, FlowerlabError, shown
from flowerlab.home import Home
from flowerlab.locale.numbers import size
from flowerlab.packs.starter import RUN_ID as STARTER
from flowerlab.runs.run import Run
from flowerlab.settings import Settings, variable_of
from flowerlab.store import Store
from flowerlab.system.files import bytes_of, replace_file

DAY_S = 86_400.0
# The newest cleanings that are remembered.
REMEMBERED = 50
LOG = logging.getLogger(__name__)


class Rule(BaseModel):
    """What is cleaned. None: never.

    Args:
        clean_runs_after_days: Runs that ended so many days ago go to the trash.
        keep_runs_gb: Where all runs take more than so many GB (10⁹ bytes), those that ended first go.
        empty_trash_after_days: What has lain in the trash for so many days is deleted for good.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    clean_runs_after_days: float | None = Field(default=None, gt=0)
    keep_runs_gb: float | None = Field(default=None, gt=0)
    empty_trash_after_days: float | None = Field(default=None, gt=0)

    @property
    def off(self) -> bool:
        """Whether nothing is ever cleaned."""
        return self == Rule()


@dataclass(frozen=True)
class Due:
    """A run that the rule would move to the trash now.

    Args:
        run: The run.
        bytes: Of its folder.
        why: As a sentence.
    """

    run: Run
    bytes: int
    why: str


class Cleaning(BaseModel):
    """What was cleaned once: by the rule, or because the checkpoints of finished runs took more than they may.

    Args:
        when_s: Unix time.
        thrown: Keys in the trash of the runs that went there.
        names: Of these runs.
        deleted: Names of runs that were deleted from the trash for good.
        checkpoints: Names of runs that lost what is needed to train them on; their models stay.
        bytes: Of all these.
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


def fixed_by_settings(settings: Settings) -> dict[str, float]:
    """Returns the parts of the rule that the environment sets, which nobody can change on a page."""
    return {name: value for name in Rule.model_fields if (value := getattr(settings, name)) is not None}


def read_rule(home: Home, settings: Settings) -> Rule:
    """Returns the rule that holds: as the environment says, else as it was chosen in this home, else off."""
    try:
        chosen = Rule.model_validate_json(_rule_file(home).read_bytes())
    except (OSError, ValidationError, ValueError):
        # One that cannot be read cleans nothing.
        chosen = Rule()
    return chosen.model_copy(update=fixed_by_settings(settings))


def write_rule(home: Home, values: Mapping[str, float | None]) -> Rule:
    """Keeps a rule in the home.

    Raises:
        BadInput: If a value is not a positive number.
    """
    try:
        rule = Rule.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(
            f"The cleaning rule cannot be kept: {'.'.join(map(str, first['loc']))} must be a number above 0, or nothing for never. "
            f"Received: {shown(first['input'])}."
        ) from None
    replace_file(_rule_file(home), rule.model_dump_json().encode())
    return rule


def due(rule: Rule, runs: Sequence[Run], bytes_of_run: Callable[[Run], int], now_s: float) -> list[Due]:
    """Returns the runs that a rule would move to the trash, those that ended first at the head.

    Never one that waits or is under way, that somebody has marked to be kept, that another run starts from, or the starter.

    Args:
        rule: The rule.
        runs: All of the lab, those that ended last at the head, in the order of their ends: a clock that was set back has no say in it.
        bytes_of_run: How much a run takes.
        now_s: Unix time.
    """
    sources = {run.recipe.start_from for run in runs}
    over = [run for run in runs if run.state.over]
    free = [run for run in reversed(over) if not (run.kept or run.id in sources or run.id == STARTER)]
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
    sizes: dict[str, int] = {}

    def taken(run: Run) -> int:
        if run.id not in sizes:
            sizes[run.id] = bytes_of(home.run(run.id))
        return sizes[run.id]

    ended = store.latest_ends()
    known = {run.id for run in ended}
    return due(rule, [*ended, *(run for run in store.all() if run.id not in known)], taken, time.time())


def trash_due_now(home: Home, trash: Trash, settings: Settings) -> list[TrashedRun]:
    """Returns what the rule which holds would delete from the trash now."""
    days = read_rule(home, settings).empty_trash_after_days
    return [] if days is None else [one for one in trash.all() if time.time() - one.thrown_s > days * DAY_S]


def clean(home: Home, store: Store, trash: Trash, settings: Settings) -> Cleaning | None:
    """Does what the rule says; returns what that was, None if nothing.

    Args:
        home: Where the rule and what it did are kept.
        store: The runs.
        trash: Takes them.
        settings: May fix the rule.
    """
    before, begun_s = cleanings(home), time.time()
    old_ones = trash_due_now(home, trash, settings)
    if old_ones:
        # Told before it is done: whoever is killed on the way has deleted nothing in silence.
        _remember(home, [Cleaning(when_s=begun_s, deleted=tuple(old.name for old in old_ones)), *before])
    deleted, freed = [], 0
    for old in old_ones:
        freed += trash.delete(old.key)
        deleted.append(old.name)
    thrown, names = [], []
    for one in due_now(home, store, read_rule(home, settings)):
        try:
            # Others may have marked it or started from it a moment ago.
            if store.get(one.run.id).kept:
                continue
            trash.throw(one.run.id, why=one.why)
        except (FlowerlabError, OSError) as error:
            LOG.warning("The cleaning rule leaves %s (%s): %s", one.run.name, one.run.id, error)
            continue
        freed += one.bytes
        names.append(one.run.name)
        thrown.append(next(found.key for found in trash.all() if found.id == one.run.id))
    if not thrown and not deleted:
        return None
    cleaning = Cleaning(when_s=begun_s, thrown=tuple(thrown), names=tuple(names), deleted=tuple(deleted), bytes=freed)
    LOG.info(
        "By the cleaning rule %d runs went to the trash (%s) and %d left it for good; %s.",
        len(thrown),
        ", ".join(names) or "none",
        len(deleted),
        size(freed),
    )
    _remember(home, [cleaning, *before])
    return cleaning


def remember_checkpoints(home: Home, name: str, taken: int) -> None:
    """Writes down that a finished run loses its checkpoints, see `Settings.checkpoints_gb`.

    Those of one day are one entry: in a class there may be one at the end of every run.

    Args:
        home: Of the run.
        name: Of the run.
        taken: Their bytes.
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


def sentence(rule: Rule) -> str:
    """Says a rule in words."""
    parts = []
    if rule.clean_runs_after_days is not None:
        parts.append(f"runs that ended more than {rule.clean_runs_after_days:g} days ago go to the trash")
    if rule.keep_runs_gb is not None:
        parts.append(f"the oldest runs go to the trash while all together take more than {rule.keep_runs_gb:g} GB")
    if rule.empty_trash_after_days is not None:
        parts.append(f"what has lain in the trash for {rule.empty_trash_after_days:g} days is deleted for good")
    return f"{'; '.join(parts)}." if parts else "no run is cleaned by itself."


def variables(settings: Settings) -> str:
    """Names the environment variables that fix parts of the rule."""
    return ", ".join(variable_of(name) for name in fixed_by_settings(settings))


def _rule_file(home: Home) -> Path:
    return home.root / "cleaning-rule.json"


def _log_file(home: Home) -> Path:
    return home.root / "cleanings.json"
