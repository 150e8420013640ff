"""Kept features on disk: whole or not at all, bounded, found and freed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from flowerlab.features.cache import ABOUT, ARRAY, PLANNED, About, KeptFeatures, NoRoom, checksum
from flowerlab.home import Home
from flowerlab.system.locks import ProcessLock

ROWS = np.arange(40, dtype=np.float16).reshape(10, 4)


def about(shape: tuple[int, ...] = ROWS.shape, **more: Any) -> About:
    """What a small set says of itself."""
    return About(prepared="p", architecture="vgg16", cut=13, precision="float32", shape=shape, origins=("imagenet",), **more)


def keep(kept: KeptFeatures, key: str, rows: np.ndarray = ROWS) -> None:
    """Writes a set in two parts."""
    with kept.making(key, about(rows.shape), rows.dtype) as write:
        write(rows[: len(rows) // 2])
        write(rows[len(rows) // 2 :])


def test_what_is_written_is_read(home: Home) -> None:
    """A set comes back value by value, memory-mapped."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    found = kept.open("a", ROWS.shape)
    assert isinstance(found, np.memmap)
    np.testing.assert_array_equal(found, ROWS)
    assert kept.open("b", ROWS.shape) is None


@given(
    rows=arrays.arrays(st.sampled_from([np.float16, np.float32]), arrays.array_shapes(min_dims=2, max_dims=4, max_side=5)),
    cuts=st.lists(st.integers(0, 5), max_size=3),
)
def test_parts_of_any_size_add_up(tmp_path_factory: pytest.TempPathFactory, rows: np.ndarray, cuts: list[int]) -> None:
    """However the rows come in parts, the array and its checksum are those of the whole."""
    home = Home(tmp_path_factory.mktemp("home")).create()
    kept = KeptFeatures(home, 1e6 / 1e9)
    with kept.making("a", about(rows.shape), rows.dtype) as write:
        for part in np.split(rows, sorted(min(cut, len(rows)) for cut in cuts)):
            write(part)
    found = kept.open("a", rows.shape)
    assert found is not None
    assert found.tobytes() == rows.tobytes()
    assert checksum(found) == checksum(rows)


@pytest.mark.parametrize("damage", ["short", "flipped", "header", "no array", "about", "other format", "empty"])
def test_a_damaged_set_is_thrown_away(home: Home, caplog: pytest.LogCaptureFixture, damage: str) -> None:
    """Cut short, one bit flipped, not saying what it is: the set goes, the log says so, and it can be made anew."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    array, said = home.features / "a" / ARRAY, home.features / "a" / ABOUT
    whole = array.read_bytes()
    if damage == "short":
        array.write_bytes(whole[:-3])
    elif damage == "flipped":
        array.write_bytes(whole[:-5] + bytes([whole[-5] ^ 1]) + whole[-4:])
    elif damage == "header":
        array.write_bytes(b"\x00" + whole[1:])
    elif damage == "no array":
        array.unlink()
    elif damage == "about":
        said.write_text("{")
    elif damage == "other format":
        said.write_text(said.read_text().replace('"format":2', '"format":1'))
    else:
        array.write_bytes(b"")
    assert kept.open("a", ROWS.shape) is None
    assert "thrown away" in caplog.text
    assert not (home.features / "a").exists()
    keep(kept, "a")
    np.testing.assert_array_equal(kept.open("a", ROWS.shape), ROWS)


def test_a_set_of_another_shape_is_not_ours(home: Home) -> None:
    """A key that leads to features of another form is no hit."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    assert kept.open("a", (10, 5)) is None


def test_a_pass_that_breaks_off_leaves_nothing(home: Home) -> None:
    """Too few rows, or an error between them: no set, no part of one."""
    kept = KeptFeatures(home)
    with pytest.raises(OSError, match="5 of 10 rows"), kept.making("a", about(), np.float16) as write:
        write(ROWS[:5])
    with pytest.raises(KeyError), kept.making("a", about(), np.float16) as write:
        write({}["no rows"])
    assert list(home.features.iterdir()) == []


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
    with pytest.raises(NoRoom, match="are more than"), kept.making("b", about((1000, 4)), np.float16):
        pass
    with kept.held("a"), pytest.raises(NoRoom, match="in use"), kept.making("b", about((100, 4)), np.float16):
        pass
    assert [one.key for one in kept.all()] == ["a"]
    assert not kept.fits(1001)
    assert kept.fits(1000)


