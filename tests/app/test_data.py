"""The Data page."""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.store import Store
from flowerlab.tasks import Task
from flowerlab.ui.base.lab import lab
from flowerlab.ui.base.text import escaped
from tests.support.gathering import gathered_by_nobody
from tests.support.pages import open_page, texts
from tests.support.photos import write_leaves

PICTURES = 60


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A small garden, drawn once."""
    home = Home(tmp_path_factory.mktemp("drawn")).create()
    gather(home, "garden", Garden(PICTURES))
    return home


@pytest.fixture
def garden(home: Home, drawn: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A home with a small garden in it."""
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", str(PICTURES))
    shutil.copytree(drawn.originals, home.originals, dirs_exist_ok=True)
    return home


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Keeps which data sets the page wants gathered; nothing is gathered."""
    return gathered_by_nobody(monkeypatch, step="Drawing the garden", done=20, total=60)


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The ECharts options of the page, decoded."""
    return [json.loads(chart.proto.spec) for chart in app.get("echarts_chart")]


def looks(app: AppTest) -> list[Any]:
    """The buttons under the photos."""
    return [button for button in app.button if "-look-" in str(button.key)]


def test_class_balance_and_majority_baseline(garden: Home) -> None:
    """All photos are counted by class, and the page says what always naming the largest class would be worth."""
    app = open_page("data")
    assert not app.exception
    bars = charts(app)[0]["series"][0]["data"]
    assert sum(bar["value"] for bar in bars) == PICTURES
    share = max(bar["value"] for bar in bars) / PICTURES * 100
    assert app.metric[0].value == f"{share:.1f} %"
    assert f"right for {share:.1f} % of the photos" in texts(app)


def test_photos_of_a_class_are_shown_a_page_at_a_time(garden: Home) -> None:
    """At most twelve photos are drawn, only of the chosen class, and "Show others" brings others."""
    app = open_page("data")
    assert len(looks(app)) == 12
    before = {button.key for button in looks(app)}
    app.button(key="data-garden-others").click().run()
    assert not before & {button.key for button in looks(app)}
    app.button_group(key="data-garden-class").set_value(2).run()
    assert {button.label.split()[-1] for button in looks(app)} == {"tulips"}


def test_a_chosen_photo_is_seen_closely(garden: Home) -> None:
    """The name under a photo chooses it: its one-hot label follows."""
    app = open_page("data")
    chosen = looks(app)[5]
    name = chosen.label.split()[-1]
    app = chosen.click().run()
    assert not app.exception
    table = app.table[0].value
    assert [column.split()[-1] for column in table.columns if "1" in str(table[column].iloc[0])] == [name]


def test_resize_and_augmentation_show_every_way(garden: Home) -> None:
    """The four resizes stand beside the original, and five draws of each augmentation beside the unchanged photo."""
    app = open_page("data")
    told = texts(app)
    for mode in ("squash", "crop", "pad", "lecture", "flip", "standard"):
        assert f"**{mode}**" in told
    app.slider(key="data-size").set_value(32).run()
    app.button(key="data-again").click().run()
    assert not app.exception
    assert len(app.get("image")) >= 12 + 5 + 2 * 6


def test_the_split_is_drawn_with_its_numbers(garden: Home) -> None:
    """Honest: 42 photos learn, of which 9 validate, and 18 test. The lecture's split is named a leak."""
    app = open_page("data")
    names = {series["name"]: series["data"] for series in charts(app)[1]["series"]}
    assert (names["training"][1], names["validation"][1], names["test"][0]) == (33, 9, 18)
    assert app.success
    app.segmented_control(key="data-split").set_value("lecture").run()
    assert "leak" in json.dumps(charts(app)[1])
    assert any("leak" in warning.value for warning in app.warning)


def test_the_garden_is_drawn_by_itself(home: Home, asked_for: list[str]) -> None:
    """Where the garden is missing, its drawing begins unasked, shows how far it is, and one flower can be seen meanwhile."""
    app = open_page("data")
    assert not app.exception
    assert asked_for == ["garden"]
    assert app.button(key="gather-cancel").label == "Cancel"
    assert "**crop**" in texts(app)
    app.button(key="data-draw-another").click().run()
    assert not app.exception


