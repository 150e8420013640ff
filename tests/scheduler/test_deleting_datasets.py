"""An own data set is deleted with all that was made of it, unless a run needs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import prepare
from flowerlab.errors import BadFolder, BadInput
from tests.support.photos import GARDEN
from tests.support.recipes import QUICK
from tests.support.scheduling import LONG, OpenLab, begun, owner_of, plants
from tests.support.waiting import until


def test_photos_that_a_run_needs_are_not_deleted(open_lab: OpenLab, tmp_path: Path) -> None:
    """While a run trains on photos or waits to, they stay; when it is over they can go."""
    lab = owner_of(open_lab())
    dataset = plants(lab, tmp_path)
    others = plants(lab, tmp_path, "others")
    live = begun(lab, LONG.changed(dataset=dataset), "live")
    waiting = lab.queue.start(QUICK.changed(dataset=dataset), name="waiting").run
    with pytest.raises(BadInput, match="'live' trains on these photos"):
        lab.disk.delete_dataset(dataset)
    lab.disk.delete_dataset(others)
    second = lab.queue.start(LONG, name="other").run
    lab.queue.stop(live.id)
    lab.queue.stop(live.id)
    until(lambda: lab.store.get(live.id).state.over)
    lab.queue.wait([waiting.id], every_s=0.01)
    third = lab.queue.start(QUICK.changed(dataset=dataset, seed=5), name="still waiting").run
    with pytest.raises(BadInput, match="'still waiting' trains on these photos or waits to"):
        lab.disk.delete_dataset(dataset)
    assert (lab.home.folders / "plants" / "a" / "00.png").exists()
    lab.queue.stop(third.id)
    lab.disk.delete_dataset(dataset)
    assert list(lab.home.folders.iterdir()) == []
    lab.queue.stop(second.id)


def test_deleting_photos_deletes_what_was_made_of_them(open_lab: OpenLab, tmp_path: Path) -> None:
    """Folder, gathered photos and arrays of all sizes go; those of other photos and the runs stay."""
    lab = open_lab()
    kept = {}
    for name in ("plants", "others"):
        dataset = plants(lab, tmp_path, name)
        originals = gather(lab.home, dataset, GARDEN)
        keys = [prepare(lab.home, originals, dataset, image_size=size, resize="squash").key for size in (8, 9)]
        kept[name] = (originals.folder.name, keys)
    run = lab.queue.start(QUICK.changed(dataset="folder:plants")).run
    lab.queue.wait([run.id], every_s=0.01)
    lab.disk.delete_dataset("folder:plants")
    assert [path.name for path in lab.home.folders.iterdir()] == ["others"]
    assert [path.name for path in lab.home.originals.iterdir()] == [kept["others"][0]]
    assert {path.name for path in lab.home.prepared.iterdir()} == set(kept["others"][1])
    assert lab.store.get(run.id).result is not None
    assert (tmp_path / "plants" / "a" / "00.png").exists()
    with pytest.raises(BadFolder, match="Received: 'plants'"):
        lab.disk.delete_dataset("folder:plants")


def test_photos_that_were_never_gathered_can_be_deleted(open_lab: OpenLab, tmp_path: Path) -> None:
    """A set that nobody trained on or looked at goes as well."""
    lab = open_lab()
    lab.disk.delete_dataset(plants(lab, tmp_path))
    assert list(lab.home.folders.iterdir()) == []
