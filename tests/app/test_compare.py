"""The Compare page."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.engine.fake import FakeEngine
from flowerlab.experiments.more_seeds import seconds_of_seeds
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.knobs import KNOBS
from flowerlab.recipe.recipe import Recipe
from flowerlab.results.columns import finished_of, plain_row
from flowerlab.runs.run import Run
from flowerlab.store import Store
from flowerlab.ui.base.lab import lab
from flowerlab.ui.compare.difference import show_differences
from flowerlab.ui.compare.matrices import show_matrices
from flowerlab.ui.confusion.per_class import show_classes
from flowerlab.ui.widgets.run_picker import MOST_OFFERED
from flowerlab.ui.widgets.run_search import find_runs
from flowerlab.ui.widgets.seeds_view import _rows
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished, write_predictions


def chosen(app: AppTest) -> list[str]:
    """Ids of the runs that the page compares."""
    return list(app.multiselect(key="compare-runs").value)


def charts(app: AppTest, kind: str) -> list[dict[str, Any]]:
    """The charts of the page whose first series is of this kind: the curves are lines, costs scatters, matrices heatmaps."""
    drawn = [json.loads(chart.proto.spec) for chart in app.get("echarts_chart")]
    return [options for options in drawn if options["series"][0]["type"] == kind]


def curves(app: AppTest) -> list[dict[str, Any]]:
    """The series of the curves; of a run first its validation, then its training, then its band."""
    (options,) = charts(app, "line")
    return list(options["series"])


def points(series: dict[str, Any], axis: int) -> list[float]:
    """Where the points of a series stand on an axis, 0 or 1."""
    return [(point["value"] if isinstance(point, dict) else point)[axis] for point in series["data"]]


def test_without_a_finished_run_the_page_leads_home(home: Home) -> None:
    """The empty page says that nothing is finished and offers the way to Home; nothing else is drawn."""
    app = open_page("compare")
    assert not app.exception
    assert "No finished run yet" in texts(app)
    assert app.button(key="go-home").label
    assert not app.multiselect
    assert not app.get("echarts_chart")


def test_the_newest_three_are_chosen_at_first(home: Home) -> None:
    """Of four finished runs the newest three are compared: curves, two plots of costs, a matrix of each, one minus another."""
    runs = [add_finished(home, f"run {number}", epochs=5 + number) for number in range(4)]
    app = open_page("compare")
    assert not app.exception
    assert set(chosen(app)) == {run.id for run in runs[1:]}
    assert [len(charts(app, kind)) for kind in ("line", "scatter", "heatmap")] == [1, 2, 3 + 1]
    assert app.query_params["runs"].count(",") == 2


def test_the_link_decides_which_runs(home: Home) -> None:
    """`?runs=id,id` chooses these runs and passes over ids that are no finished run's."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(3)]
    app = open_page("compare", query={"runs": f"{runs[0].id},../../etc,ffffffffffff"})
    assert not app.exception
    assert chosen(app) == [runs[0].id]


