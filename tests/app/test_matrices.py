"""Confusion matrices on the Compare page, one minus another, and the photos behind their cells."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.evaluation.confusion import Cell
from flowerlab.home import Home
from flowerlab.ui.compare.matrices import MATRICES
from flowerlab.ui.confusion.cell_photos import MINUS
from flowerlab.ui.widgets.photo_tiles import NO_BREAK
from tests.support.matrices import run_in, two_runs
from tests.support.pages import alts, open_page, press, texts
from tests.support.photos import GARDEN
from tests.support.runs import write_predictions

DIAGONAL = [0, 6, 12, 18, 24]


def opened(matrix: str, truth: int, answer: int) -> AppTest:
    """The page with an open cell."""
    place = MINUS if matrix.startswith("minus-") else MATRICES
    return open_page("compare", state={f"{place}-open": (matrix, Cell(truth, answer))})


def charts(app: AppTest) -> list[dict[str, Any]]:
    """The ECharts options of the matrices."""
    drawn = [json.loads(chart.proto.spec) for chart in app.get("echarts_chart")]
    return [options for options in drawn if options["series"][0]["type"] == "heatmap"]


def numbers(options: dict[str, Any]) -> list[str]:
    """What is written in a matrix's cells, in reading order."""
    return [cell["label"]["formatter"] for cell in options["series"][0]["data"]]


def test_matrices_show_percent_or_photos_on_one_scale(home: Home) -> None:
    """Row percent at first, column percent and photos on request; all matrices of the page have the same range."""
    two_runs(home)
    app = open_page("compare")
    assert not app.exception
    first, second, _difference = charts(app)
    assert [side["visualMap"]["max"] for side in (first, second)] == [100, 100]
    assert numbers(first)[:2] == ["86", "14"]
    app.segmented_control(key="compare-unit").set_value("columns").run()
    assert numbers(charts(app)[1])[:2] == ["88", "0"]
    app.segmented_control(key="compare-unit").set_value("counts").run()
    first, second, _difference = charts(app)
    assert [side["visualMap"]["max"] for side in (first, second)] == [7, 7]
    assert numbers(first)[:2] == ["6", "1"]
    assert "30 of 35 test photos are on the diagonal" in texts(app)


def test_one_matrix_minus_another_is_signed(home: Home) -> None:
    """A minus B stands with its signs, beside whether the difference is real; percents of different photos are never subtracted."""
    two_runs(home)
    app = open_page("compare")
    app.segmented_control(key="compare-unit").set_value("counts").run()
    difference = charts(app)[2]
    assert [numbers(difference)[place] for place in DIAGONAL] == ["−1", "−1", "−1", "−1", "0"]
    assert numbers(difference)[1] == "+1"
    assert difference["visualMap"]["min"] == -1
    assert "A is right on 30 photos, B on 34" in texts(app)
    assert "B was better than A by 11.4 points, but that may be chance" in texts(app)


def test_the_same_run_twice_is_not_subtracted(home: Home) -> None:
    """A minus itself is a sentence, not a matrix of zeros."""
    first, _second = two_runs(home)
    app = open_page("compare")
    app.selectbox(key="compare-minus-B").set_value(first.id).run()
    assert "A and B are the same run" in texts(app)
    assert len(charts(app)) == 2


def test_runs_on_other_photos_are_not_subtracted(home: Home) -> None:
    """The reason stands where the difference would."""
    run_in(home, "A")
    second = run_in(home, "B", seed=1)
    write_predictions(home.run(second.id), prefix="others")
    app = open_page("compare")
    assert "A and B were tested on different photos of one data set" in texts(app)
    assert len(charts(app)) == 2


def test_one_run_has_nothing_to_subtract(home: Home) -> None:
    """With one run there is its matrix alone."""
    run_in(home, "A")
    app = open_page("compare")
    assert len(charts(app)) == 1
    assert "A minus B" not in texts(app)


def test_of_two_runs_one_of_which_was_not_tested_nothing_is_subtracted(home: Home) -> None:
    """Where two runs are chosen and one has no answers, it is said why there is no difference of matrices."""
    run_in(home, "A")
    run_in(home, "B", seed=1, tested=False)
    app = open_page("compare")
    assert not app.exception
    assert "A minus B is drawn of two runs that were tested" in texts(app)
    run_in(home, "C", seed=2)
    assert "A minus B is drawn of two runs" not in texts(open_page("compare"))


