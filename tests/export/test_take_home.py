"""Taking a run home: files are written whole or not at all, over nothing; cards need nothing else; the command says what it did."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from flowerlab.cli import main
from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Original, Originals, write_originals
from flowerlab.datasets.parts import order_of, parts_of
from flowerlab.errors import BadInput, DatasetNotAtHand
from flowerlab.export.card import card
from flowerlab.export.formats import FORMATS
from flowerlab.export.photo_files import LARGEST_PX, as_jpeg, photo_files
from flowerlab.export.program.program import program_of_run
from flowerlab.export.take_home import file_name, take_home
from flowerlab.lab import Lab
from flowerlab.photos.reading import read_photo
from flowerlab.runs.run import Run
from flowerlab.settings import Settings
from tests.support.runs import add_finished

PICTURES = 50
HOSTILE = "<script>alert(1)</script> \"'&` http://evil.example/x"


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """A lab that trains nothing."""
    opened = Lab(settings.model_copy(update={"garden_pictures": PICTURES}), run_queue=False)
    yield opened
    opened.close()


@pytest.fixture
def garden(lab: Lab) -> Originals:
    """A garden so small that one process draws it."""
    return gather(lab.home, "garden", lab.data.garden)


def finished(lab: Lab, name: str = "A run", **knobs: object) -> Run:
    """A run that looks done, trained on the photos that are here."""
    materials = lab.data.identity(str(knobs.get("dataset", "garden")))
    return add_finished(lab.home, name, materials=materials, **knobs)


def jpeg(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30), **options: object) -> bytes:
    """A photo of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "JPEG", **options)
    return out.getvalue()


# Files


def test_photos_are_named_after_their_place(garden: Originals) -> None:
    """The n-th photo in the order of the cut has the n-th name, in the folder of its class, with its own bytes."""
    files = list(photo_files(garden, "garden", "photos"))
    order = order_of(garden, "garden").tolist()
    assert [name for name, _data in files] == sorted((name for name, _data in files), key=lambda name: name[-9:])
    for place, ((name, data), position) in enumerate(zip(files, order, strict=True)):
        assert name == f"photos/{garden.classes[garden.labels[position]]}/{place:05d}.jpg"
        assert data == garden.data(position)


