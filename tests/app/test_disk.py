"""The Disk page: what takes how much, what is asked before it goes, the trash, and the cleaning rule."""

from __future__ import annotations

import time

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.disk.items import Item, Kind
from flowerlab.disk.retention import OLD_RULE, apply, remember_checkpoints
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import About
from flowerlab.home import Home
from flowerlab.ui.base.lab import lab
from flowerlab.ui.disk.table import question_lines, table_key
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished


def opened() -> AppTest:
    """The page, once the disk has been measured."""
    app = open_page("disk")
    due_s = time.monotonic() + 30
    while lab().usage.look() is None or lab().usage.busy:
        assert time.monotonic() < due_s
        time.sleep(0.02)
    return app.run()


def tick(app: AppTest, *places: int) -> AppTest:
    """Ticks rows of the table."""
    usage = lab().usage.look()
    assert usage is not None
    key = table_key(0, usage.of(*(kind for kind in Kind if kind is not Kind.TRASH)))
    app.session_state[key] = {"selection": {"rows": list(places), "columns": [], "cells": []}}
    return app.run()


@pytest.fixture
def features(home: Home) -> str:
    """Kept features that nobody uses."""
    about = About(prepared="p", architecture="vgg16_mini", cut=19, precision="float32", shape=(600, 80), origins=("x",))
    with KeptFeatures(home).making("f" * 24, about, np.float16) as write:
        write(np.zeros((600, 80)))
    return "f" * 24


def test_an_empty_lab_says_what_comes_here() -> None:
    """No run yet: the free disk is told, the trash is empty, no rule is set."""
    app = opened()
    assert not app.exception
    assert "Free" in [metric.label for metric in app.metric]
    assert "The trash is empty" in texts(app)
    assert "no run is cleaned by itself" in texts(app)


def test_ticked_rows_are_freed_after_a_question(home: Home, features: str) -> None:
    """The question names what is lost; No frees nothing; after Yes the features are gone, the run is in the trash and comes back."""
    run = add_finished(home, "my *best*")
    app = opened()
    table = app.dataframe[0].value
    assert set(table["kind"]) >= {"Run", "Features"}
    assert list(table["megabytes"]) == sorted(table["megabytes"], reverse=True)
    both = [place for place, kind in enumerate(table["kind"]) if kind in ("Run", "Features")]
    tick(app, *both)
    app.button(key="disk-free").click().run()
    said = texts(app)
    assert "the model cannot classify any more" in said
    assert r"my \*best\*" in said
    assert "Nothing but time is lost" in said
    app.button(key="disk-no").click().run()
    assert KeptFeatures(home).has(features)
    tick(app, *both)
    app.button(key="disk-free").click().run()
    app.button(key="disk-yes").click().run()
    assert "Freed" in app.success[0].value
    assert not KeptFeatures(home).has(features)
    assert lab().store.all() == []
    app = opened()
    app.button(key=f"restore-{run.id}-1").click().run()
    assert [one.id for one in lab().store.all()] == [run.id]
    assert not app.exception


def test_what_is_in_use_cannot_be_ticked_away(home: Home, features: str) -> None:
    """Features that a run uses: the button stays shut and the reason is told."""
    with KeptFeatures(home).held(features):
        app = opened()
        place = list(app.dataframe[0].value["kind"]).index("Features")
        tick(app, place)
        assert app.button(key="disk-free").disabled
        assert "A run that trains uses them" in texts(app)


