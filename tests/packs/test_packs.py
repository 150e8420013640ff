"""Lesson packs, there and back."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from flowerlab.architectures import ARCHITECTURES, Architecture, architecture, catalog
from flowerlab.architectures.pretrained import find_weights
from flowerlab.cli import main
from flowerlab.datasets.catalog import dataset_source
from flowerlab.datasets.gather import gather
from flowerlab.errors import BadInput, BadPack, DatasetNotAtHand, HomeUnusable, WeightsNotAtHand
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.packs import pack, unpack
from flowerlab.packs.manifest import ItemKind
from flowerlab.packs.packing import check_weights_file
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.hostile.models import keras_file
from tests.support.loopback import hdf5, served_weights
from tests.support.packs import bring_features, bring_folder, bring_run, bring_tf_flowers, gathered, holdings
from tests.support.photos import GARDEN


@pytest.fixture
def lesson(tmp_path: Path) -> Path:
    """Where the pack is made."""
    return tmp_path / "lesson.zip"


@pytest.fixture
def store(home: Home) -> Store:
    """The runs of the home in which packs are made."""
    return Store(home.store)


@pytest.fixture
def away(tmp_path: Path) -> Home:
    """The empty home of a computer without a network."""
    return Home(tmp_path / "away").create()


@pytest.fixture
def away_store(away: Home) -> Store:
    """Its runs."""
    return Store(away.store)


WEIGHTS, OTHERS = hdf5(100), hdf5(120)


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Architecture:
    """A network whose ImageNet weights, a few bytes with a known hash, are in Keras' cache."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    known = architecture("mobilenet_v2")
    digest = hashlib.sha256(WEIGHTS).hexdigest()
    file = dataclasses.replace(known.weights[0], digest=digest)
    small = dataclasses.replace(known, weights=(file,))
    monkeypatch.setattr("flowerlab.packs.packing.ARCHITECTURES", {**ARCHITECTURES, known.name: small})
    (tmp_path / "keras" / "models").mkdir(parents=True)
    (tmp_path / "keras" / "models" / file.name).write_bytes(WEIGHTS)
    return small