def drawn_flower(app: AppTest) -> str:
    """What stands under the flower that is drawn live."""
    return next(str(caption.value) for caption in app.caption if "drawn in" in str(caption.value))


def test_a_flower_is_drawn_live(garden: Home) -> None:
    """Species, "Another one", difficulty and size each draw another picture; the mask only shows another view of the same."""
    app = open_page("data")
    assert not app.exception
    first = drawn_flower(app)
    assert "192" in first
    app.slider(key="data-flower-size").set_value(64).run()
    assert "64 pixels" in drawn_flower(app) or "64 ×" in drawn_flower(app)
    before = drawn_flower(app).split(":")[0]
    app.button(key="data-flower-another").click().run()
    after = drawn_flower(app).split(":")[0]
    assert before != after
    app.selectbox(key="data-flower-species").set_value(3).run()
    assert drawn_flower(app).split(":")[0] not in (before, after)
    cover = drawn_flower(app).rsplit("covers", 1)[1]
    app.slider(key="data-flower-difficulty").set_value(1.0).run()
    assert drawn_flower(app).rsplit("covers", 1)[1] != cover
    cover = drawn_flower(app).rsplit("covers", 1)[1]
    app.toggle(key="data-flower-mask").set_value(True).run()
    assert not app.exception
    assert drawn_flower(app).rsplit("covers", 1)[1] == cover
    assert "mask" in app.get("image")[-1].proto.imgs[0].alt


def test_only_the_garden_draws_flowers(home: Home, asked_for: list[str]) -> None:
    """The section belongs to the garden; on tf_flowers it is not there."""
    assert "Draw a flower" not in texts(open_page("data", state={"data-set": "tf_flowers"}))


def test_a_failed_gathering_is_told_and_can_be_tried_again(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason stands there as a sentence, nothing is started unasked, and a button tries again."""
    failed = Task[None](error="The disk is full.")
    failed.ended.set()
    lab().tasks._tasks["gather", "garden"] = failed
    wanted = gathered_by_nobody(monkeypatch)
    app = open_page("data")
    assert [error.value for error in app.error] == [escaped("The disk is full.")]
    assert not wanted
    app.button(key="gather-start").click().run()
    assert wanted == ["garden"]


def test_tf_flowers_is_not_fetched_unasked(
    home: Home, asked_for: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where tf_flowers is missing, the page says how large it is and which two ways lead out, and fetches on request only."""
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "none"))
    app = open_page("data", state={"data-set": "tf_flowers"})
    assert asked_for == []
    told = texts(app)
    assert "229 MB" in told
    assert "garden" in told
    assert "folder" in told
    app.button(key="gather-start").click().run()
    assert asked_for == ["tf_flowers"]


