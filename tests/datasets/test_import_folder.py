"""Own photos: what an import takes, what it leaves out, and what it refuses."""

from __future__ import annotations

import dataclasses
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flowerlab.datasets import folder_checks
from flowerlab.datasets.folder_checks import scan
from flowerlab.datasets.import_folder import delete_folder, describe, import_folder, list_folders, originals
from flowerlab.errors import BadFolder
from flowerlab.home import Home
from flowerlab.photos.reading import MAX_BYTES
from tests.support.hostile.archives import named, photo, photos_of, zipped


def written(root: Path, files: Mapping[str, bytes]) -> Path:
    """A folder with these files."""
    for name, data in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return root


def source_of(kind: str, files: Mapping[str, bytes], where: Path) -> Path:
    """A folder or zip called `plants` with these files."""
    return written(where / "plants", files) if kind == "folder" else zipped(where / "plants.zip", files.items())


def everything(root: Path) -> dict[str, tuple[bytes, int]]:
    """All that lies under a folder, hidden or not, with its time of writing; folders end in a stroke."""
    return {
        path.relative_to(root).as_posix() + "/" * path.is_dir(): (
            (path.read_bytes(), path.stat().st_mtime_ns) if path.is_file() else (b"", 0)
        )
        for path in root.rglob("*")
    }


def refused(source: Path, home: Home, words: str, *, name: str | None = "plants") -> None:
    """Imports and expects a refusal in one sentence with these words, and no trace of a try."""
    before = everything(home.folders)
    with pytest.raises(BadFolder, match=words) as caught:
        import_folder(source, home.folders, name)
    assert "\n" not in str(caught.value)
    assert everything(home.folders) == before


@pytest.mark.parametrize("kind", ["folder", "zip", "zip with a folder around", "zip with backslashes"])
def test_a_good_set_is_imported_whole(home: Home, tmp_path: Path, kind: str) -> None:
    """Every photo arrives with its bytes, and classes are sorted, whether it comes as a folder or as a zip of one."""
    files = photos_of()
    if kind == "folder":
        source = written(tmp_path / "My plants", files)
    else:
        top = "top/" if kind == "zip with a folder around" else ""
        entries = [(f"{top}{name}", data) for name, data in files.items()]
        if kind == "zip with backslashes":
            source = zipped(tmp_path / "My plants.zip", [(named(n.replace("/", "\\")), data) for n, data in entries])
        else:
            source = zipped(tmp_path / "My plants.zip", entries)
    looks: list[tuple[int, int]] = []
    info = import_folder(source, home.folders, progress=lambda done, total: looks.append((done, total)))
    assert (info.name, info.classes, info.counts, info.photos) == ("My plants", ("daisy", "rose"), (10, 11), 21)
    assert info.left_out == ()
    assert {name: data for name, (data, _) in everything(home.folders / "My plants").items() if data} == files
    assert looks == [(done, 21) for done in range(22)]
    assert describe(home.folders / "My plants") == info
    assert [path.name for path in home.folders.iterdir()] == ["My plants"]