def test_the_bound_is_a_tenth_of_the_free_disk(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a setting: 8 GB, or a tenth of what would be free without the sets, whichever is less."""
    kept = KeptFeatures(home)

    def disk(free: float) -> None:
        usage = type("Usage", (), {"free": free})
        monkeypatch.setattr("flowerlab.features.cache.shutil.disk_usage", lambda path: usage)

    disk(1e12)
    assert kept.limit_bytes == 8e9
    disk(1e9)
    assert kept.limit_bytes == pytest.approx(1e8)
    keep(kept, "a", np.ones((1000, 4), np.float16))
    assert kept.limit_bytes > 1e8
    assert KeptFeatures(home, 5).limit_bytes == 5e9


def test_a_held_set_is_in_use_until_its_holder_is_gone(home: Home) -> None:
    """A set that another process holds is not deleted; when that process is killed, it is free at once."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    code = (
        "import sys, time; from pathlib import Path; from flowerlab.home import Home; "
        "from flowerlab.features.cache import KeptFeatures\n"
        f"with KeptFeatures(Home(Path({str(home.root)!r}))).held('a'):\n  print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert not kept.free("a")
    assert [one.key for one in kept.all()] == ["a"]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert kept.free("a")
    assert kept.all() == []
    assert list(home.locks.glob("using-*")) == []


def test_a_killed_writer_leaves_nothing_that_is_read(home: Home) -> None:
    """kill -9 in the middle of writing: no set is there, and what it left is swept away later."""
    code = (
        "import numpy as np, time; from pathlib import Path; from flowerlab.home import Home; "
        "from flowerlab.features.cache import *\n"
        "a = About(prepared='p', architecture='vgg16', cut=13, precision='float32', shape=(10, 4), origins=('x',))\n"
        f"with KeptFeatures(Home(Path({str(home.root)!r}))).making('a', a, np.float16) as write:\n"
        "  write(np.ones((5, 4))); print('half', flush=True); time.sleep(60)"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "half\n"
    writer.kill()
    writer.wait()
    writer.stdout.close()
    kept = KeptFeatures(home)
    assert kept.all() == []
    assert kept.open("a", ROWS.shape) is None
    keep(kept, "a")
    assert kept.open("a", ROWS.shape) is not None
    home.sweep(older_than_s=-1)
    assert [path.name for path in home.features.iterdir()] == ["a"]


def test_a_full_disk_is_an_error_and_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """No space left while the rows are written: an OSError, and no part of a set."""
    kept = KeptFeatures(home)
    plain = Path.open

    class Full:
        def __init__(self, file: Any) -> None:
            self._file = file

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *error: object) -> None:
            self._file.close()

        def write(self, data: Any) -> int:
            if len(data) > 30:
                raise OSError(errno.ENOSPC, "No space left on device")
            return int(self._file.write(data))

    monkeypatch.setattr(
        Path,
        "open",
        lambda path, *how, **named: Full(plain(path, *how)) if path.name == ARRAY else plain(path, *how, **named),
    )
    with pytest.raises(OSError, match="No space left"):
        keep(kept, "a")
    assert list(home.features.iterdir()) == []


def test_sets_are_found_by_what_they_are_of(home: Home) -> None:
    """A set is at hand for its photos, cut, precision and every name of its weights, and for nothing else."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    asked: tuple[Any, ...] = ("p", "vgg16", "float32", "imagenet")
    assert kept.cuts(*asked) == {13}
    for place, other in enumerate(("q", "vgg16_mini", "bfloat16", "none:0")):
        assert kept.cuts(*asked[:place], other, *asked[place + 1 :]) == set()
    assert kept.cuts(*asked, views="flip-0-4") == kept.cuts(*asked, exact=True) == set()
    assert kept.open("a", ROWS.shape, origin="run:x") is not None
    assert kept.cuts(*asked[:-1], "run:x") == {13}
    assert kept.cuts(*asked) == {13}


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
    with pytest.raises(NoRoom, match="in use"):
        keep(kept, "a", np.ones((100, 4), np.float16))
    assert [path.name for path in home.features.iterdir()] == [".alive.x.part"]
    # Of what has just been begun, what it will take counts.
    (home.features / ".alive.x.part" / ARRAY).write_bytes(b"")
    (home.features / ".alive.x.part" / PLANNED).write_text("5000")
    with pytest.raises(NoRoom, match="in use"):
        keep(kept, "a", np.ones((100, 4), np.float16))
    writing.release()
    keep(kept, "a", np.ones((100, 4), np.float16))
    assert [path.name for path in home.features.iterdir()] == ["a"]


def test_a_set_says_what_it_will_take_while_it_is_written(home: Home) -> None:
    """Its whole size is noted before the first row is there, and not among its files when it is done."""
    kept = KeptFeatures(home)
    rows = np.ones((100, 4), np.float16)
    with kept.making("a", about(rows.shape), rows.dtype) as write:
        (scratch,) = home.features.glob(".a.*")
        assert int((scratch / PLANNED).read_text()) >= rows.nbytes
        write(rows)
    assert sorted(path.name for path in (home.features / "a").iterdir()) == sorted([ABOUT, ARRAY])


def test_a_note_that_cannot_be_written_spoils_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a full or read-only disk features are read all the same."""
    kept = KeptFeatures(home)
    keep(kept, "a")

    def full(*arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("flowerlab.features.cache.replace_file", full)
    monkeypatch.setattr("flowerlab.features.cache.os.utime", full)
    np.testing.assert_array_equal(kept.open("a", ROWS.shape, origin="another"), ROWS)


def test_a_use_is_remembered(home: Home) -> None:
    """Opening a set makes it the most recently used."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    keep(kept, "b")
    for key in "ab":
        os.utime(home.features / key / ABOUT, (1, 1))
    kept.open("a", ROWS.shape)
    assert [one.key for one in kept.all()] == ["b", "a"]
    assert kept.all()[-1].used_s == pytest.approx(time.time(), abs=60)
