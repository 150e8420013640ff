"""The Train page: the form, Start, and the live view."""

from __future__ import annotations

import re
import time

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.knobs import KNOBS, Knob
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import Run, RunState
from flowerlab.ui.base.lab import lab
from flowerlab.ui.train import live_view, recipe_form
from flowerlab.ui.widgets.run_picker import MOST_OFFERED
from tests.support.checkpoints import leave_checkpoint
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished


def wait_until_over(run_id: str) -> RunState:
    """Waits for a scripted run."""
    deadline = time.monotonic() + 20
    while not lab().store.get(run_id).state.over and time.monotonic() < deadline:
        time.sleep(0.05)
    return lab().store.get(run_id).state


def start(app: AppTest) -> Run:
    """Presses Start and returns the newest run."""
    app.button(key="start").click().run()
    assert not app.exception
    return lab().store.all()[0]


def use_preset(app: AppTest, letter: str) -> AppTest:
    """Clicks one of the lecture's recipes."""
    app.segmented_control(key="train-preset").set_value(letter).run()
    assert not app.exception
    return app


# The form


def test_a_knob_that_is_added_to_the_table_is_in_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each kind of knob has its widget, among the rarely used ones or, where the table says so, among those always in sight."""
    new = [
        Knob("share", "Share", "A number.", "float", 0.1, minimum=0.0, maximum=0.5),
        Knob("number", "Number", "A whole number.", "int", 3, minimum=1, maximum=9, of_lecture=True),
        Knob("word", "Word", "A word.", "str", "one", choices={"one": "The first.", "two": "The second."}),
        Knob("text", "Text", "Any text.", "str", "some"),
    ]
    monkeypatch.setattr(recipe_form, "KNOBS", {**KNOBS, **{knob.name: knob for knob in new}})
    app = open_page("train")
    assert app.slider(key="train-share").value == 0.1
    assert app.selectbox(key="train-word").options == ["one", "two"]
    assert app.text_input(key="train-text").value == "some"
    assert app.number_input(key="train-number").value == 3
    assert [one.key for one in app.expander[0].number_input] == ["train-seed"]


def test_start_trains_what_the_form_says() -> None:
    """Start queues the recipe of the sliders, shows the run, and its outcome when it is over."""
    app = open_page("train")
    app.select_slider(key="train-epochs").set_value(2).run()
    app.select_slider(key="train-learning_rate").set_value(5e-4).run()
    run = start(app)
    assert run.recipe == Recipe.parse({"epochs": 2, "learning_rate": 5e-4})
    assert app.query_params["run"] == run.id
    assert wait_until_over(run.id) is RunState.DONE
    app.run()
    assert {metric.label: metric.value for metric in app.metric}["Test accuracy"] == "83.3 %"
    assert not app.exception


@pytest.mark.parametrize("letter", ["A", "B"])
def test_presets_fill_the_form_exactly(letter: str) -> None:
    """A and B are the lecture's recipes to the last knob, and the preset is marked."""
    app = use_preset(open_page("train", query={"epochs": "7", "architecture": "vgg16"}), letter)
    assert start(app).recipe == preset_recipe(letter)
    assert app.segmented_control(key="train-preset").value == letter


@pytest.mark.parametrize("letter", ["C", "gently"])
def test_c_without_a_b_queues_b_along_with_it(letter: str) -> None:
    """Where there is no B yet, Start queues B and then the run that goes on from it, at its own learning rate."""
    app = use_preset(open_page("train"), letter)
    assert "Start B" in app.button(key="start").label
    run = start(app)
    b = lab().store.get(str(run.recipe.start_from))
    assert b.recipe == preset_recipe("B", architecture="vgg16_mini")
    assert run.recipe == preset_recipe(letter, architecture="vgg16_mini", start_from=b.id)
    assert b.name.startswith("B · transfer learning")


def test_c_goes_on_from_the_newest_b(home: Home) -> None:
    """With a finished B the preset C names it, takes over its network and size, and needs no other run."""
    b = add_finished(home, "my B", architecture="mobilenet_v2", image_size=96, weights="none")
    app = use_preset(open_page("train"), "C")
    assert app.selectbox(key="train-start_from").value == b.id
    run = start(app)
    assert run.recipe == b.recipe.changed(unfreeze_from="block_13_expand", start_from=b.id)
    assert len(lab().store.all()) == 2


