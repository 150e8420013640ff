"""The cleaning rule: off until it is set, told beforehand, never silent, and never a run that somebody needs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.disk.retention import (
    DAY_S,
    OLD_RULE,
    Cleaning,
    Rule,
    apply,
    cleanings,
    due,
    due_now,
    left_by_older_version,
    remember_checkpoints,
)
from flowerlab.disk.trash import Trash
from flowerlab.errors import BadInput
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID as STARTER
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from tests.support.runs import add_finished

NOW_S = 1000 * DAY_S


def run(number: int, **changed: object) -> Run:
    """A run that ended so many days ago."""
    one = Run(f"{number:012}", number, f"run {number}", Recipe(), RunState.DONE, 1, 0, 0, NOW_S - number * DAY_S, "", 0, None)
    return replace(one, **changed)  # type: ignore[arg-type]


def thrown(rule: Rule, runs: list[Run], mb: Callable[[Run], int] = lambda run: 100) -> list[int]:
    """Numbers of the runs that a rule would move to the trash."""
    ended = sorted(runs, key=lambda one: -(one.ended_s or 0))
    return [one.run.number for one in due(rule, ended, lambda run: mb(run) * 10**6, NOW_S)]


def clean(lab: Lab, **rule: float) -> Cleaning | None:
    """Cleans as a lab with these settings does."""
    return apply(lab.home, lab.store, lab.trash, lab.settings.model_copy(update=rule))


def test_nothing_is_cleaned_until_a_rule_is_set(idle_lab: Lab) -> None:
    """Without settings there is no rule, and cleaning does nothing."""
    add_finished(idle_lab.home, "old")
    assert Rule.of(idle_lab.settings).off
    assert clean(idle_lab) is None
    assert len(idle_lab.store.all()) == 1
    assert thrown(Rule(), [run(1), run(500)]) == []
    assert Rule().sentence() == "no run is cleaned by itself."


def test_old_runs_go_and_needed_ones_stay() -> None:
    """Of those that ended long ago never one that is kept, waits, trains, is started from, or came with Flowerlab."""
    source = run(90)
    needed = [
        run(50, kept=True),
        run(60, state=RunState.QUEUED),
        run(70, state=RunState.TRAINING),
        run(80, id=STARTER),
        source,
        run(3, recipe=Recipe(start_from=source.id)),
    ]
    rule = Rule(clean_runs_after_days=30)
    assert thrown(rule, [*needed, run(29), run(31), run(40, state=RunState.FAILED)]) == [40, 31]


def test_what_is_deleted_for_good_is_told_before(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed while it empties the trash, the rule has told what it began to delete."""
    home = idle_lab.home
    idle_lab.trash.throw(add_finished(home, "old").id)

    def die(*_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(Trash, "delete", die)
    with pytest.raises(KeyboardInterrupt):
        clean(idle_lab, empty_trash_after_days=1e-9)
    assert [told.deleted for told in cleanings(home)] == [("old",)]


def test_the_oldest_go_while_all_take_too_much() -> None:
    """Just as many as are needed, those that ended first; kept ones count and stay."""
    runs = [run(number) for number in range(1, 11)]
    assert thrown(Rule(keep_runs_gb=0.75), runs) == [10, 9, 8]
    assert thrown(Rule(keep_runs_gb=0.75, clean_runs_after_days=8.5), runs) == [10, 9, 8]
    assert thrown(Rule(keep_runs_gb=0.5), [replace(one, kept=one.number > 2) for one in runs]) == [2, 1]
    assert thrown(Rule(keep_runs_gb=1), runs) == []
    assert thrown(Rule(keep_runs_gb=0.75), runs, lambda run: 0 if run.number == 10 else 100) == [9, 8]


@given(
    st.lists(st.tuples(st.integers(0, 400), st.booleans(), st.sampled_from(RunState), st.integers(0, 900)), max_size=12),
    st.one_of(st.none(), st.floats(0.5, 300)),
    st.one_of(st.none(), st.floats(0.001, 3)),
)
def test_no_rule_takes_what_is_needed(drawn: list[tuple[int, bool, RunState, int]], days: float | None, gb: float | None) -> None:
    """Whatever the rule: what goes is over, not kept, of no other run the source, old enough or too much, and named once."""
    runs = [
        run(
            number,
            kept=kept,
            state=state,
            ended_s=NOW_S - age * DAY_S if state.over else None,
            recipe=Recipe(start_from=f"{number - 1:012}" if number % 3 == 2 else None),
        )
        for number, (age, kept, state, _mb) in enumerate(drawn)
    ]
    sizes = {one.id: mb * 10**6 for one, (*_rest, mb) in zip(runs, drawn, strict=True)}
    gone = due(Rule(clean_runs_after_days=days, keep_runs_gb=gb), runs, lambda one: sizes[one.id], NOW_S)
    ids = [one.run.id for one in gone]
    assert len(ids) == len(set(ids))
    sources = {one.recipe.start_from for one in runs}
    left = sum(sizes.values())
    for one in gone:
        assert one.run.state.over
        assert not one.run.kept
        assert one.run.id not in sources
        aged = days is not None and NOW_S - (one.run.ended_s or 0) > days * DAY_S
        assert aged or (gb is not None and left > gb * 1e9)
        left -= sizes[one.run.id]
    may_go = [one for one in runs if one.state.over and not one.kept and one.id not in sources and sizes[one.id]]
    assert gb is None or left <= gb * 1e9 or {one.id for one in may_go} <= set(ids)


def test_a_cleaning_is_told_and_can_be_undone(idle_lab: Lab) -> None:
    """What the rule would do is told before, what it did is written down with names, and each run comes back."""
    old, kept = add_finished(idle_lab.home, "old"), add_finished(idle_lab.home, "kept", seed=1)
    idle_lab.store.mark_kept(kept.id, kept=True)
    assert [one.run.id for one in due_now(idle_lab.home, idle_lab.store, Rule(keep_runs_gb=1e-6))] == [old.id]
    cleaning = clean(idle_lab, keep_runs_gb=1e-6)
    assert cleaning is not None
    assert (cleaning.names, cleaning.deleted) == (("old",), ())
    assert cleanings(idle_lab.home) == [cleaning]
    assert idle_lab.trash.all()[0].why.startswith("All runs together took more than")
    idle_lab.trash.restore(cleaning.thrown[0])
    assert {one.name for one in idle_lab.store.all()} == {"old", "kept"}


def test_lost_checkpoints_are_told_without_hiding_what_the_rule_did(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of one day are one entry; what the rule did in between stays as it was, and the next ones are an entry of their own."""
    home = idle_lab.home
    remember_checkpoints(home, "one", 10)
    remember_checkpoints(home, "two", 5)
    add_finished(home, "old")
    assert clean(idle_lab, keep_runs_gb=1e-9) is not None
    remember_checkpoints(home, "three", 1)
    later_s = time.time() + 1.5 * DAY_S
    monkeypatch.setattr(time, "time", lambda: later_s)
    remember_checkpoints(home, "four", 2)
    told = [(one.checkpoints, one.names, one.took_runs) for one in cleanings(home)]
    assert told == [(("four",), (), False), (("three",), (), False), ((), ("old",), True), (("two", "one"), (), False)]
    assert cleanings(home)[-1].bytes == 15


def test_the_trash_is_emptied_by_the_rule(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many days, and that is written down too."""
    idle_lab.trash.throw(add_finished(idle_lab.home, "old").id)
    assert clean(idle_lab, empty_trash_after_days=2) is None
    now_s = time.time()
    monkeypatch.setattr("flowerlab.disk.retention.time.time", lambda: now_s + 2.1 * DAY_S)
    cleaning = clean(idle_lab, empty_trash_after_days=2)
    assert cleaning is not None
    assert cleaning.deleted == ("old",)
    assert idle_lab.trash.all() == []


def test_the_settings_alone_make_the_rule(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was chosen on the page of an older version is not followed; it is told, with the settings that say the same."""
    add_finished(idle_lab.home, "old")
    file = idle_lab.home.root / OLD_RULE
    file.write_text('{"clean_runs_after_days": 5, "keep_runs_gb": 1e-9, "empty_trash_after_days": null}', encoding="utf-8")
    assert clean(idle_lab) is None
    assert left_by_older_version(idle_lab.home, idle_lab.settings) == [
        "FLOWERLAB_CLEAN_RUNS_AFTER_DAYS=5",
        "FLOWERLAB_KEEP_RUNS_GB=1e-09",
    ]
    fixed = idle_lab.settings.model_copy(update={"clean_runs_after_days": 90.0})
    assert Rule.of(fixed) == Rule(clean_runs_after_days=90)
    assert "90 days" in Rule.of(fixed).sentence()
    assert left_by_older_version(idle_lab.home, fixed) == ["FLOWERLAB_KEEP_RUNS_GB=1e-09"]
    for damaged in ("{", "[]", '{"keep_runs_gb": -1, "clean_runs_after_days": "soon"}', "null"):
        file.write_text(damaged, encoding="utf-8")
        assert left_by_older_version(idle_lab.home, idle_lab.settings) == []
    file.unlink()
    assert left_by_older_version(idle_lab.home, idle_lab.settings) == []
    monkeypatch.setenv("FLOWERLAB_KEEP_RUNS_GB", "3")
    assert Rule.of(Settings.from_environment()) == Rule(keep_runs_gb=3)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "soon"])
def test_a_bad_rule_is_a_sentence(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """A setting that is no positive number opens no lab."""
    monkeypatch.setenv("FLOWERLAB_KEEP_RUNS_GB", value)
    with pytest.raises(BadInput, match=r"FLOWERLAB_KEEP_RUNS_GB.*Received: "):
        Settings.from_environment()


def test_without_end_is_never(idle_lab: Lab) -> None:
    """A number that is not finite cleans nothing."""
    idle_lab.trash.throw(add_finished(idle_lab.home, "gone").id)
    add_finished(idle_lab.home, "old", seed=1)
    never = float("inf")
    assert clean(idle_lab, clean_runs_after_days=never, keep_runs_gb=never, empty_trash_after_days=never) is None