def test_a_run_that_is_no_longer_compared_cannot_stay_subtracted(home: Home) -> None:
    """Taking a run out of the comparison takes it out of A and B."""
    first, second = two_runs(home)
    third = run_in(home, "C", seed=2)
    app = open_page("compare")
    app.selectbox(key="compare-minus-A").set_value(third.id).run()
    app.multiselect(key="compare-runs").set_value([first.id, second.id]).run()
    assert not app.exception
    assert {app.selectbox(key=f"compare-minus-{letter}").value for letter in "AB"} <= {first.id, second.id}


def test_an_open_cell_shows_its_photos_with_all_answers(home: Home) -> None:
    """The headline says what the cell is; each photo has its truth and every run's answer, that of the opened run first."""
    gather(home, "garden", GARDEN)
    first, _second = two_runs(home)
    app = opened(f"matrix-{first.id}", 0, 1)
    assert not app.exception
    assert "1 photo of dandelion that “A” called daisy, surest first" in texts(app)
    (alt,) = alts(app)
    assert alt == "Photo garden-00006: dandelion. A called it daisy (80 %; dandelion 5 %), B called it dandelion (80 %; daisy 5 %)."
    assert charts(app)[0]["series"][1]["data"][0]["value"][:2] == [1, 0]
    app.button(key="compare-cell-close").click().run()
    assert not alts(app)


def test_the_diagonal_says_that_it_is_right(home: Home) -> None:
    """A cell of the diagonal is headed as such."""
    gather(home, "garden", GARDEN)
    first, _second = two_runs(home)
    app = opened(f"matrix-{first.id}", 2, 2)
    assert "6 tulips that “A” rightly called tulips, surest first" in texts(app)
    assert len(alts(app)) == 6


def test_a_cell_without_photos_says_so(home: Home) -> None:
    """An empty cell is a sentence, and no photos."""
    first, _second = two_runs(home)
    app = opened(f"matrix-{first.id}", 0, 4)
    assert "“A” called no dandelion roses: this cell has no photos" in texts(app)
    assert not app.exception


def test_a_cell_of_a_difference_shows_where_the_two_differ(home: Home) -> None:
    """The photos that only A called so stand apart from those that only B did; a photo's other answer stands under it."""
    gather(home, "garden", GARDEN)
    first, second = two_runs(home)
    app = opened(f"minus-{first.id}-{second.id}", 0, 1)
    told = texts(app)
    assert not app.exception
    assert "Where A and B differ: dandelion called daisy" in told
    assert "Only A, “A”: 1 photo of dandelion called daisy" in told
    assert "Only B, “B”: nothing" in told
    assert len(alts(app)) == 1
    assert "B: **✓ dandelion 80 %**, daisy 5 %" in told.replace(NO_BREAK, " ")
    app = opened(f"minus-{first.id}-{second.id}", 0, 0)
    assert "Photos that lie in this cell of both: 6" in texts(app)
    assert "Only B, “B”: 1 photo of dandelion called dandelion" in texts(app)
    assert alts(app) == ["Photo garden-00006: dandelion. B called it dandelion (80 %), A called it daisy (80 %; dandelion 5 %)."]


def test_a_sentence_about_mistakes_opens_its_photos(home: Home) -> None:
    """The most frequent mistakes are buttons: each opens its photos under it, beside a cell that is open in a matrix."""
    gather(home, "garden", GARDEN)
    first, _second = two_runs(home)
    app = press(opened(f"matrix-{first.id}", 0, 1), f"compare-mistakes-{(first.id, 0, 1)}")
    assert not app.exception
    assert texts(app).count("1 photo of dandelion that “A” called daisy, surest first") == 2
    assert alts(app) == 2 * [
        "Photo garden-00006: dandelion. A called it daisy (80 %; dandelion 5 %), B called it dandelion (80 %; daisy 5 %)."
    ]
    app = press(app, "compare-mistakes-cell-close")
    assert len(alts(app)) == 1


def test_photos_that_only_one_got_right_open(home: Home) -> None:
    """The number of photos that one run alone got right is a button that opens them, with both runs' probabilities."""
    gather(home, "garden", GARDEN)
    first, second = two_runs(home)
    app = press(open_page("compare"), f"compare-differences-{(second.id, first.id)}")
    assert not app.exception
    assert "4 photos that only “B” got right and “A” did not, surest first" in texts(app)
    assert len(alts(app)) == 4
    assert alts(app)[0] == (
        "Photo garden-00006: dandelion. B called it dandelion (80 %; daisy 5 %), A called it daisy (80 %; dandelion 5 %)."
    )
    assert not alts(press(app, "compare-differences-cell-close"))


