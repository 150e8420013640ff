"""Runs compared photo by photo, in Python and from the command line."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Iterator

import numpy as np
import pytest

from flowerlab.cli import main
from flowerlab.datasets.catalog import FLOWERS, dataset_source
from flowerlab.datasets.gather import gather
from flowerlab.datasets.originals import Original, write_originals
from flowerlab.evaluation.calibration import calibration_error
from flowerlab.evaluation.intervals import accuracy_interval
from flowerlab.evaluation.paired_tests import PairedTest, corrected, paired_test
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.results.answers import answers_of
from flowerlab.results.pairing import comparable, pair, pair_tests, why_not_paired
from flowerlab.results.photos_of_run import run_photos
from flowerlab.results.sentences import pair_sentence
from flowerlab.runs.run import Run
from flowerlab.settings import Settings
from tests.support.runs import RIGHT, TESTED, add_finished, write_predictions


@pytest.fixture
def lab(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab that trains nothing."""
    monkeypatch.setenv("FLOWERLAB_ENGINE", "fake")
    opened = Lab(settings, run_queue=False)
    yield opened
    opened.close()


def two_runs(home: Home) -> tuple[Run, Run]:
    """The second is right on four photos more."""
    first, second = add_finished(home, "First"), add_finished(home, "Second", seed=1)
    write_predictions(home.run(second.id), better=4)
    return first, second


def test_pairs_are_matched_by_photo_not_by_place(lab: Lab) -> None:
    """The same photos in another order give the same comparison."""
    first, second = (answers_of(lab.home, lab.store, run) for run in two_runs(lab.home))
    assert first is not None
    assert second is not None
    test = pair(second, first)
    assert (test.only_first_right, test.only_second_right, test.photos) == (4, 0, TESTED)
    path = lab.home.run(first.run.id) / "predictions.npz"
    stored = dict(np.load(path))
    turned = {name: stored[name][::-1] for name in ("test_ids", "test_truth", "test_probabilities")}
    np.savez(path, **{**stored, **turned})
    again = answers_of(lab.home, lab.store, first.run)
    assert again is not None
    assert pair(second, again) == test


@pytest.mark.parametrize(
    ("knobs", "prefix", "words"),
    [({}, "tf_flowers", "different photos of one data set"), ({"dataset": "tf_flowers"}, "garden", "different data sets")],
)
def test_runs_on_other_photos_are_no_pair(lab: Lab, knobs: dict[str, str], prefix: str, words: str) -> None:
    """Other photos, or photos of the same name from another data set, are refused with the reason."""
    first, second = add_finished(lab.home, "First"), add_finished(lab.home, "Second", **knobs)
    write_predictions(lab.home.run(second.id), prefix=prefix)
    sides = [answers_of(lab.home, lab.store, run) for run in (first, second)]
    assert sides[0] is not None
    assert sides[1] is not None
    assert words in why_not_paired(sides[0], sides[1])
    with pytest.raises(ValueError, match=words):
        pair(sides[0], sides[1])


def test_runs_are_grouped_by_their_photos(lab: Lab) -> None:
    """Runs on the same photos stand together in their order, the largest group first."""
    runs = [add_finished(lab.home, name, seed=seed) for seed, name in enumerate("abcde")]
    for place in (0, 3):
        write_predictions(lab.home.run(runs[place].id), prefix="others")
    sides = [side for run in runs if (side := answers_of(lab.home, lab.store, run)) is not None]
    assert [[side.run.name for side in group] for group in comparable(sides)] == [["b", "c", "e"], ["a", "d"]]
    assert comparable([]) == []


def test_gardens_of_two_difficulties_are_no_pair(lab: Lab) -> None:
    """Pictures of two gardens have the same ids and are not the same pictures."""
    first = add_finished(lab.home, "First")
    easier = lab.store.add(first.recipe, "Second", materials="garden-difficulty-0")
    assert lab.store.materials(easier.id) == "garden-difficulty-0"
    sides = answers_of(lab.home, lab.store, first)
    assert sides is not None
    from dataclasses import replace

    assert "different data sets" in why_not_paired(sides, replace(sides, photos_of="garden-difficulty-0"))


