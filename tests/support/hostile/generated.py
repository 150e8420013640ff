"""Cases that nobody thought of: drawn by Hypothesis, brought through the real entrances, judged by one rule.

A kind is what is drawn and the entrance that it is brought through. Everything must be taken or refused with a `FlowerlabError`
of one sentence; a refusal must leave the home as it was. `run_rounds` is called by `make test` and by `python -m tools.checks.fuzz`.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import numpy as np
from hypothesis import strategies as st

from flowerlab.architectures.pretrained import import_weights
from flowerlab.cli import main
from flowerlab.cli.knobs import flag_of
from flowerlab.datasets.import_folder import delete_folder, import_folder
from flowerlab.errors import BadFolder, BadInput, BadModel, BadPack, BadPhoto, BadRecipe
from flowerlab.home import Home
from flowerlab.packs import pack, unpack
from flowerlab.photos.from_zip import Unzipped, unzip_photos
from flowerlab.photos.reading import read_photo
from flowerlab.recipe.knobs import KNOBS, as_text
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import MAX_NAME
from flowerlab.store import Store
from tests.support.hostile.archives import named, photos_of, zipped
from tests.support.hostile.judging import Fault, State, check_sentence, refusal, state_of
from tests.support.hostile.models import CASES as MODELS
from tests.support.hostile.photos import small_photos
from tests.support.hostile.recipes import BAD_IDS, BAD_NAMES, GOOD_NAMES
from tests.support.packs import bring_run, bring_tf_flowers
from tests.support.photos import GARDEN

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=30) | st.sampled_from([*BAD_NAMES, *GOOD_NAMES, *BAD_IDS])
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=8,
)
# That a zip may bring in a case.
MOST_PHOTOS = 3
KNOB_NAMES = st.sampled_from([*KNOBS])
LIKELY = st.sampled_from(
    [
        "5",
        "0",
        "-1",
        "1e-3",
        "none",
        "all",
        "13",
        "block4_conv3",
        "vgg16",
        "mobilenet_v2",
        "handmade",
        "imagenet",
        "flowerlab",
        "file:x.h5",
        "garden",
        "folder:x",
        "50,20",
        "honest",
        "lecture",
        "crop",
        "sgd",
        "flip",
        "0123456789ab",
        "150",
        "1e999",
        "nan",
        "²",
        " 5 ",
        "0x10",
    ]
)

GOOD_KNOBS = st.fixed_dictionaries(
    {},
    optional={
        "architecture": st.sampled_from(["handmade", "vgg16", "vgg16_mini", "mobilenet_v2"]),
        "epochs": st.sampled_from(["1", 500, " 7 "]),
        "image_size": st.sampled_from([96, "150", 331.0]),
        "head": st.sampled_from(["50,20", "none", [1024], "(7)"]),
        "learning_rate": st.sampled_from(["1e-5", 1, "0.001"]),
        "dataset": st.sampled_from(["garden", "tf_flowers", "folder:x y"]),
        "augment": st.sampled_from(["none", "flip"]),
        "seed": st.sampled_from([0, "2147483647"]),
        "start_from": st.sampled_from(["", "none", "0123456789ab"]),
    },
)


@dataclass(frozen=True)
class Damage:
    """What is done to a file: bytes changed, a part left out or doubled, its end cut off.

    Args:
        changes: (place, value) each, the place in thousandths of the length.
        part: (place, length in bytes, times it is there).
        kept: Thousandths of the file that are kept.
    """

    changes: tuple[tuple[int, int], ...]
    part: tuple[int, int, int] | None
    kept: int

    def of(self, data: bytes) -> bytes:
        """Returns the damaged file."""
        if self.part is not None and data:
            begin = self.part[0] * len(data) // 1000
            end = begin + self.part[1]
            data = data[:begin] + data[begin:end] * self.part[2] + data[end:]
        changed = bytearray(data[: len(data) * self.kept // 1000])
        for place, value in self.changes if changed else ():
            changed[place * len(changed) // 1000] = value
        return bytes(changed)


DAMAGE = st.builds(
    Damage,
    st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=8).map(tuple),
    st.none() | st.tuples(st.integers(0, 999), st.integers(1, 300), st.integers(0, 3)),
    st.just(1000) | st.integers(0, 1000),
)


class Place:
    """A folder for one round: a home with a run, and room beside it for what is given to the lab.

    Attributes:
        root: All of it.
        home: The home.
        store: Its runs.
        run_id: Of its one run.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.home = Home(root / "home").create()
        self.store = Store(self.home.store)
        self.run_id = bring_run(self.home, self.store, "There").id
        self.given = root / "given"
        self.given.mkdir()

    def runs(self) -> list[Any]:
        """All that the store holds."""
        return [(run, self.store.record(run.id)) for run in self.store.all()]


