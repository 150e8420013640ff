"""A list of runs that is damaged, gone, or forgetful: it is put aside, and the runs come back from their folders."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flowerlab.errors import FlowerlabError, StoreDamaged
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID as STARTER
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.store.copying import asides, put_aside
from flowerlab.system.locks import ProcessLock
from tests.support.stores import DONE, STOPPING, UNDER_WAY, WAITING, bring_files, live_in
from tests.support.waiting import until


def garbage(file: Path) -> None:
    """Another program wrote over it."""
    file.write_bytes(b"no database" * 1000)


def half(file: Path) -> None:
    """The disk lost its second half."""
    os.truncate(file, file.stat().st_size // 2)


def holes(file: Path) -> None:
    """Some of its pages are zeros."""
    with file.open("rb+") as opened:
        opened.seek(4096)
        opened.write(bytes(file.stat().st_size - 4096))


def a_run(file: Path) -> None:
    """A recipe is none any more."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("UPDATE runs SET recipe = replace(recipe, '{', '[') WHERE number = 1")
        db.commit()


def no_table(file: Path) -> None:
    """A table is gone."""
    with contextlib.closing(sqlite3.connect(file)) as db:
        db.execute("DROP TABLE events")
        db.commit()


def nothing(file: Path) -> None:
    """It has no bytes, which to SQLite is a new list."""
    file.write_bytes(b"")


def gone(file: Path) -> None:
    """Somebody has moved it away."""
    file.unlink()


DAMAGES = (garbage, half, holes, a_run, no_table)
LOSSES = (nothing, gone)


@pytest.fixture
def open_lab(settings: Settings) -> Callable[[], Lab]:
    """Opens the lab of a home as a command that only looks does."""
    return lambda: Lab(settings, run_queue=False)


@pytest.mark.parametrize("spoil", [*DAMAGES, *LOSSES])
def test_the_runs_come_back(home: Home, open_lab: Callable[[], Lab], spoil: Callable[[Path], None]) -> None:
    """All but deleted runs are there with names, numbers, results and whole epochs; what waited or trained waits; said once."""
    ids = live_in(home)
    with contextlib.closing(open_lab()) as lab:
        assert lab.notices == []
        before = {run.id: run for run in lab.store.all()}
        curves = {run_id: lab.store.history(run_id).epochs for run_id in before}
    spoil(home.store)
    with contextlib.closing(open_lab()) as lab:
        after = {run.id: run for run in lab.store.all()}
        assert after[ids[DONE]] == dataclasses.replace(before[ids[DONE]], turn=0)
        assert after[ids[DONE]].name == "Ann & Bob"
        assert {run_id: run.number for run_id, run in after.items()} == {run.id: run.number for run in before.values()}
        assert {what: after[run_id].state for what, run_id in ids.items()} == {
            DONE: RunState.DONE,
            UNDER_WAY: RunState.QUEUED,
            STOPPING: RunState.STOPPING,
            WAITING: RunState.QUEUED,
        }
        assert lab.store.history(ids[DONE]).epochs == curves[ids[DONE]]
        assert lab.store.materials(ids[DONE]) == "m"
        (notice,) = lab.notices
        assert "4 runs were rebuilt from their folders" in notice
        assert "Lost are only the figures inside epochs" in notice
        # The next attempt comes after those that have left something.
        assert lab.store.begin_attempt(ids[UNDER_WAY]) == 2
    with contextlib.closing(open_lab()) as lab:
        assert lab.notices == []
        assert len(lab.store.all()) == 4


def test_nothing_that_was_damaged_is_deleted(home: Home, open_lab: Callable[[], Lab]) -> None:
    """However often it happens on one day, each file stays beside the list, as it was, under a name of its own."""
    live_in(home)
    spoilt = []
    for number in (1, 2):
        home.store.write_bytes(b"no database" * 1000 * number)
        spoilt.append(home.store.read_bytes())
        with contextlib.closing(open_lab()) as lab:
            assert str(asides(home.store)[-1]) in lab.notices[0]
    assert [path.read_bytes() for path in asides(home.store)] == spoilt


def test_a_log_goes_aside_with_its_list(home: Home) -> None:
    """What SQLite keeps beside the file goes with it, and is never taken for part of the next one, or of one from before."""
    log = home.store.with_name(f"{home.store.name}-wal")
    log.write_bytes(b"a log without its list")
    first = put_aside(home.store, "today")
    home.store.write_bytes(b"a list")
    log.write_bytes(b"its log")
    second = put_aside(home.store, "today")
    assert first != second
    assert first.with_name(f"{first.name}-wal").read_bytes() == b"a log without its list"
    assert (second.read_bytes(), second.with_name(f"{second.name}-wal").read_bytes()) == (b"a list", b"its log")
    assert not log.exists()


