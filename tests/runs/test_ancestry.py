"""The runs that a run starts from."""

from __future__ import annotations

from flowerlab.recipe.presets import preset_recipe
from flowerlab.runs.ancestry import ancestry
from flowerlab.runs.provenance import Provenance

A, B, C = "a" * 12, "b" * 12, "c" * 12
FIRST = Provenance(preset_recipe("B", architecture="vgg16_mini"), "photos")
RUNS = {
    A: FIRST,
    B: Provenance(FIRST.recipe.changed(start_from=A), ""),
    C: Provenance(FIRST.recipe.changed(start_from="d" * 12), ""),
}


def test_the_nearest_comes_first_and_a_deleted_one_ends_it() -> None:
    """A run comes first, then what it starts from, up to one that started by itself; what was deleted is named by the last one."""
    run = Provenance(FIRST.recipe.changed(start_from=B), "")
    assert list(ancestry(run, RUNS.get)) == [run, RUNS[B], FIRST]
    assert list(ancestry(FIRST, RUNS.get)) == [FIRST]
    orphan = Provenance(FIRST.recipe.changed(start_from=C), "")
    *_nearer, last = ancestry(orphan, RUNS.get)
    assert (last, last.recipe.start_from) == (RUNS[C], "d" * 12)


def test_no_more_is_looked_up_than_is_taken() -> None:
    """Who stops at the first finds nothing looked up behind it."""
    asked: list[str] = []

    def lookup(run_id: str) -> Provenance | None:
        asked.append(run_id)
        return RUNS.get(run_id)

    next(ancestry(RUNS[B], lookup))
    assert asked == []