def test_a_whole_lesson_goes_there_and_back(
    home: Home,
    store: Store,
    away: Home,
    away_store: Store,
    lesson: Path,
    network: Architecture,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """Photos, weights, features and a run are in the other home bit by bit, and a second unpack changes nothing."""
    photos = bring_tf_flowers(home)
    features = bring_features(home, photos, network.name)
    run = bring_run(home, store, "There", dataset="tf_flowers", epochs=2)
    packed = pack(lesson, home, store, dataset="tf_flowers", architecture=network, runs=[run], garden=GARDEN).manifest
    assert {item.kind for item in packed.items} == set(ItemKind) - {ItemKind.FOLDER}
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras-away"))
    done = unpack(lesson, away, away_store)
    assert done.brought == packed.items
    assert gathered(away, "tf_flowers").content == photos.content
    assert (away.features / features.name / "features.npy").read_bytes() == (features / "features.npy").read_bytes()
    weights = find_weights(network)
    assert weights is not None
    assert weights.read_bytes() == WEIGHTS
    there = away_store.get(run.id)
    assert there == dataclasses.replace(run, number=there.number, turn=0)
    assert [event for _, event in away_store.events(run.id)] == [event for _, event in store.events(run.id)]
    assert {path.name for path in away.run(run.id).iterdir()} == {"model.keras", "log.txt", "run.json"}
    before = holdings(tmp_path)
    again = unpack(lesson, away, away_store)
    assert (again.brought, again.kept, again.differing) == ((), packed.items, ())
    assert holdings(tmp_path) == before


def test_unpacked_tf_flowers_is_at_hand(
    home: Home, store: Store, lesson: Path, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lab says that tf_flowers is at hand after unpacking it where TFDS has nothing, and an equal run is not trained."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "nothing"))
    bring_tf_flowers(home)
    run = bring_run(home, store, "There", dataset="tf_flowers", epochs=2)
    pack(lesson, home, store, dataset="tf_flowers", runs=[run], garden=GARDEN)
    lab = Lab(settings.model_copy(update={"home": tmp_path / "away"}), run_queue=False)
    try:
        assert not lab.data.has_photos("tf_flowers")
        unpack(lesson, lab.home, lab.store)
        assert lab.data.has_photos("tf_flowers")
        assert lab.queue.start(run.recipe).existing
    finally:
        lab.close()


def test_own_photos_keep_their_identity(
    home: Home, store: Store, away: Home, away_store: Store, lesson: Path, tmp_path: Path
) -> None:
    """An own folder arrives as the same photos, so that what was trained on it there counts here too."""
    bring_folder(home, tmp_path)
    gather(home, "folder:pets", GARDEN)
    pack(lesson, home, store, dataset="folder:pets", garden=GARDEN)
    unpack(lesson, away, away_store)
    assert holdings(away.folders) == holdings(home.folders)
    assert dataset_source("folder:pets", GARDEN).identity(away) == dataset_source("folder:pets", GARDEN).identity(home)
    assert gather(away, "folder:pets", GARDEN).content == gathered(home, "folder:pets").content


def test_other_photos_of_the_same_name_refuse_the_pack(
    home: Home, store: Store, away: Home, away_store: Store, lesson: Path, tmp_path: Path
) -> None:
    """Where other own photos have the name, nothing at all is brought, not even the run."""
    bring_folder(home, tmp_path)
    bring_folder(away, tmp_path, first=100)
    gather(home, "folder:pets", GARDEN)
    run = bring_run(home, store, "There")
    pack(lesson, home, store, dataset="folder:pets", runs=[run], garden=GARDEN)
    before = holdings(away.root)
    with pytest.raises(BadPack, match="Other photos"):
        unpack(lesson, away, away_store)
    assert holdings(away.root) == before
    assert away_store.all() == []


def test_what_is_here_is_never_overwritten(
    home: Home, store: Store, away: Home, away_store: Store, lesson: Path, network: Architecture
) -> None:
    """Other weights, other photos and a renamed run stay as they are, and the first two are reported as differing."""
    bring_tf_flowers(home)
    run = bring_run(home, store, "There", dataset="tf_flowers")
    pack(lesson, home, store, dataset="tf_flowers", architecture=network, runs=[run], garden=GARDEN)
    bring_tf_flowers(away, photos=10)
    away_store.adopt([store.record(run.id)])
    away_store.rename(run.id, "Mine now")
    weights = find_weights(network)
    assert weights is not None
    weights.write_bytes(OTHERS)
    done = unpack(lesson, away, away_store)
    assert done.brought == ()
    assert {item.kind for item in done.differing} == {ItemKind.PHOTOS, ItemKind.WEIGHTS}
    assert len(gathered(away, "tf_flowers")) == 10
    assert weights.read_bytes() == OTHERS
    assert away_store.get(run.id).name == "Mine now"


def test_the_store_adopts_a_run_once(home: Home, store: Store, away_store: Store) -> None:
    """An adopted run keeps its id and gets the next number; adopted again, it stays as it is."""
    there = [store.record(bring_run(home, store, name).id) for name in ("First", "Second")]
    store.rename(there[1].run.id, "Sec {number} ond")
    there[1] = store.record(there[1].run.id)
    mine = away_store.add(there[0].run.recipe, "Mine")
    assert away_store.adopt(there[::-1]) == [record.run.id for record in there]
    assert [(run.number, run.name) for run in away_store.all()] == [(3, "Sec {number} ond"), (2, "First"), (1, "Mine")]
    away_store.rename(there[0].run.id, "Renamed")
    assert away_store.adopt(there) == []
    assert away_store.get(there[0].run.id).name == "Renamed"
    assert away_store.get(mine.id) == mine


def test_damaged_photos_here_are_replaced(home: Home, store: Store, away: Home, away_store: Store, lesson: Path) -> None:
    """Photos that cannot be opened are in nobody's use: the pack's take their place."""
    bring_tf_flowers(home)
    pack(lesson, home, store, dataset="tf_flowers", garden=GARDEN)
    damaged = bring_tf_flowers(away).folder / "photos.bin"
    damaged.write_bytes(damaged.read_bytes()[:-1])
    assert unpack(lesson, away, away_store).kept == ()
    assert len(gathered(away, "tf_flowers")) == 20


def test_a_failure_half_way_takes_everything_back(
    home: Home,
    store: Store,
    away: Home,
    away_store: Store,
    lesson: Path,
    monkeypatch: pytest.MonkeyPatch,
    network: Architecture,
    tmp_path: Path,
) -> None:
    """If the last step fails, what was moved before it is gone again, and damaged photos lie where they lay."""
    bring_tf_flowers(home)
    run = bring_run(home, store, "There", dataset="tf_flowers")
    pack(lesson, home, store, dataset="tf_flowers", architecture=network, runs=[run], garden=GARDEN)
    (bring_tf_flowers(away).folder / "index.json").write_text("{}")
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras-away"))
    before = holdings(away.root)

    def fail(records: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(away_store, "adopt", fail)
    with pytest.raises(OSError, match="no space"):
        unpack(lesson, away, away_store)
    assert holdings(away.root) == before
    assert find_weights(network) is None


def test_without_room_nothing_is_unpacked(
    home: Home, store: Store, away: Home, away_store: Store, lesson: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that is too full is said before the first byte."""
    bring_tf_flowers(home)
    pack(lesson, home, store, dataset="tf_flowers", garden=GARDEN)
    monkeypatch.setattr("flowerlab.packs.unpacking.SPARE_BYTES", 10**18)
    with pytest.raises(HomeUnusable, match="no room"):
        unpack(lesson, away, away_store)


def test_features_of_other_photos_or_networks_stay(home: Home, store: Store, lesson: Path) -> None:
    """Only features of the packed photos by the packed network go along."""
    bring_features(home, bring_tf_flowers(home), "mobilenet_v2")
    kinds = {}
    for number, name in enumerate(("handmade", "mobilenet_v2")):
        chosen = dataclasses.replace(architecture(name), weights=())
        packed = pack(lesson.with_name(f"{number}.zip"), home, store, dataset="tf_flowers", architecture=chosen, garden=GARDEN)
        kinds[name] = [item.kind for item in packed.manifest.items]
    assert kinds == {"handmade": [ItemKind.PHOTOS], "mobilenet_v2": [ItemKind.PHOTOS, ItemKind.FEATURES]}


def test_packing_what_is_not_here_leaves_no_file(
    home: Home, store: Store, lesson: Path, network: Architecture, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Missing photos, missing or damaged weights, an unfinished run and nothing at all are one sentence each."""
    waiting = store.add(bring_run(home, store, "Done").recipe, "Waiting")
    with pytest.raises(DatasetNotAtHand):
        pack(lesson, home, store, dataset="tf_flowers", garden=GARDEN)
    with pytest.raises(BadPack, match="no model"):
        pack(lesson, home, store, runs=[waiting], garden=GARDEN)
    with pytest.raises(BadPack, match="nothing to pack"):
        pack(lesson, home, store, garden=GARDEN)
    weights = find_weights(network)
    assert weights is not None
    weights.write_bytes(OTHERS)
    with pytest.raises(BadPack, match="not the one"):
        pack(lesson, home, store, architecture=network, garden=GARDEN)
    weights.write_bytes(WEIGHTS[:-1])
    with pytest.raises(WeightsNotAtHand):
        pack(lesson, home, store, architecture=network, garden=GARDEN)
    assert list(tmp_path.glob("*.zip")) == list(tmp_path.glob(".*.part")) == []


def test_a_pack_is_never_overwritten(home: Home, store: Store, lesson: Path) -> None:
    """A file of the name that is there already stays."""
    lesson.write_text("mine")
    with pytest.raises(BadInput, match="already"):
        pack(lesson, home, store, runs=[bring_run(home, store, "There")], garden=GARDEN)
    assert lesson.read_text() == "mine"


def test_giving_up_leaves_nothing(home: Home, store: Store, away: Home, away_store: Store, lesson: Path, tmp_path: Path) -> None:
    """Whoever gives up while packing or unpacking finds everything as it was."""

    def give_up(step: str, done: int, total: int) -> None:
        raise KeyboardInterrupt

    run = bring_run(home, store, "There")
    with pytest.raises(KeyboardInterrupt):
        pack(lesson, home, store, runs=[run], garden=GARDEN, progress=give_up)
    assert not lesson.exists()
    pack(lesson, home, store, runs=[run], garden=GARDEN)
    before = holdings(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        unpack(lesson, away, away_store, give_up)
    assert holdings(tmp_path) == before


def test_the_commands(tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`pack` gathers the garden and packs a scripted run; `unpack` brings both; codes are 0, 2 and 1 as everywhere."""
    for name, value in {"ENGINE": "fake", "GARDEN_PICTURES": "60", "HOME": str(tmp_path / "one")}.items():
        monkeypatch.setenv(f"FLOWERLAB_{name}", value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    lesson = str(tmp_path / "lesson.zip")
    assert main(["train", "--epochs", "1", "--json"]) == 0
    run_id = json.loads(capfd.readouterr().out)["run_id"]
    assert main(["pack", lesson, "--runs", run_id]) == 2
    assert "has no model" in capfd.readouterr().err
    (tmp_path / "one" / "runs" / run_id).mkdir(exist_ok=True)
    (tmp_path / "one" / "runs" / run_id / "model.keras").write_bytes(keras_file())
    assert main(["pack", lesson, "--dataset", "garden", "--runs", run_id, "--json"]) == 0
    packed = json.loads(capfd.readouterr().out)
    assert [item["kind"] for item in packed["items"]] == ["photos", "run"]
    assert packed["bytes"] == Path(lesson).stat().st_size
    monkeypatch.setenv("FLOWERLAB_HOME", str(tmp_path / "two"))
    assert main(["unpack", lesson]) == 0
    told = capfd.readouterr()
    assert "brought  photos: Garden" in told.out
    assert "Unpacking" in told.err
    assert main(["unpack", lesson, "--json"]) == 0
    done = json.loads(capfd.readouterr().out)
    assert (done["brought"], len(done["kept"])) == ([], 2)
    assert main(["runs", "--json"]) == 0
    assert [run["run_id"] for run in json.loads(capfd.readouterr().out)["runs"]] == [run_id]
    assert main(["pack", lesson, "--json"]) == 2
    assert "already" in json.loads(capfd.readouterr().out)["error"]
    other = str(tmp_path / "other.zip")
    assert main(["pack", other, "--runs", "none"]) == 2
    assert main(["pack", other, "--runs", "abc"]) == 2
    assert main(["pack", other, "--dataset", "folder:none"]) == 2
    assert main(["unpack", other]) == 2
    assert not Path(other).exists()


def test_a_pack_is_a_plain_zip_with_a_manifest(home: Home, store: Store, lesson: Path) -> None:
    """Any zip program opens it: a version, what is in it, and each file with its size and hash."""
    pack(lesson, home, store, runs=[bring_run(home, store, "There")], garden=GARDEN)
    with zipfile.ZipFile(lesson) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert (manifest["kind"], manifest["format"]) == ("flowerlab-lesson", 1)
        for file in manifest["files"]:
            data = archive.read(file["path"])
            assert (len(data), hashlib.sha256(data).hexdigest()) == (file["size"], file["sha256"])


def test_packing_fetches_missing_weights(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights that are not here are downloaded and packed; if they cannot be, that is one sentence and no pack."""
    for name, value in {"ENGINE": "fake", "HOME": str(tmp_path / "one")}.items():
        monkeypatch.setenv(f"FLOWERLAB_{name}", value)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    lesson = str(tmp_path / "lesson.zip")
    with served_weights(monkeypatch, "vgg16") as manners:
        manners.status = 503
        assert main(["pack", lesson, "--architecture", "vgg16"]) == 1
        assert "the server answered 503" in capfd.readouterr().err
        assert not Path(lesson).exists()
        manners.status = 200
        monkeypatch.setattr("flowerlab.packs.packing.ARCHITECTURES", catalog.ARCHITECTURES)
        assert main(["pack", lesson, "--architecture", "vgg16", "--json"]) == 0
    assert [item["kind"] for item in json.loads(capfd.readouterr().out)["items"]] == ["weights"]


@pytest.mark.parametrize("content", [b"text", hdf5(100, told=200)])
def test_weights_that_are_no_whole_file_are_refused(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes
) -> None:
    """Where no hash of the weights is known, a file that is not as long as it says itself is refused."""
    (tmp_path / name_of_weights()).write_bytes(content)
    with pytest.raises(BadPack, match="no whole HDF5 file"):
        check_weights_file(tmp_path / name_of_weights(), name_of_weights())
    (tmp_path / name_of_weights()).write_bytes(hdf5(100))
    check_weights_file(tmp_path / name_of_weights(), name_of_weights())


def name_of_weights() -> str:
    """Name of a weights file whose hash is not known."""
    return ARCHITECTURES["mobilenet_v2"].weights[0].name


@pytest.mark.parametrize("damage", ["bytes", "shape"])
def test_features_that_are_not_what_they_say_are_refused(
    home: Home, store: Store, away: Home, away_store: Store, lesson: Path, network: Architecture, damage: str
) -> None:
    """Features whose bytes or form are not as described refuse the pack, although every file's own hash is right."""
    features = bring_features(home, bring_tf_flowers(home), network.name)
    about = json.loads((features / "about.json").read_text())
    if damage == "bytes":
        about["crc32"] += 1
    else:
        about["shape"] = [1, 2, 2, 3]
    (features / "about.json").write_text(json.dumps(about))
    pack(lesson, home, store, dataset="tf_flowers", architecture=network, garden=GARDEN)
    with pytest.raises(BadPack, match="the features b"):
        unpack(lesson, away, away_store)
    assert list(away.features.iterdir()) == []
