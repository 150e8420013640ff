"""Photos and weights that are brought by a path."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import pytest

from flowerlab.datasets.import_folder import import_folder
from flowerlab.lab import Lab
from tests.support.command_line import Call
from tests.support.loopback import hdf5


def test_a_folder_is_imported_and_trained_on(call: Call, photos: Path) -> None:
    """`--dataset PATH` brings the photos into the lab, and the run names them; the same path again is the same run."""
    outcome = call("train", "--dataset", photos, "--epochs", "1", "--json")
    assert outcome.code == 0, outcome.err
    dataset = outcome.json["recipe"]["dataset"]
    assert dataset.startswith("folder:leaves-")
    again = call("train", "--dataset", photos, "--epochs", "1", "--json")
    assert again.json["run_id"] == outcome.json["run_id"]
    lab = Lab(run_queue=False)
    try:
        assert lab.data.classes_of(dataset) == ("elm", "oak")
    finally:
        lab.close()


def test_changed_photos_are_another_data_set(call: Call, photos: Path) -> None:
    """When a photo was added since, the path is imported anew under another name and trained on anew."""
    first = call("train", "--dataset", photos, "--epochs", "1", "--json").json
    (photos / "elm" / "new.jpg").write_bytes((photos / "oak" / "1.jpg").read_bytes())
    second = call("train", "--dataset", photos, "--epochs", "1", "--json").json
    assert second["recipe"]["dataset"] != first["recipe"]["dataset"]
    assert second["run_id"] != first["run_id"]


def test_a_zip_is_imported_whatever_its_name(call: Call, photos: Path) -> None:
    """A .zip works as a folder does, even if its name holds what a data set's name may not."""
    archive = photos.parent / "_my (best) leaves!.zip"
    shutil.make_archive(str(archive.with_suffix("")), "zip", photos)
    outcome = call("train", "--dataset", archive, "--epochs", "1", "--json")
    assert outcome.code == 0, outcome.err
    assert re.fullmatch(r"folder:my -best- leaves-[0-9a-f]{8}", outcome.json["recipe"]["dataset"])


def as_it_lies(folder: Path) -> dict[str, tuple[int, int]]:
    """Size and time of writing of all that lies under a folder."""
    return {str(path.relative_to(folder)): (path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("kind", ["folder", "zip"])
@pytest.mark.parametrize(
    "command", [("train",), ("sweep", "--knob", "seed=1,2"), ("experiment", "leak")], ids=lambda words: words[0]
)
def test_a_dry_run_writes_nothing(
    call: Call, photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], kind: str
) -> None:
    """The home's files are the same before and after: names, sizes, times. Nothing is copied elsewhere meanwhile."""
    weights = tmp_path / "own.h5"
    weights.write_bytes(hdf5(4096))
    given = photos if kind == "folder" else Path(shutil.make_archive(str(tmp_path / "leaves"), "zip", photos))
    # The speed of this machine is measured once and kept.
    assert call("train", "--dry-run").code == 0
    before = as_it_lies(tmp_path / "home")
    monkeypatch.setattr(shutil, "copyfile", None)
    monkeypatch.setattr(tempfile, "mkdtemp", None)
    flags = ("--dataset", given, "--architecture", "mobilenet_v2", "--weights", weights, "--dry-run", "--json")
    outcome = call(*command, *flags)
    assert outcome.code == 0, outcome.err
    assert as_it_lies(tmp_path / "home") == before


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_dry_run_says_what_the_import_will_bring(call: Call, photos: Path, tmp_path: Path, kind: str) -> None:
    """Classes, parameters, seconds and bytes of photos that were only looked at are those of the same photos once they are imported."""
    (photos / "elm" / "no photo.jpg").write_bytes(b"text")
    given = photos if kind == "folder" else Path(shutil.make_archive(str(tmp_path / "leaves"), "zip", photos))
    told = call("train", "--dry-run", "--dataset", given, "--json")
    assert told.code == 0, told.err
    assert told.json["classes"] == ["elm", "oak"]
    name = told.json["recipe"]["dataset"].removeprefix("folder:")
    import_folder(given, tmp_path / "home" / "folders", name)
    assert call("train", "--dry-run", "--dataset", given, "--json").json == told.json
    assert call("train", "--dry-run", "--dataset", f"folder:{name}", "--json").json == told.json


def test_a_bad_knob_imports_nothing(call: Call, photos: Path, tmp_path: Path) -> None:
    """Other knobs are checked before anything is imported."""
    for command in ("train", "lecture"):
        assert call(command, "--dataset", photos, "--epochs", "0").code == 2
    assert call("train", "--dataset", photos, "--name", "x" * 81).code == 2
    assert list((tmp_path / "home" / "folders").iterdir() if (tmp_path / "home").exists() else []) == []


def test_a_weights_file_is_imported(call: Call, tmp_path: Path) -> None:
    """`--weights PATH` copies the file into the lab, and the recipe names the copy."""
    file = tmp_path / "own.h5"
    file.write_bytes(hdf5(4096))
    flags = ("--architecture", "mobilenet_v2", "--epochs", "1", "--weights", file, "--json")
    assert call("train", "--dry-run", *flags).code == 0
    assert list((tmp_path / "home" / "weights").iterdir()) == []
    weights = call("train", *flags).json["recipe"]["weights"]
    assert weights.startswith("file:own-")
    assert (tmp_path / "home" / "weights" / weights.removeprefix("file:")).read_bytes() == hdf5(4096)


def test_what_cannot_start_imports_nothing(call: Call, photos: Path, tmp_path: Path) -> None:
    """A missing weights file, or a run to start from that is not there, is found before any photo is imported, dry or not."""
    folders = tmp_path / "home" / "folders"
    known = ("--architecture", "mobilenet_v2", "--dataset", photos)
    for dry in ((), ("--dry-run",)):
        missing = call("train", *known, "--weights", "file:gone.h5", *dry)
        assert (missing.code, "not in this lab" in missing.err) == (2, True)
        nobody = call("train", *known, "--weights", "none", "--start-from", "0123456789ab", *dry)
        assert (nobody.code, "not there" in nobody.err) == (2, True)
        assert list(folders.iterdir()) == []
    assert call("lecture", *known, "--weights", "file:gone.h5").code == 2
    assert list(folders.iterdir()) == []