# What a case comes to: the sentence of its refusal, or None if it was taken.
Try = Callable[[Place, Any], str | None]


def try_photo(place: Place, case: tuple[int, Damage, str]) -> str | None:
    """Reads a photo."""
    which, damage, name = case
    files = small_photos()
    read: list[Any] = []
    said = refusal(lambda: read.append(read_photo(damage.of(files[which % len(files)]), name)), BadPhoto)
    if said is None and (read[0].dtype != np.uint8 or read[0].ndim != 3 or read[0].shape[2] != 3 or not read[0].size):
        raise Fault(f"No photo: {read[0].dtype}{read[0].shape}")
    return said


def try_recipe(place: Place, case: Any) -> str | None:
    """Parses a recipe."""
    read: list[Recipe] = []
    said = refusal(lambda: read.append(Recipe.parse(case)), BadRecipe)
    if said is None:
        again = (Recipe.parse(json.loads(read[0].model_dump_json())), Recipe.parse(read[0].to_query()))
        if set(again) != {read[0]}:
            raise Fault(f"The recipe is another after it was written and read: {read[0]!r}")
    return said


def try_link(place: Place, case: tuple[dict[str, Any], Damage]) -> str | None:
    """The address of a page, written and read as browsers do, some of its signs changed; of one that comes twice the last counts."""
    knobs, damage = case
    text = urlencode({name: as_text(value) for name, value in knobs.items()}, errors="surrogatepass")
    read = parse_qs(damage.of(text.encode()).decode(errors="replace"), keep_blank_values=True, max_num_fields=10_000)
    return try_recipe(place, {name: values[-1] for name, values in read.items() if name in KNOBS})


def try_photo_zip(place: Place, case: tuple[list[tuple[str, int, int]], bool, Damage, str]) -> str | None:
    """A zip of photos to be named, put together of odd entries or damaged: few photos with plain names come out of it."""
    entries, packed, damage, name = case
    files = small_photos()
    source = zipped(
        place.given / "photos.zip",
        [("1.png", files[0]), *((named(path, mode=mode << 12), files[which % len(files)]) for path, which, mode in entries)],
        method=zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED,
    )
    data = damage.of(source.read_bytes())
    source.unlink()
    out: list[Unzipped] = []
    said = refusal(lambda: out.append(unzip_photos(data, name, most=MOST_PHOTOS)), BadInput, watched=place.root)
    if said is None:
        for sentence in out[0].left_out:
            check_sentence(sentence)
        names = [photo for photo, _ in out[0].photos]
        if len(names) > MOST_PHOTOS or any("/" in photo or not photo.isprintable() for photo in names):
            raise Fault(f"Not at most {MOST_PHOTOS} photos with plain names: {names}")
    return said


def try_name(place: Place, text: str) -> str | None:
    """A text as the id and the name of a run, and as the name of a data set."""
    store, before = place.store, place.store.all()
    for attempt in (
        store.get,
        store.delete,
        store.request_stop,
        store.record,
        store.materials,
        lambda text: store.rename(text, "x"),
    ):
        if refusal(lambda: attempt(text), BadInput) is None:  # noqa: B023
            raise Fault(f"It names a run: {text!r}")
    if refusal(lambda: delete_folder(place.home.folders, text), BadFolder, watched=place.home.root) is None:
        raise Fault(f"It names photos: {text!r}")
    if store.all() != before:
        raise Fault("The runs changed.")
    said = refusal(lambda: store.rename(place.run_id, text), BadInput)
    name = store.get(place.run_id).name
    if said is not None and name != before[0].name:
        raise Fault("The run has another name although that was refused.")
    if not name.isprintable() or not 0 < len(name) <= MAX_NAME:
        raise Fault(f"A run is called {name!r}.")
    return said


