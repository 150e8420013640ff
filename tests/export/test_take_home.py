"""Taking a run home: files are written whole or not at all, over nothing, with what they need or a word about it."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest

from flowerlab.datasets.originals import Originals
from flowerlab.errors import BadInput, DatasetNotAtHand
from flowerlab.export.formats import FORMATS
from flowerlab.export.take_home import file_name, take_home
from flowerlab.lab import Lab
from tests.support.runs import add_finished, add_trained_here

HOSTILE = "<script>alert(1)</script> \"'&` http://evil.example/x"


def test_a_zip_holds_program_and_photos_and_a_program_alone_says_what_it_lacks(lab: Lab, garden: Originals, tmp_path: Path) -> None:
    """With .zip all comes along; with .py and .ipynb the program alone, and what must lie beside it is told."""
    run = add_trained_here(lab, architecture="vgg16_mini")
    for name, inside in (("script", "mine.py"), ("notebook", "mine.ipynb")):
        target = tmp_path / "mine.zip"
        taken = take_home(lab, run, FORMATS[name], target, force=True)
        with zipfile.ZipFile(target) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert archive.read(inside).decode()
        assert names[:2] == [inside, "vgg16_mini.npz"]
        assert len(names) == 2 + len(garden)
        assert taken.lacks == ()
    alone = take_home(lab, run, FORMATS["script"], tmp_path / "mine.py")
    assert alone.lacks == ("photos/", "vgg16_mini.npz")
    compile((tmp_path / "mine.py").read_text(encoding="utf-8"), "mine.py", "exec")


def test_photos_that_are_others_now_do_not_come_along(lab: Lab, garden: Originals, tmp_path: Path) -> None:
    """A run on another garden than today's is not given today's photos: a sentence, and no file."""
    run = add_finished(lab.home, "Old", materials="garden-of-yesterday")
    with pytest.raises(DatasetNotAtHand, match="no longer here"):
        take_home(lab, run, FORMATS["script"], tmp_path / "old.zip")
    assert not (tmp_path / "old.zip").exists()
    assert not list(tmp_path.glob(".old*"))
    assert take_home(lab, run, FORMATS["script"], tmp_path / "old.py").lacks == ("photos/",)


def test_nothing_is_overwritten_unasked(lab: Lab, tmp_path: Path) -> None:
    """A file that is there stays as it is, unless it shall be replaced; a failed replacement leaves it too."""
    run, target = add_trained_here(lab), tmp_path / "card.html"
    target.write_text("mine")
    with pytest.raises(BadInput, match="already"):
        take_home(lab, run, FORMATS["card"], target)
    assert target.read_text() == "mine"
    take_home(lab, run, FORMATS["card"], target, force=True)
    assert "<h1>A run</h1>" in target.read_text(encoding="utf-8")
    lost = add_trained_here(lab, "Lost", start_from="0123456789ab")
    script = tmp_path / "lost.py"
    script.write_text("mine")
    with pytest.raises(BadInput, match="was deleted"):
        take_home(lab, lost, FORMATS["script"], script, force=True)
    assert script.read_text() == "mine"


@pytest.mark.parametrize("name", FORMATS)
def test_places_where_no_file_can_be(lab: Lab, tmp_path: Path, name: str) -> None:
    """A wrong ending, a folder, a place that is not there: one sentence each."""
    run, ending = add_trained_here(lab), FORMATS[name].suffixes[0]
    folder = tmp_path / f"folder{ending}"
    folder.mkdir()
    for target in (tmp_path / "x.exe", tmp_path / "x", folder, tmp_path / "nowhere" / f"x{ending}", Path("x" * 300 + ending)):
        with pytest.raises(BadInput, match="Received") as refused:
            take_home(lab, run, FORMATS[name], target, force=True)
        assert "\n" not in str(refused.value)
    assert list(folder.iterdir()) == []


def test_file_names_are_plain(lab: Lab) -> None:
    """Any run's name gives a name that every system bears."""
    for name in ("C · fine-tuning #3", "../../x", "日本", HOSTILE):
        assert re.fullmatch(r"[a-z0-9-]+\.py", file_name(add_trained_here(lab, name[:80]), ".py"))
