"""What is taken home works without Flowerlab: programs are run, converted models are asked, against runs of a real trainer."""

from __future__ import annotations

import math
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
import scipy.stats
import tensorflow as tf
from numpy.typing import NDArray

from flowerlab.architectures.pretrained import import_weights
from flowerlab.datasets.garden import pictures
from flowerlab.datasets.gather import gather
from flowerlab.datasets.import_folder import import_folder
from flowerlab.errors import RunFailed
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.experiments.lecture import start_lecture
from flowerlab.export.formats import FORMATS
from flowerlab.export.model_files import conversion
from flowerlab.export.take_home import take_home
from flowerlab.inference.classify import predict
from flowerlab.lab import Lab
from flowerlab.packs.starter import STARTER_ID
from flowerlab.photos.reading import resize_photo
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.predictions import load_predictions
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from flowerlab.tasks import convert_model as converter
from flowerlab.trainer.model_files import load_saved
from tests.support.notebooks import code_of_notebook, run_all, without_flowerlab

LETTERS = ("A", "B", "C", "gently")


@dataclass(frozen=True)
class Trained:
    """A lab and the lecture's runs in it."""

    lab: Lab
    runs: dict[str, Run]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trained]:
    """The lecture on a small garden, with VGG16 mini."""
    lab = Lab(Settings(home=tmp_path_factory.mktemp("lab"), warm_spare=False, niceness=0, garden_pictures=100, starter=False))
    shared = {"image_size": 72, "epochs": 2, "head": (8,)}
    runs = train(lab, shared)
    yield Trained(lab, runs)
    lab.close()


def train(lab: Lab, shared: dict[str, object]) -> dict[str, Run]:
    """Trains the lecture's four recipes and returns the finished runs."""
    started = start_lecture(lab, architecture="vgg16_mini", shared=shared, letters=LETTERS)
    lab.queue.wait([one.run.id for one in started.values()])
    runs = {letter: lab.store.get(one.run.id) for letter, one in started.items()}
    assert {run.state for run in runs.values()} == {RunState.DONE}, [run.message for run in runs.values()]
    return runs


def unpacked(lab: Lab, run: Run, name: str, folder: Path) -> Path:
    """Takes a program home with all that it needs, unpacks it, and returns a script that can be run."""
    take_home(lab, run, FORMATS[name], folder.with_suffix(".zip"))
    with zipfile.ZipFile(folder.with_suffix(".zip")) as archive:
        archive.extractall(folder)
    (program,) = [*folder.glob("*.py"), *folder.glob("*.ipynb")]
    if name == "script":
        return program
    return code_of_notebook(program)


def test_every_preset_s_program_reaches_what_the_run_reached(trained: Trained, tmp_path: Path) -> None:
    """The programs of A, B, C (its notebook) and gently run by themselves; each tests as many photos as the run, and its accuracy
    lies within the run's interval."""
    programs = [
        unpacked(trained.lab, run, "notebook" if letter == "C" else "script", tmp_path / letter)
        for letter, run in trained.runs.items()
    ]
    for run, (accuracy, photos) in zip(trained.runs.values(), run_all(programs), strict=True):
        result = run.result
        assert result is not None
        assert result.test_accuracy is not None
        assert photos == result.test_photos
        low, high = accuracy_interval(result.test_accuracy, result.test_photos)
        assert low <= accuracy <= high, (run.name, low, accuracy, high)
    assert (tmp_path / "A" / "flowers.keras").is_file()


@pytest.mark.nightly
def test_the_photos_beside_a_program_are_cut_as_the_run_was(trained: Trained, tmp_path: Path) -> None:
    """Sorted by name, the photos after the first 70 % are the run's test photos, with their classes, byte for byte."""
    run = trained.runs["A"]
    folder = unpacked(trained.lab, run, "script", tmp_path / "A").parent
    files = sorted((folder / "photos").glob("*/*.jpg"), key=lambda file: file.stem)
    stored, originals = load_predictions(trained.lab.home.run(run.id)), trained.lab.data.originals("garden")
    assert stored is not None
    assert originals is not None
    tested = files[round(0.7 * len(files)) :]
    assert [file.parent.name for file in tested] == [str(stored["classes"][label]) for label in stored["test_truth"]]
    expected = [originals.data(originals.positions[str(photo_id)]) for photo_id in stored["test_ids"]]
    assert [file.read_bytes() for file in tested] == expected