def test_photos_come_class_by_class(home: Home, tmp_path: Path) -> None:
    """Labels number the sorted classes, and ids name class and file."""
    files = photos_of()
    import_folder(written(tmp_path / "plants", files), home.folders)
    taken = list(originals(home.folders / "plants"))
    assert [one.id for one in taken] == sorted(files)
    assert [one.label for one in taken] == [0] * 10 + [1] * 11
    assert [one.data for one in taken] == [files[name] for name in sorted(files)]


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_scan_says_what_the_import_does_and_writes_nothing(home: Home, tmp_path: Path, kind: str) -> None:
    """Name, classes, numbers and what is left out are the same; a source that is refused, is refused by both with one sentence."""
    source = source_of(kind, photos_of() | {"rose/bad.jpg": b"no photo"}, tmp_path)
    before = everything(tmp_path)
    told = scan(source, "plants")
    assert everything(tmp_path) == before
    assert import_folder(source, home.folders, "plants") == told
    assert (told.photos, len(told.left_out)) == (21, 1)
    assert describe(home.folders / "plants") == dataclasses.replace(told, left_out=())
    (tmp_path / "odd").mkdir()
    for refused in (source_of(kind, {"rose/con.png": photo(1)} | photos_of(), tmp_path / "odd"), tmp_path / "nothing"):
        with pytest.raises(BadFolder) as scanned:
            scan(refused)
        with pytest.raises(BadFolder) as imported:
            import_folder(refused, home.folders)
        assert str(scanned.value) == str(imported.value)


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_is_no_photo_is_left_out_in_silence(home: Home, tmp_path: Path, kind: str) -> None:
    """Hidden files, what macOS adds, notes, deeper and shallower files are not imported and not complained of."""
    files = photos_of()
    others = {
        "rose/.hidden.png": photo(900),
        "rose/._00.png": b"a resource fork",
        "__MACOSX/rose/._00.png": b"another",
        "__MACOSX/icon.png": photo(904),
        ".trash/old.png": photo(901),
        "rose/notes.txt": b"words",
        "rose/more.zip": b"PK\x03\x04",
        "notes/readme.md": b"words",
        "rose/deeper/one.png": photo(902),
        "cover.png": photo(903),
    }
    source = source_of(kind, files | others, tmp_path)
    info = import_folder(source, home.folders)
    assert (info.classes, info.photos, info.left_out) == (("daisy", "rose"), 21, ())


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_unreadable_photos_are_left_out_and_told(home: Home, tmp_path: Path, kind: str) -> None:
    """A photo that cannot be read does not stop the import; each has a sentence."""
    bad = {f"rose/bad-{number:02}.jpg": b"no photo" for number in range(25)}
    files = photos_of() | bad | {"daisy/a zip.jpg": b"PK\x03\x04", "daisy/empty.heic": b""}
    source = source_of(kind, files, tmp_path)
    info = import_folder(source, home.folders)
    assert info.photos == 21
    assert len(info.left_out) == 27
    told = "\n".join(info.left_out)
    assert "rose/bad-00.jpg" in told
    if kind == "folder":
        assert "daisy/a zip.jpg cannot be read as a photo" in told
        assert "daisy/empty.heic is empty" in told


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_damaged_entry_is_left_out_and_told(home: Home, tmp_path: Path, method: int) -> None:
    """An entry whose bytes were changed is left out; the others are imported."""
    source = zipped(tmp_path / "plants.zip", photos_of().items(), method=method)
    with zipfile.ZipFile(source) as archive:
        begin = archive.getinfo("rose/03.png").header_offset + 30 + len("rose/03.png")
    data = bytearray(source.read_bytes())
    data[begin : begin + 20] = b"\xff" * 20
    source.write_bytes(data)
    info = import_folder(source, home.folders)
    assert info.photos == 20
    assert [sentence.split(" cannot")[0] for sentence in info.left_out] == ["rose/03.png"]