def test_damage_that_is_met_later_is_mended_at_the_next_start(home: Home, open_lab: Callable[[], Lab]) -> None:
    """While the lab is open a damaged page is one sentence; when it is next opened, the runs are rebuilt."""
    ids = live_in(home)
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events_by_run'").fetchone()
        size = db.execute("PRAGMA page_size").fetchone()[0]
    with home.store.open("rb+") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with contextlib.closing(open_lab()) as lab, pytest.raises(StoreDamaged, match="start it again"):
        lab.store.history(ids[DONE])
    with contextlib.closing(open_lab()) as lab:
        assert len(lab.store.history(ids[DONE]).epochs) == 2
        assert len(lab.notices) == 1


def test_an_event_that_cannot_be_read_costs_itself_alone(home: Home, open_lab: Callable[[], Lab]) -> None:
    """The others are shown; when the lab is next opened, the run's folder gives it back."""
    ids = live_in(home)
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("UPDATE events SET body = '{' WHERE run_id = ? AND kind = 'epoch' AND body LIKE '%\"epoch\":0%'", (ids[DONE],))
        db.commit()
    with contextlib.closing(open_lab()) as lab:
        assert list(lab.store.history(ids[DONE]).epochs) == [1]
    with contextlib.closing(open_lab()) as lab:
        assert list(lab.store.history(ids[DONE]).epochs) == [0, 1]


def test_an_owner_is_not_robbed_of_its_list(home: Home, open_lab: Callable[[], Lab]) -> None:
    """Whoever finds damage while another process runs the queue leaves the file where it is and says what to do."""
    live_in(home)
    garbage(home.store)
    owner = ProcessLock(home.locks / "owner")
    assert owner.acquire()
    with pytest.raises(StoreDamaged, match="Close all windows and commands of Flowerlab and start it again"):
        open_lab()
    assert asides(home.store) == []
    owner.release()
    open_lab().close()
    assert len(asides(home.store)) == 1


def test_who_has_the_old_file_open_goes_on_with_the_new_one(home: Home, open_lab: Callable[[], Lab]) -> None:
    """A lab that stood by while another one rebuilt the list reads and writes the new list."""
    ids = live_in(home)
    standing_by = open_lab()
    assert len(standing_by.store.all()) == 4
    garbage(home.store)
    with contextlib.closing(open_lab()) as lab:
        standing_by.store.rename(ids[DONE], "seen by both")
        assert lab.store.get(ids[DONE]).name == "seen by both"
    standing_by.close()


def test_runs_of_a_version_without_records_come_back_from_their_files(home: Home, open_lab: Callable[[], Lab]) -> None:
    """Recipe, model and predictions suffice for a finished run; of the others it is said which and why."""
    ids = live_in(home)
    for run_id in ids.values():
        (home.run(run_id) / "run.json").unlink()
    shutil.rmtree(home.run(ids[WAITING]))
    bring_files(home.run("a" * 12), Recipe())
    (home.run("a" * 12) / "recipe.json").write_text("{")
    garbage(home.store)
    with contextlib.closing(open_lab()) as lab:
        (run,) = lab.store.all()
        result = run.result
        assert result is not None
        assert (run.id, run.state, result.test_accuracy, result.confusion_matrix) == (ids[DONE], "done", 0.5, [[1, 0], [1, 0]])
        # Right of two validation photos after each epoch: one, one, both.
        assert (result.epochs_run, result.best_epoch, result.val_accuracy) == (3, 2, 1.0)
        assert result.total_parameters > result.trainable_parameters / 2 > 0
        assert "times are not known" in run.message
        (notice,) = lab.notices
        assert "1 run was rebuilt from its folder, 3 could not be" in notice
        assert f"{ids[UNDER_WAY]}: it has no model and no record" in notice
        assert f"{'a' * 12}: its recipe is not known" in notice


def test_a_damaged_record_is_replaced_by_the_files(home: Home, open_lab: Callable[[], Lab]) -> None:
    """Where a run's record is damaged, too, its files still tell."""
    ids = live_in(home)
    (home.run(ids[DONE]) / "run.json").write_bytes(b"\x00" * 100)
    garbage(home.store)
    with contextlib.closing(open_lab()) as lab:
        assert lab.store.get(ids[DONE]).result is not None
        assert len(lab.store.all()) == 4


def test_runs_that_the_list_forgot_come_back(home: Home, open_lab: Callable[[], Lab]) -> None:
    """A list that is older than its folders, as one that somebody put back, gets the runs that it lacks."""
    ids = live_in(home)
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("DELETE FROM runs WHERE id = ?", (ids[DONE],))
        db.commit()
    with contextlib.closing(open_lab()) as lab:
        assert len(lab.store.history(ids[DONE]).epochs) == 2
        assert "lacked some that have folders: 1 run was rebuilt" in lab.notices[0]


