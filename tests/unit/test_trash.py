"""The trash: what is deleted can be brought back whole, whatever dies on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowerlab import trash as trashes
from flowerlab.errors import BadInput, UnknownRun
from flowerlab.events import End
from flowerlab.recipe import Recipe
from flowerlab.run import RunState
from flowerlab.run_folders import RunFolders
from flowerlab.runs import Lab
from tests.app.finished_runs import add_finished


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_comes_back_as_it_was(lab: Lab) -> None:
    """Record, curve, number, marks and files are those of before; the trash is empty then."""
    run = add_finished(lab.home, "mine", accuracies=(0.4, 0.6, 0.5))
    other = add_finished(lab.home, "other", seed=1)
    lab.store.mark_kept(run.id, kept=True)
    before, files = lab.store.record(run.id), files_of(lab.home.run(run.id))
    lab.delete(run.id)
    assert [one.id for one in lab.store.all()] == [other.id]
    assert not lab.home.run(run.id).exists()
    thrown = lab.trash.all()[0]
    assert (thrown.id, thrown.name, thrown.has_model, thrown.why) == (run.id, "mine", True, "")
    assert thrown.bytes > sum(map(len, files.values()))
    back = lab.trash.restore(thrown.key)
    after = lab.store.record(back.id)
    assert after.events == before.events
    assert after.materials == before.materials
    assert (after.run.number, after.run.kept, after.run.result) == (run.number, True, run.result)
    assert files_of(lab.home.run(run.id)) == files
    assert lab.trash.all() == []
    assert len(lab.history(run.id).epochs) == 3


def test_a_number_that_was_given_away_is_not_taken_back(lab: Lab) -> None:
    """Where a newer run has its number, a run that comes back gets the next one."""
    run = add_finished(lab.home, "mine")
    lab.delete(run.id)
    newer = add_finished(lab.home, "newer", seed=1)
    assert newer.number == run.number
    assert lab.trash.restore(run.id).number == run.number + 1


@pytest.mark.parametrize("state", ["failed", "stopped", "interrupted"])
def test_a_run_without_a_model_comes_back_too(lab: Lab, state: str) -> None:
    """Also one that never had a folder."""
    run = lab.store.add(Recipe(seed=3), "nothing")
    attempt = lab.store.begin_attempt(run.id)
    lab.store.append(End.model_validate({"run_id": run.id, "attempt": attempt, "state": state, "message": "x"}))
    lab.delete(run.id)
    assert lab.trash.all()[0].state is RunState(state)
    assert lab.trash.restore(run.id).message == "x"


def test_a_run_in_use_is_not_thrown_away(lab: Lab) -> None:
    """One that others wait to start from stays as it is, and nothing of it is in the trash."""
    run = add_finished(lab.home, "source")
    with lab.queueing():
        follower = lab.store.add(Recipe(seed=1, start_from=run.id), "follower")
        with pytest.raises(BadInput, match="waits to start from"):
            lab.delete(run.id)
        assert lab.trash.all() == []
        assert list(lab.home.trash.iterdir()) == []
        assert lab.store.get(run.id).state is RunState.DONE
        lab.store.withdraw([follower.id])


@pytest.mark.parametrize("dies_in", ["list", "move", "commit", "adopt"])
def test_whatever_dies_nothing_is_lost(lab: Lab, monkeypatch: pytest.MonkeyPatch, dies_in: str) -> None:
    """Killed before the folder moves, between that and the list's letting go, or before the list takes the run back: it is in one of
    the two when the lab is next opened, and comes back whole."""
    run = add_finished(lab.home, "mine")
    files = files_of(lab.home.run(run.id))

    def killed(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    if dies_in == "list":
        monkeypatch.setattr(lab.store, "delete", killed)
    elif dies_in == "move":
        monkeypatch.setattr(Path, "rename", killed)
    elif dies_in == "commit":
        bury = RunFolders.bury

        def then_killed(folders: RunFolders, run_id: str, into: Path | None = None) -> None:
            bury(folders, run_id, into)
            raise KeyboardInterrupt

        monkeypatch.setattr(RunFolders, "bury", then_killed)
    if dies_in != "adopt":
        with pytest.raises(KeyboardInterrupt):
            lab.trash.throw(run.id)
    else:
        lab.trash.throw(run.id)
        monkeypatch.setattr(lab.store, "adopt", killed)
        with pytest.raises(KeyboardInterrupt):
            lab.trash.restore(run.id)
    monkeypatch.undo()
    lab.trash.bring_into_line()
    if dies_in != "adopt":
        assert lab.trash.all() == []
        assert lab.store.get(run.id).id == run.id
    else:
        assert [one.id for one in lab.trash.all()] == [run.id]
        assert lab.trash.all()[0].bytes > len(files["predictions.npz"])
        lab.trash.restore(run.id)
    assert files_of(lab.home.run(run.id)) == files
    assert lab.store.get(run.id).result == run.result


def test_what_is_deleted_from_the_trash_is_gone(lab: Lab) -> None:
    """For good, also where its way into the trash was cut short; a wrong id is a sentence, and so is one that is in the list."""
    run = add_finished(lab.home, "mine")
    lab.delete(run.id)
    (lab.home.trash / f"{run.id}-1" / trashes.FILES).rename(lab.home.run(run.id))
    assert lab.trash.delete(run.id) > 0
    assert not lab.home.run(run.id).exists()
    for wrong in (run.id, "../x", "", "0" * 12):
        with pytest.raises(UnknownRun, match="no such run in the trash"):
            lab.trash.restore(wrong)
        with pytest.raises(UnknownRun):
            lab.trash.delete(wrong)
    twice = add_finished(lab.home, "twice")
    record = lab.store.record(twice.id)
    lab.delete(twice.id)
    lab.store.adopt([record])
    with pytest.raises(BadInput, match="is in the lab"):
        lab.trash.restore(twice.id)
    lab.delete(twice.id)
    assert [one.name for one in lab.trash.all()] == ["twice", "twice"]


def test_a_strange_folder_in_the_trash_harms_nothing(lab: Lab) -> None:
    """What is no record is passed over."""
    for name, text in (("0" * 12 + "-1", "{"), ("nonsense", "{}"), ("1" * 12 + "-1", '{"run": {"id": "2"}}')):
        (lab.home.trash / name).mkdir()
        (lab.home.trash / name / trashes.RECORD).write_text(text, encoding="utf-8")
    (lab.home.trash / "file").write_text("x", encoding="utf-8")
    assert lab.trash.all() == []
