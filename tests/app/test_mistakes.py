"""The Mistakes page: its choices, the worst photos, near-duplicates."""

from __future__ import annotations

import shutil

import pytest

from flowerlab.datasets.catalog import FLOWERS
from flowerlab.datasets.originals import Originals
from flowerlab.home import Home
from flowerlab.inference.classify import finished_runs
from flowerlab.results.answers import MOST_RUNS
from flowerlab.tasks.hash_photos import hash_photos
from flowerlab.ui.base.lab import lab
from tests.support.garden_runs import WRONG, add_run, charts, cut, hashed, open_view
from tests.support.pages import open_page, texts
from tests.support.runs import add_finished, write_predictions


class Foreign:
    """A language in which every text is another one."""

    def gettext(self, text: str) -> str:
        """A text of that language, with the formats of the English one."""
        return f"‹{text}›"


def test_without_a_finished_run_the_page_leads_home(home: Home) -> None:
    """The empty page says that nothing is finished and offers the way to Home."""
    app = open_page("mistakes")
    assert not app.exception
    assert "No finished run yet" in texts(app)
    assert app.button(key="go-home").label
    assert not app.multiselect


def test_the_newest_run_is_chosen_at_first_and_a_link_chooses_another(home: Home) -> None:
    """One run at first; `?runs=id` and what was picked come back, at most as many as Compare takes."""
    runs = [add_finished(home, f"run {number}", seed=number) for number in range(MOST_RUNS + 1)]
    assert open_page("mistakes").multiselect(key="mistakes-runs").value == [runs[-1].id]
    app = open_page("mistakes", query={"runs": ",".join(run.id for run in runs)})
    assert app.multiselect(key="mistakes-runs").value == [run.id for run in runs[:MOST_RUNS]]


def test_the_address_names_the_view_in_a_word_that_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`?view=calibration` opens that view in any language and is written back; a word of no view is passed over."""
    add_finished(home, "run")
    monkeypatch.setattr("flowerlab.locale._catalogue", lambda _language: Foreign())
    app = open_page("mistakes", query={"view": "calibration"})
    assert not app.exception
    assert "ECE" in texts(app)
    app.button_group(key="mistakes-view").set_value("epochs").run()
    assert app.query_params["view"] in ("epochs", ["epochs"])
    app = open_page("mistakes", query={"view": "<img src=x>"})
    assert not app.exception
    assert app.query_params["view"] in ("worst", ["worst"])


def test_two_runs_of_one_name_are_told_apart_in_every_view(home: Home, garden: Originals) -> None:
    """Titles, sentences and text alternatives of each view bear a part of the run's id where two runs have one name."""
    runs = [add_run(home, garden, "*Same*", seed=seed) for seed in range(2)]
    ids = ",".join(run.id for run in runs)
    for view in ("epochs", "calibration"):
        app = open_page("mistakes", query={"runs": ids, "view": view})
        assert not app.exception
        for run in runs:
            assert rf"**\*Same\* \({run.id[:4]}\)**" in texts(app)
        told = [chart.proto.alt for chart in app.get("echarts_chart")]
        alone = [alt for alt in told if "*Same*" in alt and not any(run.id[:4] in alt for run in runs)]
        assert any("*Same*" in alt for alt in told)
        assert not alone


def test_a_renamed_run_bears_its_new_name_in_what_was_read_before(home: Home, garden: Originals) -> None:
    """Answers are read once for all viewers; who renames the run sees the new name over its photos, too."""
    run = add_run(home, garden, "old")
    app = open_page("mistakes", query={"view": "calibration"})
    lab().store.rename(run.id, "new")
    state = {"mistakes-bins-open": (run.id, 9)}
    app = open_page("mistakes", query={"view": "calibration"}, state=state)
    assert not app.exception
    assert "Test photos of which “new” was" in texts(app)
    assert "“old”" not in texts(app)


# Worst photos


def test_wrong_test_photos_come_largest_loss_first(home: Home, garden: Originals) -> None:
    """At first only the photos that were named wrongly, each with truth, answer, probability and loss; the formula is stated."""
    add_run(home, garden)
    hashed(garden)
    app = open_view("worst")
    assert not app.exception
    told = texts(app)
    assert f"**{WRONG} of 18 test photos** were named wrongly" in told
    assert "loss = −ln p(truth)" in told
    shown = [image.proto.imgs[0].alt for image in app.get("image")]
    test = cut(garden, "test")
    assert [alt.split(":")[0] for alt in shown] == [f"Photo {garden.ids[test[place]]}" for place in (2, 1, 0)]
    assert f"called it {FLOWERS[(garden.labels[test[2]] + 1) % 5]} (86 %)" in shown[0]
    assert "loss: 2.21" in shown[0]


