"""Several seeds of one recipe: which runs they are, what they come to, which are missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.errors import BadRecipe
from flowerlab.experiments.lecture import start_lecture
from flowerlab.experiments.more_seeds import seconds_of_seeds, seed_name, start_seeds
from flowerlab.lab import Lab
from flowerlab.results.seeds import Spread, families, missing_seeds, relatives, spread, spread_words
from flowerlab.runs.run import Run

SHARED = {"image_size": 72, "epochs": 1, "head": (8,)}


def trained(lab: Lab, runs: list[Run]) -> list[Run]:
    """The runs as they are when they are over."""
    lab.queue.wait([run.id for run in runs])
    return [lab.store.get(run.id) for run in runs]


def lecture(lab: Lab) -> dict[str, Run]:
    """A, B and C of the lecture, done."""
    started = start_lecture(lab, architecture="vgg16_mini", shared=SHARED)
    runs = trained(lab, [one.run for one in started.values()])
    return dict(zip(started, runs, strict=True))


@given(some.lists(some.floats(0, 1), min_size=1, max_size=9))
def test_mean_and_spread_are_numpys(values: list[float]) -> None:
    """Mean, sample standard deviation, smallest and largest are NumPy's; one value has no deviation."""
    found = spread(values)
    assert found.count == len(values)
    assert found.mean == pytest.approx(np.mean(values))
    assert found.sd == pytest.approx(np.std(values, ddof=1) if len(values) > 1 else 0.0, abs=1e-9)
    assert (found.low, found.high) == (np.min(values), np.max(values))


def test_a_spread_is_said_in_percent() -> None:
    """Mean, deviation and range in points, with the number of seeds."""
    assert spread_words(Spread(3, 0.8514, 0.0118, 0.84, 0.864)) == "3 seeds: 85.1 % ± 1.2 (84.0–86.4)"


def test_three_seeds_repeat_what_a_run_goes_on_from(lab: Lab) -> None:
    """C with two more seeds trains B with these seeds first; all three C are one family, and so are the three B."""
    runs = lecture(lab)
    assert missing_seeds(runs["C"], relatives(lab.store, runs["C"])) == [1, 2]
    price = seconds_of_seeds(lab, runs["C"], [1, 2])
    assert price > seconds_of_seeds(lab, runs["B"], [1, 2]) > 0
    new = trained(lab, start_seeds(lab, runs["C"], [1, 2]))
    assert [run.recipe.seed for run in new] == [1, 2]
    sources = [lab.store.get(run.recipe.start_from or "") for run in new]
    assert [source.recipe for source in sources] == [runs["B"].recipe.changed(seed=seed) for seed in (1, 2)]
    assert [run.name.partition(" #")[0] for run in (*sources, *new)] == [
        f"{letter}, seed {seed}" for letter in ("B · transfer learning", "C · fine-tuning") for seed in (1, 2)
    ]
    assert [run.id for run in relatives(lab.store, runs["C"])] == [runs["C"].id, new[0].id, new[1].id]
    together = families(lab.store, [runs["A"], runs["B"], runs["C"], *sources, *new])
    assert [len(family) for family in together] == [1, 3, 3]
    assert missing_seeds(new[0], relatives(lab.store, new[0])) == []
    assert seconds_of_seeds(lab, runs["C"], [1, 2]) == 0
    assert [run.id for run in start_seeds(lab, runs["C"], [1, 2])] == [run.id for run in new]
    # B's were trained on the way: they cost nothing any more.
    assert seconds_of_seeds(lab, runs["B"], [1, 2]) == 0


def test_an_equal_run_is_no_second_seed(lab: Lab) -> None:
    """The same recipe trained again stands in the family once; a stopped run stands alone."""
    first = lab.queue.start(lecture(lab)["A"].recipe).run
    again = trained(lab, [lab.queue.start(first.recipe, again=True).run])[0]
    with lab.queue.batch() as batch:
        stopped = batch.start(first.recipe.changed(seed=5)).run
        lab.queue.stop(stopped.id)
    stopped = lab.store.get(stopped.id)
    assert [len(family) for family in families(lab.store, [first, again, stopped])] == [1, 1]
    assert [run.id for run in relatives(lab.store, first)] == [first.id]


def test_what_cannot_be_repeated_is_said(lab: Lab) -> None:
    """Where the run that one goes on from was deleted, or the photos are others now, a sentence says so and nothing is queued."""
    runs = lecture(lab)
    lab.trash.throw(runs["B"].id)
    for call in (seconds_of_seeds, start_seeds):
        with pytest.raises(BadRecipe, match=r"was deleted.*Received"):
            call(lab, runs["C"], [1])
    other = lab.store.add(runs["A"].recipe, "elsewhere", materials="other photos")
    lab.queue.stop(other.id)
    before = len(lab.store.all())
    with pytest.raises(BadRecipe, match=r"no longer what they were"):
        start_seeds(lab, other, [1])
    assert len(lab.store.all()) == before


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("B · transfer learning #3", "B · transfer learning, seed 2 #{number}"),
        ("B, seed 1 #3", "B, seed 2 #{number}"),
        ("{number} {x}", "number x, seed 2 #{number}"),
        ("a" * 80, "a" * 50 + ", seed 2 #{number}"),
    ],
)
def test_a_name_bears_its_seed_once(name: str, told: str) -> None:
    """The seed comes behind the name and before the number; braces that the store would fill are dropped."""
    assert seed_name(name, 2) == told