@pytest.mark.parametrize("garden", [None, Garden(50)], ids=["deleted", "another garden"])
def test_photos_that_are_gone_are_said_to_be(home: Home, garden: Garden | None) -> None:
    """Where the photos are not at hand, or others bear their name, their ids and probabilities are listed, and no wrong photo is shown."""
    if garden is not None:
        gather(home, "garden", garden)
    first, _second = two_runs(home)
    app = opened(f"matrix-{first.id}", 0, 1)
    assert "no longer in this lab" in texts(app)
    assert not alts(app)
    table = next(frame.value for frame in app.dataframe if "Photo" in frame.value.columns)
    assert table.to_dict("records") == [
        {"Photo": "garden-00006", "Truth": "dandelion", "A": "✗ daisy 80 %, dandelion 5 %", "B": "✓ dandelion 80 %, daisy 5 %"}
    ]


def test_a_run_without_its_answers_cannot_be_opened(home: Home) -> None:
    """A matrix whose single answers are not kept is drawn, and says why a cell stays shut."""
    run = run_in(home, "A")
    (home.run(run.id) / "predictions.npz").unlink()
    app = opened(f"matrix-{run.id}", 0, 1)
    assert not app.exception
    assert len(charts(app)) == 1
    assert "answers to the single photos are not kept" in texts(app)


def test_names_in_an_open_cell_bring_no_markup(home: Home) -> None:
    """Names are shown as they were typed; two runs of one name are told apart."""
    first, second = run_in(home, "*A*"), run_in(home, "*A*", seed=1)
    write_predictions(home.run(second.id), better=4)
    app = opened(f"matrix-{first.id}", 0, 1)
    assert rf"“\*A\* \({first.id[:4]}\)” called daisy" in texts(app)
    table = next(frame.value for frame in app.dataframe if "Photo" in frame.value.columns)
    assert list(table.columns[2:]) == [f"*A* ({run.id[:4]})" for run in (first, second)]


def choosing() -> None:
    """A page on which a chart and a table of two classes are clicked, one after the other."""
    from types import SimpleNamespace

    import streamlit as st

    from flowerlab.charts.heatmap import cell_at
    from flowerlab.evaluation.confusion import Cell
    from flowerlab.ui.confusion.open_choice import close_at, on_choice, on_click, opened_at, table_key

    first = ("matrices", "first")

    def click(key: str, *indices: int) -> None:
        groups = [{"data_indices": list(indices)}] if indices else []
        st.session_state[key] = SimpleNamespace(selection=SimpleNamespace(selected=groups))
        on_click("matrices", key, lambda _series, index: cell_at(index, 2), part=key)()

    def choose(*cells: tuple[int, str]) -> None:
        st.session_state["table"] = SimpleNamespace(selection=SimpleNamespace(cells=list(cells)))
        names = ["said: a", "said: b"]
        on_choice("matrices", "table", lambda row, name: Cell(row, names.index(name)) if name in names else None, part="first")()

    click("first", 1)
    st.write(f"chart {opened_at('matrices', part='first')}")
    choose((1, "said: a"))
    st.write(f"table {opened_at('matrices', part='first')}")
    click("second", 3)
    st.write(f"other {opened_at('matrices', part='first')} {opened_at('matrices', part='second')}")
    click("first")
    st.write(f"again {opened_at('matrices', part='first')} {opened_at('matrices', part='second')}")
    choose((1, "truth"))
    st.write(f"heading {opened_at('matrices', part='first')}")
    before = table_key(*first)
    close_at("matrices")
    st.write(
        f"closed {opened_at('matrices', part='first')}, {'another table' if table_key(*first) != before else 'the same table'}"
    )
    click("third")
    st.write(f"nothing {opened_at('matrices', part='third')}")


def test_chart_and_table_open_the_same_cells(home: Home) -> None:
    """A click and a choice open a cell, the newest wins, a cell that is clicked again opens again, what names none changes
    nothing, and after Close the table has no choice that would keep the same cell from being chosen again."""
    told = texts(AppTest.from_function(choosing, default_timeout=60).run())
    one, two, three = (f"Cell(truth={truth}, answer={answer})" for truth, answer in ((0, 1), (1, 0), (1, 1)))
    assert told.splitlines() == [
        f"chart {one}",
        f"table {two}",
        f"other None {three}",
        f"again {one} None",
        f"heading {two}",
        "closed None, another table",
        "nothing None",
    ]
