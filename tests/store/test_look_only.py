"""A home that cannot be written: it can be looked at."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from flowerlab.cli.app import main
from flowerlab.doctor.home import check_home
from flowerlab.errors import HomeReadOnly, HomeUnusable
from flowerlab.home import Home
from flowerlab.inference.classify import finished_runs
from flowerlab.lab import Lab
from flowerlab.packs.starter import bring_starter
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.read_only import bytes_in, mounted_read_only, told_read_only
from tests.support.stores import DONE, UNDER_WAY, live_in


@pytest.mark.parametrize("refusing", [mounted_read_only, told_read_only])
def test_a_home_that_cannot_be_written_can_be_looked_at(
    home: Home, settings: Settings, refusing: Callable[[Path], contextlib.AbstractContextManager[None]]
) -> None:
    """All runs, results and curves are shown; whatever would change something says why not; no byte of the home changes."""
    ids = live_in(home)
    before = bytes_in(home.root)
    with refusing(home.root):
        lab = Lab(settings)
        try:
            assert len(lab.store.all()) == 4
            assert len(lab.store.history(ids[DONE]).epochs) == 2
            assert finished_runs(lab.store, lab.home) == [lab.store.get(ids[DONE])]
            assert "cannot write its folder" in lab.store.read_only
            for change in (
                lambda: lab.queue.start(Recipe(seed=99)),
                lambda: lab.queue.stop(ids[UNDER_WAY]),
                lambda: lab.store.rename(ids[DONE], "x"),
                lambda: lab.trash.throw(ids[DONE]),
                lambda: lab.disk.delete_dataset("folder:x"),
                lambda: bring_starter(lab.home, lab.store, again=True),
            ):
                with pytest.raises(HomeReadOnly, match="this lab can be looked at, and nothing in it can be changed"):
                    change()
            assert not lab.owns_queue
            assert lab.home.log("predictor").parent != home.root
            scratch = lab.home.log("predictor").parent
        finally:
            lab.close()
        assert not scratch.exists()
        (finding,) = check_home(home.root)
        assert "cannot be written" in finding.text
    assert bytes_in(home.root) == before


def test_what_was_not_closed_is_seen_too(home: Home, settings: Settings) -> None:
    """The newest runs of a lab that was killed, which lie in SQLite's log, are there; so are those of an earlier schema."""
    ids = live_in(home)
    holding = Store(home.store)
    newest = holding.add(Recipe(seed=7), "newest")
    assert home.store.with_name(f"{home.store.name}-wal").stat().st_size
    with told_read_only(home.root), contextlib.closing(Lab(settings)) as lab:
        assert {run.id for run in lab.store.all()} == {*ids.values(), newest.id}
    holding.close()


def test_a_damaged_list_that_cannot_be_mended_is_rebuilt_to_be_looked_at(home: Home, settings: Settings) -> None:
    """In a home that cannot be written the runs come from their folders, for as long as the lab is open."""
    ids = live_in(home)
    home.store.write_bytes(b"no database" * 1000)
    with told_read_only(home.root), contextlib.closing(Lab(settings)) as lab:
        assert lab.store.get(ids[DONE]).state is RunState.DONE
        assert "4 runs were rebuilt" in lab.notices[0]
    assert home.store.read_bytes() == b"no database" * 1000


def test_without_room_for_a_copy_the_list_is_read_where_it_lies(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk so full that no copy can be made still shows its runs."""
    ids = live_in(home)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with told_read_only(home.root), contextlib.closing(Lab(settings)) as lab:
        assert len(lab.store.history(ids[DONE]).epochs) == 2
        with pytest.raises(HomeReadOnly):
            lab.queue.start(Recipe(seed=99))


def test_a_file_that_may_only_be_read_is_looked_at(home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the folder can be written and the list cannot, that is the same."""
    ids = live_in(home)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != home.store)
    with contextlib.closing(Lab(settings)) as lab:
        assert "may only be read" in lab.store.read_only
        assert lab.store.get(ids[DONE]).result is not None


def test_a_home_without_a_list_cannot_be_looked_at(home: Home, settings: Settings) -> None:
    """An empty folder that cannot be written is refused with one sentence."""
    with told_read_only(home.root), pytest.raises(HomeUnusable, match="Set FLOWERLAB_HOME to another folder"):
        Lab(settings)


def test_commands_that_only_read_work_there(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    """`runs` lists them; `train` ends with one sentence and exit code 1."""
    live_in(home)
    with told_read_only(home.root):
        assert main(["runs"]) == 0
        said = capsys.readouterr()
        assert "Ann & Bob" in said.out
        assert "nothing in it can be changed" in said.err
        assert main(["train", "--epochs", "1", "--image-size", "72"]) == 1
        assert "nothing in it can be changed" in capsys.readouterr().err.splitlines()[-1]
