"""Hostile zips and folders of own photos: taken without what could do harm, or refused whole in one sentence."""

from __future__ import annotations

import os
import tracemalloc
from pathlib import Path

import pytest

from flowerlab.datasets.import_folder import import_folder
from flowerlab.errors import BadFolder
from flowerlab.home import Home
from tests.support.hostile.archives import REFUSED, TAKEN, photo, photos_of
from tests.support.hostile.judging import Fault, check_sentence, refusal, state_of


@pytest.mark.parametrize("name", REFUSED)
def test_a_hostile_zip_is_refused_whole(home: Home, tmp_path: Path, name: str) -> None:
    """Refused in one sentence with the reason, nothing is left in the home or beside it, and memory stays small."""
    source = tmp_path / "plants.zip"
    REFUSED[name].write(source)
    peaks: list[int] = []

    def attempt() -> None:
        tracemalloc.start()
        try:
            import_folder(source, home.folders)
        finally:
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()

    said = refusal(attempt, BadFolder, watched=tmp_path)
    assert said is not None
    assert REFUSED[name].words in said
    assert peaks[0] < 70_000_000


@pytest.mark.parametrize("name", TAKEN)
def test_an_odd_zip_is_taken_without_what_is_odd(home: Home, tmp_path: Path, name: str) -> None:
    """The photos that can be read come in, each below its class; what was left out has a sentence that can be shown."""
    source = tmp_path / "plants.zip"
    TAKEN[name].write(source)
    before = state_of(tmp_path)
    info = import_folder(source, home.folders)
    assert info.photos == TAKEN[name].photos
    made = state_of(tmp_path).keys() - before.keys()
    assert all(path.startswith("home/folders/plants/") and path.isprintable() for path in made)
    assert sum(not path.endswith("/") for path in made) == info.photos
    for sentence in info.left_out:
        check_sentence(sentence)


@pytest.mark.parametrize("name", ["x" * 300, "../" * 2000, "/dev/null", "/dev/zero", "two\nlines", "\udcff"])
def test_a_path_that_leads_to_no_photos(home: Home, tmp_path: Path, name: str) -> None:
    """A path that no file system can hold, or that leads to a device, is refused like any that leads nowhere."""
    said = refusal(lambda: import_folder(tmp_path / name, home.folders, "plants"), BadFolder, watched=tmp_path)
    assert said is not None
    assert "no photos to import" in said


def test_a_folder_may_hold_anything(home: Home, tmp_path: Path) -> None:
    """Pipes, links, names with line breaks and half characters in a folder are passed over or come in under a plain name."""
    root = tmp_path / "plants"
    for name, data in photos_of().items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    os.mkfifo(root / "rose" / "pipe.png")
    (root / "rose" / "away.png").symlink_to("/dev/zero")
    (root / "rose" / "two\nlines.png").write_bytes(photo(990))
    (root / os.fsdecode(b"rose/\xff\xfe.png")).write_bytes(photo(991))
    (root / os.fsdecode(b"daisy/\xff.jpg")).write_bytes(b"no photo")
    info = import_folder(root, home.folders)
    assert info.photos == 23
    assert [check_sentence(sentence) for sentence in info.left_out] == [None]
    assert {path.name for path in (home.folders / "plants" / "rose").iterdir()} >= {"twolines.png"}


def test_the_judge_sees_what_it_is_there_for(tmp_path: Path) -> None:
    """A change, a stack trace, a sentence of two lines and one that says nothing are faults."""

    def refuses(text: str) -> None:
        raise BadFolder(text)

    def litters() -> None:
        (tmp_path / "litter").write_text("x")
        refuses("It is bad. Received: x.")

    assert refusal(lambda: refuses("It is bad. Received: x."), BadFolder, watched=tmp_path) == "It is bad. Received: x."
    assert refusal(lambda: None, BadFolder) is None
    for attempt in (litters, lambda: refuses("Two\nlines. Received."), lambda: refuses("It is bad."), lambda: [][0]):
        with pytest.raises(Fault):
            refusal(attempt, BadFolder, watched=tmp_path)
