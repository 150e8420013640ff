"""Kept features on disk: written whole or not at all, and checked when they are read."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from flowerlab.features.cache import KeptFeatures
from flowerlab.features.eviction import PLANNED
from flowerlab.features.sets import ABOUT, ARRAY, checksum
from flowerlab.home import Home
from tests.support.features import ROWS, about, keep


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


def test_a_killed_writer_leaves_nothing_that_is_read(home: Home) -> None:
    """kill -9 in the middle of writing: no set is there, and what it left is swept away later."""
    code = (
        "import numpy as np, time; from pathlib import Path; from flowerlab.home import Home; "
        "from flowerlab.features.cache import *; from flowerlab.features.sets import About\n"
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
        Path, "open", lambda path, *how, **named: Full(plain(path, *how)) if path.name == ARRAY else plain(path, *how, **named)
    )
    with pytest.raises(OSError, match="No space left"):
        keep(kept, "a")
    assert list(home.features.iterdir()) == []


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