def unseen(run: Run) -> NDArray[np.uint8]:
    """Twenty drawn flowers as a run sees them, on none of which a conversion is checked: uint8, (20, side, side, 3)."""
    recipe = run.recipe
    return np.stack(
        [resize_photo(pictures.draw(1_000_000 + number).photo, recipe.image_size, recipe.resize) for number in range(20)]
    )


def litert_says(file: Path, photos: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Asks a LiteRT file as a phone does: float32, (photos, classes)."""
    interpreter = tf.lite.Interpreter(model_path=str(file))
    ask = interpreter.get_signature_runner()
    (taken,), (given,) = ask.get_input_details(), ask.get_output_details()
    return np.concatenate([ask(**{taken: photo[None].astype(np.float32)})[given] for photo in photos])


# There is no other interpreter in the packages that Flowerlab needs.
@pytest.mark.filterwarnings(r"ignore:\s*Warning. tf.lite.Interpreter is deprecated:UserWarning")
def test_the_litert_file_answers_as_keras_does(trained: Trained, tmp_path: Path) -> None:
    """What LiteRT says of photos that the conversion never saw differs from Keras' answers by less than a thousandth; so it is told of
    those 50 that it saw. A second wish makes nothing anew."""
    lab, run = trained.lab, trained.runs["C"]
    taken = take_home(lab, run, FORMATS["litert"], tmp_path / "c.tflite")
    photos = unseen(run)
    expected = load_saved(lab.home.model(run.id)).predict_on_batch(photos.astype(np.float32))
    assert np.ptp(expected, axis=0).max() > 0.01
    np.testing.assert_allclose(litert_says(tmp_path / "c.tflite", photos), expected, atol=1e-3)
    assert taken.photos == 50
    assert taken.difference is not None
    assert 0 < taken.difference < 1e-3
    made = lab.tasks.state(conversion(lab, run, "litert", ".tflite"))
    take_home(lab, run, FORMATS["litert"], tmp_path / "again.tflite")
    assert lab.tasks.state(conversion(lab, run, "litert", ".tflite")) is made
    assert (tmp_path / "again.tflite").read_bytes() == (tmp_path / "c.tflite").read_bytes()


def test_a_file_that_answers_otherwise_is_refused(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the new file's answers lie further from Keras' than they may, one sentence says how far, and no file is written."""
    lab, run = trained.lab, trained.runs["A"]
    monkeypatch.setattr(converter, "MOST_DIFFERENCE", -1.0)
    with pytest.raises(RunFailed, match=r"does not answer as Keras does.* -1 at most, on 50 photos.* Received: 0\.0") as refused:
        take_home(lab, run, FORMATS["litert"], tmp_path / "a.tflite")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "compact", [False, pytest.param(True, marks=pytest.mark.nightly)], ids=["a run that was trained here", "the starter"]
)
def test_the_keras_file_is_the_run_s_model(trained: Trained, tmp_path: Path, compact: bool) -> None:
    """Keras loads the file in safe mode, and it answers what the lab answers: that of a run trained here is copied, the starter's compact
    one is converted."""
    lab, run = trained.lab, trained.runs["B"]
    if compact:
        assert lab.bring_starter()
        run = lab.store.get(STARTER_ID)
    assert lab.home.model(run.id).suffix == (".npz" if compact else ".keras")
    taken = take_home(lab, run, FORMATS["keras"], tmp_path / "model.keras")
    model = keras.models.load_model(tmp_path / "model.keras", compile=False, safe_mode=True)
    photos = unseen(run)
    said = model.predict_on_batch(photos.astype(np.float32))
    np.testing.assert_allclose(said, predict(lab.predictor, lab.home, run, list(photos)), atol=1e-5)
    assert np.ptp(said, axis=0).max() > 0.01
    assert taken.photos == (50 if compact else 0)


def test_a_model_that_cannot_be_converted_leaves_nothing(trained: Trained, tmp_path: Path) -> None:
    """A damaged model is refused in one sentence, and no file is written."""
    lab = trained.lab
    run = lab.queue.start(Recipe.parse({"image_size": 72, "epochs": 1, "seed": 9})).run
    lab.queue.wait([run.id])
    lab.home.model(run.id).write_bytes(b"hollow")
    with pytest.raises(RunFailed, match=r"model\.keras") as refused:
        take_home(lab, lab.store.get(run.id), FORMATS["litert"], tmp_path / "x.tflite")
    assert "\n" not in str(refused.value)
    assert list(tmp_path.iterdir()) == []


