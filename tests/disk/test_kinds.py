"""Every kind of thing on the disk is complete: it is counted, says why it stays, goes when nothing needs it, and has a name."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

from flowerlab.datasets.gather import gather
from flowerlab.datasets.prepared import prepare
from flowerlab.datasets.sources.garden import garden_of
from flowerlab.disk.items import Item, Kind
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import About
from flowerlab.lab import Lab
from flowerlab.store.schema import backup_of
from flowerlab.ui.disk.summary import parts_of
from flowerlab.ui.disk.table import question_lines
from flowerlab.ui.widgets.sizes import kind_words, loss_words
from tests.support.checkpoints import leave_checkpoint
from tests.support.photos import write_leaves
from tests.support.runs import add_finished

# Shown on Disk, and freed elsewhere or not at all.
ALWAYS_STAYS = {Kind.OWN_PHOTOS, Kind.DOWNLOADS, Kind.REST}


@pytest.fixture
def full(idle_lab: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Lab:
    """A lab with one thing of each kind."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    home = idle_lab.home
    (tmp_path / "keras" / "models").mkdir(parents=True)
    (tmp_path / "keras" / "models" / "weights.h5").write_bytes(b"x" * 10)
    originals = gather(home, "garden", garden_of(idle_lab.settings))
    prepare(home, originals, "garden", image_size=32, resize="squash")
    about = About(prepared="p", architecture="vgg16_mini", cut=19, precision="float32", shape=(6, 8), origins=("x",))
    with KeptFeatures(home).making("f" * 24, about, np.float16) as write:
        write(np.zeros((6, 8)))
    run, gone = add_finished(home, "mine"), add_finished(home, "gone", seed=1)
    leave_checkpoint(home.run(run.id) / "attempt-1", epochs=2)
    idle_lab.trash.throw(gone.id)
    (home.embeddings / f"{run.id}-x.npz").write_bytes(b"x")
    (home.hashes / "phash-1-x.npy").write_bytes(b"x")
    (home.weights / "mine.h5").write_bytes(b"x")
    backup_of(home.store, 1).write_bytes(b"x")
    write_leaves(home.folders / "leaves")
    (home.originals / ".begun.part").write_bytes(b"x")
    day_before_s = time.time() - 25 * 3600
    os.utime(home.originals / ".begun.part", (day_before_s, day_before_s))
    return idle_lab


def only(lab: Lab, kind: Kind) -> Item:
    """The one thing of a kind."""
    (found,) = lab.disk.measure().of(kind)
    return found


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_is_complete(full: Lab, kind: Kind) -> None:
    """It is measured under its own name, has words on the page and a part in its bar; then it is freed, which the page asks about
    first, or always says why not."""
    item = only(full, kind)
    assert item.bytes > 0
    assert item.title
    assert full.disk.kinds[kind].kind is kind
    assert kind_words(kind)
    assert loss_words(item)
    assert parts_of(full.disk.measure())
    bar = sum(taken for _name, taken in parts_of(full.disk.measure()))
    assert bar == full.disk.measure().total() + full.disk.measure().total(Kind.DOWNLOADS)
    lines = question_lines([item])
    came = full.disk.free([item])
    if kind in ALWAYS_STAYS:
        assert item.why_not
        assert came.stayed == [(item, item.why_not)]
        assert only(full, kind).bytes > 0
    else:
        assert item.why_not == ""
        assert kind is Kind.TRASH or item.title in lines[0].replace("\\", "")
        assert came.stayed == []
        assert item.name not in {one.name for one in full.disk.measure().items}
        assert came.bytes + came.bytes_in_trash == item.bytes
