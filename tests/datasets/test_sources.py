"""Where photos come from: every entry of the catalog is complete, and each source keeps what the protocol says."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from flowerlab.architectures import ARCHITECTURES
from flowerlab.datasets.availability import Availability
from flowerlab.datasets.catalog import DATASETS, Dataset, check_dataset_name, dataset_of_identity, dataset_source, dataset_title
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import find_originals, gather
from flowerlab.datasets.import_folder import import_folder
from flowerlab.datasets.originals import Original
from flowerlab.datasets.parts import order_of
from flowerlab.datasets.sources.folder import FolderSource
from flowerlab.datasets.sources.garden import GardenSource
from flowerlab.datasets.sources.source import Source
from flowerlab.datasets.sources.tfds import TfdsSource
from flowerlab.doctor.data import check_datasets
from flowerlab.doctor.finding import Level
from flowerlab.errors import BadRecipe, DatasetNotAtHand
from flowerlab.home import Home
from flowerlab.packs.manifest import ITEM_PATHS, ItemKind
from flowerlab.recipe.recipe import Recipe
from flowerlab.system.progress import Progress
from flowerlab.tasks.download import fetchable, megabytes_of
from tests.support.photos import write_leaves

GARDEN = Garden(pictures=50)
PETALS = TfdsSource("petals", "1.2.0", class_names=("round", "long"), count=12, download_mb=34, split="train+test")


@dataclass(frozen=True)
class Case:
    """A source, and the name of its data set."""

    name: str
    source: Source


CASES = [
    Case("garden", GardenSource(GARDEN)),
    Case("folder:leaves", FolderSource("leaves")),
    Case("petals", PETALS),
    Case("ordered petals", replace(PETALS, split="train", keeps_order=True)),
]


def read_petals(source: TfdsSource, progress: Progress) -> list[Original]:
    """Stands in for the trainer, which has TensorFlow Datasets."""
    progress("Gathering photos", 0, source.count)
    return [Original(f"{source.name}-{number}", number % 2, b"photo %d" % number) for number in range(source.count)]


@pytest.fixture(params=CASES, ids=lambda case: case.name)
def case(request: pytest.FixtureRequest, home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    """One source of each kind, with all that it needs here."""
    found: Case = request.param
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    import_folder(write_leaves(tmp_path / "leaves"), home.folders)
    if isinstance(found.source, TfdsSource):
        found.source.prepared.mkdir(parents=True)
        (found.source.prepared / "dataset_info.json").touch()
        monkeypatch.setitem(DATASETS, found.name, Dataset("Petals", "Petals.", "CC0", "Nobody", found.source))
    return found


@pytest.mark.parametrize("name", DATASETS)
def test_every_data_set_is_complete(name: str, home: Home) -> None:
    """Title, sentence, licence, credit, classes, size and identity: no page meets an entry that lacks one."""
    entry = DATASETS[name]
    assert all((entry.title, entry.licence, entry.credit))
    assert entry.sentence.endswith(".")
    assert set(entry.seen_by) <= {name for name, chosen in ARCHITECTURES.items() if chosen.pretrained}
    assert all(0 < share <= 1 for share in entry.seen_by.values())
    assert (check_dataset_name(name), dataset_title(name)) == (name, entry.title)
    source = entry.source
    assert isinstance(source, Source)
    classes = source.classes(home)
    assert len(classes) == len(set(classes)) > 1
    assert all(label.isprintable() and "/" not in label for label in classes)
    assert source.photos(home) > 10 * len(classes)
    assert source.photo_bytes > 0
    assert (source.download_mb > 0) == (name in fetchable()) == (not source.drawn_s)
    assert dataset_of_identity(source.identity(home)) is entry
    assert ITEM_PATHS[ItemKind.PHOTOS].fullmatch(f"originals/{source.identity(home)}")
    if isinstance(source, TfdsSource) and source.archive is not None:
        assert source.download_mb == round(source.archive.file.megabytes)


def test_no_two_data_sets_are_taken_for_each_other(home: Home) -> None:
    """An identity, of whatever version, is that of one data set."""
    for entry in DATASETS.values():
        identity = entry.source.identity(home)
        assert [one for one in DATASETS.values() if one.source.identity_pattern == entry.source.identity_pattern] == [entry]
        assert dataset_of_identity(identity[:-1] + "9") is entry
    assert dataset_of_identity("folder-0123abcd-0123456789ab") is None


def test_a_source_gives_what_it_says(case: Case, home: Home) -> None:
    """What is gathered has the identity, the classes and the number of photos that were known before, and is found again."""
    source = dataset_source(case.name, GARDEN)
    assert (source, isinstance(source, Source)) == (case.source, True)
    assert source.available(home)
    steps: list[tuple[str, int, int]] = []
    photos = gather(home, case.name, GARDEN, progress=lambda *step: steps.append(step), read_tfds=read_petals)
    assert photos.folder == home.originals / source.identity(home)
    assert (photos.classes, len(photos), len(set(photos.ids))) == (source.classes(home), source.photos(home), source.photos(home))
    assert steps[-1][2] == source.photos(home)
    found = find_originals(home, case.name, GARDEN)
    assert found is not None
    assert found.content == photos.content
    in_order = order_of(photos, case.name).tolist() == list(range(len(photos)))
    assert in_order == source.keeps_order


def test_what_a_source_says_of_itself_agrees(case: Case, home: Home, tmp_path: Path) -> None:
    """Only what is fetched is published; only what keeps its order is loaded by a program itself; only what is drawn takes time."""
    source = case.source
    assert (source.published is not None) == (source.download_mb > 0)
    assert (source.tfds_name is not None) <= source.keeps_order
    assert (source.drawn_s > 0) == (case.name == "garden")
    assert source.photo_bytes > 0
    elsewhere = Home(tmp_path / "elsewhere").create()
    if source.published is not None:
        assert source.identity(elsewhere) == source.identity(home) == source.published


def test_only_the_trainer_reads_what_tensorflow_datasets_knows(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the error says how the photos get here; nothing is written."""
    monkeypatch.setitem(DATASETS, "petals", Dataset("Petals", "Petals.", "CC0", "Nobody", PETALS))
    with pytest.raises(DatasetNotAtHand, match="petals has not been gathered yet"):
        gather(home, "petals", GARDEN)
    assert list(home.originals.iterdir()) == []