def try_archive(place: Place, case: tuple[list[tuple[str, int, int]], bool, Damage, str]) -> str | None:
    """Imports a zip of photos."""
    entries, packed, damage, name = case
    photos = photos_of({"rose": 10, "daisy": 10})
    files = small_photos()
    odd = [(named(path, mode=mode << 12), files[which % len(files)]) for path, which, mode in entries]
    source = zipped(
        place.given / "plants.zip", [*photos.items(), *odd], method=zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    )
    source.write_bytes(damage.of(source.read_bytes()))
    before = state_of(place.root)
    imported: list[Any] = []
    said = refusal(lambda: imported.append(import_folder(source, place.home.folders, name)), BadFolder, watched=place.root)
    if said is None:
        (info,) = imported
        for sentence in info.left_out:
            check_sentence(sentence)
        _only_below(before, state_of(place.root), f"home/folders/{info.name}/", files=info.photos)
        delete_folder(place.home.folders, info.name)
    return said


def _only_below(before: State, now: State, folder: str, *, files: int) -> None:
    made = now.keys() - before.keys()
    outside = [path for path in made if not path.startswith(folder)]
    if outside or any(now.get(path) != about for path, about in before.items()):
        raise Fault(f"Something changed outside {folder}: {outside[:5]}")
    if sum(not path.endswith("/") for path in made) != files:
        raise Fault(f"Not {files} files were made in {folder}.")


def try_model(place: Place, case: tuple[int, Damage]) -> str | None:
    """Brings a model file."""
    model = [*_models()][case[0] % len(_models())]
    source = place.given / f"own{model[0]}"
    source.write_bytes(case[1].of(model[1]))
    said = refusal(lambda: import_weights(source, place.home), BadModel, watched=place.root)
    if said is None:
        for copy in place.home.weights.iterdir():
            copy.unlink()
    return said


@functools.cache
def _models() -> tuple[tuple[str, bytes], ...]:
    made = ((case.suffix, case.make()) for case in MODELS.values() if case.suffix != ".npz")
    return tuple((suffix, data) for suffix, data in made if len(data) < 10_000)


def try_pack(place: Place, case: tuple[str, tuple[str | int, ...], Any, Damage]) -> str | None:
    """A lesson pack of which a JSON file has another value somewhere, or whose bytes are damaged."""
    file, path, value, damage = case
    source = place.given / "lesson.zip"
    source.write_bytes(damage.of(_changed_pack(_lesson(), file, path, value)))
    before = place.runs()
    said = refusal(lambda: unpack(source, place.home, place.store), BadPack, watched=place.root)
    if said is not None:
        if place.runs() != before:
            raise Fault("The runs changed.")
        return said
    # It was harmless. The next case finds the home as this one did.
    for run in place.store.all():
        if run.id != place.run_id:
            place.store.delete(run.id)
    for folder in place.home.originals.iterdir():
        shutil.rmtree(folder)
    return None


@functools.cache
def _lesson() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder) / "made").create()
        store = Store(home.store)
        bring_tf_flowers(home, photos=5)
        run = bring_run(home, store, "Packed", dataset="tf_flowers")
        pack(Path(folder) / "lesson.zip", home, store, dataset="tf_flowers", runs=[run], garden=GARDEN)
        store.close()
        return (Path(folder) / "lesson.zip").read_bytes()