def test_the_rule_is_told_before_and_after_it_acted(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says the rule that settings make and the runs that would go; what was cleaned is told, here and at home, and comes back
    with one click."""
    monkeypatch.setenv("FLOWERLAB_KEEP_RUNS_GB", "0.000001")
    add_finished(home, "old one")
    kept = add_finished(home, "kept one", seed=1)
    lab().store.mark_kept(kept.id, kept=True)
    app = opened()
    assert "Once an hour: the oldest runs go to the trash while all together take more than 1e-06 GB." in texts(app)
    assert "Set by the environment, and so not here: FLOWERLAB_KEEP_RUNS_GB." in texts(app).replace("\\", "")
    assert "This rule would move one run (" in texts(app)
    assert "old one" in app.info[0].value
    assert "kept one" not in app.info[0].value
    assert not app.number_input
    assert len(lab().store.all()) == 2
    clean()
    assert [run.name for run in lab().store.all()] == ["kept one"]
    app = opened()
    assert "This rule would move no run to the trash now." in texts(app)
    assert "Today the rule moved one run to the trash: old one." in texts(app)
    assert "the rule moved one run to the trash: old one" in texts(open_page("home"))
    restore = next(button for button in app.button if button.key and button.key.startswith("restore-all-"))
    restore.click().run()
    assert {run.name for run in lab().store.all()} == {"old one", "kept one"}
    assert not app.exception


def clean() -> None:
    """Cleans as the scheduler does once an hour."""
    assert apply(lab().home, lab().store, lab().trash, lab().settings) is not None


def test_lost_checkpoints_are_told_on_this_page_alone(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says how much they may take, and whose went; at home only runs that went are told, and not less for it."""
    monkeypatch.setenv("FLOWERLAB_KEEP_RUNS_GB", "1e-9")
    add_finished(home, "old one")
    assert "the checkpoints of finished runs take at most 4 GB, as the setting FLOWERLAB_CHECKPOINTS_GB says" in texts(opened())
    clean()
    remember_checkpoints(home, "*mine*", 10)
    told = texts(opened())
    assert r"Today one run lost its checkpoints, because those of all finished runs took more than they may: \*mine\*." in told
    assert "Today the rule moved one run to the trash: old one." in told
    at_home = texts(open_page("home"))
    assert "the rule moved one run to the trash: old one" in at_home
    assert "checkpoints" not in at_home


def test_a_rule_that_the_page_once_set_is_told_and_not_followed(home: Home) -> None:
    """It names the settings that make the same rule, and the file that holds the old one."""
    (home.root / OLD_RULE).write_text('{"keep_runs_gb": 2, "clean_runs_after_days": null}', encoding="utf-8")
    app = opened()
    assert "no run is cleaned by itself" in texts(app)
    told = app.info[-1].value.replace("\\", "")
    assert "not followed any more" in told
    assert "FLOWERLAB_KEEP_RUNS_GB=2;" in told
    assert OLD_RULE in told


def test_the_question_names_many_things_in_few_words() -> None:
    """At most eight names; what is lost with checkpoints and with a copy of the list is another loss than the run's."""
    items = [Item(Kind.RUN, f"{n:012}", f"run {n}", 5, 0.0) for n in range(11)]
    copy = Item(Kind.LIST_COPIES, "old.bak", "old.bak", 5, 0.0)
    lines = question_lines([*items, Item(Kind.CHECKPOINTS, "x", "mine", 5, 0.0), copy])
    assert "and 3 more" in lines[0]
    assert "cannot be trained on" in lines[1]
    assert r"**old\.bak** will be deleted for good" in lines[2]


def test_start_is_shut_where_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The Train page says what is missing beside the button; nothing is queued."""
    monkeypatch.setattr("flowerlab.estimates.limits.memory_for_a_run", lambda: 1e6)
    app = open_page("train")
    assert app.button(key="start").disabled
    assert "of memory, and only" in app.error[0].value
    assert "needs about" in texts(app)


def test_a_refusal_of_the_system_is_a_sentence() -> None:
    """A full disk under a button is told, and so is any other refusal; the page stands."""

    def page() -> None:
        import errno

        from flowerlab.ui.base.messages import succeeded

        def refuse(number: int) -> None:
            raise OSError(number, "Input/output error")

        succeeded(lambda: refuse(errno.ENOSPC))
        succeeded(lambda: refuse(errno.EIO))

    app = AppTest.from_function(page, default_timeout=30).run()
    assert not app.exception
    full, other = (error.value for error in app.error)
    assert full.startswith("The disk is full")
    assert other.startswith("The system refused this (Input/output error)")