# What no preset has, each at least once: resizes, augmentations, optimizers, own photos and weights, a stage unlike the one before.
ODD: dict[str, list[dict[str, object]]] = {
    "flip, crop, rmsprop": [{"augment": "flip", "resize": "crop", "optimizer": "rmsprop", "dropout": 0.3}],
    "standard, pad, sgd": [{"augment": "standard", "resize": "pad", "optimizer": "sgd", "split": "lecture"}],
    "lecture's canvas, no head": [{"resize": "lecture", "head": ()}],
    "all layers, random weights": [{"architecture": "mobilenet_v2_035", "weights": "none", "unfreeze_from": "all"}],
    "efficientnet": [{"architecture": "efficientnet_v2_b0", "weights": "none", "unfreeze_from": "block6a_expand_conv"}],
    "vgg16, fine-tuned": [{"architecture": "vgg16", "weights": "none", "unfreeze_from": "block4_conv3"}],
    "mobilenet_v2": [{"architecture": "mobilenet_v2", "weights": "none", "unfreeze_from": "none"}],
    "resnet50": [{"architecture": "resnet50", "weights": "none", "unfreeze_from": "none"}],
    "own weights, own photos": [{"architecture": "vgg16_mini", "weights": "FILE", "dataset": "folder:mine"}],
    "a stage unlike the one before": [
        {"architecture": "vgg16_mini"},
        {
            "architecture": "vgg16_mini",
            "unfreeze_from": "block5_conv1",
            "augment": "standard",
            "augment_views": 2,
            "dropout": 0.2,
            "batch_size": 16,
            "seed": 4,
            "resize": "pad",
            "validation_fraction": 0.3,
        },
    ],
}


def bring_own(lab: Lab, model: Path, folder: Path) -> str:
    """Imports photos of two classes as `mine` and a model as weights; returns the knob's value for these."""
    gather(lab.home, "garden", lab.data.garden)
    originals = lab.data.originals("garden")
    assert originals is not None
    for position, photo_id in enumerate(originals.ids):
        kind = "warm" if originals.labels[position] < 3 else "cold"
        (folder / kind).mkdir(parents=True, exist_ok=True)
        (folder / kind / f"{photo_id}.jpg").write_bytes(originals.data(position))
    import_folder(folder, lab.home.folders, "mine")
    return import_weights(model, lab.home)


@pytest.mark.nightly
@pytest.mark.timeout(1800)
def test_programs_of_odd_recipes_run(trained: Trained, tmp_path: Path) -> None:
    """Every kind of section is run at least once, and tests as many photos as the lab would."""
    lab = trained.lab
    file = bring_own(lab, lab.home.model(trained.runs["B"].id), tmp_path / "mine")
    programs = []
    for number, (name, stages) in enumerate(ODD.items()):
        source = None
        for knobs in stages:
            given = {key: file if value == "FILE" else value for key, value in knobs.items()}
            shared = {"image_size": 72, "epochs": 1, "head": (8,)}
            run = lab.queue.start(Recipe.parse({**shared, **given, "start_from": source}), name=name).run
            lab.queue.wait([run.id])
            run, source = lab.store.get(run.id), run.id
            assert run.state is RunState.DONE, (name, run.message)
        programs.append((run, unpacked(lab, run, "script", tmp_path / str(number))))
    for (run, _path), (_accuracy, photos) in zip(programs, run_all([path for _run, path in programs], 1200), strict=True):
        assert run.result is not None
        assert photos == run.result.test_photos, run.name


def differ(first: float, second: float, photos: int) -> bool:
    """Whether the 95 % interval of the difference of two accuracies leaves out 0 (Newcombe 1998, method 10, from Wilson's intervals).

    Two trainings of one recipe begin with other random weights, so both accuracies are uncertain, not the second alone."""
    difference = first - second
    (low, high), (other_low, other_high) = accuracy_interval(first, photos), accuracy_interval(second, photos)
    below, above = math.hypot(first - low, other_high - second), math.hypot(high - first, second - other_low)
    return not difference - below <= 0 <= difference + above


def test_two_accuracies_differ_beyond_chance() -> None:
    """Of 300 photos, 27.7 and 22.7 % do not differ, 27.7 and 17.7 % do."""
    assert not differ(0.277, 0.227, 300)
    assert differ(0.277, 0.177, 300)