def test_the_gallery_is_filtered_by_class_and_paged(home: Home, garden: Originals) -> None:
    """All 18 test photos are two pages; of one class there are as many as the test has."""
    add_run(home, garden)
    hashed(garden)
    app = open_view("worst", state={"mistakes-show": "all"})
    assert "1–12 of 18 photos" in texts(app)
    app.button(key=f"worst-{finished_runs(lab().store, lab().home)[0].id}-all--1-on").click().run()
    assert "13–18 of 18 photos" in texts(app)
    app = open_view("worst", state={"mistakes-show": "all", f"mistakes-class-{'|'.join(FLOWERS)}": 2})
    expected = sum(garden.labels[place] == 2 for place in cut(garden, "test"))
    assert len(app.get("image")) == expected


def test_a_doubtful_label_is_marked_as_a_hint(home: Home, garden: Originals) -> None:
    """Photos that the run is sure to be of another class are marked and can be shown alone, with the criterion; nothing is claimed."""
    add_run(home, garden)
    hashed(garden)
    app = open_view("worst", state={"mistakes-show": "label"})
    told = texts(app)
    assert "Confident learning" in told
    assert "a hint and no proof" in told
    assert len(app.get("image")) > 0
    assert all("may be labelled wrongly: look" in image.proto.imgs[0].alt for image in app.get("image"))


def test_photos_that_are_gone_are_listed(home: Home) -> None:
    """Without the pictures in the lab the gallery is a table, and nothing looks for near-duplicates."""
    add_finished(home, "run")
    app = open_view("worst")
    assert not app.exception
    assert "no longer in this lab" in texts(app)
    assert len(app.dataframe[0].value) == 5


def test_a_run_without_a_test_says_so(home: Home) -> None:
    """A run whose test was skipped has neither worst photos nor calibration, and says it in a sentence."""
    add_finished(home, "run", tested=False)
    for view in ("worst", "calibration"):
        app = open_view(view)
        assert not app.exception
        assert "was skipped" in texts(app)
        assert not charts(app)


# Near-duplicates


def test_near_duplicates_are_looked_for_while_the_page_shows_how_far(home: Home, garden: Originals) -> None:
    """They are looked for without being asked; when that has ended, the page says what was found."""
    add_run(home, garden)
    app = open_view("duplicates")
    assert not app.exception
    hashed(garden)
    assert "No two of the 60 photos" in texts(app.run())


def test_a_pair_across_training_and_test_is_a_leak(home: Home, twins: Originals) -> None:
    """The pair stands side by side, marked as a leak, and with its two labels; in the gallery the test photo leads to it."""
    add_run(home, twins)
    hashed(twins)
    app = open_view("duplicates")
    assert not app.exception
    told = texts(app)
    assert "**One of them** lies across training and test" in told
    assert "two labels" in told
    assert len(app.get("image")) == 2
    app = open_view("worst")
    alts = [image.proto.imgs[0].alt for image in app.get("image")]
    assert any("its near-duplicate was learnt from" in alt for alt in alts)
    assert len(app.get("image")) == WRONG


def test_with_the_lectures_split_every_test_photo_was_seen(home: Home, twins: Originals) -> None:
    """Where all test photos were trained on, single pairs are not called the leak."""
    add_run(home, twins, split="lecture")
    hashed(twins)
    assert "every test photo was trained on anyway" in texts(open_view("duplicates"))


def test_a_search_that_was_ended_can_begin_again(home: Home, garden: Originals, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody pressed Cancel: the page says so and offers to look again."""
    add_run(home, garden)
    app = open_page("mistakes")
    hashed(garden)
    task = lab().tasks.state(hash_photos(garden, home))
    assert task is not None
    task.error, task.cancelled = "It was cancelled.", True
    shutil.rmtree(home.hashes)
    home.create()
    app = open_view("duplicates")
    assert "It was cancelled" in texts(app)
    app.button(key="hash-start").click().run()
    hashed(garden)
    assert "No two of the 60 photos" in texts(app.run())


def test_names_cannot_bring_markup(home: Home) -> None:
    """A run's name with Markdown in it is shown as it was typed in every view."""
    run = add_finished(home, "*bold* :red[x]")
    write_predictions(home.run(run.id), epochs=0)
    for view in ("worst", "epochs", "calibration"):
        app = open_view(view)
        assert not app.exception
        assert "*bold*" not in texts(app).replace(r"\*bold\*", "")


def test_compare_and_train_lead_to_the_mistakes_of_a_run(home: Home) -> None:
    """Each matrix of Compare, and a finished run on Train, has a way here that takes the run along."""
    run = add_finished(home, "run")
    links = [link.proto for link in open_page("compare").get("page_link")]
    assert [link.label for link in links] == ["See where it errs"]
    assert run.id in str(links[0])
    app = open_page("train", query={"run": run.id})
    assert app.button(key="to-mistakes").label