def test_the_choice_survives_a_visit_elsewhere(home: Home) -> None:
    """A choice made here is still there after another page was opened."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(3)]
    app = open_page("compare")
    app.multiselect(key="compare-runs").set_value([runs[1].id]).run()
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/compare.py").run()
    assert chosen(app) == [runs[1].id]


def test_the_table_holds_numbers(home: Home) -> None:
    """Accuracies with their 95 % Wilson intervals, rate, epochs, time and size are numbers, so that columns sort by them."""
    add_finished(home, "run", learning_rate=0.01, epochs=7)
    add_finished(home, "not tested", learning_rate=1e-5, tested=False, seed=1)
    table = open_page("compare").dataframe[0].value
    first, second = (table.iloc[place] for place in (0, 1))
    assert [round(first[f"test_{what}"], 1) for what in ("accuracy", "low", "high")] == [85.7, 70.6, 93.7]
    assert [round(first[f"validation_{what}"], 1) for what in ("accuracy", "low", "high")] == [70.0, 39.7, 89.2]
    assert (first["epochs_run"], first["epochs"], first["seconds"], first["trainable_parameters"]) == (2, 7, 12, 154_087)
    assert second["test_accuracy"] != second["test_accuracy"]
    for name in ("test_accuracy", "test_low", "learning_rate", "epochs_run", "epochs", "seconds", "trainable_parameters"):
        assert table[name].dtype.kind in "if", name


def test_the_rows_hold_every_knob(home: Home) -> None:
    """What is downloaded as CSV brings every knob of a recipe as a plain value."""
    run = add_finished(home, "run", head=[9, 5], seed=3)
    opened = Lab(run_queue=False)
    row = plain_row(finished_of(opened.store, run))
    opened.close()
    assert set(KNOBS) <= set(row)
    assert (row["run_id"], row["state"]) == (run.id, "done")
    assert (row["head"], row["seed"], row["start_from"], row["weights"]) == ("9,5", 3, "", "none")


# What is different


def test_one_knob_that_differs_is_a_sentence(home: Home) -> None:
    """Runs that differ in one knob are told in a sentence, without a table; one run alone has nothing to differ from."""
    run = add_finished(home, "one", learning_rate=1e-3)
    add_finished(home, "two", learning_rate=1e-5)
    app = open_page("compare")
    assert "They differ only in the learning rate: 1e-3 and 1e-5." in texts(app)
    assert not [frame for frame in app.dataframe if "learning_rate" in frame.value.columns][1:]
    assert "What is different?" not in texts(open_page("compare", query={"runs": run.id}))


def test_several_knobs_that_differ_are_a_marked_table(home: Home) -> None:
    """Only the knobs that differ have a column; what is not as in the first run bears a sign, not a colour alone."""
    add_finished(home, "one", batch_size=8, optimizer="sgd")
    add_finished(home, "two", batch_size=16, seed=1, optimizer="sgd")
    app = open_page("compare")
    assert "They differ in 2 knobs: batch size, seed." in texts(app)
    table = next(frame.value for frame in app.dataframe if "seed" in frame.value.columns)
    assert list(table.columns) == ["mark", "run", "batch_size", "seed"]
    assert table["batch_size"].tolist() == ["8", "◆ 16"]
    assert table["seed"].tolist() == ["0", "◆ 1"]


def test_a_leak_is_marked_and_explained(home: Home) -> None:
    """A run on the lecture's split is marked in the table, and a warning says that its accuracy is too high."""
    add_finished(home, "leaky", split="lecture")
    add_finished(home, "honest")
    app = open_page("compare")
    table = app.dataframe[0].value
    assert table["split"].tolist() == ["⚠️ leak", "honest"]
    assert any("leaky" in warning.value and "too high" in warning.value for warning in app.warning)


def test_runs_tested_alike_need_no_warning(home: Home) -> None:
    """Two honest runs on one data set are compared without a warning."""
    for seed in (0, 1):
        add_finished(home, f"run {seed}", seed=seed)
    assert not open_page("compare").warning


def test_curves_change_from_accuracy_to_loss(home: Home) -> None:
    """The segmented control changes what the curves show."""
    add_finished(home, "run")
    app = open_page("compare")
    assert points(curves(app)[0], 1) == [50.0, 70.0]
    app.segmented_control(key="compare-measure").set_value("loss").run()
    assert points(curves(app)[0], 1) == [1.1, 1.1]


def test_a_name_cannot_bring_markup(home: Home) -> None:
    """A run's name with Markdown and HTML in it is shown as it was typed."""
    add_finished(home, "<b>*bold*</b> :red[x] $y$")
    app = open_page("compare")
    assert not app.exception
    assert r"\<b\>\*bold\*" in texts(app)


def test_names_in_warnings_cannot_bring_markup(home: Home) -> None:
    """A leaky run's name is shown in the warning as it was typed."""
    add_finished(home, "*bold*", split="lecture")
    assert any(r"\*bold\*" in warning.value for warning in open_page("compare").warning)