def test_a_turned_knob_unmarks_the_preset() -> None:
    """The mark says what the form is: away when a knob is turned, back when it is turned back; photos do not matter."""
    app = use_preset(open_page("train"), "B")
    app.select_slider(key="train-batch_size").set_value(64).run()
    assert app.segmented_control(key="train-preset").value is None
    app.select_slider(key="train-batch_size").set_value(32).run()
    app.selectbox(key="train-dataset").select("tf_flowers").run()
    assert app.segmented_control(key="train-preset").value == "B"


def test_the_unfreeze_slider_changes_what_trains() -> None:
    """Moved to block4_conv3, the lecture's 9.44 M parameters train with the head; the strip's words change too."""
    app = use_preset(open_page("train", query={"architecture": "vgg16"}), "B")
    assert "410,775 of 15.1 M parameters train" in texts(app)
    app.select_slider(key="train-unfreeze_from-vgg16").set_value("block4_conv3").run()
    assert "9.9 M of 15.1 M parameters train" in texts(app)
    assert "9 layers with weights are frozen" in texts(app)


def test_every_network_remembers_its_own_layers() -> None:
    """Changing the network never leaves a layer of the other one in the form, and coming back finds the old choice."""
    app = use_preset(open_page("train", query={"architecture": "vgg16"}), "B")
    app.select_slider(key="train-unfreeze_from-vgg16").set_value("block3_conv1").run()
    app.selectbox(key="train-architecture").select("resnet50").run()
    assert app.select_slider(key="train-unfreeze_from-resnet50").value == "none"
    app.selectbox(key="train-architecture").select("vgg16").run()
    assert app.select_slider(key="train-unfreeze_from-vgg16").value == "block3_conv1"
    assert not app.exception


def test_a_form_survives_a_visit_to_another_page() -> None:
    """What a student has set, in sight or among the other knobs, is still there after a look at Home."""
    app = open_page("train")
    app.select_slider(key="train-epochs").set_value(7).run()
    app.slider(key="train-dropout").set_value(0.3).run()
    app.text_input(key="train-head").set_value("64").run()
    app.switch_page("pages/home.py").run()
    app.switch_page("pages/train.py").run()
    assert app.select_slider(key="train-epochs").value == 7
    assert app.slider(key="train-dropout").value == 0.3
    assert app.text_input(key="train-head").value == "64"


def test_a_bad_recipe_is_a_sentence_and_cannot_be_started() -> None:
    """A head that cannot be gives one sentence that names the knob, and no Start."""
    app = open_page("train")
    app.text_input(key="train-head").set_value("50,many").run()
    assert not app.exception
    assert "head" in app.error[0].value
    assert "start" not in [button.key for button in app.button]


# The link


def test_a_link_fills_the_form_and_the_form_writes_it() -> None:
    """A recipe's link opens as this very recipe, odd values included; a turned knob is in the address at once."""
    recipe = Recipe.parse(
        {
            "architecture": "vgg16",
            "unfreeze_from": "block2_pool",
            "epochs": 13,
            "learning_rate": 0.00037,
            "head": "9",
            "weights": "none",
            "image_size": 64,
            "augment": "flip",
            "seed": 11,
        }
    )
    app = open_page("train", query=recipe.to_query())
    assert not app.error
    app.select_slider(key="train-epochs").set_value(20).run()
    assert app.query_params["epochs"] == ["20"] or app.query_params["epochs"] == "20"
    assert start(app).recipe == recipe.changed(epochs=20)


def test_a_bad_link_is_a_sentence_and_leaves_the_defaults() -> None:
    """A link with a value that cannot be is told, and the form begins with the defaults."""
    app = open_page("train", query={"architecture": "vgg16", "epochs": "![x](http://example.org/x)"})
    assert not app.exception
    assert "cannot be used" in app.error[0].value
    assert "![x](" not in app.error[0].value
    assert app.selectbox(key="train-architecture").value == "handmade"


# Notes


def test_early_stopping_that_cannot_stop_is_told() -> None:
    """The note stands while patience is not below the epochs, and goes when it is."""
    app = open_page("train")
    assert "Early stopping cannot stop" in texts(app)
    app.select_slider(key="train-epochs").set_value(6).run()
    assert "Early stopping cannot stop" not in texts(app)


def test_the_leak_is_a_warning() -> None:
    """The lecture's split is called a leak before one clicks."""
    app = open_page("train")
    assert not app.warning
    app.selectbox(key="train-split").select("lecture").run()
    assert "leak" in app.warning[0].value


