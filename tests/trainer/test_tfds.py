"""tf_flowers, as TensorFlow Datasets keeps it."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import io
import os
import socket
import tarfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image

from flowerlab.datasets.archive import Archive
from flowerlab.datasets.catalog import DATASETS, FLOWERS, Dataset, dataset_source
from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.parts import order_of, parts_of
from flowerlab.datasets.sources.tfds import TfdsSource, tfds_folder
from flowerlab.errors import DatasetNotAtHand
from flowerlab.export.program.sections import sections
from flowerlab.export.program.stages import Stage
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.packs import pack, unpack
from flowerlab.photos.reading import read_photo
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.store import Store
from flowerlab.system import downloads
from flowerlab.system.downloads import RemoteFile
from flowerlab.trainer.tfds import UNFINISHED_FOR_S, drop_unfinished, read_tfds
from tests.support.loopback import Manners, file_server
from tests.support.photos import GARDEN

SHARDS = (7, 5)


def _source() -> TfdsSource:
    source = DATASETS["tf_flowers"].source
    assert isinstance(source, TfdsSource)
    return source


def _archive() -> Archive:
    archive = _source().archive
    assert archive is not None
    return archive


def _jpeg(number: int) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (6 * number, 0, 0)).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
def two_shards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """A small tf_flowers in two shards, as the original has; returns its photos in TFDS' order."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    return _write_set(_source(), {"train": SHARDS})


def _write_set(source: TfdsSource, parts: dict[str, tuple[int, ...]]) -> list[bytes]:
    """Writes a data set where TFDS looks for it.

    Args:
        source: Name, version and classes of it.
        parts: How many photos each shard of each part has; they are numbered, and the classes take turns.
    """
    source.prepared.mkdir(parents=True)
    photos: list[bytes] = []
    labels = tfds.features.ClassLabel(names=source.class_names)
    features = tfds.features.FeaturesDict({"image": tfds.features.Image(shape=(None, None, 3)), "label": labels})
    for part, shards in parts.items():
        for shard, count in enumerate(shards):
            path = source.prepared / f"{source.name}-{part}.tfrecord-{shard:05d}-of-{len(shards):05d}"
            with tf.io.TFRecordWriter(str(path)) as writer:
                for number in range(len(photos), len(photos) + count):
                    photos.append(_jpeg(number))
                    writer.write(features.serialize_example({"image": photos[-1], "label": number % len(source.class_names)}))
    tfds.folder_dataset.write_metadata(
        data_dir=source.prepared,
        features=features,
        split_infos=[tfds.core.SplitInfo(name=part, shard_lengths=list(shards), num_bytes=1) for part, shards in parts.items()],
        filename_template="{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
    )
    return photos


def _petals(monkeypatch: pytest.MonkeyPatch, folder: Path) -> list[bytes]:
    """Puts one more data set into the catalog, which TFDS keeps in two parts; returns its photos, the training part first."""
    source = TfdsSource("petals", "1.2.0", class_names=("round", "long"), count=7, download_mb=34, split="train+test")
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder))
    monkeypatch.setitem(DATASETS, "petals", Dataset("Petals", "Petals.", "CC0", "Nobody", source))
    return _write_set(source, {"train": (4,), "test": (3,)})