def test_a_run_that_was_not_tested_was_tested_on_nothing_else(home: Home) -> None:
    """A run whose test was skipped beside a tested one gives no warning about different photos."""
    add_finished(home, "tested")
    add_finished(home, "not tested", seed=1, tested=False)
    app = open_page("compare")
    assert not app.exception
    assert not app.warning
    assert "Its test was skipped" in texts(app)


def test_what_a_backbone_has_seen_is_told_beside_its_result(home: Home) -> None:
    """A result of VGG16 mini on tf_flowers says, here and after training, that it saw the training photos without labels."""
    run = add_finished(home, "seen", architecture="vgg16_mini", dataset="tf_flowers", unfreeze_from="none")
    add_finished(home, "garden", architecture="vgg16_mini", unfreeze_from="none")
    warnings = [warning.value for warning in open_page("compare").warning]
    assert any("seen: VGG16 mini saw these training photos before, without their labels" in text for text in warnings)
    assert not any("garden: VGG16" in text for text in warnings)
    assert "without their labels" in texts(open_page("train", query={"run": run.id}))


# Is the difference real, and where


def test_whether_a_difference_is_real_is_one_sentence(home: Home) -> None:
    """The best run is set against each other one: a sentence, the figures behind it; one run alone has nothing to be set against."""
    first = add_finished(home, "First")
    second = add_finished(home, "Second", seed=1)
    write_predictions(home.run(second.id), better=4)
    app = open_page("compare")
    told = texts(app)
    assert "Second was better than First by 11.4 points, but that may be chance" in told
    assert app.button(key=f"compare-differences-{(second.id, first.id)}").label == ":primary[▸ 4 photos only “Second” got right]"
    assert "0 photos only “First” got right" in told
    assert "p = 0.125; difference +11.4 points (too few differing photos for an interval: 4, 10 are needed); 35 photos" in told
    assert "another seed may give otherwise" in told
    app = open_page("compare", query={"runs": second.id})
    assert "Is the difference real?" not in texts(app)


def test_runs_on_other_photos_are_refused_for_the_comparison(home: Home) -> None:
    """Where the photos differ there is no sentence on the difference, but the reason."""
    add_finished(home, "First")
    second = add_finished(home, "Second", dataset="tf_flowers")
    write_predictions(home.run(second.id), prefix="tf_flowers")
    told = texts(open_page("compare"))
    assert "tested on photos of different data sets" in told
    assert "may be chance" not in told


def test_a_leak_does_not_silence_the_others(home: Home) -> None:
    """A leaky run that is the most accurate of all, on other photos, is refused once with its reason; the honest two are compared."""
    add_finished(home, "First")
    second = add_finished(home, "Second", seed=1)
    write_predictions(home.run(second.id), better=4)
    leak = add_finished(home, "Leak", split="lecture")
    write_predictions(home.run(leak.id), better=5, prefix="trained")
    told = texts(open_page("compare"))
    assert "Second was better than First by 11.4 points, but that may be chance" in told
    assert told.count("Second and Leak were tested on different photos of one data set") == 1
    assert "First and Leak" not in told


def test_each_class_has_its_figures_and_mistakes(home: Home) -> None:
    """Recall, precision or F1 of each class and their means, one column a run; the most frequent mistakes as sentences."""
    run = add_finished(home, "First")
    app = open_page("compare")
    table = next(frame.value for frame in app.dataframe if "class" in frame.value.columns)
    assert list(table["class"][:2]) == ["dandelion", "daisy"]
    assert len(table) == 7
    assert table[run.id][0] == pytest.approx(100 * 6 / 7)
    assert table["photos"].tolist() == [7] * 5 + [35] * 2
    assert labels(app)[0] == ":primary[▸ 1 photo of dandelion was called daisy.]"