def test_what_augmentation_costs_is_told() -> None:
    """Augmentation with frozen layers says what new changes, copies and none would cost, also once a number of copies is chosen."""
    app = use_preset(open_page("train"), "B")
    app.selectbox(key="train-augment").select("standard").run()
    assert "send every photo through the frozen layers each time: about" in texts(app)
    assert "With 4 augmented copies" in texts(app)
    app.select_slider(key="train-augment_views").set_value(8).run()
    assert "With 8 augmented copies" in texts(app)
    assert "send every photo through the frozen layers each time: about" in texts(app)
    app = use_preset(app, "A")
    app.selectbox(key="train-augment").select("standard").run()
    assert "send every photo through the frozen layers each time" not in texts(app)


def test_the_price_stands_before_the_click() -> None:
    """B says how long it takes, how much of that once, and how much disk; once its features are kept, that they are at hand."""
    app = use_preset(open_page("train"), "B")
    assert re.search(r"⏱ \*\*about .+\*\* · .*frozen features .+, \d+ MB on the disk · an epoch .+", texts(app))


def test_a_sweep_is_priced_queued_and_stopped() -> None:
    """Two knobs make a grid with its price on the button; a bad value is a sentence; what was queued can be stopped at once."""
    app = use_preset(open_page("train"), "B")
    app.multiselect(key="sweep-knobs").set_value(["learning_rate", "head"]).run()
    assert re.search(r"▶ Queue 12 runs, about .+", app.button(key="sweep-start").label)
    app.text_input(key="sweep-values-learning_rate").set_value("1e-4, 9").run()
    assert "must be a number from" in " ".join(error.value for error in app.error)
    app.text_input(key="sweep-values-learning_rate").set_value("1e-4, 1e-3").run()
    app.text_input(key="sweep-values-head").set_value("none : 8").run()
    app.button(key="sweep-start").click().run()
    assert not app.exception
    assert [len(frame.value) for frame in app.dataframe] == [4]
    app.button(key="sweep-stop").click().run()
    assert not app.exception


def test_an_equal_recipe_is_offered_not_trained_again() -> None:
    """Pressing Start twice makes one run and says so; it can be shown, or trained again on purpose."""
    app = open_page("train")
    first = start(app)
    start(app)
    assert len(lab().store.all()) == 1
    assert "has a run already" in app.info[-1].value
    app.button(key="show-equal").click().run()
    assert app.query_params["run"] in (first.id, [first.id])
    start(app)
    app.button(key="again").click().run()
    assert len(lab().store.all()) == 2


# The live view


def test_stop_ends_the_run_that_is_shown() -> None:
    """Stop ends the run; before a whole epoch it says that there is no model, and the run can be trained again."""
    app = open_page("train")
    app.select_slider(key="train-epochs").set_value(100).run()
    run = start(app)
    app.button(key="stop").click().run()
    assert wait_until_over(run.id) is RunState.STOPPED
    app.run()
    app.button(key="retry").click().run()
    assert lab().store.all()[0].recipe == run.recipe
    assert len(lab().store.all()) == 2


def test_a_waiting_run_says_its_place() -> None:
    """A run that waits says how many go before it."""
    app = open_page("train")
    app.select_slider(key="train-epochs").set_value(100).run()
    first = start(app)
    app.number_input(key="train-seed").set_value(1).run()
    start(app)
    assert "one run goes before it" in "\n".join(str(bar.proto.text) for bar in app.get("progress"))
    lab().queue.stop(first.id)


def until_live(run_id: str) -> None:
    """Waits until a scripted run has a trainer."""
    deadline = time.monotonic() + 20
    while not lab().store.get(run_id).state.live and time.monotonic() < deadline:
        time.sleep(0.05)


def test_who_comes_without_an_address_sees_what_trains() -> None:
    """Of a run that trains and a newer one that waits, the one that trains is shown, so that Stop means it."""
    app = open_page("train")
    app.select_slider(key="train-epochs").set_value(100).run()
    first = start(app)
    app.number_input(key="train-seed").set_value(1).run()
    second = start(app)
    until_live(first.id)
    again = open_page("train")
    assert again.pills(key="live-run").value == first.id
    again.button(key="stop").click().run()
    assert wait_until_over(first.id) is RunState.STOPPED
    assert not lab().store.get(second.id).state.over
    lab().queue.stop(second.id)


def test_who_watched_a_run_to_its_end_is_led_to_the_next(home: Home) -> None:
    """Beside the outcome of a run stands the one that trains now; a click shows it."""
    done = add_finished(home, "done", seed=7)
    app = open_page("train", query={"run": done.id})
    app.select_slider(key="train-epochs").set_value(100).run()
    running = start(app)
    until_live(running.id)
    app = open_page("train", query={"run": done.id})
    app.button(key="watch-next").click().run()
    assert app.query_params["run"] in (running.id, [running.id])
    assert not app.exception
    lab().queue.stop(running.id)