def test_photos_at_hand_are_only_the_very_ones(lab: Lab) -> None:
    """A run's photos are found if they lie in the lab; not those of another garden, which have the same ids."""
    garden = lab.data.garden
    mine = add_finished(lab.home, "Mine", materials=dataset_source("garden", garden).identity(lab.home))
    other = add_finished(lab.home, "Other", materials="garden-v2-60-seed0-difficulty1-192px-q68-93", seed=1)
    sides = [answers_of(lab.home, lab.store, run) for run in (mine, other)]
    assert sides[0] is not None
    assert sides[1] is not None
    assert run_photos(lab.home, lab.store, lab.data, sides[0].run) is None
    gathered = gather(lab.home, "garden", garden)
    found = run_photos(lab.home, lab.store, lab.data, sides[0].run)
    assert found is not None
    assert found.content == gathered.content
    assert [found.positions[photo] for photo in found.ids] == list(range(len(found)))
    assert run_photos(lab.home, lab.store, lab.data, sides[1].run) is None


def test_the_starter_is_compared_with_runs_on_its_photos(lab: Lab) -> None:
    """tf_flowers is one set of photos: a run whose materials do not name it, as the starter's, is paired with one whose do."""
    told = lab.data.identity("tf_flowers")
    runs = [
        add_finished(lab.home, name, materials=materials, dataset="tf_flowers", seed=seed)
        for seed, (name, materials) in enumerate((("Starter", "starter"), ("Mine", f"{told} vgg16_mini-0123")))
    ]
    first, second = (answers_of(lab.home, lab.store, run) for run in runs)
    assert first is not None
    assert second is not None
    assert why_not_paired(first, second) == ""


def compared(only_first: int, only_second: int, photos: int) -> PairedTest:
    """The test of two runs of which each is right on so many photos alone."""
    first, second = np.zeros(photos, dtype=bool), np.zeros(photos, dtype=bool)
    first[:only_first] = True
    second[only_first : only_first + only_second] = True
    return paired_test(first, second)


@pytest.mark.parametrize(
    ("only_first", "only_second", "words"),
    [
        (40, 2, "A was better than B by 3.8 points (+2.6 to +5.1), and that is hardly chance"),
        (2, 40, "B was better than A by 3.8 points (+2.6 to +5.1), and that is hardly chance"),
        (10, 5, "A was better than B by 0.5 points (−0.2 to +1.3), but that may be chance: it would happen in 30 of 100 cases"),
        (4, 1, "A was better than B by 0.3 points, but that may be chance: it would happen in 38 of 100 cases"),
        (7, 7, "No difference was found between A and B (−0.7 to +0.7): each named 7 photos rightly"),
        (1, 1, "No difference was found between A and B: each named 1 photo rightly"),
        (0, 0, "No difference was found between A and B: they named the same photos rightly."),
    ],
)
def test_the_sentence_says_whether_a_difference_was_found(only_first: int, only_second: int, words: str) -> None:
    """The better run is named, with how much and how sure; no runs are called equally good; few photos have no interval."""
    assert pair_sentence("A", "B", compared(only_first, only_second, 1000)).startswith(words)


def test_a_sentence_on_the_border_says_so() -> None:
    """19 against 8 of 1,101 photos: p is 0.0522, told with one digit more, and the interval leaves 0 out: the sentence says that they
    disagree."""
    test = compared(19, 8, 1101)
    assert test.disagrees
    assert pair_sentence("A", "B", test) == (
        "A was better than B by 1.0 points (+0.1 to +1.9), but that may be chance: it would happen in 52 of 1,000 cases if both were "
        "equally good. The interval says otherwise, for it leaves 0 out: this lies on the border, and more test photos would decide."
    )
    assert not compared(40, 2, 1000).disagrees
    assert not compared(10, 5, 1000).disagrees


def test_what_chance_makes_among_many_pairs_is_no_finding() -> None:
    """A pair that would count alone (p 0.02) does not count among five, and the sentence says why."""
    alone = compared(20, 7, 1000)
    assert alone.mcnemar_p < 0.02
    assert alone.real
    together = corrected([alone, *[compared(9, 8, 1000)] * 4])[0]
    assert not together.real
    assert "looked at alone it would happen in 2 of 100 cases if both were equally good, but 5 pairs were tested" in pair_sentence(
        "A", "B", together
    )