def _changed_pack(data: bytes, file: str, path: tuple[str | int, ...], value: Any) -> bytes:
    """Puts a value into one of a pack's JSON files, where the path leads as far as it goes, and lists the file as it is then."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = next(one for one in files if one.endswith(file))
    content = json.loads(files[name])
    spot, last = content, None
    for step in path:
        keys = list(spot) if isinstance(spot, dict) else list(range(len(spot))) if isinstance(spot, list) else []
        if not keys:
            break
        last = (spot, keys[step % len(keys)] if isinstance(step, int) else step)
        spot = last[0][last[1]] if not isinstance(last[1], str) or last[1] in last[0] else None
    if last is not None:
        with contextlib.suppress(TypeError):
            last[0][last[1]] = value
    files[name] = json.dumps(content).encode()
    manifest = json.loads(files["manifest.json"])
    if name != "manifest.json":
        for listed in manifest["files"]:
            if listed["path"] == name:
                listed |= {"size": len(files[name]), "sha256": hashlib.sha256(files[name]).hexdigest()}
        files["manifest.json"] = json.dumps(manifest).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for one, held in files.items():
            archive.writestr(one, held)
    return made.getvalue()


def try_command(place: Place, words: list[str]) -> str | None:
    """A command line: it ends with 0 or with one line on standard error and 1 or 2, and trains and changes nothing."""
    before, runs = state_of(place.root), place.runs()
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(words)
        except BaseException as error:
            raise Fault(f"{type(error).__name__}: {str(error)[:500]}") from error
    said = err.getvalue().strip()
    if code not in (0, 1, 2) or (code and (len(said.splitlines()) != 1 or "Traceback" in said)):
        raise Fault(f"Code {code}, standard error: {said[:1000]!r}")
    if state_of(place.root) != before or place.runs() != runs:
        raise Fault("Something changed.")
    return said if code else None


def _argument(text: str) -> str:
    """What of a text a command line can hold."""
    return text.replace("\0", "").encode("utf-8", "surrogateescape" if text.isascii() else "replace").decode()[:2000]


ARGUMENTS = (ANY_TEXT | LIKELY).map(_argument)
FLAGS = st.builds(lambda name, value: f"{flag_of(name)}={value}", KNOB_NAMES, ARGUMENTS)
GOOD_FLAGS = GOOD_KNOBS.map(lambda knobs: [f"{flag_of(name)}={as_text(value)}" for name, value in knobs.items()])
COMMANDS = st.one_of(
    st.builds(lambda good, odd: ["train", "--dry-run", *good, *odd], GOOD_FLAGS, st.lists(FLAGS, max_size=1)),
    st.builds(lambda good, odd: ["train", "--dry-run", "--json", *good, *odd], GOOD_FLAGS, st.lists(FLAGS, max_size=2)),
    st.builds(
        lambda knob, value: ["sweep", "--dry-run", "--knob", f"{knob}={value}"], KNOB_NAMES | ANY_TEXT.map(_argument), ARGUMENTS
    ),
    st.builds(lambda run, photo: ["classify", "--json", "--", run, photo], ARGUMENTS, ARGUMENTS),
    st.builds(lambda *runs: ["compare", "--", *runs], ARGUMENTS, ARGUMENTS),
    st.builds(lambda run, to, out: ["export", f"--to={to}", f"--out={out}", "--", run], ARGUMENTS, ARGUMENTS, ARGUMENTS),
    st.builds(lambda state: ["runs", "--state", state], ARGUMENTS),
    st.builds(lambda path: ["unpack", "--", path], ARGUMENTS),
)

PATHS = st.one_of(
    st.sampled_from(
        ["..", ".", "", "/", "\\", "C:", "rose", "Rose", "daisy", "con", "__MACOSX", "\0", "~", "a" * 300, "\u202e", "ro\u200bse"]
    ),
    st.text(max_size=6),
)
ENTRY_NAMES = st.builds(
    lambda parts, stroke, end: stroke.join(parts) + end,
    st.lists(PATHS, min_size=1, max_size=4),
    st.sampled_from(["/", "\\"]),
    st.sampled_from([".png", ".JPG", "/", "", "/1.png", "/../../evil.png"]),
)


# (name, which file, kind as Unix numbers them: 10 is a link, 4 a folder).
ENTRIES = st.tuples(ENTRY_NAMES, st.integers(0, 200), st.sampled_from([0, 0, 0, 8, 10, 4]))
SOMETIMES_DAMAGED = st.just(Damage((), None, 1000)) | DAMAGE


def some_with(odd: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Good knobs, some of them replaced."""
    return st.builds(lambda good, odd: good | odd, GOOD_KNOBS, odd)
