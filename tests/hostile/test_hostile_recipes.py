"""Hostile knobs, ids and names: refused in one sentence, and nothing in the store or the home changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowerlab.cli.running import find_run
from flowerlab.datasets.import_folder import delete_folder, import_folder
from flowerlab.errors import BadFolder, BadInput, BadName, BadRecipe, UnknownRun
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.hostile.archives import photos_of, zipped
from tests.support.hostile.judging import refusal
from tests.support.hostile.recipes import BAD_IDS, BAD_KNOBS, BAD_NAMES, GOOD_NAMES


@pytest.mark.parametrize("name", BAD_KNOBS)
def test_a_hostile_knob_is_one_sentence_that_names_it(name: str) -> None:
    """Whatever a JSON file, a link or a flag holds: the sentence names the knob and shows a little of what came."""
    knobs, named = BAD_KNOBS[name]
    said = refusal(lambda: Recipe.parse(knobs), BadRecipe)
    assert said is not None
    assert said.startswith(named)


@pytest.fixture
def store(home: Home) -> Store:
    """A store with one run."""
    store = Store(home.store)
    store.add(Recipe.parse({}), "There")
    return store


ASKED: dict[str, Callable[[Store, str], object]] = {
    "get": Store.get,
    "record": Store.record,
    "materials": Store.materials,
    "delete": Store.delete,
    "request_stop": Store.request_stop,
    "rename": lambda store, run_id: store.rename(run_id, "New"),
}


@pytest.mark.parametrize("method", ASKED)
def test_what_is_no_id_names_no_run(store: Store, method: str) -> None:
    """Paths, SQL, half characters and other digits are ids of no run, whatever is asked of it, and the run stays as it is."""
    before = store.all()
    for run_id in BAD_IDS:
        assert refusal(lambda run_id=run_id: ASKED[method](store, run_id), UnknownRun) is not None
    assert store.all() == before
    assert all(store.source(run_id) is None and store.events(run_id) == [] for run_id in BAD_IDS)


def test_what_is_no_id_opens_nothing_in_the_lab(settings: Settings) -> None:
    """Neither stopping, deleting, renaming nor looking a run up by such a text changes anything."""
    lab = Lab(settings, run_queue=False)
    try:
        for run_id in BAD_IDS:
            for attempt in (
                lab.queue.stop,
                lab.trash.throw,
                lambda run_id: lab.store.rename(run_id, "x"),
                lambda run_id: find_run(lab, run_id),
            ):
                assert refusal(lambda: attempt(run_id), BadInput, watched=lab.home.root) is not None  # noqa: B023
            assert lab.store.history(run_id).end is None
    finally:
        lab.close()


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_run_bears_such_a_name(store: Store, name: str) -> None:
    """A name that is empty, endless or cannot be shown is refused for a new run and for one that is there."""
    before = store.all()
    for attempt in (lambda: store.add(Recipe.parse({}), name), lambda: store.rename(before[0].id, name)):
        assert refusal(attempt, BadName) is not None
    assert store.all() == before


def test_odd_names_are_kept_as_they_are(store: Store) -> None:
    """HTML, Markdown, SQL, templates and formulas are names like others, and nothing in them is run or filled in."""
    run = store.all()[0]
    for name in GOOD_NAMES:
        store.rename(run.id, name)
        assert store.get(run.id).name == name
    assert store.add(Recipe.parse({}), "{number}{0.__class__}").name == "2{0.__class__}"


@pytest.mark.parametrize("name", [*BAD_NAMES, *GOOD_NAMES, "con", "a" * 60 + "/../x", "..", "_x"])
def test_a_data_set_is_named_safely_or_not_at_all(home: Home, tmp_path: Path, name: str) -> None:
    """Whatever name is asked for, the photos come into one folder beside the others, or the import is refused."""
    source = zipped(tmp_path / "plants.zip", photos_of().items())
    if refusal(lambda: import_folder(source, home.folders, name), BadFolder, watched=tmp_path) is None:
        assert [path.parent for path in home.folders.iterdir()] == [home.folders]
        (made,) = home.folders.iterdir()
        assert Recipe.parse({"dataset": f"folder:{made.name}"}).dataset == f"folder:{made.name}"
    for gone in (name, f"../{name}", str(tmp_path)):
        if gone not in [path.name for path in home.folders.iterdir()]:
            assert refusal(lambda gone=gone: delete_folder(home.folders, gone), BadFolder, watched=tmp_path) is not None