@pytest.mark.parametrize(
    ("classes", "words"),
    [
        ({}, r"2 to 50 classes.*Received: 0 "),
        ({"rose": 12}, r"2 to 50 classes.*Received: 1 "),
        ({f"kind {number:02}": 1 for number in range(51)}, r"2 to 50 classes.*Received: 51 "),
        ({"rose": 9, "daisy": 10}, r"At least 10 readable.*Received: rose \(9\)"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_too_few_or_too_many_are_refused(home: Home, tmp_path: Path, classes: dict[str, int], words: str, kind: str) -> None:
    """2 to 50 classes with 10 photos each are needed; the sentence says what came."""
    files = photos_of(classes) | {"readme.txt": b"words"}
    source = source_of(kind, files, tmp_path)
    refused(source, home, words)


def test_only_readable_photos_count(home: Home, tmp_path: Path) -> None:
    """Nine photos and one that cannot be read are too few."""
    refused(written(tmp_path / "plants", photos_of({"rose": 9, "daisy": 10}) | {"rose/bad.jpg": b"no photo"}), home, r"rose \(9\)")


def test_what_is_no_source_is_refused(home: Home, tmp_path: Path) -> None:
    """A path to nothing, or to a file that is no zip, is refused."""
    (tmp_path / "plants.zip").write_bytes(b"words")
    refused(tmp_path / "nowhere", home, "no photos to import")
    refused(tmp_path / "plants.zip", home, "no photos to import")


@pytest.mark.parametrize("name", ["..", "/", " ", "con", "LPT1.photos", "_plants", "-", "a\tb/../.."])
def test_names_of_sets_are_safe(home: Home, tmp_path: Path, name: str) -> None:
    """A name that is a path, a device or no name gives no folder elsewhere: it is refused or loses what is unsafe."""
    source = written(tmp_path / "plants", photos_of())
    if name.startswith("a"):
        assert import_folder(source, home.folders, name).name == "ab"
        assert [path.name for path in home.folders.iterdir()] == ["ab"]
    else:
        refused(source, home, "Received", name=name)


@pytest.mark.parametrize("name", ["", ".", "./.", "rose", "rose/", "a/b/c/d.png", "\0.png", "\0"])
def test_odd_entry_names_do_no_harm(home: Home, tmp_path: Path, name: str) -> None:
    """An entry without a usable name is passed over; the photos around it are imported."""
    source = zipped(tmp_path / "plants.zip", [*photos_of().items(), (named(name), photo(999))])
    assert import_folder(source, home.folders).photos == 21


def test_a_bomb_is_refused(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes out of a zip is counted while it comes out, whatever its headers claim."""
    files = photos_of()
    size = sum(map(len, files.values()))
    source = zipped(tmp_path / "plants.zip", files.items(), method=zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(folder_checks, "MAX_UNPACKED_BYTES", size - 1)
    refused(source, home, "too large in all")
    monkeypatch.setattr(folder_checks, "MAX_UNPACKED_BYTES", size)
    assert import_folder(source, home.folders, "plants").photos == 21


def test_a_folder_has_the_same_limits(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder's photos are counted as a zip's are, and of a huge file only so much is read as shows that."""
    files = photos_of()
    source = written(tmp_path / "plants", files)
    monkeypatch.setattr(folder_checks, "MAX_UNPACKED_BYTES", sum(map(len, files.values())) - 1)
    refused(source, home, "too large in all")
    monkeypatch.undo()
    huge = source / next(iter(files)).split("/")[0] / "huge.jpg"
    with huge.open("wb") as file:
        file.truncate(MAX_BYTES + 10**9)
    imported = import_folder(source, home.folders, "plants")
    assert (imported.photos, len(imported.left_out)) == (21, 1)


def test_both_spellings_of_an_umlaut_are_one_name(home: Home, tmp_path: Path) -> None:
    """A class that macOS names with two signs for one letter becomes the class that others name with one."""
    files = {name.replace("rose/", "Ga\u0308nse/"): data for name, data in photos_of().items()}
    classes = import_folder(zipped(tmp_path / "plants.zip", files.items()), home.folders).classes
    assert classes == ("G\u00e4nse", "daisy")


def test_a_huge_entry_is_never_unpacked_whole(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an entry larger than a photo may be, only so much is unpacked as shows that; it is left out."""
    files = photos_of()
    monkeypatch.setattr(folder_checks, "MAX_BYTES", 1000)
    monkeypatch.setattr("flowerlab.photos.reading.MAX_BYTES", 1000)
    monkeypatch.setattr(folder_checks, "MAX_UNPACKED_BYTES", sum(map(len, files.values())) + 1001)
    source = zipped(tmp_path / "plants.zip", [*files.items(), ("rose/zeros.png", bytes(500_000))], method=zipfile.ZIP_DEFLATED)
    info = import_folder(source, home.folders)
    assert info.photos == 21
    assert "rose/zeros.png is too large" in info.left_out[0]


def test_too_many_entries_are_refused(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zip with too many entries, or a folder with too many files, is refused before anything is read."""
    files = photos_of()
    monkeypatch.setattr(folder_checks, "MAX_ENTRIES", 10)
    refused(zipped(tmp_path / "plants.zip", files.items()), home, "too many entries.*at most 10.*Received: plants.zip")
    refused(written(tmp_path / "plants", files), home, "rose holds too many files")


def test_a_zip_of_a_zip_is_refused(home: Home, tmp_path: Path) -> None:
    """A zip inside a zip is not unpacked, not even one that is named like a photo."""
    inner = zipped(tmp_path / "inner.zip", photos_of().items()).read_bytes()
    refused(zipped(tmp_path / "outer.zip", [("plants/inner.zip", inner)]), home, "Received: 0 sub-folders")
    source = zipped(tmp_path / "plants.zip", [*photos_of().items(), ("rose/inner.jpg", inner)])
    info = import_folder(source, home.folders)
    assert info.photos == 21
    assert "rose/inner.jpg cannot be read as a photo" in info.left_out[0]
    assert "Received: a zip" in info.left_out[0]


BREAKS = ["half", "without its last byte", "without its photos", "a bad mark", "a name in no alphabet", "a newer format"]


@pytest.mark.parametrize("how", BREAKS)
def test_a_broken_zip_is_refused_in_a_sentence(home: Home, tmp_path: Path, how: str) -> None:
    """A zip cut short, or with a damaged list of contents, is refused and raises nothing else."""
    data = bytearray(zipped(tmp_path / "whole.zip", photos_of().items()).read_bytes())
    listing = data.index(b"PK\x01\x02")
    if how == "half":
        del data[len(data) // 2 :]
    elif how == "without its last byte":
        del data[-1]
    elif how == "without its photos":
        del data[: listing + 1]
    elif how == "a bad mark":
        data[listing : listing + 4] = b"none"
    elif how == "a name in no alphabet":
        data[listing + 9] |= 0x08
        data[listing + 46] = 0xFF
    else:
        data[listing + 6] = 99
    (tmp_path / "broken.zip").write_bytes(data)
    refused(tmp_path / "broken.zip", home, "Received")


def test_names_are_kept_or_refused(home: Home, tmp_path: Path) -> None:
    """Letters of any script stay; what no file system bears is taken out; a device's name is refused."""
    names = {"Gänseblümchen 🌼": 10, "日本": 10, 'Ro<s>"e"?': 10}
    info = import_folder(zipped(tmp_path / "plants.zip", photos_of(names).items()), home.folders)
    assert info.classes == tuple(sorted(["Gänseblümchen 🌼", "日本", "Rose"]))
    for hostile in ("con", "Aux.old", "<>", " . "):
        source = zipped(tmp_path / "plants.zip", photos_of({hostile: 10, "daisy": 10}).items())
        refused(source, home, "name that cannot be used.*Rename it")
    device = {**photos_of(), "rose/nul.png": photo(999)}
    refused(zipped(tmp_path / "plants.zip", device.items()), home, "Received: 'nul.png'")


@pytest.mark.parametrize("classes", [("Rose", "rose"), ("rose?", "rose"), ("Straße", "STRASSE"), ("x" * 60 + "a", "x" * 60 + "b")])
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_classes_are_never_mixed(home: Home, tmp_path: Path, classes: tuple[str, str], kind: str) -> None:
    """Two classes whose names become one in the lab, or on another computer, are refused."""
    files = photos_of(dict.fromkeys(classes, 10) | {"daisy": 10})
    source = source_of(kind, files, tmp_path)
    refused(source, home, "Two classes.*Rename one")


def test_photos_of_one_name_are_all_kept(home: Home, tmp_path: Path) -> None:
    """Photos whose names become one are numbered; none replaces another."""
    names = ["x.png", "x.PNG", "x?.png", "x-2.png", "y" * 80 + "1.png", "y" * 80 + "2.png"]
    twins = {f"rose/{name}": photo(1000 + number) for number, name in enumerate(names)}
    source = zipped(tmp_path / "plants.zip", (photos_of() | twins).items())
    info = import_folder(source, home.folders)
    assert info.photos == 21 + len(names)
    held = [path.read_bytes() for path in (home.folders / "plants" / "rose").iterdir()]
    assert set(twins.values()) <= set(held)


@pytest.mark.parametrize("there", [False, True])
def test_an_import_broken_off_leaves_nothing(home: Home, tmp_path: Path, there: bool) -> None:
    """If the import ends half-way, nothing is left of it and what was there stays as it was."""
    if there:
        import_folder(written(tmp_path / "old", photos_of()), home.folders, "plants")
    before = everything(home.folders)

    def broken(done: int, total: int) -> None:
        if done == 15:
            assert len(everything(home.folders)) > len(before)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_folder(written(tmp_path / "plants", photos_of({"a": 10, "b": 10})), home.folders, progress=broken)
    assert everything(home.folders) == before


def test_the_same_photos_again_change_nothing(home: Home, tmp_path: Path) -> None:
    """Importing a set a second time, as folder or zip, gives the same answer and touches no file."""
    files = photos_of()
    first = import_folder(written(tmp_path / "plants", files), home.folders)
    before = everything(home.folders)
    assert import_folder(tmp_path / "plants", home.folders) == first
    assert import_folder(zipped(tmp_path / "plants.zip", files.items()), home.folders) == first
    assert everything(home.folders) == before


@pytest.mark.parametrize("change", ["another byte", "one more", "one less", "another class"])
def test_a_taken_name_is_refused(home: Home, tmp_path: Path, change: str) -> None:
    """Other photos under a name that is taken are refused, and the old ones stay."""
    files = photos_of({"rose": 12, "daisy": 10})
    import_folder(written(tmp_path / "first", files), home.folders, "plants")
    if change == "another byte":
        files["rose/00.png"] = photo(999)
    elif change == "one more":
        files["rose/zz.png"] = photo(999)
    elif change == "one less":
        del files["rose/00.png"]
    else:
        files = {name.replace("daisy", "tulip"): data for name, data in files.items()}
    refused(written(tmp_path / "second", files), home, "Other photos have this name")


@pytest.mark.parametrize("same", [True, False])
def test_two_imports_under_one_name_at_once(home: Home, tmp_path: Path, *, same: bool) -> None:
    """Of two imports that take one name at the same time the first to end wins; the other is refused if its photos differ."""
    files = photos_of()
    other = files if same else {**files, next(iter(files)): photo(999)}
    faster = written(tmp_path / "faster", other)

    def overtake(done: int, total: int) -> None:
        if done == total:
            import_folder(faster, home.folders, "plants")

    slower = written(tmp_path / "slower", files)
    if same:
        import_folder(slower, home.folders, "plants", progress=overtake)
    else:
        with pytest.raises(BadFolder, match="Other photos have this name"):
            import_folder(slower, home.folders, "plants", progress=overtake)
    assert [path.name for path in home.folders.iterdir()] == ["plants"]
    assert {name: data for name, (data, _) in everything(home.folders / "plants").items()} == {
        name: data for name, (data, _) in everything(faster).items()
    }


def test_links_that_lead_outside_are_not_followed(home: Home, tmp_path: Path) -> None:
    """Neither a photo nor a class that is a link to somewhere else comes in."""
    outside = written(tmp_path / "outside", photos_of({"private": 12}))
    source = written(tmp_path / "plants", photos_of())
    (source / "rose" / "zz.png").symlink_to(outside / "private" / "00.png")
    (source / "rose" / "up.png").symlink_to("../../outside/private/01.png")
    (source / "private").symlink_to(outside / "private", target_is_directory=True)
    (source / "rose" / "nowhere.png").symlink_to(tmp_path / "nowhere.png")
    (source / "rose" / "round.png").symlink_to("round.png")
    info = import_folder(source, home.folders)
    assert (info.classes, info.counts, info.left_out) == (("daisy", "rose"), (10, 11), ())


def test_deleting_removes_one_set(home: Home, tmp_path: Path) -> None:
    """Only the set of this name goes; a name that is none, or a path, is refused."""
    source = written(tmp_path / "plants", photos_of())
    import_folder(source, home.folders, "one")
    import_folder(source, home.folders, "two")
    (home.folders / ".half.part").mkdir()
    for name in ("three", "", ".", "..", "../runs", "one/rose", str(home.runs)):
        with pytest.raises(BadFolder, match="Received"):
            delete_folder(home.folders, name)
    assert [info.name for info in list_folders(home.folders)] == ["one", "two"]
    delete_folder(home.folders, "one")
    assert [info.name for info in list_folders(home.folders)] == ["two"]
    assert home.runs.is_dir()
    assert source.is_dir()


PARTS = st.sampled_from(
    ["..", ".", "", "/", "\\", "OUTSIDE", "C:", "rose", "Rose", "daisy", "top", "con", "__MACOSX", "\0", "~", "a" * 300]
) | st.text(max_size=6)
NAMES = st.builds(
    lambda parts, stroke, end: stroke.join(parts) + end,
    st.lists(PARTS, min_size=1, max_size=4),
    st.sampled_from(["/", "\\"]),
    st.sampled_from([".png", ".JPG", "/", "", "/1.png", "/../../evil.png"]),
)


@hypothesis_settings(max_examples=80, deadline=None)
@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.booleans())
def test_whatever_its_names_a_zip_writes_nowhere_else(names: list[str], with_good: bool) -> None:
    """Random entry names: either a refusal that leaves nothing, or every file lies under the set's own folder."""
    with tempfile.TemporaryDirectory() as where:
        root = Path(where)
        home = Home(root / "home").create()
        good = [("tulip/1.png", photo(1)), ("aster/1.png", photo(2))] if with_good else []
        odd = [(named(name.replace("OUTSIDE", f"{root}/outside")), photo(3)) for name in names]
        source = zipped(root / "plants.zip", [*good, *odd])
        before = everything(root)
        with mock.patch.object(folder_checks, "MIN_PHOTOS", 1), mock.patch.object(folder_checks, "MIN_CLASSES", 1):
            try:
                info = import_folder(source, home.folders)
            except BadFolder:
                assert everything(root) == before
                return
        made = everything(root).keys() - before.keys()
        assert all(name.startswith("home/folders/plants/") for name in made)
        assert sum(not name.endswith("/") for name in made) == info.photos
