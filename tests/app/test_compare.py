"""The Compare page."""

from __future__ import annotations

import json
from typing import Any

from streamlit.testing.v1 import AppTest

from flowerlab.home import Home
from flowerlab.recipe import KNOBS
from flowerlab.ui.comparing import table_rows
from tests.app.finished_runs import add_finished, open_page, texts, write_predictions


def chosen(app: AppTest) -> list[str]:
    """Ids of the runs that the page compares."""
    return list(app.multiselect(key="compare-runs").value)


def figures(app: AppTest) -> list[dict[str, Any]]:
    """The Plotly figures of the page, decoded."""
    return [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]


def test_without_a_finished_run_the_page_leads_home(home: Home) -> None:
    """The empty page says that nothing is finished and offers the way to Home; nothing else is drawn."""
    app = open_page("compare")
    assert not app.exception
    assert "No finished run yet" in texts(app)
    assert app.button(key="go-home").label
    assert not app.multiselect
    assert not figures(app)


def test_the_newest_three_are_chosen_at_first(home: Home) -> None:
    """Of four finished runs the newest three are compared: curves, a matrix of each, and one minus another."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(4)]
    app = open_page("compare")
    assert not app.exception
    assert set(chosen(app)) == {run.id for run in runs[1:]}
    assert len(figures(app)) == 1
    assert len(app.get("echarts_chart")) == 3 + 1
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


def test_the_table_gives_accuracy_with_its_interval(home: Home) -> None:
    """Test accuracy stands with its 95 % Wilson interval, validation accuracy apart from it."""
    add_finished(home, "run", learning_rate=0.01, epochs=7)
    row = open_page("compare").dataframe[0].value.iloc[0]
    assert row["test"] == "85.7 % (70.6–93.7)"
    assert row["validation"] == "70.0 %"
    assert row["rate"] == "0.01"
    assert row["epochs"] == "2/7"


def test_knobs_that_differ_get_a_column(home: Home) -> None:
    """Beside the lecture's knobs the table has those in which the runs differ, and no others; a batch size always."""
    add_finished(home, "one", batch_size=8, seed=0, head=[9, 5], optimizer="sgd")
    add_finished(home, "two", batch_size=16, seed=1, optimizer="sgd")
    table = open_page("compare").dataframe[0].value
    assert table["batch"].tolist() == ["8", "16"]
    assert table["seed"].tolist() == ["0", "1"]
    assert table["head"].tolist() == ["9,5", "50,20"]
    assert not {"optimizer", "dropout", "patience"} & set(table.columns)


def test_the_rows_hold_every_knob(home: Home) -> None:
    """What is downloaded as CSV brings every knob of a recipe as a plain value."""
    run = add_finished(home, "run", head=[9, 5], seed=3)
    (row,) = table_rows([run])
    assert set(KNOBS) <= set(row)
    assert (row["head"], row["seed"], row["start_from"], row["weights"]) == ("9,5", 3, "", "none")


def test_a_leak_is_marked_and_explained(home: Home) -> None:
    """A run on the lecture's split is marked in the table, and a warning says that its accuracy is too high."""
    add_finished(home, "leaky", split="lecture")
    add_finished(home, "honest")
    app = open_page("compare")
    table = app.dataframe[0].value
    assert table["split"].tolist() == ["⚠️ leak", "honest"]
    assert "⚠️" in table["test"].iloc[0]
    assert "⚠️" not in table["test"].iloc[1]
    assert any("leaky" in warning.value and "too high" in warning.value for warning in app.warning)
    assert any("different photos" in warning.value for warning in app.warning)


def test_runs_tested_alike_need_no_warning(home: Home) -> None:
    """Two honest runs on one data set are compared without a warning."""
    for seed in (0, 1):
        add_finished(home, f"run {seed}", seed=seed)
    assert not open_page("compare").warning


def test_curves_change_from_accuracy_to_loss(home: Home) -> None:
    """The segmented control changes what the curves show."""
    add_finished(home, "run")
    app = open_page("compare")
    assert figures(app)[0]["data"][1]["y"] == [50.0, 70.0]
    app.segmented_control(key="compare-measure").set_value("loss").run()
    assert figures(app)[0]["data"][1]["y"] == [1.1, 1.1]


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
    add_finished(home, "First")
    second = add_finished(home, "Second", seed=1)
    write_predictions(home.run(second.id), better=4)
    app = open_page("compare")
    told = texts(app)
    assert "Second was better than First by 11.4 points, but that may be chance" in told
    assert "4 photos only the first got right, 0 only the other; p = 0.125" in told
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


def test_each_class_has_its_figures_and_mistakes(home: Home) -> None:
    """Recall, precision or F1 of each class and their means, one column a run; the most frequent mistakes as sentences."""
    add_finished(home, "First")
    app = open_page("compare")
    table = next(frame.value for frame in app.dataframe if "Class" in frame.value.columns)
    assert list(table["Class"][:2]) == ["dandelion", "daisy"]
    assert len(table) == 7
    assert table["First"][0] == "85.7 %"
    assert "1 dandelion were called daisy." in texts(app)
