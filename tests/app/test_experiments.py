"""The Experiments page: three cards, their price, their progress, what came out. Runs are scripted (FLOWERLAB_ENGINE=fake)."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.engine.fake import FakeEngine
from flowerlab.evaluation.paired_tests import paired_test
from flowerlab.experiments.ready_made import EXPERIMENTS, TWO_BY_TWO, arm_recipe
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.runs.run import Run
from flowerlab.ui.base.lab import lab
from flowerlab.ui.experiments.results import Shown, leak_reason, padding_reason
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished, write_predictions
from tests.support.text_alternatives import alternatives

MINI = "vgg16_mini"
MOVED = {"block4_conv3": 0.45, "block5_conv1": 0.5, "block5_conv2": 0.5, "block5_conv3": 0.4, "dense1": 0.2, "answer": 0.9}


def add_arms(home: Home, name: str, *, better: dict[str, int] | None = None, **result: Any) -> dict[str, Run]:
    """Writes finished runs of all arms of an experiment into a home; `better` gives arms more right answers than B."""
    runs: dict[str, Run] = {}
    # An owner of the queue would take the runs that are being written for those of a lab that was killed.
    opened = Lab(run_queue=False)
    for arm in EXPERIMENTS[name].arms:
        source = runs[arm.starts_from].id if arm.starts_from else None
        recipe = arm_recipe(arm, architecture=MINI, start_from=source)
        runs[arm.name] = add_finished(
            home,
            f"{arm.name} *run*",
            materials=opened.queue.materials(recipe),
            weight_changes=MOVED if arm.fine_tunes else None,
            **recipe.model_dump(),
            **result,
        )
        write_predictions(home.run(runs[arm.name].id), better=(better or {}).get(arm.name, 0))
    opened.close()
    return runs


def spoil_validation(home: Home, run: Run) -> None:
    """Has a run name every validation photo wrongly."""
    path = home.run(run.id) / "predictions.npz"
    stored = dict(np.load(path))
    stored["val_probabilities"] = np.roll(stored["val_probabilities"], 1, axis=2)
    np.savez_compressed(path, **stored)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted runs that are still under way when a page looks at them."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 5.0)


def keys(app: AppTest, begin: str) -> list[str]:
    """Keys of the buttons that begin so."""
    return [button.key for button in app.button if (button.key or "").startswith(begin)]


def test_three_questions_have_their_price(home: Home) -> None:
    """Each card has its question, what will be done, how many runs that is and how long it takes, and one button."""
    app = open_page("experiments")
    assert not app.exception
    told = texts(app)
    for experiment in EXPERIMENTS.values():
        assert experiment.question in told
        assert experiment.sentence in told
    assert told.count("about **") == 3
    assert "five runs" in told
    assert told.count("two runs") == 2
    assert keys(app, "start-") == [f"start-{name}" for name in EXPERIMENTS]
    assert not keys(app, "stop-")


@pytest.mark.usefixtures("slow")
def test_a_click_queues_the_runs_and_shows_how_far_they_are(home: Home) -> None:
    """The five runs are queued; whoever comes anew finds them under way; the other cards have B already, and their button."""
    app = open_page("experiments")
    app.button(key="start-fine-tuning").click().run()
    assert not app.exception
    runs = lab().store.all()
    assert len(runs) == 5
    b = next(run for run in runs if run.recipe.unfreeze_from == "none")
    assert [run.recipe.start_from for run in runs].count(b.id) == 2
    for visitor in (app, open_page("experiments")):
        told = texts(visitor)
        assert "0 of 5 runs are done" in told
        assert "You may leave this page" in told
        assert keys(visitor, "start-") == ["start-leak", "start-padding"]
        assert keys(visitor, "stop-") == ["stop-fine-tuning"]
        assert told.count("one run (one of two already there or under way)") == 2
    app.button(key="stop-fine-tuning").click().run()
    assert all(run.state.over or run.state == "stopping" for run in lab().store.all())


def test_the_two_by_two_is_shown_with_how_far_layers_moved(home: Home) -> None:
    """Accuracies with intervals in a 2 × 2, each arm set against B, the moves of each layer, frozen ones at 0 by construction."""
    runs = add_arms(home, "fine-tuning", better={"trained-low": 5})
    app = open_page("experiments")
    assert not app.exception
    told = texts(app).replace("\u2060", "")
    assert "| **Fresh head** | **85.7 % (70.6–93.7)** | **85.7 % (70.6–93.7)** |" in told
    assert "| | 0.001 | 0.00001 |" in told
    assert "| **Head from B** | **85.7 % (70.6–93.7)** the lecture's C |" in told
    gentle = TWO_BY_TWO["trained", 1e-5].label
    assert f"{gentle} was better than B by 14.3 points, but that may be chance" in told
    assert "head from B has 2 more behind it: it is that of B's epoch 2 of 2" in told
    assert "at 0.00001 🎲 **+14.3 points**" in told
    assert "no difference here that is larger than chance" in told
    assert "❄ 9 layers of VGG16 mini were frozen" in told
    (chart,) = app.get("echarts_chart")
    assert "45.0" in chart.proto.spec
    table = next(frame.value for frame in app.dataframe if "Layer" in frame.value)
    assert table["Layer"].tolist()[8:10] == ["block4_conv2", "block4_conv3"]
    assert [table[arm.label][9] for arm in TWO_BY_TWO.values()] == ["45.00 %"] * 4
    spec = json.loads(chart.proto.spec)
    lines = [series["name"] for series in spec["series"] if series["type"] == "line"]
    assert lines == spec["legend"]["data"] == [arm.label for arm in TWO_BY_TWO.values()] == list(table.columns)[1:]
    # Runs may be another pupil's, who gave them names.
    assert "run*" not in told.replace("\\", "")
    assert set(table[TWO_BY_TWO["fresh", 1e-3].label][:9]) == {"0 % (frozen)"}
    app.button(key="compare-fine-tuning").click().run()
    assert app.query_params["runs"].split(",") == [run.id for run in runs.values()]


def test_the_leak_is_not_compared_photo_by_photo(home: Home) -> None:
    """Both accuracies stand side by side, with Newcombe's interval of two tests on different photos; the validation photos, which
    are the same, are compared before anything is said of them."""
    runs = add_arms(home, "leak")
    told = texts(open_page("experiments"))
    assert "The leak shows **0.0 points**, with a 95 % interval of −17.1 to +17.1 (Newcombe" in told
    assert "cannot be compared photo by photo" in told
    assert "As 0 lies in it, that may be chance" in told
    assert "Here these networks have not learnt enough by heart" in told
    assert "Why?" not in told
    assert "90.0 % honest, 90.0 % with the leak. It is the same" in told
    spoil_validation(home, runs["leak"])
    told = texts(open_page("experiments"))
    assert "90.0 % honest, 0.0 % with the leak. That is more than chance would make" in told


def test_the_padding_is_compared_photo_by_photo(home: Home) -> None:
    """The same photos were asked: the sentence says whether the difference is real."""
    add_arms(home, "padding", better={"B": 4})
    told = texts(open_page("experiments"))
    assert "B, whole square was better than B with the padding by 11.4 points, but that may be chance" in told
    assert "Here that cost nothing that is larger than chance" in told
    assert "Why?" not in told


@pytest.mark.parametrize(
    ("low", "high", "told"),
    [
        (0.01, 0.2, "**Why?**"),
        (-0.1, 0.1, "not learnt enough by heart"),
        (0.0, 0.1, "not learnt enough by heart"),
        (-0.2, -0.01, "which a leak cannot explain"),
    ],
)
def test_the_leak_is_explained_as_the_runs_have_shown_it(low: float, high: float, told: str) -> None:
    """Only where the leak shows more than chance would make is it said why; where it shows nothing, or less, that is said."""
    reasons = {"**Why?**", "not learnt enough by heart", "which a leak cannot explain"}
    reason = leak_reason(Shown((low + high) / 2, low, high))
    assert {one for one in reasons if one in reason} == {told}


@pytest.mark.parametrize(
    ("padded_right", "whole_right", "told"),
    [
        (0, 40, "**Why?**"),
        (4, 8, "cost nothing that is larger than chance"),
        (40, 0, "did no harm"),
        (None, None, "What the padding does"),
    ],
)
def test_the_padding_is_explained_as_the_runs_have_shown_it(padded_right: int | None, whole_right: int | None, told: str) -> None:
    """Only where the padding did worse than chance would make is it said why; a run that did better is not explained away."""
    test = None
    if padded_right is not None and whole_right is not None:
        padded = np.array([True] * padded_right + [False] * whole_right + [True] * 60)
        whole = np.array([False] * padded_right + [True] * whole_right + [True] * 60)
        test = paired_test(padded, whole)
    reason = padding_reason(test)
    assert told in reason
    assert ("**Why?**" in reason) == (told == "**Why?**")
    assert ("Here" in reason) == (test is not None and told != "**Why?**")


def test_every_chart_and_table_has_its_own_text_alternative(home: Home) -> None:
    """The chart of how far layers moved, and its table, say what they show; the other two results have neither."""
    add_arms(home, "fine-tuning")
    app = open_page("experiments")
    assert not app.exception
    found = alternatives(app)
    assert len(found) == 2
    assert all(found)
    assert len(set(found)) == 2


def test_what_is_not_on_this_computer_is_fetched_first(home: Home) -> None:
    """With a network whose weights are missing there is no card, but the way to fetch them."""
    app = open_page("experiments")
    app.selectbox(key="experiments-backbone").set_value("mobilenet_v2").run()
    assert not app.exception
    assert "not on this computer yet" in texts(app)
    assert not keys(app, "start-")
    assert keys(app, "fetch-experiments-")
