"""How much kept features may take, and what goes first."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

from flowerlab.datasets.originals import Originals
from flowerlab.datasets.prepared import Prepared, prepare
from flowerlab.features.cache import KeptFeatures
from flowerlab.features.eviction import PLANNED, CacheFull, delete_prepared
from flowerlab.features.sets import ABOUT, ARRAY
from flowerlab.home import Home
from flowerlab.system.locks import ProcessLock
from tests.support.features import ROWS, about, keep
from tests.support.photos import some


def test_the_least_recently_used_goes_first(home: Home) -> None:
    """Where the bound is reached, sets go in the order of their last use, never one in use."""
    keep(KeptFeatures(home), "a")
    (first,) = KeptFeatures(home).all()
    kept = KeptFeatures(home, 3.5 * first.bytes / 1e9)
    for number, key in enumerate("abc"):
        keep(kept, key)
        os.utime(home.features / key / ABOUT, (number, number))
    assert kept.open("a", ROWS.shape) is not None
    with kept.held("b"):
        keep(kept, "d")
        assert sorted(one.key for one in kept.all()) == ["a", "b", "d"]
    keep(kept, "e")
    assert sorted(one.key for one in kept.all()) == ["a", "d", "e"]


def test_what_can_never_fit_is_refused_and_nothing_goes(home: Home) -> None:
    """A set larger than the bound, or than what those in use leave, is refused; what is kept stays."""
    kept = KeptFeatures(home, 1000 / 1e9)
    keep(kept, "a")
    with pytest.raises(CacheFull, match="are more than"), kept.making("b", about((1000, 4)), np.float16):
        pass
    with kept.held("a"), pytest.raises(CacheFull, match="in use"), kept.making("b", about((100, 4)), np.float16):
        pass
    assert [one.key for one in kept.all()] == ["a"]
    assert not kept.fits(1001)
    assert kept.fits(1000)


def test_the_bound_is_a_tenth_of_the_free_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting: 8 GB, or a tenth of what would be free without the sets, whichever is less."""
    kept = KeptFeatures(home)

    def disk(free: float) -> None:
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr("flowerlab.features.eviction.shutil.disk_usage", lambda path: usage)

    disk(1e12)
    assert kept.limit_bytes == 8e9
    disk(1e9)
    assert kept.limit_bytes == pytest.approx(1e8)
    keep(kept, "a", np.ones((1000, 4), np.float16))
    assert kept.limit_bytes > 1e8
    assert KeptFeatures(home, 5).limit_bytes == 5e9


def test_what_says_nothing_of_itself_goes_when_room_is_made(home: Home) -> None:
    """A folder without a word, or of an older format, is deleted before another set is written; one in use stays."""
    for name in ("old", "held"):
        (home.features / name).mkdir()
        (home.features / name / ABOUT).write_text('{"prepared": "p", "architecture": "vgg16"}')
    kept = KeptFeatures(home)
    with kept.held("held"):
        keep(kept, "a")
    assert sorted(path.name for path in home.features.iterdir()) == ["a", "held"]


def test_what_others_are_writing_counts_and_what_the_killed_left_goes(home: Home) -> None:
    """Parts of a set that somebody writes now take their room and stay; those whose writer is gone are deleted."""
    for key in ("alive", "dead", "a"):
        (home.features / f".{key}.x.part").mkdir()
        (home.features / f".{key}.x.part" / ARRAY).write_bytes(bytes(5000))
    kept = KeptFeatures(home, 5200 / 1e9)
    writing = ProcessLock(kept.lock_of("alive"))
    assert writing.acquire()
    with pytest.raises(CacheFull, match="in use"):
        keep(kept, "a", np.ones((100, 4), np.float16))
    assert [path.name for path in home.features.iterdir()] == [".alive.x.part"]
    # Of what has just been begun, what it will take counts.
    (home.features / ".alive.x.part" / ARRAY).write_bytes(b"")
    (home.features / ".alive.x.part" / PLANNED).write_text("5000")
    with pytest.raises(CacheFull, match="in use"):
        keep(kept, "a", np.ones((100, 4), np.float16))
    writing.release()
    keep(kept, "a", np.ones((100, 4), np.float16))
    assert [path.name for path in home.features.iterdir()] == ["a"]


def test_deleting_takes_all_sizes_of_one_content(home: Home) -> None:
    """All that was made of these photos goes, at whatever size; what was made of others stays."""

    def ready(originals: Originals, *, size: int = 8, how: str = "squash") -> Prepared:
        return prepare(home, originals, "folder:set", image_size=size, resize=how)

    mine, others = some(home, "mine"), some(home, "others", begin=1)
    gone = [ready(mine), ready(mine, size=9), ready(mine, how="crop")]
    kept = ready(others)
    assert json.loads((home.prepared / kept.key / "about.json").read_bytes())["content"] == others.content
    for name, of in (("of-mine", gone[1]), ("of-others", kept)):
        with KeptFeatures(home).making(name, about((1, 1), prepared=of.key), np.float16) as write:
            write(np.ones((1, 1)))
    delete_prepared(home, mine.content)
    assert [path.name for path in home.features.iterdir()] == ["of-others"]
    assert [path.name for path in home.prepared.iterdir()] == [kept.key]
    assert not any((home.prepared / one.key).exists() for one in gone)
    assert (ready(others).photos == kept.photos).all()
    delete_prepared(home, mine.content)
    assert [path.name for path in home.prepared.iterdir()] == [kept.key]