@pytest.mark.nightly
@pytest.mark.timeout(3600)
def test_the_lecture_s_programs_on_a_garden_of_a_thousand(tmp_path: Path) -> None:
    """At the lecture's 150 pixels and five epochs, each preset's script reaches its run's accuracy: their difference is within chance.

    That of C is the seed's, not the photos': its rate first destroys what B has learnt, and it ends anywhere between a quarter and nine
    tenths. So the means of four trainings are compared there, by Welch's interval."""
    lab = Lab(Settings(home=tmp_path / "lab", warm_spare=False, niceness=0, garden_pictures=1000, starter=False))
    try:
        runs = train(lab, {})
        more = [lab.queue.start(runs["C"].recipe.changed(seed=seed)).run for seed in (11, 12, 13)]
        lab.queue.wait([run.id for run in more])
        runs |= {f"C{number}": lab.store.get(run.id) for number, run in enumerate(more)}
        programs = [unpacked(lab, run, "script", tmp_path / letter) for letter, run in runs.items()]
        said = dict(zip(runs, run_all(programs, timeout_s=3000), strict=True))
    finally:
        lab.close()
    reached = {letter: run.result.test_accuracy for letter, run in runs.items() if run.result is not None}
    for letter in ("A", "B", "gently"):
        assert not differ(reached[letter], *said[letter]), (letter, reached[letter], said[letter])
    letters = [letter for letter in runs if letter.startswith("C")]
    assert len(letters) == 4
    ours, theirs = [reached[letter] for letter in letters], [said[letter][0] for letter in letters]
    low, high = scipy.stats.ttest_ind(ours, theirs, equal_var=False).confidence_interval(0.95)
    assert low <= 0 <= high, (ours, theirs)


@pytest.mark.nightly
@pytest.mark.real_data
@pytest.mark.timeout(900)
def test_a_program_begins_with_imagenet_s_weights(tmp_path: Path) -> None:
    """B of MobileNetV2 with the weights that Keras has for it: the script reaches the run's accuracy within chance, far above it."""
    lab = Lab(Settings(home=tmp_path / "lab", warm_spare=False, niceness=0, garden_pictures=400, starter=False))
    try:
        knobs = {"architecture": "mobilenet_v2_035", "unfreeze_from": "none", "image_size": 96, "epochs": 5}
        run = lab.queue.start(Recipe.parse(knobs)).run
        lab.queue.wait([run.id])
        run = lab.store.get(run.id)
        assert run.result is not None, run.message
        assert run.recipe.weights == "imagenet"
        ((accuracy, photos),) = run_all([unpacked(lab, run, "script", tmp_path / "program")], timeout_s=600)
    finally:
        lab.close()
    assert run.result.test_accuracy is not None
    assert run.result.test_accuracy > 0.5
    assert not differ(run.result.test_accuracy, accuracy, photos), (run.result.test_accuracy, accuracy)


# Runs a program where no Flowerlab can be imported, and writes down the labels of what it tested.
KEEP_LABELS = "import runpy, sys, numpy; numpy.save('labels.npy', numpy.asarray(runpy.run_path(sys.argv[1])['test'][1]))"


@pytest.mark.nightly
@pytest.mark.real_data
@pytest.mark.timeout(900)
def test_a_program_cuts_tf_flowers_as_the_run_was(settings: Settings, tmp_path: Path) -> None:
    """The labels of the photos that the program tests, which it has from TensorFlow Datasets, are those of the run's test, one by one."""
    lab = Lab(settings)
    try:
        recipe = Recipe.parse({"dataset": "tf_flowers", "image_size": 72, "epochs": 1, "head": (4,)})
        run = lab.queue.start(recipe).run
        lab.queue.wait([run.id])
        run = lab.store.get(run.id)
        assert run.state is RunState.DONE, run.message
        program = take_home(lab, run, FORMATS["script"], tmp_path / "flowers.py")
        stored = load_predictions(lab.home.run(run.id))
    finally:
        lab.close()
    assert program.lacks == ()
    assert stored is not None
    subprocess.run(
        [sys.executable, "-c", KEEP_LABELS, str(tmp_path / "flowers.py")],
        cwd=tmp_path,
        env=without_flowerlab(),
        check=True,
        timeout=600,
    )
    assert len(stored["test_truth"]) == 1097
    assert np.load(tmp_path / "labels.npy").tolist() == stored["test_truth"].tolist()