def test_one_more_data_set_is_one_more_entry(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """All its parts are gathered, one after the other, with TFDS' labels; the lab cuts them by its own rule."""
    photos = _petals(monkeypatch, tmp_path / "tfds")
    originals = gather(home, "petals", Garden(), read_tfds=read_tfds)
    assert [originals.data(position) for position in range(len(originals))] == photos
    assert (originals.classes, originals.labels.tolist()) == (("round", "long"), [0, 1, 0, 1, 0, 1, 0])
    assert originals.folder == home.originals / "petals-1.2.0"
    assert sorted(order_of(originals, "petals").tolist()) == list(range(7))


def test_classes_in_another_order_are_not_gathered(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry whose classes are not TFDS' own, in its order, would give photos wrong labels: nothing is kept."""
    _petals(monkeypatch, tmp_path / "tfds")
    source = dataclasses.replace(dataset_source("petals"), class_names=("long", "round"))  # type: ignore[type-var]
    monkeypatch.setitem(DATASETS, "petals", dataclasses.replace(DATASETS["petals"], source=source))
    with pytest.raises(ValueError, match=r"other classes.*Expected \('long', 'round'\)\. Received: \('round', 'long'\)"):
        gather(home, "petals", Garden(), read_tfds=read_tfds)
    assert list(home.originals.iterdir()) == []


def test_a_program_reads_two_shards_in_their_order(tmp_path: Path, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is taken home reads and cuts tf_flowers as the lab does, also where TFDS would read from two files in turn."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    _write_set(_source(), {"train": (40, 30)})
    originals = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    # TFDS has read where its data lie when it was imported.
    at_hand = functools.partial(tfds.load, data_dir=tmp_path / "tfds", download=False)
    monkeypatch.setattr(tfds, "load", at_hand)
    recipe = Recipe.parse({"dataset": "tf_flowers", "image_size": 72})
    _settings, photos, split, *_rest = sections([Stage(recipe, FLOWERS)])
    names: dict[str, Any] = {"tf": tf, "tfds": tfds, "IMAGE_SIZE": 72}
    exec(f"{photos.code}\n{split.code}", names)
    order, parts = parts_of(originals, "tf_flowers", split="honest", validation_fraction=recipe.validation_fraction)
    for part in ("train", "validation", "test"):
        places = order[getattr(parts, part)]
        photos, labels = (value.numpy() for value in names[part])
        assert labels.tolist() == originals.labels[places].tolist()
        reds = [int(read_photo(originals.data(place))[0, 0, 0]) for place in places]
        np.testing.assert_allclose(photos[:, 0, 0, 0], reds, atol=2)


def test_photos_of_two_shards_keep_order_and_own_names(two_shards: list[bytes], home: Home) -> None:
    """Whatever the shards, the order is that of TFDS' slices, and every photo has an id of its own."""
    originals = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    sliced = tfds.load(
        "tf_flowers:3.0.1",
        split="train[:70%]",
        data_dir=os.environ["TFDS_DATA_DIR"],
        decoders={"image": tfds.decode.SkipDecoding()},
        download=False,
    )
    first = [photo["image"] for photo in sliced.as_numpy_iterator()]
    assert len(first) == 8
    assert [originals.data(position) for position in range(8)] == first
    assert [originals.data(position) for position in range(12)] == two_shards
    assert len(set(originals.ids)) == 12
    assert originals.labels.tolist() == [number % 5 for number in range(12)]


@pytest.fixture
def small_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A flower_photos.tgz with two photos of each class, for which TFDS has the checksum; nothing is at hand."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for number in range(10):
            photo = tarfile.TarInfo(f"flower_photos/{FLOWERS[number % 5]}/{number}.jpg")
            photo.size = len(_jpeg(number))
            archive.addfile(photo, io.BytesIO(_jpeg(number)))
    content = file.getvalue()
    told = tfds.core.download.checksums.UrlInfo(
        size=len(content), checksum=hashlib.sha256(content).hexdigest(), filename="flower_photos.tgz"
    )
    monkeypatch.setattr(tfds.builder_cls("tf_flowers"), "url_infos", {_archive().url: told})
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    monkeypatch.setattr(downloads, "EVERY_S", 0.02)
    return content


def _served(monkeypatch: pytest.MonkeyPatch, url: str, content: bytes) -> None:
    file = RemoteFile("flower_photos.tgz", f"{url}/f", len(content), hashlib.sha256(content).hexdigest())
    source = _source()
    served = dataclasses.replace(source, archive=dataclasses.replace(_archive(), file=file))
    monkeypatch.setitem(DATASETS, "tf_flowers", dataclasses.replace(DATASETS["tf_flowers"], source=served))


@pytest.mark.filterwarnings("ignore:.*tarfile:DeprecationWarning")
def test_tfds_prepares_our_download_without_a_network(small_archive: bytes, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive is fetched once, from us; TFDS then makes its data set of it without a connection, and all photos come."""
    connect = socket.socket.connect
    steps: list[str] = []
    manners = Manners(small_archive, cut_at=[400])
    with file_server(manners) as url:
        _served(monkeypatch, url, small_archive)
        ours = int(url.rsplit(":", 1)[1])

        def only_ours(self: socket.socket, address: tuple[str, int]) -> None:
            assert address == ("127.0.0.1", ours)
            connect(self, address)

        monkeypatch.setattr(socket.socket, "connect", only_ours)
        monkeypatch.setattr(socket, "getaddrinfo", lambda host, port, *rest: _looked_up(host, ours))
        originals = gather(home, "tf_flowers", Garden(), progress=lambda step, done, total: steps.append(step), read_tfds=read_tfds)
    assert sorted(originals.data(position) for position in range(10)) == sorted(_jpeg(number) for number in range(10))
    assert manners.asked == ["", "bytes=400-"]
    assert list(dict.fromkeys(steps)) == ["Downloading tf_flowers (MB)", "Preparing tf_flowers", "Gathering photos"]


def _looked_up(host: str, port: int) -> list[object]:
    assert host == "127.0.0.1"
    return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]


def test_the_archive_is_named_as_tfds_names_it() -> None:
    """Size, hash, address and name of the real archive are those of the installed TFDS."""
    told = tfds.builder_cls("tf_flowers").url_infos[_archive().url]
    file = _archive().file
    assert (file.name, file.size_bytes, file.digest) == (told.filename, told.size, told.checksum)
    assert file.url.endswith(_archive().url.removeprefix("http://"))
    assert _archive().path(Path(), "tf_flowers").name == tfds.core.download.resource.get_dl_fname(_archive().url, file.digest)


def test_an_archive_that_was_fetched_before_needs_no_network(
    small_archive: bytes, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who has fetched the archive can prepare it where there is no network."""
    with file_server(Manners(small_archive)) as url:
        _served(monkeypatch, url, small_archive)
        _archive().fetch(tfds_folder(), "tf_flowers", lambda step, done, total: None)
    assert len(gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)) == 10


def test_a_wrong_archive_is_refused_and_leaves_nothing(small_archive: bytes, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong bytes give a sentence with the reason and the ways out, and TFDS' folder holds no archive."""
    with file_server(Manners(bytes(len(small_archive)))) as url:
        _served(monkeypatch, url, small_archive)
        with pytest.raises(DatasetNotAtHand, match=r"229 MB.* another file .*garden.*TFDS_DATA_DIR"):
            gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    folder = _archive().path(tfds_folder(), "tf_flowers").parent
    assert [path.suffix for path in folder.iterdir()] == [".lock"]


def test_gathered_photos_outlive_the_folder_they_came_from(
    two_shards: list[bytes], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once gathered, tf_flowers is at hand without TFDS' own folder."""
    lab = Lab(settings, run_queue=False)
    try:
        gathered = gather(lab.home, "tf_flowers", Garden(), read_tfds=read_tfds)
        monkeypatch.setenv("TFDS_DATA_DIR", str(lab.home.root / "nowhere"))
        assert lab.data.has_photos("tf_flowers")
        found = gather(lab.home, "tf_flowers", Garden())
        assert found.content == gathered.content
        assert found.ids == gathered.ids
    finally:
        lab.close()


def test_a_run_trains_on_unpacked_photos(
    two_shards: list[bytes], home: Home, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In an empty home, with nothing where TFDS looks and no network, a run trains on tf_flowers from a lesson pack."""
    gathered = gather(home, "tf_flowers", Garden(), read_tfds=read_tfds)
    store = Store(home.store)
    pack(tmp_path / "lesson.zip", home, store, dataset="tf_flowers", garden=GARDEN)
    store.close()
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "empty"))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    lab = Lab(settings.model_copy(update={"home": tmp_path / "away"}))
    try:
        unpack(tmp_path / "lesson.zip", lab.home, lab.store)
        recipe = Recipe.parse({"dataset": "tf_flowers", "image_size": 72, "epochs": 1, "head": (8,)})
        run = lab.queue.start(recipe).run
        lab.queue.wait([run.id])
        run = lab.store.get(run.id)
        assert run.state is RunState.DONE, run.message
        photos = lab.data.originals("tf_flowers")
        assert photos is not None
        assert photos.content == gathered.content
        assert list((tmp_path / "empty").iterdir()) == []
    finally:
        lab.close()


def test_what_was_left_unfinished_goes_and_what_is_being_written_stays(tmp_path: Path) -> None:
    """A folder that TFDS was killed in is deleted before the next preparing; one written to a moment ago, and the data, are not."""
    for name in ("incomplete.AAAA_3.0.1", "incomplete.BBBB_3.0.1", "3.0.1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "shard").write_bytes(b"x")
    long_ago_s = time.time() - 2 * UNFINISHED_FOR_S
    for path in (tmp_path / "incomplete.AAAA_3.0.1", tmp_path / "3.0.1", tmp_path / "incomplete.BBBB_3.0.1"):
        os.utime(path / "shard", (long_ago_s, long_ago_s))
        os.utime(path, (long_ago_s, long_ago_s))
    os.utime(tmp_path / "incomplete.BBBB_3.0.1" / "shard")
    drop_unfinished(tmp_path)
    drop_unfinished(tmp_path / "not there")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["3.0.1", "incomplete.BBBB_3.0.1"]
