"""The Classify page."""

from __future__ import annotations

import io
import re
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.parts import parts_of
from flowerlab.errors import PredictorFailed
from flowerlab.evaluation.calibration import tempered_one
from flowerlab.home import Home
from flowerlab.inference.predictor import Predictor
from flowerlab.packs.starter import STARTER_ID
from flowerlab.photos import from_zip as photo_zip
from flowerlab.photos import reading as photos
from flowerlab.photos.photo import Photo
from flowerlab.runs.run import Run
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from flowerlab.ui.classify import given_photos
from flowerlab.ui.classify.answers_view import verdict
from flowerlab.ui.classify.given_photos import camera_allowed
from flowerlab.ui.explain import classifying
from flowerlab.ui.explain.classifying import Memory, classify
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished
from tests.support.text_alternatives import alternatives

PICTURES = 60
ANSWER = [0.02, 0.03, 0.93, 0.02, 0.0]


def photo(seed: int = 0, *, size: tuple[int, int] = (60, 40), orientation: int | None = None) -> bytes:
    """Bytes of a small JPEG."""
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    picture, file = Image.fromarray(pixels), io.BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Lets every run answer without a trainer process; keeps who was asked about how many photos."""
    questions: list[tuple[str, int]] = []

    def predict(predictor: Predictor, home: Home, run: Run, photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        questions.append((run.id, len(photos)))
        return np.tile(np.asarray(ANSWER, dtype=np.float32), (len(photos), 1))

    monkeypatch.setattr(Predictor, "warm", lambda predictor, *model: None)
    monkeypatch.setattr(classifying, "predict", predict)
    return questions


def upload(app: Any, *files: tuple[str, bytes]) -> Any:
    """Gives files to the page."""
    app.file_uploader(key="photo").set_value([(name, data, "image/jpeg") for name, data in files])
    return app.run()


def test_without_a_finished_run_the_page_leads_home(home: Home) -> None:
    """The empty page says that nothing is finished and offers the way to Home; it takes no photo."""
    app = open_page("classify")
    assert not app.exception
    assert "No finished run yet" in texts(app)
    assert app.button(key="go-home").label
    assert not app.get("file_uploader")


def test_the_newest_run_answers_at_first(home: Home, asked: list[tuple[str, int]]) -> None:
    """An uploaded photo is answered by the newest run, in one line with the class and its probability."""
    add_finished(home, "older")
    newest = add_finished(home, "newer", seed=1)
    app = upload(open_page("classify"), ("flower.jpg", photo()))
    assert not app.exception
    assert asked == [(newest.id, 1)]
    assert "tulips, 93 %" in texts(app)
    assert len(app.get("echarts_chart")) == 1


def test_what_a_run_does_not_know_is_said_so(home: Home, asked: list[tuple[str, int]]) -> None:
    """Below the run's threshold the headline is that the photo is probably none of the five, and the nearest stands below."""
    add_finished(home, "careful", unknown_below=0.95)
    app = upload(open_page("classify"), ("shoe.jpg", photo()))
    assert not app.exception
    assert "Probably not one of these five" in texts(app)
    assert "tulips, 93 %" not in texts(app)
    assert "The nearest is tulips" in texts(app)
    assert len(app.get("echarts_chart")) == 1


def test_a_flower_that_is_turned_away_is_no_right_answer(home: Home, asked: list[tuple[str, int]]) -> None:
    """A sample photo whose class would have been right, but that the run took for none of the five, counts as wrong."""
    gather(home, "garden", Garden(PICTURES))
    add_finished(home, "careful", unknown_below=0.95)
    app = open_page("classify")
    app.button(key="sample").click().run()
    headlines = [text.value for text in app.markdown if text.value.startswith("###")]
    assert len(headlines) == 5
    assert all("Probably not one of these five · ❌\xa0wrong" in headline for headline in headlines)


@pytest.mark.parametrize(
    ("truth", "best", "unknown", "said"),
    [
        ("roses", 0, False, "right"),
        ("roses", 1, False, "wrong"),
        ("roses", 0, True, "wrong"),
        ("cats", 0, True, "right"),
        ("cats", 0, False, "does not know cats"),
        ("cats", 0, None, "does not know cats"),
    ],
)
def test_an_answer_is_judged_by_what_the_run_can_know(truth: str, best: int, unknown: bool | None, said: str) -> None:
    """Who does not know the true class is right to say "none of these"; who knows it is not."""
    assert said in verdict(truth, ("roses", "tulips"), best, unknown=unknown)