def test_other_photos_become_upright_jpegs() -> None:
    """A PNG, a turned photo and a huge one come out as JPEGs that any program reads as the lab does; a plain one stays as it is."""
    plain = jpeg((200, 30, 30))
    assert as_jpeg(plain, "plain") == plain
    png = io.BytesIO()
    Image.new("RGBA", (20, 10), (0, 0, 0, 0)).save(png, "PNG")
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = jpeg((30, 200, 30), exif=exif)
    huge = jpeg((30, 30, 200), (3000, 1500))
    for data, size in ((png.getvalue(), (20, 10)), (turned, (30, 40)), (huge, (LARGEST_PX, LARGEST_PX // 2))):
        with Image.open(io.BytesIO(as_jpeg(data, "photo"))) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", size)
            assert image.getexif().get(0x0112, 1) == 1
            mean = np.asarray(image).mean(axis=(0, 1))
        assert np.abs(mean - read_photo(data).mean(axis=(0, 1))).max() < 3


def test_a_zip_holds_program_and_photos_and_a_program_alone_says_what_it_lacks(lab: Lab, garden: Originals, tmp_path: Path) -> None:
    """With .zip all comes along; with .py and .ipynb the program alone, and what must lie beside it is told."""
    run = finished(lab, architecture="vgg16_mini")
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


def test_identical_photos_move_the_cut_in_the_program_too(lab: Lab) -> None:
    """Where the lab moves a cut behind identical photos, the program has the very numbers."""
    photos = [
        Original(f"{kind}/{number:02d}.jpg", label, jpeg((7 * number, 200 * label, 0)))
        for label, kind in enumerate(("a", "b"))
        for number in range(20)
    ]
    same = [Original(one.id, one.label, photos[0].data) for one in photos]
    run = finished(lab)
    folder = lab.home.originals / lab.data.garden.content_name
    write_originals(folder, ("a", "b"), photos)
    assert program_of_run(lab, run).stages[0].cuts is None
    (folder / "index.json").unlink()
    write_originals(folder, ("a", "b"), [*same[:3], *photos[3:20], *same[20:39], photos[39]])
    (stage,) = program_of_run(lab, run).stages
    parts = parts_of(lab.data.originals("garden"), "garden", split="honest", validation_fraction=0.2)[1]
    assert stage.cuts == (len(parts.train), len(parts.train) + len(parts.validation))
    assert stage.cuts != (22, 28)


def test_a_run_goes_home_with_all_stages_or_says_why_not(lab: Lab, tmp_path: Path) -> None:
    """C brings B's training along; when B was deleted, a sentence says so and nothing is written."""
    b = finished(lab, "B", architecture="vgg16_mini")
    c = finished(lab, "C", architecture="vgg16_mini", unfreeze_from="block4_conv3", start_from=b.id)
    assert [stage.recipe for stage in program_of_run(lab, c).stages] == [b.recipe, c.recipe]
    lab.trash.throw(b.id)
    with pytest.raises(BadInput, match="was deleted"):
        take_home(lab, c, FORMATS["script"], tmp_path / "c.py")
    assert list(tmp_path.glob("*c.py*")) == []


def test_nothing_is_overwritten_unasked(lab: Lab, tmp_path: Path) -> None:
    """A file that is there stays as it is, unless it shall be replaced; a failed replacement leaves it too."""
    run, target = finished(lab), tmp_path / "card.html"
    target.write_text("mine")
    with pytest.raises(BadInput, match="already"):
        take_home(lab, run, FORMATS["card"], target)
    assert target.read_text() == "mine"
    take_home(lab, run, FORMATS["card"], target, force=True)
    assert "<h1>A run</h1>" in target.read_text(encoding="utf-8")
    lost = finished(lab, "Lost", start_from="0123456789ab")
    script = tmp_path / "lost.py"
    script.write_text("mine")
    with pytest.raises(BadInput, match="was deleted"):
        take_home(lab, lost, FORMATS["script"], script, force=True)
    assert script.read_text() == "mine"


@pytest.mark.parametrize("name", FORMATS)
def test_places_where_no_file_can_be(lab: Lab, tmp_path: Path, name: str) -> None:
    """A wrong ending, a folder, a place that is not there: one sentence each."""
    run, ending = finished(lab), FORMATS[name].suffixes[0]
    folder = tmp_path / f"folder{ending}"
    folder.mkdir()
    for target in (
        tmp_path / "x.exe",
        tmp_path / "x",
        folder,
        tmp_path / "nowhere" / f"x{ending}",
        Path("x" * 300 + ending),
    ):
        with pytest.raises(BadInput, match="Received") as refused:
            take_home(lab, run, FORMATS[name], target, force=True)
        assert "\n" not in str(refused.value)
    assert list(folder.iterdir()) == []


def test_file_names_are_plain(lab: Lab) -> None:
    """Any run's name gives a name that every system bears."""
    for name in ("C · fine-tuning #3", "../../x", "日本", HOSTILE):
        assert re.fullmatch(r"[a-z0-9-]+\.py", file_name(finished(lab, name[:80]), ".py"))


# The card


class Parts(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Takes a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Takes text."""
        self.text += data


def test_a_card_needs_nothing_else(lab: Lab) -> None:
    """It has no script, fetches nothing, and its curves say in words what they show."""
    page = card(lab.store, finished(lab, split="lecture"))
    parts = Parts(page)
    assert not {tag for tag, _attributes in parts.tags} & {"script", "link", "img", "iframe", "object", "base", "a"}
    assert not [name for _tag, attributes in parts.tags for name in attributes if name in ("src", "href") or name.startswith("on")]
    assert not re.search(r"url\(|@import|https?://", page)
    drawn = [attributes for tag, attributes in parts.tags if tag == "svg"]
    assert [attributes["role"] for attributes in drawn] == ["img", "img"]
    assert "after 2 epochs" in str(drawn[0]["aria-label"])
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page
    assert "too high" in parts.text


def test_a_card_holds_the_run(lab: Lab) -> None:
    """Figures with their interval, every knob, the matrix, each class, versions, licence."""
    run = finished(lab, learning_rate=3e-4)
    text = Parts(card(lab.store, run)).text
    assert "85.7 % (70.6–93.7)" in text
    for words in ("0.0003", "Learning rate", "Apache-2.0", "tensorflow 2.", "keras 3.", "recall", run.id, "12 s"):
        assert words in text, words
    assert text.count("garden") >= 1


def test_a_card_tells_what_trained_the_run(lab: Lab) -> None:
    """The versions that the run recorded, whatever is installed where the card is made; those, called so, where it recorded none."""
    run = finished(lab)
    text = Parts(card(lab.store, run)).text
    assert "Versions where the card was made" in text
    assert "Versions that trained it" not in text
    assert run.result is not None
    recorded = replace(run, result=run.result.model_copy(update={"versions": {"Flowerlab": "0.0.7", "keras": "3.0.1"}}))
    text = Parts(card(lab.store, recorded)).text
    assert re.search(r"Versions that trained it\s*Flowerlab 0\.0\.7, keras 3\.0\.1", text)
    assert "Versions where" not in text


def test_names_on_a_card_are_only_names(lab: Lab) -> None:
    """A name with HTML in it is shown as it is, and adds no tag."""
    plain, hostile = (Parts(card(lab.store, finished(lab, name))) for name in ("A run", HOSTILE))
    assert [tag for tag, _attributes in hostile.tags] == [tag for tag, _attributes in plain.tags]
    assert HOSTILE in hostile.text


# The command

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command in this process; gives (exit code, standard output, standard error)."""
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", str(PICTURES))

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run


def test_the_command_writes_and_says_so(lab: Lab, garden: Originals, call: Call, tmp_path: Path) -> None:
    """`export` writes the file, says its size, what must lie beside it, and all of it as one JSON object."""
    run = finished(lab)
    code, out, err = call("export", run.id, "--to", "script", "--out", tmp_path / "a.py")
    assert (code, out.startswith(str(tmp_path / "a.py"))) == (0, True)
    assert "photos/" in err
    code, out, _err = call("export", run.name, "--to", "notebook", "--out", tmp_path / "a.zip", "--json")
    told = json.loads(out)
    assert (code, told["run_id"], told["to"], told["beside"]) == (0, run.id, "notebook", [])
    assert Path(told["path"]).stat().st_size == told["bytes"]


def test_the_command_writes_a_card_and_a_model(lab: Lab, call: Call, tmp_path: Path) -> None:
    """The card is the one that the page offers, the model that of the run, byte for byte; nothing must lie beside them."""
    run = finished(lab)
    code, out, err = call("export", run.id, "--to", "card", "--out", tmp_path / "run.html")
    assert (code, err) == (0, "")
    assert out == f"{tmp_path / 'run.html'}: {(tmp_path / 'run.html').stat().st_size / 1e6:,.2f} MB\n"
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == card(lab.store, run)
    code, out, err = call("export", run.id, "--to", "keras", "--out", tmp_path / "run.keras", "--json")
    told = json.loads(out)
    assert (code, err, told["to"], told["beside"], told["difference"]) == (0, "", "keras", [], None)
    assert (tmp_path / "run.keras").read_bytes() == lab.home.model(run.id).read_bytes() != b""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nobody", "--to", "card", "--out", "x.html"], "no such run"),
        (["RUN", "--to", "pdf", "--out", "x.pdf"], "--to must be one of"),
        (["RUN", "--to", "card", "--out", "x.pdf"], "must end in .html"),
        (["RUN", "--to", "card"], "--out"),
    ],
)
def test_the_command_refuses_in_one_sentence(lab: Lab, call: Call, arguments: list[str], word: str) -> None:
    """A run, form or file that cannot be is exit code 2 and one line."""
    run = finished(lab)
    code, out, err = call("export", *[run.id if one == "RUN" else one for one in arguments])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert word in err


def test_a_run_that_waits_has_nothing_to_take_home(lab: Lab, call: Call, tmp_path: Path) -> None:
    """A run without a model is exit code 1 with its state, and writes nothing."""
    run = lab.queue.start(finished(lab).recipe, again=True).run
    code, _out, err = call("export", run.id, "--to", "keras", "--out", tmp_path / "x.keras")
    assert (code, err.count("\n")) == (1, 1)
    assert "queued" in err
    assert not (tmp_path / "x.keras").exists()