def test_what_cannot_be_divided_is_no_nought(home: Home) -> None:
    """A class without test photos has no recall, and one that was never answered no precision; the means count both as 0, and that
    is said; a class that was never answered has an F1 of 0."""
    run = add_finished(home, "First")
    path = home.run(run.id) / "predictions.npz"
    stored = dict(np.load(path))
    truth = stored["test_truth"].copy()
    truth[truth == 1] = 0
    shares = stored["test_probabilities"].copy()
    shares[:, 2] = 0
    np.savez(path, **{**stored, "test_truth": truth, "test_probabilities": shares})
    app = open_page("compare")
    for figure, row, mean in (("recall", 1, None), ("precision", 2, None), ("f1", None, 2)):
        app.segmented_control(key="compare-figure").set_value(figure).run()
        table = next(frame.value for frame in app.dataframe if "class" in frame.value.columns)
        missing = [place for place in range(5) if np.isnan(table[run.id][place])]
        assert missing == ([] if row is None else [row])
        assert table[run.id][5] == pytest.approx(np.nansum(table[run.id][:5]) / 5)
        assert mean is None or table[run.id][mean] == 0
        assert ("zero_division=0" in texts(app)) == (row is not None)


def labels(app: AppTest) -> list[str]:
    """The sentences about mistakes that open their photos."""
    return [button.label for button in app.button if (button.key or "").startswith("compare-mistakes-(")]


def test_the_figures_of_classes_are_those_of_the_photos(home: Home) -> None:
    """Sentences and figures are counted from the answers, as the matrices are, also where the run's result says otherwise; without
    the answers they are the result's, and open nothing."""
    first, second = add_finished(home, "First"), add_finished(home, "Second", seed=1)
    write_predictions(home.run(first.id), better=4)
    (home.run(second.id) / "predictions.npz").unlink()
    app = open_page("compare")
    table = next(frame.value for frame in app.dataframe if "class" in frame.value.columns)
    assert (table[first.id][0], table[second.id][0]) == (100, pytest.approx(100 * 6 / 7))
    assert labels(app) == [":primary[▸ 1 photo of roses was called dandelion.]"]
    assert "**Second:** 1 photo of dandelion was called daisy." in texts(app)


# Finding runs


def found(app: AppTest) -> list[str]:
    """Names of the runs in the table of all finished runs."""
    return list(next(frame for frame in app.dataframe if (frame.key or "").startswith("found-")).value["run"])


@pytest.fixture
def three_runs(home: Home) -> dict[str, Run]:
    """Three finished runs that differ in what one filters by."""
    return {
        "a": add_finished(home, "pupil one"),
        "b": add_finished(home, "pupil two", architecture="vgg16_mini", unfreeze_from="block4_conv3", tested=False),
        "c": add_finished(home, "pupil three", split="lecture", seed=2),
    }


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({}, ["pupil three", "pupil two", "pupil one"]),
        ({"find-text": "PUPIL t"}, ["pupil three", "pupil two"]),
        ({"find-text": "block4"}, ["pupil two"]),
        ({"find-text": "seed 2"}, ["pupil three"]),
        ({"find-architecture": ["vgg16_mini"]}, ["pupil two"]),
        ({"find-split": ["honest"]}, ["pupil two", "pupil one"]),
        ({"find-state": ["✅ done, tested"]}, ["pupil three", "pupil one"]),
        ({"find-architecture": ["handmade"], "find-split": ["lecture"]}, ["pupil three"]),
    ],
)
@pytest.mark.usefixtures("three_runs")
def test_filters_leave_the_runs_that_fit_all(filters: dict[str, Any], left: list[str]) -> None:
    """Words in name or recipe, architecture, split and state: what is left fits all of them."""
    app = open_page("compare", state={"find-runs": True, **filters})
    assert not app.exception
    assert found(app) == left


@pytest.mark.usefixtures("three_runs")
def test_filters_that_nothing_fits_say_so() -> None:
    """Where no run is left there is a sentence in place of the table."""
    app = open_page("compare", state={"find-runs": True, "find-text": "nobody"})
    assert not app.exception
    assert "No run is like this" in texts(app)


@pytest.mark.usefixtures("three_runs")
def test_a_shut_finder_costs_nothing() -> None:
    """The table of all runs is not made until somebody asks for it."""
    assert not [frame for frame in open_page("compare").dataframe if (frame.key or "").startswith("found-")]


