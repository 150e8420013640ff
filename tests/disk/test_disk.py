"""The disk: every byte of the home is counted once, what is in use stays, what goes is what was named."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from flowerlab.cli import main
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import prepare
from flowerlab.disk.items import Item, Kind, Usage
from flowerlab.errors import HomeReadOnly
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import About
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.run import RunState
from flowerlab.store.schema import backup_of
from flowerlab.system.files import bytes_of
from flowerlab.system.locks import ProcessLock
from tests.support.checkpoints import leave_checkpoint
from tests.support.command_line import Outcome
from tests.support.recipes import QUICK
from tests.support.runs import add_finished


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home in which the garden was drawn once for all these tests."""
    home = Home(tmp_path_factory.mktemp("drawn")).create()
    gather(home, "garden", Garden(pictures=60))
    return home


@pytest.fixture
def used(idle_lab: Lab, drawn: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lab:
    """A lab with a bit of everything."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    lab = idle_lab
    shutil.copytree(drawn.originals, lab.home.originals, dirs_exist_ok=True)
    originals = gather(lab.home, "garden", lab.data.garden)
    prepared = prepare(lab.home, originals, "garden", image_size=72, resize="squash")
    about = About(
        prepared=prepared.key, architecture="vgg16_mini", cut=19, precision="float32", shape=(60, 8), origins=("flowerlab:x",)
    )
    with KeptFeatures(lab.home).making("f" * 24, about, np.float16) as write:
        write(np.zeros((60, 8)))
    with lab.queue.batch():
        run = add_finished(lab.home, "mine")
        thrown = add_finished(lab.home, "thrown", seed=1)
    leave_checkpoint(lab.home.run(run.id) / "attempt-1", epochs=2)
    (lab.home.embeddings / f"{run.id}-{originals.content[:12]}-test-{'a' * 24}.npz").write_bytes(b"x" * 300)
    (lab.home.hashes / f"phash-1-{originals.content}.npy").write_bytes(b"x" * 480)
    lab.trash.throw(thrown.id)
    (lab.home.weights / "mine.h5").write_bytes(b"x" * 400)
    backup_of(lab.home.store, 1).write_bytes(b"x" * 700)
    aside = lab.home.store.with_name(f"{lab.home.store.name}.damaged-2026-03-01")
    aside.write_bytes(b"x" * 800)
    aside.with_name(aside.name + "-wal").write_bytes(b"x" * 90)
    return lab


def named(usage: Usage, kind: Kind) -> Item:
    """The one item of a kind."""
    (found,) = usage.of(kind)
    return found


def test_every_byte_is_counted_once(used: Lab) -> None:
    """The sum of all items is what the home takes; each kind is there with its name, the largest first."""
    originals = gather(used.home, "garden", used.data.garden)
    prepare(used.home, originals, "garden", image_size=80, resize="lecture")
    begun = begin_everywhere(used.home)
    usage = used.disk.measure()
    assert named(usage, Kind.HALF_WRITTEN).bytes == begun
    assert named(usage, Kind.WEIGHTS).title == "mine.h5"
    assert usage.total() == bytes_of(used.home.root)
    assert [item.bytes for item in usage.of(Kind.LIST_COPIES)] == [890, 700]
    assert list(usage.items) == sorted(usage.items, key=lambda item: -item.bytes)
    for kind, title in {Kind.RUN: "mine", Kind.CHECKPOINTS: "mine", Kind.TRASH: "thrown"}.items():
        assert named(usage, kind).title == title
    assert [item.title.partition(", ")[2] for item in usage.of(Kind.PREPARED)] == ["80 px, lecture", "72 px"]
    assert "72 px" in named(usage, Kind.FEATURES).title
    assert (named(usage, Kind.FEATURES).again_s or 0) > 0
    assert named(usage, Kind.RUN).bytes + named(usage, Kind.CHECKPOINTS).bytes == bytes_of(
        used.home.run(named(usage, Kind.RUN).key)
    )
    assert usage.free_bytes > 0


def begin_everywhere(home: Home) -> int:
    """Leaves a half-written file or folder wherever something is written, and returns how many bytes they take."""
    for folder in (home.originals, home.prepared, home.features, home.folders):
        (folder / ".begun.part").mkdir()
        (folder / ".begun.part" / "photos.bin").write_bytes(b"x" * 50)
    for folder in (home.hashes, home.embeddings, home.weights):
        (folder / ".begun.part").write_bytes(b"x" * 60)
    return sum(bytes_of(path) for path in home.half_written())


def test_what_was_left_half_written_goes_a_day_later(used: Lab) -> None:
    """While somebody may still be writing it, it stays and says so, also if it is asked for by name; a day later it is freed."""
    begun = begin_everywhere(used.home)
    item = named(used.disk.measure(), Kind.HALF_WRITTEN)
    assert "may still be writing" in item.why_not
    used.disk.free([item])
    assert named(used.disk.measure(), Kind.HALF_WRITTEN).bytes == begun
    for path in used.home.half_written():
        os.utime(path, (time.time() - 25 * 3600,) * 2)
    item = named(used.disk.measure(), Kind.HALF_WRITTEN)
    assert item.why_not == ""
    assert used.disk.free([item]).bytes == begun
    assert list(used.home.half_written()) == []


def test_weights_that_somebody_brought_can_go(used: Lab) -> None:
    """A file that a waiting run begins with stays and says for whom; once that run is gone it can be freed."""
    with used.queue.batch():
        run = used.store.add(Recipe.parse({"architecture": "vgg16", "weights": "file:mine.h5"}), "from a file")
    item = named(used.disk.measure(), Kind.WEIGHTS)
    assert "'from a file' begins with it" in item.why_not
    assert used.disk.free([item]).stayed
    used.store.delete(run.id)
    assert used.disk.free([named(used.disk.measure(), Kind.WEIGHTS)]).freed
    assert used.disk.measure().of(Kind.WEIGHTS) == []


def test_everything_that_is_not_in_use_can_be_freed(used: Lab) -> None:
    """Caches, weights, checkpoints, old copies of the list and the trash for good, the run into the trash, from which it comes back."""
    usage = used.disk.measure()
    chosen = usage.of(
        Kind.FEATURES,
        Kind.PREPARED,
        Kind.PHOTOS,
        Kind.HASHES,
        Kind.EMBEDDINGS,
        Kind.CHECKPOINTS,
        Kind.TRASH,
        Kind.RUN,
        Kind.LIST_COPIES,
        Kind.WEIGHTS,
    )
    run_id = named(usage, Kind.RUN).key
    came = used.disk.free(chosen)
    assert came.stayed == []
    assert came.bytes == sum(item.bytes for item in chosen if item.kind is not Kind.RUN)
    after = used.disk.measure()
    assert {item.kind for item in after.items} == {Kind.TRASH, Kind.REST}
    used.trash.restore(run_id)
    assert left_behind(used.home.run(run_id)) is None
    assert used.store.get(run_id).result is not None


def test_nothing_is_freed_in_a_lab_to_look_at(used: Lab) -> None:
    """Where nothing can be changed, caches stay as well."""
    before = bytes_of(used.home.features)
    used.store.refuse_changes("This lab can be looked at.")
    with pytest.raises(HomeReadOnly, match="can be looked at"):
        used.disk.free(used.disk.measure().of(Kind.FEATURES))
    assert bytes_of(used.home.features) == before > 0


SPARED = (Kind.CHECKPOINTS, Kind.HASHES, Kind.EMBEDDINGS, Kind.TRASH, Kind.LIST_COPIES)


def test_what_is_in_use_stays_and_says_why(used: Lab) -> None:
    """Features that a trainer holds, photos of a run that waits, a run from which another starts, own items."""
    source = named(used.disk.measure(), Kind.RUN).key
    with used.queue.batch():
        follower = used.store.add(QUICK.changed(seed=9), "follower")
        used.store.add(QUICK.changed(seed=8, start_from=source), "behind")
        with KeptFeatures(used.home).held("f" * 24):
            usage = used.disk.measure()
            chosen = [one for one in usage.items if one.kind not in (*SPARED, Kind.WEIGHTS)]
            assert all(one.why_not for one in chosen)
            came = used.disk.free(chosen)
        assert came.freed == []
        reasons = {item.kind: why for item, why in came.stayed}
        assert "uses them" in reasons[Kind.FEATURES]
        assert "'follower'" in reasons[Kind.PREPARED] or "'behind'" in reasons[Kind.PREPARED]
        assert "trains on them or waits to" in reasons[Kind.PHOTOS]
        assert "'behind'" in next(why for item, why in came.stayed if item.key == source)
        assert "the lab needs them" in reasons[Kind.REST]
        used.store.withdraw([run.id for run in used.store.queued()])
    assert follower.state is RunState.QUEUED
    (place,) = used.home.prepared.iterdir()
    lock = ProcessLock(used.home.locks / f"prepared-{place.name}")
    assert lock.acquire()
    assert used.disk.free([named(used.disk.measure(), Kind.PREPARED)]).freed == []
    lock.release()


def test_a_run_that_trains_keeps_all_it_has(used: Lab) -> None:
    """Neither it nor its checkpoints can be freed by what was measured before it began."""
    usage = used.disk.measure()
    run = used.store.get(named(usage, Kind.RUN).key)
    used.store.go_on(run.id, run.recipe.changed(epochs=9))
    used.store.begin_attempt(run.id)
    came = used.disk.free(usage.of(Kind.RUN, Kind.CHECKPOINTS))
    assert came.freed == []
    assert left_behind(used.home.run(run.id)) is not None


def test_photos_that_cannot_be_had_again_stay(used: Lab) -> None:
    """tf_flowers without TensorFlow Datasets' copy, and photos whose folder is gone."""
    for name in ("tf_flowers-3.0.1", "folder-12345678-123456789012"):
        (used.home.originals / name).mkdir()
        (used.home.originals / name / "photos.bin").write_bytes(b"x" * 100_000)
    chosen = [item for item in used.disk.measure().of(Kind.PHOTOS) if not item.key.startswith("garden")]
    assert len(chosen) == 2
    assert all("could not be made again" in why for _thing, why in used.disk.free(chosen).stayed)


def test_the_command_shows_and_frees(used: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """Sizes by kind, what was freed and what had to stay; runs to the trash and back; a wrong name changes nothing."""
    run_id = named(used.disk.measure(), Kind.RUN).key

    def command(*arguments: str) -> Outcome:
        capfd.readouterr()
        code = main(["disk", *arguments])
        return Outcome(code, *capfd.readouterr())

    told = command("--json").json
    assert told["kinds"]["features"] > 0
    assert told["home_bytes"] == pytest.approx(bytes_of(used.home.root), rel=0.05)
    assert command("--free", "features", "--free", "nonsense").code == 2
    assert command("--json").json["kinds"]["features"] > 0
    freed = command("--free", "features", "--free", "checkpoints", "--free", "trash", "--json")
    assert freed.code == 0
    assert freed.json["freed_bytes"] > 0
    assert [freed.json["kinds"][kind] for kind in ("features", "checkpoints", "trash")] == [0, 0, 0]
    assert command("--free", f"run:{run_id}").code == 0
    assert used.store.all() == []
    assert command("--restore", run_id).code == 0
    assert command("--keep", run_id).code == 0
    assert used.store.get(run_id).kept
    stays = command("--free", "rest:rest")
    assert stays.code == 1
    assert "rest:rest stays: " in stays.err
    text = command().out
    assert "Cleaning rule: no run is cleaned by itself." in text
    assert any(line.startswith("run:") and "kept by you" in line for line in text.splitlines())
