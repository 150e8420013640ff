"""The Home page."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.architectures import architecture
from flowerlab.doctor import Finding, Level
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.ui.base.lab import lab
from flowerlab.ui.home.health import summary
from tests.support.loopback import hdf5
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished


def bring_weights(folder: Path, name: str) -> None:
    """Puts a file where Keras keeps an architecture's weights."""
    (folder / "keras" / "models").mkdir(parents=True)
    (folder / "keras" / "models" / architecture(name).weights[0].name).write_bytes(hdf5(100))


def with_backbone(name: str) -> AppTest:
    """Opens Home and chooses a known network."""
    app = open_page("home")
    app.selectbox(key="home-backbone").select(name).run()
    return app


def test_a_fresh_lab_runs_the_whole_lecture_at_once() -> None:
    """With nothing fetched, VGG16 mini is offered first, and the button queues A, B and C on what comes with Flowerlab."""
    app = open_page("home")
    assert app.selectbox(key="home-backbone").value == "vgg16_mini"
    assert not app.info
    app.button(key="lecture").click().run()
    c, b, a = lab().store.all()
    assert [run.recipe.architecture for run in (a, b, c)] == ["handmade", "vgg16_mini", "vgg16_mini"]
    assert [run.recipe.weights for run in (a, b, c)] == ["none", "flowerlab", "flowerlab"]
    assert c.recipe.unfreeze_from == "block4_conv3"


def test_a_second_press_leads_to_what_was_trained(home: Home) -> None:
    """Where the whole lecture was trained already, its button shows the three runs side by side and trains nothing."""
    app = open_page("home")
    app.button(key="lecture").click().run()
    due_s = time.monotonic() + 60
    while not all(run.state.over for run in lab().store.all()) and time.monotonic() < due_s:
        time.sleep(0.1)
    runs = lab().store.all()
    for run in runs:
        # Scripted runs have no model of their own.
        home.run(run.id).mkdir(parents=True, exist_ok=True)
        (home.run(run.id) / "model.keras").write_bytes(b"hollow")
    app = open_page("home")
    app.button(key="lecture").click().run()
    assert not app.exception
    assert app.title[0].value == "Compare"
    assert set(app.multiselect(key="compare-runs").value) == {run.id for run in runs}
    assert len(lab().store.all()) == len(runs) == 3


def test_without_weights_the_button_queues_a_alone() -> None:
    """Where no weights are at hand, one sentence says what is missing and how large it is, and the button queues A."""
    app = with_backbone("vgg16")
    assert not app.exception
    assert "VGG16 learnt on a million photos is not on this computer (a download of 59 MB)" in app.info[0].value
    app.button(key="lecture").click().run()
    runs = lab().store.all()
    assert [run.recipe for run in runs] == [Recipe.parse({})]
    assert app.query_params["run"] == runs[0].id


@pytest.mark.parametrize(("key", "weights"), [("untrained", "none"), ("download", "imagenet")])
def test_without_weights_there_are_two_ways_to_b_and_c(key: str, weights: str) -> None:
    """B and C are queued with random weights or with the download, and C goes on from B."""
    app = with_backbone("vgg16")
    app.button(key=key).click().run()
    c, b = lab().store.all()
    assert (b.recipe.weights, c.recipe.weights) == (weights, weights)
    assert c.recipe.start_from == b.id


def test_with_weights_the_lecture_is_one_click(tmp_path: Path) -> None:
    """With a network whose weights are at hand the button queues A, B and C, and A is shown live."""
    bring_weights(tmp_path, "mobilenet_v2")
    app = with_backbone("mobilenet_v2")
    assert not app.info
    app.button(key="lecture").click().run()
    c, b, a = lab().store.all()
    assert [run.recipe.architecture for run in (a, b, c)] == ["handmade", "mobilenet_v2", "mobilenet_v2"]
    assert app.query_params["run"] == a.id
    assert app.title[0].value == "Train"


def test_vgg16_leads_where_its_weights_are(tmp_path: Path) -> None:
    """The lecture's own network comes first when its weights are at hand."""
    bring_weights(tmp_path, "vgg16")
    assert open_page("home").selectbox(key="home-backbone").value == "vgg16"


def test_missing_photos_are_named_before_the_click() -> None:
    """Choosing tf_flowers where it is not at hand says how large the download is, and names the way out."""
    app = open_page("home")
    app.selectbox(key="home-dataset").select("tf_flowers").run()
    assert "229 MB" in app.warning[0].value
    assert "garden" in app.warning[0].value