def test_a_starter_that_cannot_be_brought_is_said(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the starter's file is missing, the button ends in a sentence."""
    monkeypatch.setattr("flowerlab.ui.widgets.run_picker.bring_starter", lambda home, store, again: False)
    app = open_page("classify")
    app.button(key="bring-starter").click().run()
    assert not app.exception
    assert "could not be brought back" in app.error[0].value


def test_a_deleted_starter_can_be_brought_back(home: Home, asked: list[tuple[str, int]]) -> None:
    """The empty page offers the starter; one press, and it can be asked."""
    app = open_page("classify")
    app.button(key="bring-starter").click().run()
    assert not app.exception
    assert app.multiselect(key="classify-runs").value == [STARTER_ID]


def test_a_second_look_asks_nothing_twice(home: Home, asked: list[tuple[str, int]]) -> None:
    """A rerun asks nothing; another run is asked about the photos that it has not seen; the first is not asked again."""
    first, second = add_finished(home, "first"), add_finished(home, "second", seed=1)
    app = upload(open_page("classify"), ("a.jpg", photo(1)), ("b.jpg", photo(2)))
    app.run()
    assert asked == [(second.id, 2)]
    app.multiselect(key="classify-runs").set_value([first.id, second.id]).run()
    assert asked == [(second.id, 2), (first.id, 2)]
    assert len(app.get("echarts_chart")) == 4


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_several_runs_answer_side_by_side(home: Home, asked: list[tuple[str, int]], count: int) -> None:
    """All answers to a photo lie in one grid, with the photo as a cell of its own where four cells have room; one run needs no grid."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(count)]
    app = upload(open_page("classify", query={"runs": ",".join(run.id for run in runs)}), ("flower.jpg", photo()))
    assert not app.exception
    assert len(app.get("echarts_chart")) == count
    grids = app.get("grid")
    assert len(grids) == (count > 1)
    if count > 1:
        cells = [cell for cell in grids[0].children.values() if cell.get("echarts_chart")]
        assert len(cells) == count
        assert grids[0].column_count == len(grids[0].children) == min(4, count + 1)


def test_a_bad_file_gets_a_sentence_and_the_others_go_on(home: Home, asked: list[tuple[str, int]]) -> None:
    """A disguised and an empty file are each named in one sentence; the good photo beside them is answered."""
    add_finished(home, "run")
    app = upload(open_page("classify"), ("fake.jpg", b"<html>no photo</html>"), ("empty.png", b""), ("good.jpg", photo()))
    assert not app.exception
    sentences = [error.value for error in app.error]
    assert len(sentences) == 2
    assert any("fake" in sentence for sentence in sentences)
    assert any("empty" in sentence for sentence in sentences)
    assert "tulips, 93 %" in texts(app)


def test_a_predictor_that_fails_is_told_as_a_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a run cannot answer, the page says why, and asks again next time."""
    add_finished(home, "run")
    asked: list[str] = []

    def fail(predictor: Predictor, home: Home, run: Run, photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        asked.append(run.id)
        raise PredictorFailed("The machine may be too busy: try again.")

    monkeypatch.setattr(Predictor, "warm", lambda predictor, *model: None)
    monkeypatch.setattr(classifying, "predict", fail)
    app = upload(open_page("classify"), ("flower.jpg", photo()))
    assert not app.exception
    assert [error.value for error in app.error] == [escaped("The machine may be too busy: try again.")]
    app.run()
    assert len(asked) == 2


def test_only_so_many_photos_are_taken_at_once(home: Home, asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 52 photos the first 50 are answered where no more may be, and the page says so; it shows a few at a time."""
    monkeypatch.setattr(given_photos, "MOST_PHOTOS", 50)
    add_finished(home, "run")
    app = upload(open_page("classify"), *((f"{number}.jpg", photo(number)) for number in range(52)))
    assert not app.exception
    assert sum(count for _run, count in asked) == 50
    assert "2 files were left out" in texts(app)
    assert len(app.get("echarts_chart")) == 6


def test_zips_that_come_together_share_one_bound(home: Home, asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Three small zips that unpack to far more than may come at once keep no more than that, and the page says what it left out."""
    monkeypatch.setattr(given_photos, "MOST_UNPACKED_BYTES", 300_000)
    monkeypatch.setattr(photo_zip, "MAX_BYTES", 100_000)
    add_finished(home, "run")
    bomb = zipped(("good.jpg", photo()), *((f"{number}.jpg", b"\0" * 99_000) for number in range(9)))
    app = upload(open_page("classify"), *((f"bomb-{number}.zip", bomb) for number in range(3)))
    assert not app.exception
    kept = app.session_state[given_photos.UPLOADS]
    assert sum(len(one.data) for one in kept) <= 300_001
    assert "2 files were left out" in texts(app)
    assert "tulips, 93 %" in texts(app)


def test_samples_are_test_photos_with_their_label(
    home: Home, asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sample photos come from the test part, one of each class, and the page says whether the answer is right."""
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", str(PICTURES))
    gather(home, "garden", Garden(PICTURES))
    originals = gather(home, "garden", Garden(PICTURES))
    run = add_finished(home, "run", materials=originals.folder.name)
    app = open_page("classify")
    app.button(key="sample").click().run()
    assert not app.exception
    assert asked == [(run.id, 5)]
    told = texts(app)
    assert told.count("❌") == 4
    assert told.count("✅") == 1
    order, parts = parts_of(originals, "garden", split="honest", validation_fraction=run.recipe.validation_fraction)
    shown = set(re.findall(r"garden-\d+", told.replace("\\", "")))
    assert len(shown) == 5
    assert shown <= {originals.ids[position] for position in order[parts.test]}
    assert "has learnt from this very photo" not in told
    app.button(key="no-sample").click().run()
    assert not app.get("echarts_chart")


def test_a_sample_that_a_run_has_learnt_from_says_so(
    home: Home, asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the lecture's split test photos were trained on; with photos that have changed since, the samples are drawn."""
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", str(PICTURES))
    originals = gather(home, "garden", Garden(PICTURES))
    add_finished(home, "run", split="lecture", materials=originals.folder.name)
    app = open_page("classify")
    app.button(key="sample").click().run()
    assert not app.exception
    assert texts(app).count("has learnt from this very photo") == 5
    add_finished(home, "elsewhere", seed=3, materials="another garden")
    app = open_page("classify")
    app.button(key="sample").click().run()
    assert texts(app).count("drawn by Flowerlab") == 5


def test_who_was_never_asked_about_other_things_says_so(home: Home, asked: list[tuple[str, int]]) -> None:
    """A run without a threshold tells that it names everything as one of its classes; one with its own tells what that is worth."""
    add_finished(home, "blind")
    words = "blind: not measured on photos of anything else"
    assert words in texts(upload(open_page("classify"), ("flower.jpg", photo())))
    add_finished(home, "measured", seed=1, unknown_below=0.1)
    told = texts(upload(open_page("classify"), ("flower.jpg", photo())))
    assert "not measured on photos" not in told
    assert "measured: an answer that is less sure than 95 % of those to its own validation photos" in told
    assert "never asked about other things" in told


def test_samples_of_photos_that_are_not_here_are_drawn(home: Home, asked: list[tuple[str, int]]) -> None:
    """A run on photos that the lab lacks gets one drawn flower of each class, and the page says that they are drawn."""
    run = add_finished(home, "run", dataset="tf_flowers")
    app = open_page("classify")
    app.button(key="sample").click().run()
    assert not app.exception
    assert asked == [(run.id, 5)]
    told = texts(app)
    assert told.count("drawn by Flowerlab") == 5
    assert (told.count("right"), told.count("wrong")) == (1, 4)
    assert "never seen a drawing" in told


def test_a_photo_is_turned_as_its_camera_says(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run gets an upright photo: a picture 60 × 40 with the EXIF mark for a quarter turn arrives 60 high."""
    add_finished(home, "run")
    shapes: list[tuple[int, ...]] = []

    def predict(predictor: Predictor, home: Home, run: Run, photos: Sequence[NDArray[np.uint8]]) -> NDArray[np.float32]:
        shapes.extend(pixels.shape for pixels in photos)
        return np.full((len(photos), 5), 0.2, dtype=np.float32)

    monkeypatch.setattr(Predictor, "warm", lambda predictor, *model: None)
    monkeypatch.setattr(classifying, "predict", predict)
    upload(open_page("classify"), ("turned.jpg", photo(orientation=6)))
    assert shapes == [(60, 40, 3)]


def test_photos_are_still_there_after_a_visit_elsewhere(home: Home, asked: list[tuple[str, int]]) -> None:
    """Uploaded photos and their answers survive a visit to another page, and can be put away."""
    add_finished(home, "run")
    app = upload(open_page("classify"), ("flower.jpg", photo()))
    app.switch_page("pages/compare.py").run()
    app.switch_page("pages/classify.py").run()
    assert not app.exception
    assert "tulips, 93 %" in texts(app)
    assert len(asked) == 1
    app.button(key="no-uploads").click().run()
    assert not app.get("echarts_chart")


def test_where_the_camera_is_kept_the_page_says_what_to_do(
    home: Home, asked: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Over plain HTTP from another computer the toggle brings the hint beside the camera that stays black."""
    add_finished(home, "run")
    monkeypatch.setattr("flowerlab.ui.classify.given_photos.camera_allowed", lambda url: False)
    app = open_page("classify")
    app.toggle(key="camera-on").set_value(True).run()
    assert not app.exception
    assert "The browser keeps the camera from this page" in app.info[0].value


def test_the_camera_is_off_until_it_is_asked_for(home: Home, asked: list[tuple[str, int]]) -> None:
    """The camera opens behind a toggle that says where browsers allow it."""
    add_finished(home, "run")
    app = open_page("classify")
    assert not app.get("camera_input")
    assert "HTTPS" in app.toggle(key="camera-on").help
    app.toggle(key="camera-on").set_value(True).run()
    assert not app.exception
    assert app.get("camera_input")


def test_the_same_photo_given_twice_is_answered_once(home: Home, asked: list[tuple[str, int]]) -> None:
    """Two files with the same bytes are one photo: it is shown once, and the page does not break."""
    run = add_finished(home, "run")
    app = upload(open_page("classify"), ("one.jpg", photo()), ("copy.jpg", photo()), ("other.jpg", photo(1)))
    assert not app.exception
    assert asked == [(run.id, 2)]
    assert len(app.get("echarts_chart")) == 2
    assert "one" in texts(app)
    assert "copy" not in texts(app)


def zipped(*files: tuple[str, bytes]) -> bytes:
    """A zip of files."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files:
            archive.writestr(name, data)
    return file.getvalue()


def test_a_zip_brings_many_photos(home: Home, asked: list[tuple[str, int]]) -> None:
    """Its photos are answered as if each had been uploaded, in a table too; what is no photo in it gets a sentence."""
    run = add_finished(home, "run")
    inside = [(f"class a/{number}.jpg", photo(number)) for number in range(8)]
    app = upload(open_page("classify"), ("all.zip", zipped(*inside, ("notes.txt", b"x"), ("bad.png", b"none"))))
    assert not app.exception
    assert sum(count for _run, count in asked) == 8
    assert asked[0][0] == run.id
    table = app.dataframe[0].value
    assert list(table["Photo"]) == [f"{number}.jpg" for number in range(8)]
    assert set(table["run"]) == {"tulips 93 %"}
    assert any("bad" in error.value for error in app.error)


def test_a_zip_that_is_none_is_told(home: Home, asked: list[tuple[str, int]]) -> None:
    """A file that only bears the name ends in one sentence, and nothing is asked."""
    add_finished(home, "run")
    app = upload(open_page("classify"), ("all.zip", b"no zip"))
    assert not app.exception
    assert len(app.error) == 1
    assert "cannot be opened" in app.error[0].value
    assert not asked


def test_confidence_is_calibrated_by_the_validation_photos(home: Home, asked: list[tuple[str, int]]) -> None:
    """A run that was 80 % sure of all and right in half of them is told as less sure than its 93 %; a run that was not tested says
    nothing of it."""
    run = add_finished(home, "tested")
    file = home.run(run.id) / "predictions.npz"
    stored = dict(np.load(file))
    answers = stored["val_probabilities"][-1].argmax(axis=1)
    half = np.arange(len(answers)) % 2
    np.savez(file, **{**stored, "val_truth": (answers + half) % 5})
    app = upload(open_page("classify"), ("flower.jpg", photo()))
    # Sixteen to one is four to one at the temperature 2: as often right as not among five. At it 0.93 becomes 0.68.
    assert max(tempered_one(ANSWER, 2.0)) == pytest.approx(0.68, abs=0.005)
    assert [text.value for text in app.caption if "alibrated" in text.value] == ["Calibrated: **68 %**"]
    assert "tulips, 93 %" in texts(app)
    add_finished(home, "untested", seed=1, tested=False)
    app = upload(open_page("classify"), ("flower.jpg", photo()))
    assert "tulips, 93 %" in texts(app)
    assert not [text.value for text in app.caption if "alibrated" in text.value]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Answers what is asked about the inside of a network; keeps the tasks. A photo's features are its mean colour."""
    tasks: list[str] = []

    def ask(predictor: Predictor, task: str, model: Path, **about: Any) -> dict[str, Any]:
        tasks.append(task)
        if task == "embed":
            return {"features": about["photos"].mean(axis=(1, 2), dtype=np.float32)}
        heat = np.zeros((3, 3), dtype=np.float32)
        heat[1, 1] = 1
        answer = np.asarray([0.0, 0.0, 1.0, 0.0, 0.0])
        return {"heat": heat, "places": (3, 3), "layer": "conv3", "label": 2, "probabilities": answer}

    monkeypatch.setattr(Predictor, "ask", ask)
    return tasks


def embedded(app: Any) -> Any:
    """Waits until training photos went through networks, and draws the page again."""
    due_s = time.monotonic() + 30
    while not all(task.over for task in lab().tasks._tasks.values()):
        assert time.monotonic() < due_s
        time.sleep(0.01)
    return app.run()


def test_looks_and_similar_photos_are_shown_when_asked_for(home: Home, asked: list[tuple[str, int]], looked: list[str]) -> None:
    """Off at first. On: the map with a sentence; three training photos with their labels, once all went through the network. All that is
    shown says what it is."""
    garden = gather(home, "garden", Garden(PICTURES))
    add_finished(home, "run", materials=garden.folder.name)
    app = upload(open_page("classify"), ("flower.jpg", photo()))
    assert not looked
    app.toggle(key="classify-looks").set_value(True).run()
    assert not app.exception
    assert looked == ["explain"]
    assert "in the middle" in texts(app)
    app.toggle(key="classify-similar").set_value(True).run()
    embedded(app)
    assert not app.exception
    told = alternatives(app)
    assert len([words for words in told if words.startswith("Training photo")]) == 3
    # The photo, as the network sees it, the bars, where it looks; and those three.
    assert len(told) == 4 + 3
    assert all(told)


def test_a_photo_is_decoded_once(
    home: Home, asked: list[tuple[str, int]], looked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the answers of two runs, their maps and their neighbours a photo is decoded once; drawn again, not at all."""
    garden = gather(home, "garden", Garden(PICTURES))
    runs = [add_finished(home, f"run {seed}", seed=seed, materials=garden.folder.name) for seed in range(2)]
    app = open_page(
        "classify", query={"runs": ",".join(run.id for run in runs)}, state={"classify-looks": True, "classify-similar": True}
    )
    # The first photo has the training photos go through the networks.
    embedded(upload(app, ("first.jpg", photo())))
    decoded: list[tuple[int, int]] = []
    to_rgb = photos._to_rgb

    def counted(image: Image.Image) -> NDArray[np.uint8]:
        if image.size == (60, 40):
            decoded.append(image.size)
        return to_rgb(image)

    monkeypatch.setattr(photos, "_to_rgb", counted)
    looked.clear()
    upload(app, ("second.jpg", photo(1)))
    assert not app.exception
    assert sorted(looked) == ["embed", "embed", "explain", "explain"]
    assert len(decoded) == 1
    app.toggle(key="classify-similar").set_value(False).run()
    app.toggle(key="classify-similar").set_value(True).run()
    assert len(decoded) == 1


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("http://localhost:8501/classify", True),
        ("https://lab.school/classify", True),
        ("", True),
        ("http://127.0.0.1:8501", True),
        ("http://192.168.0.7:8501/classify", False),
        ("http://teacher.local:8501", False),
    ],
)
def test_where_browsers_keep_the_camera(address: str, allowed: bool) -> None:
    """Over plain HTTP from another computer there is no camera; from this one, or over HTTPS, there is."""
    assert camera_allowed(address) is allowed


def test_many_photos_tell_how_far_they_are(home: Home, asked: list[tuple[str, int]]) -> None:
    """Between groups it is said how many are answered; who leaves then keeps what there is."""
    run, kept, told = add_finished(home, "run"), Memory(), []
    photos = [Photo(f"{number}.jpg", photo(number)) for number in range(20)]

    def leave(done: int, total: int) -> None:
        told.append((done, total))
        if done >= 16:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        classify(lab(), kept, photos, [run], progress=leave)
    assert told == [(0, 20), (8, 20), (16, 20)]
    assert len(kept.probabilities) == 16
    assert classify(lab(), kept, photos, [run]) == {}
    assert len(kept.probabilities) == 20