def test_tf_flowers_at_hand_only_need_to_be_brought_in(
    home: Home, asked_for: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where TFDS has the photos, a button brings them in and no download is spoken of."""
    folder = tmp_path / "tfds" / "tf_flowers" / "3.0.1"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    app = open_page("data", state={"data-set": "tf_flowers"})
    assert app.button(key="gather-start").label == "Bring in the photos"
    assert "229 MB" not in texts(app)


def test_credits_are_given(garden: Home) -> None:
    """Source and licence of the photos stand on the page."""
    assert "Licence: Apache-2.0" in texts(open_page("data"))


def import_from(app: AppTest, folder: Path, name: str) -> AppTest:
    """Types a path and a name, presses Import, and waits until the import is over."""
    app.text_input(key="own-path").set_value(str(folder))
    app.text_input(key="own-name").set_value(name).run()
    app.button(key="own-start").click().run()
    task = lab().tasks.state(app.session_state["own-import"])
    assert task is not None
    assert task.wait(30)
    return app.run().run()


def test_own_photos_are_imported_and_chosen(garden: Home, asked_for: list[str], tmp_path: Path) -> None:
    """A folder with one sub-folder for each class becomes a data set, which the page then shows; what is no photo is named."""
    app = import_from(open_page("data"), write_leaves(tmp_path / "source"), "leaves")
    assert not app.exception
    assert not app.error
    assert any("20 photos in 2 classes" in success.value for success in app.success)
    assert app.session_state["data-set"] == "folder:leaves"
    assert asked_for == ["folder:leaves"]
    assert "notes" in texts(app)


def test_a_folder_that_will_not_do_is_told_as_a_sentence(garden: Home, tmp_path: Path) -> None:
    """Too few photos: the reason stands there, and no data set was made."""
    app = import_from(open_page("data"), write_leaves(tmp_path / "source", photos=3), "leaves")
    assert not app.exception
    assert len(app.error) == 1
    assert list(garden.folders.iterdir()) == []


def test_own_photos_are_deleted_after_a_question(garden: Home, asked_for: list[str], tmp_path: Path) -> None:
    """Deleting removes the lab's copy, not the source, and the page goes back to the garden."""
    source = write_leaves(tmp_path / "source")
    app = import_from(open_page("data"), source, "leaves")
    app.button(key="own-delete").click().run()
    assert not app.exception
    assert list(garden.folders.iterdir()) == []
    assert len(list((source / "oak").iterdir())) == 11
    assert app.session_state["data-set"] == "garden"


def test_photos_that_a_run_waits_for_are_not_deleted(
    garden: Home, asked_for: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run on these photos is queued, they stay, and the page says why."""
    app = import_from(open_page("data"), write_leaves(tmp_path / "source"), "leaves")
    store = Store(garden.store)
    run = store.add(Recipe.parse({"dataset": "folder:leaves"}), "waits")
    monkeypatch.setattr(Store, "queued", lambda store: [run])
    app.button(key="own-delete").click().run()
    store.close()
    assert (garden.folders / "leaves").is_dir()
    assert any("Stop that run first" in error.value for error in app.error)


def test_a_home_of_nobody_is_told_as_a_sentence(garden: Home) -> None:
    """A path that begins with an unknown user's home is refused in words."""
    app = open_page("data")
    app.text_input(key="own-path").set_value("~nobody-of-that-name/x").run()
    app.button(key="own-start").click().run()
    assert not app.exception
    assert [error.value for error in app.error if "no such folder" in error.value]


def test_an_import_that_breaks_is_told(garden: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the lab itself errs in an import, the page says so, and does not report success."""

    def broken(*_: Any, **__: Any) -> None:
        raise LookupError("a surprise")

    monkeypatch.setattr("flowerlab.tasks.import_photos.import_folder", broken)
    app = import_from(open_page("data"), write_leaves(tmp_path / "source"), "leaves")
    assert not app.exception
    assert not any("were imported" in success.value for success in app.success)
    assert any("a surprise" in error.value for error in app.error)


def test_an_import_can_be_cancelled(garden: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it goes on the page says how far it is; cancelled, it says that nothing was kept, and the form is there again."""
    go, asked = threading.Event(), threading.Event()

    def slow(*_: Any, progress: Any) -> None:
        progress(3, 20)
        asked.set()
        assert go.wait(30)
        progress(4, 20)

    monkeypatch.setattr("flowerlab.tasks.import_photos.import_folder", slow)
    app = open_page("data")
    app.text_input(key="own-path").set_value(str(write_leaves(tmp_path / "source"))).run()
    app.button(key="own-start").click().run()
    assert asked.wait(30)
    app.run()
    assert "Checking and copying the photos: 3 of 20" in [bar.proto.text for bar in app.get("progress")]
    app.button(key="own-cancel").click().run()
    go.set()
    task = lab().tasks.state(app.session_state["own-import"])
    assert task is not None
    assert task.wait(30)
    app.run()
    assert not app.exception
    assert "nothing was kept" in app.info[-1].value
    assert app.button(key="own-start").label == "Import"