def test_a_run_that_is_trained_again_keeps_its_name() -> None:
    """Only the number is new."""
    app = open_page("train")
    app.select_slider(key="train-epochs").set_value(100).run()
    run = start(app)
    lab().store.rename(run.id, "A · from scratch #1")
    lab().queue.stop(run.id)
    assert wait_until_over(run.id) is RunState.STOPPED
    app = open_page("train", query={"run": run.id})
    app.button(key="retry").click().run()
    assert [run.name for run in lab().store.all()] == ["A · from scratch #2", "A · from scratch #1"]


def test_the_runs_of_the_lecture_are_one_click_apart(home: Home) -> None:
    """All runs stand side by side with their state; a click shows another one and puts it into the address."""
    runs = [add_finished(home, name, seed=number) for number, name in enumerate(("A", "B", "C"))]
    app = open_page("train", query={"run": runs[0].id})
    pills = app.pills(key="live-run")
    assert [(option.content_icon, option.content) for option in pills.proto.options] == [("✅", name) for name in "ABC"]
    pills.set_value(runs[1].id).run()
    assert app.query_params["run"] in (runs[1].id, [runs[1].id])
    assert not app.exception


def test_an_outcome_leads_on(home: Home) -> None:
    """A finished run gives test and validation accuracy, labelled, and leads to Compare with the other finished runs."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(2)]
    app = open_page("train", query={"run": runs[0].id})
    figures = {metric.label: (metric.value, metric.delta) for metric in app.metric}
    assert figures["Test accuracy"] == ("85.7 %", "95 %: 70.6–93.7")
    assert figures["Validation accuracy"] == ("70.0 %", "best epoch: 2 of 2")
    app.button(key="to-compare").click().run()
    assert app.title[0].value == "Compare"
    assert set(app.multiselect(key="compare-runs").value) == {run.id for run in runs}


def materials_of(recipe: Recipe) -> str:
    """What a recipe's photos are here, asked of a lab that trains nothing."""
    looking = Lab(run_queue=False)
    try:
        return looking.queue.materials(recipe)
    finally:
        looking.close()


def test_a_finished_run_can_be_trained_on(home: Home) -> None:
    """The outcome offers more epochs; then the same run waits and trains with its model kept. Without a checkpoint it says why not."""
    run = add_finished(home, "done", epochs=2, materials=materials_of(Recipe(epochs=2)))
    app = open_page("train", query={"run": run.id})
    assert "only its model was kept" in texts(app)
    assert "train-longer" not in {button.key for button in app.button}
    leave_checkpoint(home.run(run.id) / "attempt-1", epochs=2)
    app = open_page("train", query={"run": run.id})
    assert "go-on" not in {button.key for button in app.button}
    app.number_input(key=f"more-epochs-{run.id}").set_value(300).run()
    assert app.button(key="train-longer").label == "Train on from epoch 3"
    app.button(key="train-longer").click().run()
    assert not app.exception
    going = lab().store.get(run.id)
    assert (going.recipe.epochs, going.result) == (302, run.result)
    assert not going.state.over
    lab().queue.stop(run.id)


def test_an_interrupted_run_goes_on_where_it_was(home: Home) -> None:
    """The outcome of a run whose trainer died too often names the epoch from which it goes on, and a click has it go on."""
    materials = materials_of(Recipe(epochs=300))
    run = add_finished(home, "cut down", state="interrupted", epochs=300, patience=300, materials=materials)
    leave_checkpoint(home.run(run.id) / "attempt-1", epochs=6)
    app = open_page("train", query={"run": run.id})
    assert app.button(key="go-on").label == "▶ Go on from epoch 7"
    app.button(key="go-on").click().run()
    assert not app.exception
    assert not lab().store.get(run.id).state.over
    lab().queue.stop(run.id)


def test_a_runs_recipe_goes_back_into_the_form(home: Home) -> None:
    """The recipe of the run that is shown can be put into the form, to change one knob."""
    run = add_finished(home, "odd", epochs=9, batch_size=8)
    app = open_page("train", query={"run": run.id})
    app.button(key="use-recipe").click().run()
    assert app.select_slider(key="train-epochs").value == 9
    assert app.select_slider(key="train-batch_size").value == 8


