"""Lesson packs that are damaged, foreign or made to do harm: refused whole, and nothing changes."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import stat
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flowerlab.datasets.originals import hash_content
from flowerlab.errors import BadPack
from flowerlab.home import Home
from flowerlab.packs import pack, unpack
from flowerlab.packs.manifest import ITEM_PATHS, ItemKind, is_safe, read_manifest
from flowerlab.store import Store
from tests.support.hostile.archives import MILLION, listing
from tests.support.hostile.judging import check_sentence
from tests.support.hostile.models import CASES, npz_that_claims
from tests.support.packs import bring_run, bring_tf_flowers, holdings
from tests.support.photos import GARDEN

Contents = dict[str, bytes]
Change = Callable[[Contents, dict[str, Any]], None]


class Away:
    """The computer that is given packs, and what it holds before."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = Home(folder / "away").create()
        self.store = Store(self.home.store)
        self.before = holdings(folder / "away")

    def refuses(self, lesson: Path, match: str | None = None) -> None:
        """Fails unless the pack is refused and everything is as before."""
        with pytest.raises(BadPack, match=match) as caught:
            unpack(lesson, self.home, self.store)
        check_sentence(str(caught.value))
        assert self.unchanged()

    def unchanged(self) -> bool:
        """Whether neither the home, nor the runs, nor anything beside them is other than before."""
        beside = {path.name for path in self.folder.iterdir()} - {"away", "whole.zip", "changed.zip", "made", "keras"}
        empty = not any(self.home.originals.iterdir()) and not any(self.home.runs.iterdir())
        return not beside and empty and holdings(self.home.root) == self.before and self.store.all() == []


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A good pack of a tiny tf_flowers and one run."""
    folder = tmp_path_factory.mktemp("made")
    home = Home(folder / "made").create()
    store = Store(home.store)
    bring_tf_flowers(home)
    run = bring_run(home, store, "There", dataset="tf_flowers")
    pack(folder / "whole.zip", home, store, dataset="tf_flowers", runs=[run], garden=GARDEN)
    return folder / "whole.zip"


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Away:
    """An empty lab."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return Away(tmp_path)


def contents_of(lesson: Path) -> tuple[Contents, dict[str, Any]]:
    """Files and manifest of a pack."""
    with zipfile.ZipFile(lesson) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return files, json.loads(files.pop("manifest.json"))