def test_a_deletion_that_was_cut_off_is_ended_or_taken_back(home: Home, open_lab: Callable[[], Lab]) -> None:
    """Killed between its steps, a deletion leaves no run without its folder, and no folder without its run."""
    ids = live_in(home)
    home.run(ids[DONE]).rename(home.runs / f"{ids[DONE]}.deleted-1234")
    home.run(ids[WAITING]).rename(home.runs / f"{'a' * 12}.deleted-5678")
    with contextlib.closing(open_lab()) as lab:
        assert lab.store.get(ids[DONE]).result is not None
    assert (home.run(ids[DONE]) / "model.keras").exists()
    assert list(home.runs.glob("*.deleted-*")) == []


def test_a_run_that_cannot_be_deleted_stays_whole(home: Home, open_lab: Callable[[], Lab], monkeypatch: pytest.MonkeyPatch) -> None:
    """If its folder cannot be taken away, one sentence says so, and run and folder are as they were."""
    ids = live_in(home)

    def held(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    with contextlib.closing(open_lab()) as lab:
        with monkeypatch.context() as broken:
            broken.setattr("pathlib.Path.rename", held)
            with pytest.raises(FlowerlabError, match="cannot be deleted"):
                lab.trash.throw(ids[DONE])
        assert lab.store.get(ids[DONE]).result is not None
        assert (home.run(ids[DONE]) / "model.keras").exists()
        lab.trash.throw(ids[DONE])
    assert not home.run(ids[DONE]).exists()


def test_a_lost_starter_comes_whole_from_its_pack(home: Home, settings: Settings) -> None:
    """The starter of a version without records is unpacked again; one that somebody deleted is not."""
    with_starter = settings.model_copy(update={"starter": True})
    Lab(with_starter, run_queue=False).close()
    (home.run(STARTER) / "run.json").unlink()
    garbage(home.store)
    with contextlib.closing(Lab(with_starter, run_queue=False)) as lab:
        assert lab.store.get(STARTER).result is not None
        lab.trash.throw(STARTER)
    garbage(home.store)
    with contextlib.closing(Lab(with_starter, run_queue=False)) as lab:
        assert lab.store.all() == []


def test_records_of_runs_that_have_none_are_written_by_the_owner(home: Home, settings: Settings) -> None:
    """Runs of an earlier schema, or that a full disk refused, get their records while the lab is open."""
    ids = live_in(home)
    (home.run(ids[DONE]) / "run.json").unlink()
    with contextlib.closing(sqlite3.connect(home.store)) as db:
        db.execute("UPDATE runs SET written = 0 WHERE id = ?", (ids[DONE],))
        db.commit()
    lab = Lab(settings.model_copy(update={"engine": "fake"}))
    until((home.run(ids[DONE]) / "run.json").exists)
    lab.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A home that was lived in."""
    home = Home(tmp_path_factory.mktemp("whole")).create()
    return home.root, live_in(home)


FLIPS = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(1, 255)), max_size=12)


@hypothesis_settings(max_examples=30)
# The name of a table in the complaint is no UTF-8.
@example(flips=[(0.064453125, 128)], kept=1.0, log=False)
@given(flips=FLIPS, kept=st.one_of(st.just(1.0), st.floats(0, 1)), log=st.booleans())
def test_whatever_bytes_change_the_lab_opens(
    whole: tuple[Path, dict[str, str]], flips: list[tuple[float, int]], kept: float, log: bool
) -> None:
    """Bytes changed and an end cut off anywhere: the lab opens with all runs, or refuses in a sentence; no curve is an error."""
    root, ids = whole
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "home")
        shutil.copytree(root, home.root)
        data = bytearray(home.store.read_bytes())
        for place, change in flips:
            data[int(place * len(data))] ^= change
        home.store.write_bytes(data[: int(kept * len(data))])
        if log:
            home.store.with_name(f"{home.store.name}-wal").write_bytes(bytes(data[:5000]))
        settings = Settings(home=home.root, starter=False, warm_spare=False)
        for _ in range(2):
            try:
                lab = Lab(settings, run_queue=False)
            except FlowerlabError as error:
                # Bytes that say "of a newer Flowerlab" cannot be told from that.
                assert "newer" in str(error) or "start it again" in str(error)  # noqa: PT017
                return
            with contextlib.closing(lab):
                assert {run.id for run in lab.store.all()} == set(ids.values())
                for run_id in ids.values():
                    with contextlib.suppress(FlowerlabError):
                        lab.store.history(run_id)