def test_own_photos_that_are_not_here_are_told_by_name(home: Home) -> None:
    """Their classes and number are a bad recipe, gathering them is data that is missing; their identity is no folder's name."""
    source = dataset_source("folder:leaves")
    assert not source.available(home)
    for ask in (source.classes, source.photos):
        with pytest.raises(BadRecipe, match=r"names photos that are not in this lab.*folder:leaves"):
            ask(home)
    with pytest.raises(DatasetNotAtHand, match="Your photos 'leaves' are not in this lab"):
        gather(home, "folder:leaves", GARDEN)
    assert source.identity(home) == "folder:leaves"


def test_another_import_is_another_identity(home: Home, tmp_path: Path) -> None:
    """A photo more, or one written anew, makes own photos others; so does another garden."""
    import_folder(write_leaves(tmp_path / "leaves"), home.folders)
    source, seen = FolderSource("leaves"), set()
    for change in (lambda path: None, lambda path: path.touch(), lambda path: path.with_name("new.png").write_bytes(b"x")):
        change(next((home.folders / "leaves").rglob("*.png")))
        seen.add(source.identity(home))
    gardens = [Garden(pictures=60), Garden(pictures=61), Garden(pictures=60, difficulty=0.5), Garden(pictures=60, seed=1)]
    seen.update(dataset_source("garden", garden).identity(home) for garden in gardens)
    assert len(seen) == 7


def test_a_new_entry_is_all_that_another_data_set_takes(home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recipe may name it, fetching offers it, the doctor misses it, and the lab knows its classes, size and download."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setitem(DATASETS, "petals", Dataset("Petals", "Petals.", "CC0", "Nobody", PETALS))
    assert Recipe.parse({"dataset": "petals"}).dataset == "petals"
    assert "petals" in fetchable()
    assert megabytes_of("petals") == 34
    data = Availability(home, GARDEN)
    assert "petals" in data.names()
    assert (data.has("petals"), data.classes_of("petals"), data.photos_of("petals")) == (False, ("round", "long"), 12)
    assert (data.missing_mb("petals", None), data.originals("petals")) == (34, None)
    finding = next(finding for finding in check_datasets(home.root) if finding.subject == "petals")
    assert (finding.level, finding.missing_mb) == (Level.WARNING, 34)
    assert "flowerlab fetch petals" in finding.mend
    gather(home, "petals", GARDEN, read_tfds=read_petals)
    assert (data.has("petals"), data.missing_mb("petals", None)) == (True, 0)