def listed(path: str, data: bytes) -> dict[str, Any]:
    """How a manifest lists a file."""
    return {"path": path, "size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "modified_ns": None}


def rewritten(made: Path, target: Path, change: Change, *, relist: bool = False) -> Path:
    """A pack with changed contents; `relist` makes its manifest list what is there then."""
    files, manifest = contents_of(made)
    change(files, manifest)
    if relist:
        manifest["files"] = [listed(path, data) for path, data in files.items()]
    with zipfile.ZipFile(target, "w") as archive:
        for path, data in files.items():
            archive.writestr(path, data)
        archive.writestr("manifest.json", json.dumps(manifest))
    return target


def run_file(files: Contents) -> str:
    """Path of the run's record."""
    return next(path for path in files if path.endswith("/run.json"))


def edit_run(files: Contents, **values: Any) -> None:
    """Changes fields of the run's record."""
    path = run_file(files)
    files[path] = json.dumps({**json.loads(files[path]), **values}).encode()


def edit_result(files: Contents, **values: Any) -> None:
    """Changes fields of the run's result."""
    edit_run(files, result={**json.loads(files[run_file(files)])["result"], **values})


def junk_photos(files: Contents) -> None:
    """Puts text in the place of a photo, with an index that fits."""
    text = b"no photo"
    files["originals/tf_flowers-3.0.1/photos.bin"] = text * 20
    edit_index(files, digests=[hashlib.sha256(text).hexdigest()] * 20, offsets=[len(text) * number for number in range(21)])


def broken_arrays() -> bytes:
    """An npz whose packed bytes cannot be unpacked."""
    file = io.BytesIO()
    np.savez_compressed(file, classes=np.arange(5000))
    data = bytearray(file.getvalue())
    begin = data.index(b"classes.npy") + len(b"classes.npy")
    data[begin + 20 : begin + 60] = b"\xff" * 40
    return bytes(data)


def edit_index(files: Contents, **values: Any) -> None:
    """Changes fields of the photos' index, and its hash over all of them to fit."""
    path = "originals/tf_flowers-3.0.1/index.json"
    index = {**json.loads(files[path]), **values}
    index["content"] = hash_content(index["classes"], index["ids"], index["labels"], index["digests"])
    files[path] = json.dumps(index).encode()


def test_the_good_pack_is_taken(made: Path, away: Away, tmp_path: Path) -> None:
    """The pack that the other tests change is taken as it is, and rewritten without a change."""
    same = rewritten(made, tmp_path / "changed.zip", lambda files, manifest: None, relist=True)
    assert len(unpack(same, away.home, away.store).brought) == 2
    assert unpack(made, away.home, away.store).brought == ()


def _flip(files: Contents, manifest: dict[str, Any]) -> None:
    path = "originals/tf_flowers-3.0.1/photos.bin"
    files[path] = bytes([files[path][0] ^ 1]) + files[path][1:]


CHANGES: dict[str, tuple[Change, str]] = {
    "a changed bit": (_flip, "not what it was"),
    "a missing file": (lambda files, manifest: files.pop(run_file(files)) and None, "missing"),
    "an unlisted file": (lambda files, manifest: files.update({"runs/x.txt": b"x"}), "not in its list"),
    "a traversal beside": (lambda files, manifest: files.update({"../evil.txt": b"x"}), "not in its list"),
    "a newer format": (lambda files, manifest: manifest.update(format=2), "newer Flowerlab"),
    "another kind": (lambda files, manifest: manifest.update(kind="holiday"), "no lesson pack"),
    "a format that is none": (lambda files, manifest: manifest.update(format="1"), "list of contents"),
    "an unknown field": (lambda files, manifest: manifest.update(script="rm"), "list of contents"),
    "no items": (lambda files, manifest: manifest.update(items=[]), "list of contents"),
    "a manifest that is a list": (lambda files, manifest: manifest.clear(), "no lesson pack"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_pack_that_is_not_what_it_says(made: Path, away: Away, tmp_path: Path, name: str) -> None:
    """Damage, foreign zips and newer packs are refused with a sentence of their own."""
    change, match = CHANGES[name]
    away.refuses(rewritten(made, tmp_path / "changed.zip", change), match)


INSIDE: dict[str, Change] = {
    "a run of another id": lambda files, manifest: edit_run(files, id="0" * 12),
    "a run that is not over": lambda files, manifest: edit_run(files, state="training"),
    "a run without a result": lambda files, manifest: edit_run(files, result=None),
    "a run with a bad knob": lambda files, manifest: edit_run(files, recipe={"epochs": -1}),
    "a run without a name": lambda files, manifest: edit_run(files, name=""),
    "a run with another's events": lambda files, manifest: edit_run(
        files, events=[{"kind": "saved", "run_id": "0" * 12, "attempt": 1, "epoch": 0}]
    ),
    "a run that is a list": lambda files, manifest: files.update({run_file(files): b"[]"}),
    "an index that is a list": lambda files, manifest: files.update({"originals/tf_flowers-3.0.1/index.json": b"[]"}),
    "an index without fields": lambda files, manifest: files.update({"originals/tf_flowers-3.0.1/index.json": b'{"format": 1}'}),
    "labels out of range": lambda files, manifest: edit_index(files, labels=[99] * 20),
    "too few classes": lambda files, manifest: edit_index(files, classes=["a", "b"]),
    "other digests": lambda files, manifest: edit_index(files, digests=["0" * 64] * 20),
    "photos without an index": lambda files, manifest: files.pop("originals/tf_flowers-3.0.1/index.json") and None,
    "a file among the photos": lambda files, manifest: files.update({"originals/tf_flowers-3.0.1/x.py": b"x"}),
    "photos that are none": lambda files, manifest: junk_photos(files),
    "other flowers": lambda files, manifest: edit_index(files, classes=["a", "b", "c", "d", "e"]),
    "a run without a model": lambda files, manifest: files.pop(run_file(files)[:18] + "model.keras") and None,
    "predictions that are none": lambda files, manifest: files.update({run_file(files)[:18] + "predictions.npz": b"x"}),
    "predictions that are broken inside": lambda files, manifest: files.update(
        {run_file(files)[:18] + "predictions.npz": broken_arrays()}
    ),
    "a run of the far future": lambda files, manifest: edit_run(files, created_s=1e300),
    "a run of no time": lambda files, manifest: edit_run(files, ended_s=float("nan")),
    "endless attempts": lambda files, manifest: edit_run(files, attempt=10**30),
    "more than all right": lambda files, manifest: edit_result(files, test_accuracy=7.5),
    "a crooked matrix": lambda files, manifest: edit_result(files, confusion_matrix=[[1, 2], [3]]),
    "a run with half a character": lambda files, manifest: edit_run(files, message="\ud800"),
    "a run with a long message": lambda files, manifest: edit_run(files, message="x" * 10**6),
    "a run with materials of half a character": lambda files, manifest: edit_run(files, materials="\ud800"),
    "a run that is deep": lambda files, manifest: files.update({run_file(files): b"[" * 10**5}),
    "an index that is deep": lambda files, manifest: files.update({"originals/tf_flowers-3.0.1/index.json": b"[" * 10**5}),
    "a model that is none": lambda files, manifest: files.update({run_file(files)[:18] + "model.keras": b"a model"}),
    "a model that is a pickle": lambda files, manifest: files.update(
        {run_file(files)[:18] + "model.keras": CASES["a pickle, .keras"].make()}
    ),
    "a model with a Lambda": lambda files, manifest: files.update({run_file(files)[:18] + "model.keras": CASES["Lambda"].make()}),
    "a second model of objects": lambda files, manifest: files.update(
        {run_file(files)[:18] + "model.npz": CASES["arrays of objects"].make()}
    ),
    "predictions of eight terabytes": lambda files, manifest: files.update(
        {run_file(files)[:18] + "predictions.npz": npz_that_claims((10**12, 2))}
    ),
    "predictions of other things": lambda files, manifest: files.update(
        {run_file(files)[:18] + "predictions.npz": CASES["arrays"].make()}
    ),
    "a folder in a run": lambda files, manifest: files.update({run_file(files)[:18] + "deep/x": b"x"}),
}


@pytest.mark.parametrize("name", INSIDE)
def test_contents_that_the_lab_could_not_use(made: Path, away: Away, tmp_path: Path, name: str) -> None:
    """What is listed rightly but is no run or no set of photos is refused, and the good rest with it."""
    away.refuses(rewritten(made, tmp_path / "changed.zip", INSIDE[name], relist=True))


def add_item(kind: str, path: str, *files: str) -> Change:
    """A change that brings one more thing, with files of a byte each."""

    def change(contents: Contents, manifest: dict[str, Any]) -> None:
        manifest["items"].append({"kind": kind, "name": "more", "path": path})
        contents.update(dict.fromkeys(files, b"x"))

    return change


NO_PLACE, NO_NAME, TWICE = "is no path for", "is no path that a pack may hold", "is listed twice"
RUN = "runs/0123456789ab"


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (add_item("weights", "weights/../../evil.h5", "weights/../../evil.h5"), NO_PLACE),
        (add_item("weights", "/etc/evil", "/etc/evil"), NO_PLACE),
        (add_item("weights", "weights/C:evil.h5", "weights/C:evil.h5"), NO_PLACE),
        (add_item("weights", "locks/owner", "locks/owner"), NO_PLACE),
        (add_item("run", "runs/0123456789AB", "runs/0123456789AB/run.json"), NO_PLACE),
        (add_item("own photos", "folders/..", "folders/../a/b.jpg", "folders/../c/d.jpg"), NO_PLACE),
        (add_item("run", RUN, f"{RUN}/../../evil", f"{RUN}/run.json"), NO_NAME),
        (add_item("run", RUN, f"{RUN}/..", f"{RUN}/run.json"), NO_NAME),
        (add_item("run", RUN, f"{RUN}/.hidden", f"{RUN}/run.json"), NO_NAME),
        (add_item("run", RUN, f"{RUN}/a\\b", f"{RUN}/run.json"), NO_NAME),
        (add_item("run", RUN, f"{RUN}/con.txt", f"{RUN}/run.json"), NO_NAME),
        (add_item("run", RUN, f"{RUN}//x", f"{RUN}/run.json"), NO_NAME),
        (add_item("run", RUN, f"{RUN}/RUN.JSON", f"{RUN}/run.json"), TWICE),
        (add_item("photos", "originals/tf_flowers-3.0.1"), TWICE),
        (add_item("weights", "weights/unknown_network.h5", "weights/unknown_network.h5"), "No network"),
        (add_item("own photos", "folders/pets", "folders/pets/a/b.jpg", "folders/pets/c/d.jpg"), "cannot use"),
        (add_item("features", "features/" + "0" * 24, "features/" + "0" * 24 + "/about.json"), "should"),
        (add_item("programs", RUN), "list of contents"),
        (lambda files, manifest: files.update({f"{RUN}/x": b"x"}), "belongs to nothing"),
    ],
)
def test_paths_that_lead_elsewhere(made: Path, away: Away, tmp_path: Path, change: Change, match: str) -> None:
    """Whatever is listed, only the places of a lab can be written, by names that every system takes alike."""
    away.refuses(rewritten(made, tmp_path / "changed.zip", change, relist=True), match)
    assert not Path("/etc/evil").exists()


def changed_entry(made: Path, target: Path, change: Callable[[zipfile.ZipInfo], None], path: str = "photos.bin") -> Path:
    """A pack in which one entry's header is another; the contents and the list are the same."""
    with zipfile.ZipFile(made) as whole, zipfile.ZipFile(target, "w") as archive:
        for info in whole.infolist():
            copy = zipfile.ZipInfo(info.filename)
            if info.filename.endswith(path):
                change(copy)
            archive.writestr(copy, whole.read(info))
    return target


def _link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _device(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFCHR | 0o600) << 16


def _deflated(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_DEFLATED


@pytest.mark.parametrize("change", [_link, _device, _deflated])
def test_entries_of_another_kind(made: Path, away: Away, tmp_path: Path, change: Callable[[zipfile.ZipInfo], None]) -> None:
    """Links, devices and compressed entries are in no pack of ours, however they are listed."""
    away.refuses(changed_entry(made, tmp_path / "changed.zip", change), "could do harm")


def list_begins(lesson: Path) -> int:
    """Where the zip's list of contents begins; the models in it are zips too."""
    with zipfile.ZipFile(lesson) as archive:
        return archive.start_dir


def test_an_encrypted_entry(made: Path, away: Away, tmp_path: Path) -> None:
    """An entry that says it is encrypted is refused before it is read."""
    data = bytearray(made.read_bytes())
    at = list_begins(made)
    data[at + 8] |= 1
    (tmp_path / "changed.zip").write_bytes(data)
    away.refuses(tmp_path / "changed.zip", "encrypted")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_entry_that_is_there_twice(made: Path, away: Away, tmp_path: Path) -> None:
    """Of two entries of one name, programs differ in which they take: neither is taken."""
    target = tmp_path / "changed.zip"
    shutil.copy(made, target)
    files, _ = contents_of(made)
    with zipfile.ZipFile(target, "a") as archive:
        archive.writestr(run_file(files), b"another")
    away.refuses(target, "twice")


def test_a_bomb(made: Path, away: Away, tmp_path: Path) -> None:
    """Forty million zeros in a few kilobytes are refused by their header alone."""
    target = tmp_path / "changed.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(contents_of(made)[1]))
        archive.writestr("originals/tf_flowers-3.0.1/photos.bin", bytes(40_000_000))
    away.refuses(target, "compressed")


def test_entries_that_share_their_bytes(made: Path, away: Away, tmp_path: Path) -> None:
    """A zip whose entries are larger together than the file is refused: they must overlap."""
    data = bytearray(made.read_bytes())
    start = list_begins(made)
    # All entries' headers shall claim the size of the photos.
    at, size = start, len(data) - 1
    while data[at : at + 4] == b"PK\x01\x02":
        data[at + 20 : at + 28] = size.to_bytes(4, "little") * 2
        at += 46 + sum(int.from_bytes(data[at + place : at + place + 2], "little") for place in (28, 30, 32))
    (tmp_path / "changed.zip").write_bytes(data)
    away.refuses(tmp_path / "changed.zip", "could do harm")


def test_a_million_entries(away: Away, tmp_path: Path) -> None:
    """A list of a million entries is refused before Python makes an object of each."""
    (tmp_path / "changed.zip").write_bytes(listing(MILLION, said=21))
    tracemalloc.start()
    try:
        away.refuses(tmp_path / "changed.zip", "more entries than 200,000")
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()


FEATURES = "features/" + "0" * 24


@pytest.mark.parametrize("array", [b"", b"x", b"PK\x05\x06" + bytes(18), CASES["a pickle, .h5"].make(), CASES["arrays"].make()])
@pytest.mark.parametrize("about", [b"{}", b"[" * 10**5, b'{"shape": [1, 1, 1, 1e99]}'])
def test_features_that_are_none(made: Path, away: Away, tmp_path: Path, array: bytes, about: bytes) -> None:
    """Zips, pickles and nothing in the place of an array, and notes that are deep or another thing, are refused."""

    def change(files: Contents, manifest: dict[str, Any]) -> None:
        manifest["items"].append({"kind": "features", "name": "more", "path": FEATURES})
        files.update({f"{FEATURES}/features.npy": array, f"{FEATURES}/about.json": about})

    away.refuses(rewritten(made, tmp_path / "changed.zip", change, relist=True), "cannot use")


@pytest.mark.parametrize("path", ["x" * 300, "../" * 2000 + "x", "two\nlines", "/dev/zero", "."])
def test_a_path_that_leads_to_no_pack(away: Away, path: str) -> None:
    """A path that no file system can hold, or that leads to a device or a folder, is refused like any that leads nowhere."""
    away.refuses(away.folder / path, "no such file")


@pytest.mark.parametrize("text", [b"", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_files_that_are_no_pack(away: Away, tmp_path: Path, text: bytes) -> None:
    """An empty file, another file and an empty zip are refused."""
    (tmp_path / "changed.zip").write_bytes(text)
    away.refuses(tmp_path / "changed.zip")


SLOW = hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@SLOW
@given(cut=st.floats(0, 0.999))
def test_a_pack_that_was_cut_off(made: Path, away: Away, tmp_path: Path, cut: float) -> None:
    """However much of it arrived, a part of a pack is refused."""
    data = made.read_bytes()
    (tmp_path / "changed.zip").write_bytes(data[: int(cut * len(data))])
    away.refuses(tmp_path / "changed.zip")


@SLOW
@given(place=st.floats(0, 0.9999), value=st.integers(1, 255))
def test_any_changed_byte_is_harmless(made: Path, away: Away, tmp_path: Path, place: float, value: int) -> None:
    """A pack with one changed byte is refused, or the change did not touch what it brings."""
    data = bytearray(made.read_bytes())
    data[int(place * len(data))] ^= value
    (tmp_path / "changed.zip").write_bytes(data)
    try:
        done = unpack(tmp_path / "changed.zip", away.home, away.store)
    except BadPack:
        assert away.unchanged()
        return
    try:
        assert len(done.brought) == 2
        whole = contents_of(made)[0]
        photos = "originals/tf_flowers-3.0.1/photos.bin"
        assert (away.home.root / photos).read_bytes() == whole[photos]
        run = json.loads(whole[run_file(whole)])
        assert away.store.get(run["id"]).name == run["name"]
    finally:
        for run in away.store.all():
            away.store.delete(run.id)
        shutil.rmtree(away.home.originals)
        away.home.originals.mkdir()


@SLOW
@given(text=st.text(max_size=40))
def test_a_safe_name_stays_where_it_is_put(text: str) -> None:
    """A name that counts as safe is one name below its folder, on this system and on Windows."""
    if is_safe(text):
        assert Path(text).parts == (text,)
        assert PureWindowsPath(text).parts == (text,)
        assert not set(text) & set('\\/:*?"<>|\0')
        assert text == text.strip(".")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "path", "name", "size"]), inner),
    max_leaves=10,
)


@SLOW
@given(record=st.fixed_dictionaries({"kind": st.just("flowerlab-lesson"), "format": JSON, "items": JSON, "files": JSON}))
def test_any_manifest_is_refused_with_a_sentence(record: dict[str, Any]) -> None:
    """Whatever JSON stands in the list of contents, it is BadPack and nothing else."""
    with pytest.raises(BadPack):
        read_manifest(json.dumps(record).encode())


@SLOW
@given(kind=st.sampled_from(list(ItemKind)), data=st.data())
def test_item_paths_have_two_safe_names(kind: ItemKind, data: st.DataObject) -> None:
    """A place that the list of contents may name is a folder of the lab and one name in it."""
    path = data.draw(st.from_regex(ITEM_PATHS[kind], fullmatch=True))
    folder, name = path.split("/")
    assert folder in ("originals", "folders", "weights", "features", "runs")
    assert "/" not in name
    assert "\\" not in name
