"""A full disk: a sentence each, what was there is whole, and the lab goes on when there is room again."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.import_folder import import_folder
from flowerlab.datasets.originals import open_originals
from flowerlab.datasets.prepared import prepare
from flowerlab.engine.fake import FakeEngine
from flowerlab.errors import DiskFull, HomeReadOnly
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.checkpoints import read_checkpoint, write_checkpoint
from flowerlab.runs.folders import RunFolders
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.system.filesystems import no_room
from tests.support.checkpoints import checkpoint_at, state_of
from tests.support.full_disk import filled_up, full, room_for, tiny_disk
from tests.support.photos import photo, some
from tests.support.stores import DONE, live_in, say
from tests.support.waiting import until

BYTES = (0, 1, 200, 1_000)


def listing(root: Path) -> list[str]:
    """Everything below a folder."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def add_many(store: Store) -> None:
    """Adds more runs than there can be room for."""
    for seed in range(1000):
        store.add(Recipe(seed=seed), "run")


@pytest.mark.parametrize("count", BYTES)
def test_photos_are_there_whole_or_not_at_all(home: Home, count: int) -> None:
    """Gathering, resizing and importing photos on a full disk leaves what was there and nothing else; then it succeeds."""
    source = home.root.parent / "source"
    for number in range(20):
        path = source / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photo(number) + bytes(400))
    originals = some(home)
    before = listing(home.root)
    for make in (
        lambda: some(home, "other", begin=50),
        lambda: prepare(home, originals, "folder:set", image_size=32, resize="squash"),
    ):
        with room_for(count, home.root), pytest.raises(OSError, match="No space left") as caught:
            make()
        assert no_room(caught.value)
        assert [path for path in listing(home.root) if not path.startswith("locks/")] == [
            path for path in before if not path.startswith("locks/")
        ]
    assert open_originals(originals.folder) is not None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shutil.copyfileobj", full)
        patched.setattr("shutil.copyfile", full)
        patched.setattr("pathlib.Path.write_bytes", full)
        with pytest.raises(OSError, match="No space left"):
            import_folder(source, home.folders)
    assert list(home.folders.iterdir()) == []
    assert len(some(home, "other", begin=50)) == 30
    assert len(prepare(home, originals, "folder:set", image_size=32, resize="squash").photos) == 30
    import_folder(source, home.folders)


@pytest.mark.parametrize("count", BYTES)
def test_a_checkpoint_costs_none_of_before(tmp_path: Path, count: int) -> None:
    """A checkpoint for which there is no room is not there, and the one before is whole."""
    folder = tmp_path / "attempt-1"
    folder.mkdir()
    write_checkpoint(folder, checkpoint_at(state_of(*[0.5] * 3)))
    with room_for(count, tmp_path), pytest.raises(OSError, match="No space left"):
        write_checkpoint(folder, checkpoint_at(state_of(*[0.5] * 4)))
    found = read_checkpoint(folder)
    assert found is not None
    assert found.state.epochs_run == 3
    write_checkpoint(folder, checkpoint_at(state_of(*[0.5] * 4)))
    assert [path.name for path in folder.iterdir()] == ["epoch-00004"]


def test_a_record_that_finds_no_room_is_written_later(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is in the list all the same; the folder says what it said before, and the new when there is room."""
    store = Store(home.store)
    run = store.add(Recipe(), "before")
    record = home.run(run.id) / "run.json"
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", full)
        store.rename(run.id, "after")
        other = store.add(Recipe(seed=1), "other")
        assert store.unwritten(9) == [run.id, other.id]
    assert json.loads(record.read_text())["name"] == "before"
    assert [path.name for path in home.run(run.id).iterdir()] == ["run.json"]
    assert all(store.keep(run_id) for run_id in store.unwritten(9))
    assert json.loads(record.read_text())["name"] == "after"
    assert store.unwritten(9) == []
    store.close()


def test_a_list_that_cannot_grow_is_a_sentence(home: Home) -> None:
    """Whatever finds no room in it changes nothing, and says what to do; deleting needs none."""
    ids = live_in(home)
    store = Store(home.store)
    db = store._connection()
    pages = db.rows("PRAGMA page_count")[0][0]
    db.rows(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(DiskFull, match=r"The disk is full.*Free some space and try again\. What was there is whole"):
        add_many(store)
    assert len(store.all()) > 4
    assert {path.name for path in home.runs.iterdir()} == {run.id for run in store.all()}
    store.look_through()
    store.delete(ids[DONE])
    store.add(Recipe(seed=99), "run")
    store.close()


def test_the_lab_lives_on_a_disk_that_fills_up(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a real disk: filled while a run trains, it says so; given room, the run ends with a sentence or goes on, and the next is done."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.002)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.01)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.AGAIN_S", 0.01)
    with tiny_disk(tmp_path / "disk") as disk:
        home = Home(disk / "home").create()
        ids = live_in(home)
        store = Store(home.store)
        for what in list(ids)[1:]:
            if store.get(ids[what]).state is RunState.STOPPING:
                say(store, ids[what], 1, "end", state="stopped")
            elif store.get(ids[what]).state.live:
                say(store, ids[what], 1, "end", state="failed")
            else:
                store.request_stop(ids[what])
        store.close()
        lab = Lab(settings.model_copy(update={"home": home.root, "engine": "fake", "disk_reserve_gb": 0.0}))
        try:
            until(lambda: lab.owns_queue)
            with filled_up(disk):
                with pytest.raises(DiskFull):
                    add_many(lab.store)
                assert lab.store.get(ids[DONE]).result is not None
                assert len(lab.store.history(ids[DONE]).epochs) == 2
                with pytest.raises(OSError, match="No space left"):
                    prepare(home, gather(home, "garden", Garden(4)), "garden", image_size=400, resize="squash")
            run = lab.queue.start(Recipe(epochs=1, seed=12345, image_size=72, head=(8,)), again=True).run
            until(lambda: lab.store.get(run.id).state is RunState.DONE)
            lab.store.look_through()
        finally:
            lab.close()
        with contextlib.closing(Lab(settings.model_copy(update={"home": home.root, "engine": "fake"}), run_queue=False)) as lab:
            assert lab.notices == []
            assert lab.store.get(run.id).id == run.id


def test_a_lab_on_a_full_disk_can_be_looked_at(tmp_path: Path, settings: Settings) -> None:
    """Opened when there is no room at all, the lab shows its runs, and says why it can do no more."""
    with tiny_disk(tmp_path / "disk") as disk:
        home = Home(disk / "home").create()
        ids = live_in(home)
        with filled_up(disk), contextlib.closing(Lab(settings.model_copy(update={"home": home.root}))) as lab:
            assert lab.store.get(ids[DONE]).result is not None
            with pytest.raises(HomeReadOnly, match="disk is full"):
                lab.queue.start(Recipe(seed=7))


def test_a_deletion_that_fails_at_its_end_costs_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the list cannot take the deletion any more, the run and its folder are there as before."""
    ids = live_in(home)
    store = Store(home.store)
    bury = RunFolders.bury

    def buried_and_full(self: RunFolders, run_id: str, into: Path | None = None) -> None:
        bury(self, run_id, into)
        raise DiskFull("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(RunFolders, "bury", buried_and_full)
        with pytest.raises(DiskFull):
            store.delete(ids[DONE])
    assert store.get(ids[DONE]).result is not None
    assert (home.run(ids[DONE]) / "model.keras").exists()
    store.close()