def test_all_pairs_on_the_same_photos_are_tested_together(lab: Lab) -> None:
    """Every two runs on the same photos, in both directions, with one correction; a run on other photos is in none."""
    runs = [add_finished(lab.home, name, seed=seed) for seed, name in enumerate("abcd")]
    write_predictions(lab.home.run(runs[1].id), better=4)
    write_predictions(lab.home.run(runs[3].id), prefix="others")
    sides = [side for run in runs if (side := answers_of(lab.home, lab.store, run)) is not None]
    tests = pair_tests(sides)
    a, b, c, _other = (run.id for run in runs)
    assert set(tests) == set(itertools.permutations((a, b, c), 2))
    assert (tests[a, b].only_second_right, tests[b, a].only_first_right) == (4, 4)
    assert tests[a, b].difference == -tests[b, a].difference == pytest.approx(-4 / TESTED)
    assert (tests[a, b].tested_together, tests[a, b].holm_p) == (3, pytest.approx(3 * 0.125))


def test_the_command_gives_every_figure(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """`compare --json`: each run's accuracy, interval, classes, calibration; each pair's test; in words the same."""
    first, second = two_runs(lab.home)
    assert main(["compare", first.id, second.id, "--json"]) == 0
    record = json.loads(capfd.readouterr().out)
    one = record["runs"][0]
    assert one["accuracy"] == RIGHT / TESTED
    assert one["interval"] == list(accuracy_interval(RIGHT / TESTED, TESTED))
    assert set(one["per_class"]) == {"dandelion", "daisy", "tulips", "sunflowers", "roses"}
    assert one["per_class"]["daisy"] == pytest.approx({"precision": 6 / 7, "recall": 6 / 7, "f1": 6 / 7, "photos": 7})
    stored = np.load(lab.home.run(first.id) / "predictions.npz")
    assert one["ece"] == pytest.approx(calibration_error(stored["test_probabilities"], stored["test_truth"]))
    (told,) = record["pairs"]
    assert (told["only_first_right"], told["only_second_right"]) == (0, 4)
    assert told["mcnemar_p"] == pytest.approx(0.125)
    assert told["difference"] == pytest.approx(-4 / TESTED)
    # On four photos no interval can be built.
    assert told["difference_interval"] is None
    assert told["holm_p"] == told["mcnemar_p"]
    assert main(["compare", first.id, second.id]) == 0
    out = capfd.readouterr().out
    assert "Second was better than First by 11.4 points, but that may be chance" in out
    assert "precision 85.7 %" in out


def test_the_command_tells_runs_of_one_name_apart(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """Two runs of one name bear a part of their ids in the sentence, also in that which refuses."""
    first, second = add_finished(lab.home, "Same"), add_finished(lab.home, "Same", seed=1)
    names = [f"Same ({run.id[:4]})" for run in (first, second)]
    assert main(["compare", first.id, second.id]) == 0
    assert f"No difference was found between {names[0]} and {names[1]}: they named" in capfd.readouterr().out
    write_predictions(lab.home.run(second.id), prefix="others")
    assert main(["compare", first.id, second.id]) == 0
    assert f"{names[0]} and {names[1]} were tested on different photos" in capfd.readouterr().out


def test_bad_comparisons_are_one_sentence(lab: Lab, capfd: pytest.CaptureFixture[str]) -> None:
    """One run, the same twice, one that was not tested, one that is not there: code 2."""
    first, second = two_runs(lab.home)
    untested = add_finished(lab.home, "Untested", tested=False)
    for runs in ([first.id], [first.id, "First"], [first.id, untested.id], [first.id, "ffffffffffff"]):
        assert main(["compare", *runs, "--json"]) == 2
        assert json.loads(capfd.readouterr().out)["error"]
    write_predictions(lab.home.run(second.id), prefix="others")
    assert main(["compare", first.id, second.id, "--json"]) == 0
    (told,) = json.loads(capfd.readouterr().out)["pairs"]
    assert told["mcnemar_p"] is None
    assert "different photos" in told["sentence"]


def test_photos_of_the_starter_are_those_that_bear_its_labels(lab: Lab) -> None:
    """A run that names no photos finds tf_flowers only where each of its ids has the label that it was told: ids are positions,
    and where photos are missing other ones stand there."""
    run = add_finished(lab.home, "Starter", dataset="tf_flowers", materials="starter")
    stored = dict(np.load(lab.home.run(run.id) / "predictions.npz"))
    labels = stored["test_truth"].tolist()
    for places, found in ((labels, True), (labels[1:] + labels[:1], False), (labels[:-1], False)):
        folder = lab.home.originals / "tf_flowers-3.0.1"
        photos = [Original(str(stored["test_ids"][place]), label, b"x") for place, label in enumerate(places)]
        write_originals(folder, FLOWERS, photos)
        assert (run_photos(lab.home, lab.store, lab.data, run) is not None) == found
        shutil.rmtree(folder)