def test_what_was_ticked_is_compared(three_runs: dict[str, Run]) -> None:
    """The button under the table puts the ticked rows into the picker and into the address."""
    app = open_page("compare", query={"runs": three_runs["a"].id}, state={"find-runs": True})
    assert app.button(key="found-choose").disabled
    key = next(frame.key for frame in app.dataframe if (frame.key or "").startswith("found-"))
    app.session_state[key] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    app.button(key="found-choose").click().run()
    assert not app.exception
    assert set(chosen(app)) == {three_runs["c"].id, three_runs["b"].id}
    assert set(app.query_params["runs"].split(",")) == set(chosen(app))


@pytest.mark.parametrize("page", ["mistakes", "inside", "classify"])
def test_any_of_hundreds_of_runs_can_be_chosen_on_every_page(home: Home, page: str) -> None:
    """The picker offers the newest and what is chosen; older ones are found in the table, and what is ticked there is chosen."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(MOST_OFFERED + 5)]
    app = open_page(page, query={"runs": runs[1].id}, state={"find-runs": True})
    assert not app.exception
    picker = app.multiselect(key=f"{page}-runs")
    assert picker.value == [runs[1].id]
    assert picker.options == [*(run.name for run in reversed(runs[5:])), runs[1].name]
    key = next(frame.key for frame in app.dataframe if (frame.key or "").startswith("found-"))
    app.session_state[key] = {"selection": {"rows": [len(runs) - 3], "columns": [], "cells": []}}
    app.run()
    app.button(key="found-choose").click().run()
    assert not app.exception
    assert app.multiselect(key=f"{page}-runs").value == [runs[2].id]
    assert app.query_params["runs"] in (runs[2].id, [runs[2].id])


def test_few_runs_need_no_table_to_find_them(home: Home) -> None:
    """Where the picker offers all, no page but Compare has the table, too."""
    add_finished(home, "run")
    assert not [box for box in open_page("mistakes").expander if box.label.startswith("Find runs")]
    assert [box for box in open_page("compare").expander if box.label.startswith("Find runs")]


def test_two_runs_of_one_name_can_both_be_chosen(home: Home) -> None:
    """A browser sends names back: each of two alike is offered with a part of its id."""
    twins = [add_finished(home, "twin", seed=number) for number in range(2)]
    app = open_page("compare", query={"runs": twins[0].id})
    assert app.multiselect(key="compare-runs").options == [f"twin ({run.id[:4]})" for run in reversed(twins)]
    app.multiselect(key="compare-runs").set_value([twins[1].id]).run()
    assert chosen(app) == [twins[1].id]


# Curves along time and steps, costs


def test_curves_go_along_epochs_seconds_or_steps(home: Home) -> None:
    """Seconds add up over the epochs, steps are whole epochs of batches; what cannot be drawn is said; the choice is kept."""
    add_finished(home, "run", batches=7)
    add_finished(home, "older", seed=1, batches=None)
    app = open_page("compare")
    for along, places in (("seconds", [1.0, 2.0]), ("steps", [7.0, 14.0]), ("epoch", [1, 2])):
        app.segmented_control(key="compare-along").set_value(along).run()
        assert points(curves(app)[-1], 0) == places
    app.segmented_control(key="compare-along").set_value("steps").run()
    assert "Not drawn, because it is not known how many batches an epoch had: older" in texts(app)
    app.switch_page("pages/data.py").run()
    app.switch_page("pages/compare.py").run()
    assert app.segmented_control(key="compare-along").value == "steps"


def test_accuracy_is_set_against_time_and_size(home: Home) -> None:
    """Two figures with a point and an interval for each tested run; one tested run alone has none."""
    add_finished(home, "run", architecture="vgg16_mini")
    add_finished(home, "other")
    add_finished(home, "not tested", seed=4, tested=False)
    shown = [options["series"] for options in charts(open_page("compare"), "scatter")]
    assert [[points(mark, 0) for mark in series[::2]] for series in shown] == [[[12.0]] * 2, [[154_087.0]] * 2]
    assert points(shown[0][0], 1) == pytest.approx([85.7], abs=0.06)
    assert points(shown[0][1], 1) == pytest.approx([70.6, 93.7], abs=0.06)


def test_time_that_kept_features_spared_is_marked(home: Home) -> None:
    """A run that found features computed is marked in the table, the plot, the CSV's rows, and in a sentence; a leak in legends."""
    add_finished(home, "first", split="lecture", features_at_hand=False)
    second = add_finished(home, "second", seed=1, epochs=7, features_at_hand=True)
    app = open_page("compare")
    assert app.dataframe[0].value["features"].tolist() == ["computed", "⚡ already there"]
    assert plain_row(finished_of(lab().store, lab().store.get(second.id)))["features_at_hand"] is True
    assert texts(app).count("second: the features of the frozen layers were already there") == 2
    (of_time,) = (chart for chart in charts(app, "scatter") if "time of the run" in chart["xAxis"]["name"])
    marks = of_time["series"][::2]
    assert [mark["name"] for mark in marks] == of_time["legend"]["data"] == ["first ⚠️ leak", "second"]
    assert "already there" in marks[1]["tooltip"]["formatter"]
    assert "already there" not in marks[0]["tooltip"]["formatter"]
    assert curves(app)[0]["name"] == "first ⚠️ leak"