@pytest.mark.parametrize("run_id", ["nonsense", "../../etc/passwd", "f" * 12, "![x](http://example.org/x)"])
def test_an_unknown_run_is_a_sentence(run_id: str, home: Home) -> None:
    """A run id from a link that names no run gives one sentence in which no Markdown is obeyed, and a way on."""
    run = add_finished(home, "there")
    app = open_page("train", query={"run": run_id})
    assert not app.exception
    assert "No run has this id" in app.error[0].value
    assert "![x](" not in app.error[0].value
    app.button(key="newest").click().run()
    assert not app.error
    assert run.name in texts(app)


def test_a_run_can_be_renamed_kept_and_deleted() -> None:
    """A deleted run is in the trash; a mark to keep it stays. A bad name is a sentence."""
    app = open_page("train")
    run = start(app)
    wait_until_over(run.id)
    app.run()
    app.text_input(key=f"name-{run.id}").set_value("My best").run()
    app.button(key="rename").click().run()
    assert lab().store.get(run.id).name == "My best"
    app.text_input(key=f"name-{run.id}").set_value(" ").run()
    app.button(key="rename").click().run()
    assert "1 to 80 characters" in app.error[0].value
    app.toggle(key=f"kept-{run.id}").set_value(True).run()
    assert lab().store.get(run.id).kept
    app.button(key="delete").click().run()
    assert lab().store.all() == []
    assert [thrown.name for thrown in lab().trash.all()] == ["My best"]
    assert not app.exception


def test_a_late_move_of_a_slider_does_not_bring_back_the_old_form() -> None:
    """A widget's event that carries the address of some moves ago changes its own knob and no other."""
    app = open_page("train", query={"epochs": "7"})
    before = dict(app.query_params)
    app.select_slider(key="train-epochs").set_value(9).run()
    app.select_slider(key="train-batch_size").set_value(8).run()
    app.query_params.clear()
    app.query_params.update(before)
    app.select_slider(key="train-learning_rate").set_value(5e-4).run()
    recipe = start(app).recipe
    assert (recipe.epochs, recipe.batch_size, recipe.learning_rate) == (9, 8, 5e-4)


@pytest.mark.parametrize("letter", ["A", "B", "C"])
def test_presets_keep_photos_split_and_seed(letter: str) -> None:
    """Which photos, how they are split and resized, and the seed stay as the form has them."""
    shared = {"split": "lecture", "resize": "pad", "image_size": 100, "seed": 7}
    app = open_page("train", query={name: str(value) for name, value in shared.items()})
    recipe = start(use_preset(app, letter)).recipe
    assert {name: getattr(recipe, name) for name in shared} == shared
    assert app.segmented_control(key="train-preset").value in (letter, None)


def test_a_preset_takes_the_nearest_size_that_it_can_bear() -> None:
    """A from photos of 40 px, too small for its network, takes the smallest that are not."""
    app = open_page("train", query={"architecture": "vgg16", "image_size": "40"})
    assert start(use_preset(app, "A")).recipe.image_size == 72


def test_words_that_name_no_run_any_more_choose_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Browsers send back the words of a choice: those of the long list do not change with a run's state, and old ones are passed over."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(14)]
    app = open_page("train", query={"run": runs[0].id}, state={"live-runs": True})
    older = app.selectbox(key="live-run-old")
    assert set(older.options) == {run.name for run in runs}
    older.set_value(runs[3].id).run()
    assert not app.exception
    assert app.query_params["run"] == runs[3].id
    address = {"run": runs[3].id}
    monkeypatch.setattr(live_view.st, "query_params", address)
    monkeypatch.setattr(live_view.st, "session_state", {"live-run-old": "run 5 · evaluating"})
    live_view._show_picked(lab(), "live-run-old")
    assert address == {"run": runs[3].id}


def test_what_a_page_keeps_of_runs_is_bounded(home: Home) -> None:
    """Of hundreds of runs the form offers the newest to go on from, and one that is chosen; the list of all is behind a click."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(MOST_OFFERED + 5)]
    app = open_page("train", query={**runs[0].recipe.to_query(), "start_from": runs[2].id, "run": runs[2].id})
    assert not app.exception
    assert not [box for box in app.selectbox if box.key == "live-run-old"]
    offered = app.selectbox(key="train-start_from")
    assert offered.value == runs[2].id
    names = [words.partition(" · ")[0] for words in offered.options]
    assert [name for name in names if name in {run.name for run in runs}] == [
        *(run.name for run in reversed(runs[5:])),
        runs[2].name,
    ]
