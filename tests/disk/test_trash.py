"""The trash: what is deleted can be brought back whole, whatever dies on the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowerlab.disk import trash as trashes
from flowerlab.errors import BadInput, UnknownRun
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End
from flowerlab.runs.folders import RunFolders
from flowerlab.runs.run import RunState
from tests.support.runs import add_finished


def files_of(folder: Path) -> dict[str, bytes]:
    """All files of a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_run_comes_back_as_it_was(idle_lab: Lab) -> None:
    """Record, curve, number, marks and files are those of before; the trash is empty then."""
    run = add_finished(idle_lab.home, "mine", accuracies=(0.4, 0.6, 0.5))
    other = add_finished(idle_lab.home, "other", seed=1)
    idle_lab.store.mark_kept(run.id, kept=True)
    before, files = idle_lab.store.record(run.id), files_of(idle_lab.home.run(run.id))
    idle_lab.trash.throw(run.id)
    assert [one.id for one in idle_lab.store.all()] == [other.id]
    assert not idle_lab.home.run(run.id).exists()
    thrown = idle_lab.trash.all()[0]
    assert (thrown.id, thrown.name, thrown.has_model, thrown.why) == (run.id, "mine", True, "")
    assert thrown.bytes > sum(map(len, files.values()))
    back = idle_lab.trash.restore(thrown.key)
    after = idle_lab.store.record(back.id)
    assert after.events == before.events
    assert after.materials == before.materials
    assert (after.run.number, after.run.kept, after.run.result) == (run.number, True, run.result)
    assert files_of(idle_lab.home.run(run.id)) == files
    assert idle_lab.trash.all() == []
    assert len(idle_lab.store.history(run.id).epochs) == 3


def test_a_number_that_was_given_away_is_not_taken_back(idle_lab: Lab) -> None:
    """Where a newer run has its number, a run that comes back gets the next one."""
    run = add_finished(idle_lab.home, "mine")
    idle_lab.trash.throw(run.id)
    newer = add_finished(idle_lab.home, "newer", seed=1)
    assert newer.number == run.number
    assert idle_lab.trash.restore(run.id).number == run.number + 1


@pytest.mark.parametrize("state", ["failed", "stopped", "interrupted"])
def test_a_run_without_a_model_comes_back_too(idle_lab: Lab, state: str) -> None:
    """Also one that never had a folder."""
    run = idle_lab.store.add(Recipe(seed=3), "nothing")
    attempt = idle_lab.store.begin_attempt(run.id)
    idle_lab.store.append(End.model_validate({"run_id": run.id, "attempt": attempt, "state": state, "message": "x"}))
    idle_lab.trash.throw(run.id)
    assert idle_lab.trash.all()[0].state is RunState(state)
    assert idle_lab.trash.restore(run.id).message == "x"


def test_a_run_in_use_is_not_thrown_away(idle_lab: Lab) -> None:
    """One that others wait to start from stays as it is, and nothing of it is in the trash."""
    run = add_finished(idle_lab.home, "source")
    with idle_lab.queue.batch():
        follower = idle_lab.store.add(Recipe(seed=1, start_from=run.id), "follower")
        with pytest.raises(BadInput, match="waits to start from"):
            idle_lab.trash.throw(run.id)
        assert idle_lab.trash.all() == []
        assert list(idle_lab.home.trash.iterdir()) == []
        assert idle_lab.store.get(run.id).state is RunState.DONE
        idle_lab.store.withdraw([follower.id])


@pytest.mark.parametrize("dies_in", ["list", "move", "commit", "adopt"])
def test_whatever_dies_nothing_is_lost(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch, dies_in: str) -> None:
    """Killed before the folder moves, between that and the list's letting go, or before the list takes the run back: it is in one of
    the two when the lab is next opened, and comes back whole."""
    run = add_finished(idle_lab.home, "mine")
    files = files_of(idle_lab.home.run(run.id))

    def killed(*_arguments: object, **_named: object) -> None:
        raise KeyboardInterrupt

    if dies_in == "list":
        monkeypatch.setattr(idle_lab.store, "delete", killed)
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
            idle_lab.trash.throw(run.id)
    else:
        idle_lab.trash.throw(run.id)
        monkeypatch.setattr(idle_lab.store, "adopt", killed)
        with pytest.raises(KeyboardInterrupt):
            idle_lab.trash.restore(run.id)
    monkeypatch.undo()
    idle_lab.trash.bring_into_line()
    if dies_in != "adopt":
        assert idle_lab.trash.all() == []
        assert idle_lab.store.get(run.id).id == run.id
    else:
        assert [one.id for one in idle_lab.trash.all()] == [run.id]
        assert idle_lab.trash.all()[0].bytes > len(files["predictions.npz"])
        idle_lab.trash.restore(run.id)
    assert files_of(idle_lab.home.run(run.id)) == files
    assert idle_lab.store.get(run.id).result == run.result


def test_what_is_deleted_from_the_trash_is_gone(idle_lab: Lab) -> None:
    """For good, also where its way into the trash was cut short; a wrong id is a sentence, and so is one that is in the list."""
    run = add_finished(idle_lab.home, "mine")
    idle_lab.trash.throw(run.id)
    (idle_lab.home.trash / f"{run.id}-1" / trashes.FILES).rename(idle_lab.home.run(run.id))
    assert idle_lab.trash.delete(run.id) > 0
    assert not idle_lab.home.run(run.id).exists()
    for wrong in (run.id, "../x", "", "0" * 12):
        with pytest.raises(UnknownRun, match="no such run in the trash"):
            idle_lab.trash.restore(wrong)
        with pytest.raises(UnknownRun):
            idle_lab.trash.delete(wrong)
    twice = add_finished(idle_lab.home, "twice")
    record = idle_lab.store.record(twice.id)
    idle_lab.trash.throw(twice.id)
    idle_lab.store.adopt([record])
    with pytest.raises(BadInput, match="is in the lab"):
        idle_lab.trash.restore(twice.id)
    idle_lab.trash.throw(twice.id)
    assert [one.name for one in idle_lab.trash.all()] == ["twice", "twice"]


def test_a_strange_folder_in_the_trash_harms_nothing(idle_lab: Lab) -> None:
    """What is no record is passed over."""
    for name, text in (("0" * 12 + "-1", "{"), ("nonsense", "{}"), ("1" * 12 + "-1", '{"run": {"id": "2"}}')):
        (idle_lab.home.trash / name).mkdir()
        (idle_lab.home.trash / name / trashes.RECORD).write_text(text, encoding="utf-8")
    (idle_lab.home.trash / "file").write_text("x", encoding="utf-8")
    assert idle_lab.trash.all() == []