def test_seconds_begin_where_the_run_began(home: Home) -> None:
    """A curve along seconds begins behind what photos and features took; where that is not known it is said."""
    add_finished(home, "known", waited_s=20.0)
    add_finished(home, "unknown", seed=1, epochs=7)
    app = open_page("compare", state={"compare-along": "seconds"})
    app.segmented_control(key="compare-along").set_value("seconds").run()
    assert points(curves(app)[0], 0) == pytest.approx([21, 22])
    assert points(curves(app)[2], 0) == [1.0, 2.0]
    assert "what photos and features took before it: unknown." in texts(app)


def test_runs_of_one_name_are_told_apart_everywhere(home: Home) -> None:
    """In the table, the legends and the sentences two runs of one name bear a part of their ids."""
    runs = [add_finished(home, "Same"), add_finished(home, "Same", seed=1, epochs=7)]
    names = [f"Same ({run.id[:4]})" for run in runs]
    app = open_page("compare")
    assert app.dataframe[0].value["run"].tolist() == names
    assert [line["name"] for line in curves(app)[::2]] == names
    for name in names:
        shown = name.replace("(", r"\(").replace(")", r"\)")
        assert f"**{shown}**" in texts(app)


# Seeds


@pytest.mark.parametrize("part", [find_runs, show_differences, show_classes, show_matrices, _rows])
def test_what_is_clicked_draws_its_own_part_only(part: Callable[..., None]) -> None:
    """Each part of the page in which something is clicked is a fragment: what it is called with reaches Streamlit's own wrapper."""
    assert "streamlit" in part.__code__.co_filename
    assert inspect.unwrap(part).__module__.startswith("flowerlab.ui.")