def test_the_cards_know_the_lectures_parameters() -> None:
    """With VGG16 the three cards give the lecture's counts: 154,087 for A, 410,775 of 15.1 M for B, 9.9 M for C."""
    page = texts(with_backbone("vgg16"))
    for count in ("154,087 of 154,087", "410,775 of 15.1 M", "9.9 M of 15.1 M"):
        assert count in page


def test_what_is_at_hand_is_listed_with_sizes() -> None:
    """The table says what is here and what is to fetch, and that a scripted engine makes its numbers up."""
    app = open_page("home")
    due_s = time.monotonic() + 20
    # The engine begins a moment after the page.
    while "made up" not in texts(app) and time.monotonic() < due_s:
        app.run()
    page = texts(app)
    assert "| 🧺 Garden | at hand ✓ |" in page
    assert "| 🧠 MobileNetV2 | to fetch: 9 MB |" in page
    assert "made up" in page


def test_finished_runs_lead_to_their_curves(home: Home) -> None:
    """A finished run stands with its test accuracy and interval, and its name leads to the live view."""
    run = add_finished(home, "My *first* run")
    app = open_page("home")
    assert "test accuracy 85.7 % (70.6–93.7)" in texts(app)
    assert r"\*first\*" in app.button(key=f"show-{run.id}").label
    app.button(key=f"show-{run.id}").click().run()
    assert app.query_params["run"] == run.id
    assert app.title[0].value == "Train"


def test_a_leak_is_marked(home: Home) -> None:
    """An accuracy that was measured on training photos does not stand there unmarked."""
    add_finished(home, "leaky", split="lecture")
    assert "⚠️ leak" in texts(open_page("home"))


def test_the_choice_survives_a_visit_elsewhere() -> None:
    """The data set chosen on Home is still chosen after another page was opened."""
    app = open_page("home")
    app.selectbox(key="home-dataset").select("tf_flowers").run()
    app.switch_page("pages/compare.py").run()
    app.switch_page("pages/home.py").run()
    assert app.selectbox(key="home-dataset").value == "tf_flowers"


class Known:
    """What the panel asks, with findings that are given."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = list(findings)

    def look(self) -> list[Finding] | None:
        """All at once; None if there are none."""
        return self.findings or None


FINE = Finding("python", Level.OK, "Python 3.11.")
MISSING = Finding("vgg16 weights", Level.WARNING, "Not here.", "Fetch it.", 58.9, "host.example")
ODD = Finding("engine", Level.WARNING, "Scripted_runs.", "Unset it.")
BROKEN = Finding("home", Level.PROBLEM, "Cannot be written.", "Set FLOWERLAB_HOME.")


def test_the_page_does_not_wait_for_the_examination(monkeypatch: pytest.MonkeyPatch) -> None:
    """While nothing was found yet, the panel says so and the rest of Home is there."""
    monkeypatch.setattr("flowerlab.ui.home.health._examined", Known)
    app = open_page("home")
    assert not app.exception
    assert [panel.label for panel in app.expander if "Looking at this computer" in panel.label]


def test_all_well_is_one_folded_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing but downloads missing the panel is folded and says that the lab can run."""
    monkeypatch.setattr("flowerlab.ui.home.health._examined", lambda: Known(FINE, MISSING))
    app = open_page("home")
    (panel,) = [panel for panel in app.expander if "🩺" in panel.label]
    assert panel.label == "🩺 ✅ This computer can run the lab"
    assert not panel.proto.expanded
    said = "\n".join(str(element.value) for element in panel.markdown)
    assert r"vgg16 weights (59 MB); from host\.example" in said


def test_a_problem_opens_the_panel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the lab cannot run, the panel is open, the problem comes first, and its mend stands under it."""
    monkeypatch.setattr("flowerlab.ui.home.health._examined", lambda: Known(FINE, ODD, BROKEN))
    app = open_page("home")
    (panel,) = [panel for panel in app.expander if "🩺" in panel.label]
    assert panel.label == "🩺 ⛔ One problem: the lab cannot run"
    assert panel.proto.expanded
    said = str(panel.markdown[0].value)
    assert "home" in said
    assert r"Set FLOWERLAB\_HOME" in said


def test_the_summary_counts_remarks() -> None:
    """Warnings are counted, missing downloads are not."""
    assert summary([FINE, ODD, MISSING]).endswith("with one remark")
    assert summary([ODD, ODD]).endswith("with 2 remarks")
