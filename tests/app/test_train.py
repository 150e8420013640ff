"""The Train page and Home: start, watch, stop."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.recipe import Recipe
from flowerlab.store import RunState
from flowerlab.ui.lab import lab


def page(name: str, **query: str) -> AppTest:
    """A page as a visitor gets it."""
    app = AppTest.from_file("../../streamlit_app.py", default_timeout=30)
    for key, value in query.items():
        app.query_params[key] = value
    app.run()
    if name != "home":
        app.switch_page(f"pages/{name}.py").run()
    assert not app.exception
    return app


def wait_until_over(run_id: str) -> RunState:
    """Waits for a scripted run."""
    deadline = time.monotonic() + 20
    while not lab().store.get(run_id).state.over and time.monotonic() < deadline:
        time.sleep(0.05)
    return lab().store.get(run_id).state


def test_start_queues_the_recipe_of_the_form() -> None:
    """Start trains what the sliders say, and the run's outcome is shown when it is over."""
    app = page("train")
    app.slider(key="epochs-0").set_value(2).run()
    app.button(key="start").click().run()
    run = lab().store.all()[0]
    assert (run.recipe.epochs, run.recipe.architecture) == (2, "handmade")
    assert wait_until_over(run.id) is RunState.DONE
    app.run()
    assert app.metric[0].value.startswith("83.3 % (")
    assert not app.exception


def test_an_equal_recipe_is_offered_not_trained_again() -> None:
    """Pressing Start twice makes one run, and says so; ticking “again” makes another."""
    app = page("train")
    app.button(key="start").click().run()
    app.button(key="start").click().run()
    assert len(lab().store.all()) == 1
    assert "has a run already" in app.info[0].value
    app.checkbox(key="again").check().run()
    app.button(key="start").click().run()
    assert len(lab().store.all()) == 2


def test_stop_ends_a_run() -> None:
    """The Stop button ends the run that is shown."""
    app = page("train")
    app.slider(key="epochs-0").set_value(100).run()
    app.button(key="start").click().run()
    run = lab().store.all()[0]
    app.button(key="stop").click().run()
    assert wait_until_over(run.id) is RunState.STOPPED


def test_presets_fill_the_form() -> None:
    """B is VGG16 with nothing unfrozen; C without a B says what to do first."""
    app = page("train")
    app.button(key="preset-B").click().run()
    assert app.selectbox(key="architecture-1").value == "vgg16"
    assert any("410,775 of 15.1 M parameters train" in text.value for text in app.markdown)
    app.button(key="preset-C").click().run()
    assert "Train B first" in app.info[0].value


def test_the_unfreeze_slider_changes_what_trains() -> None:
    """At block4_conv3 the lecture's 9.44 M parameters and the head train."""
    app = page("train")
    app.button(key="preset-B").click().run()
    app.select_slider(key="unfreeze-vgg16-1").set_value("block4_conv3").run()
    assert any("9.9 M of 15.1 M parameters train" in text.value for text in app.markdown)
    assert not app.exception


def test_a_form_survives_a_visit_to_another_page() -> None:
    """What a student has set is still there after a look at Home."""
    app = page("train")
    app.slider(key="epochs-0").set_value(7).run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/train.py").run()
    assert app.slider(key="epochs-0").value == 7


@pytest.mark.parametrize("run_id", ["nonsense", "../../etc/passwd", "f" * 12])
def test_an_unknown_run_is_a_sentence(run_id: str) -> None:
    """A run id from a link that names no run gives one sentence."""
    app = AppTest.from_file("../../streamlit_app.py", default_timeout=30)
    app.run()
    app.switch_page("pages/train.py")
    app.query_params["run"] = run_id
    app.run()
    assert not app.exception
    assert "No run has this id" in app.error[0].value


def test_home_runs_the_lecture() -> None:
    """Without pretrained weights Home offers A, and B and C with untrained weights; both are queued."""
    app = page("home")
    assert "is not on this computer" in app.info[0].value
    app.button(key="lecture").click().run()
    assert [run.recipe for run in lab().store.all()] == [Recipe.parse({})]
    app.switch_page("pages/home.py").run()
    app.button(key="untrained").click().run()
    newest, before, _ = lab().store.all()
    assert (before.recipe.weights, newest.recipe.start_from) == ("none", before.id)


def test_a_run_can_be_renamed_and_deleted_after_a_question() -> None:
    """Delete is shut until the question is answered; then the run is gone."""
    app = page("train")
    app.button(key="start").click().run()
    run = lab().store.all()[0]
    wait_until_over(run.id)
    app.run()
    app.text_input(key=f"name-{run.id}").set_value("My best").run()
    app.button(key="rename").click().run()
    assert lab().store.get(run.id).name == "My best"
    assert app.button(key="delete").disabled
    app.checkbox(key=f"sure-{run.id}").check().run()
    app.button(key="delete").click().run()
    assert lab().store.all() == []