def test_prices_of_seeds_read_the_runs_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs with what they go on from are priced, and the list of all runs is read once for all of them."""
    b = add_finished(home, "B #1", architecture="vgg16_mini", unfreeze_from="none", materials=shipped())
    knobs = {"architecture": "vgg16_mini", "unfreeze_from": "block4_conv3"}
    c = add_finished(
        home, "C #2", start_from=b.id, materials=lab().queue.materials(Recipe.parse({**knobs, "start_from": b.id})), **knobs
    )
    reads, everything = [], Store.all
    monkeypatch.setattr(Store, "all", lambda store: [reads.append(1), everything(store)][1])
    assert seconds_of_seeds(lab(), c, [1, 2]) > 0
    assert len(reads) == 1


def test_seeds_of_one_recipe_are_a_band(home: Home) -> None:
    """Three seeds are one mean line with a band from the lowest to the highest; the spread is a sentence."""
    for seed, accuracies in enumerate([(0.5, 0.7), (0.4, 0.8), (0.6, 0.9)]):
        add_finished(home, f"run {seed}", seed=seed, accuracies=accuracies)
    add_finished(home, "other recipe", batch_size=8)
    app = open_page("compare", query={"runs": ",".join(run.id for run in lab().store.all())})
    mean, _training, low, above, *others = curves(app)
    assert points(low, 1) == pytest.approx([40, 70])
    assert points(above, 1) == pytest.approx([20, 20])
    assert points(mean, 1) == pytest.approx([50, 80])
    assert mean["name"] == "run 0 and 2 more seeds: mean 80.0 % ± 10.0 in epoch 2"
    assert charts(app, "scatter")[0]["legend"]["data"] == ["run 0: mean 85.7 % ± 0.0", "other recipe"]
    app = open_page("compare", query={"runs": app.query_params["runs"]}, state={"compare-curves-table-open": True})
    table = next(frame.value for frame in app.dataframe if "training" in frame.value.columns)
    assert table[["low", "high"]].iloc[:2].to_numpy().tolist() == [[pytest.approx(40), pytest.approx(60)], [70, 90]]
    assert len(table) == 4
    assert len(others) == 2
    told = texts(app)
    assert "3 seeds: 85.7 % ± 0.0 (85.7–85.7)" in told
    assert "Band: several seeds of one recipe" in told
    assert "one seed: nobody knows yet" in told


def test_three_seeds_are_a_click(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The button says what it costs, queues the missing seeds, and whoever comes anew sees how far they are."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 5.0)
    run = add_finished(home, "B #1", architecture="vgg16_mini", unfreeze_from="none", materials=shipped())
    assert "still to be trained" not in texts(open_page("compare"))
    app = open_page("compare", state={f"seeds-{run.id}-open": True})
    assert "seeds 1, 2 are still to be trained, about" in texts(app)
    app.button(key=f"seeds-start-{run.id}").click().run()
    assert not app.exception
    assert {other.recipe for other in lab().store.all()} == {run.recipe.changed(seed=seed) for seed in range(3)}
    for visitor in (app, open_page("compare")):
        assert "1 of 3 seeds are done" in texts(visitor)
        assert not [button for button in visitor.button if (button.key or "").startswith("seeds-start")]
    app.button(key=f"seeds-stop-{run.id}").click().run()
    assert not app.exception
    lab().queue.wait([other.id for other in lab().store.all()])
    assert sorted(other.state for other in lab().store.all()) == ["done", "stopped", "stopped"]


def test_seeds_that_are_there_can_all_be_shown(home: Home) -> None:
    """Where other seeds are finished but not chosen, a button chooses them."""
    runs = [add_finished(home, f"run {seed}", seed=seed) for seed in range(3)]
    app = open_page("compare", query={"runs": runs[1].id})
    app.button(key=f"show-seeds-{runs[1].id}").click().run()
    assert set(chosen(app)) == {run.id for run in runs}


def test_a_run_that_cannot_be_repeated_says_why(home: Home) -> None:
    """Where the run that it goes on from is gone there is no button, but the reason."""
    run = add_finished(home, "C", architecture="vgg16_mini", unfreeze_from="block4_conv3", start_from="abcdefabcdef")
    app = open_page("compare", state={f"seeds-{run.id}-open": True})
    assert not app.exception
    assert "It cannot be repeated" in texts(app)
    assert "was deleted" in texts(app)


def test_a_finished_run_offers_its_seeds_where_it_was_watched(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Train the button behind a click says the price and queues the missing seeds; with all done it leads to Compare."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 5.0)
    run = add_finished(home, "B #1", architecture="vgg16_mini", unfreeze_from="none", materials=shipped())
    assert "still to be trained" not in texts(open_page("train", query={"run": run.id}))
    app = open_page("train", query={"run": run.id}, state={"seeds": True})
    assert "seeds 1, 2 are still to be trained, about" in texts(app)
    app.button(key=f"seeds-start-{run.id}").click().run()
    assert not app.exception
    assert [other.recipe.seed for other in lab().store.all()] == [2, 1, 0]


def shipped() -> str:
    """What tells the photos and weights of a run with VGG16 mini."""
    opened = Lab(run_queue=False)
    told = opened.queue.materials(Recipe.parse({"architecture": "vgg16_mini", "unfreeze_from": "none"}))
    opened.close()
    return told
