"""What a run needs of memory and disk, and the refusal of one that this machine has no room for."""

from __future__ import annotations

import shutil
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from flowerlab.errors import NoRoom
from flowerlab.estimates import limits as room
from flowerlab.estimates.execution_plan import ExecutionPlan, execution_plan
from flowerlab.estimates.footprint import Footprint, footprint_of
from flowerlab.estimates.limits import check_room
from flowerlab.experiments.lecture import start_lecture
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.presets import preset_recipe
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.run import RunState
from flowerlab.settings import Settings
from flowerlab.system import memory
from flowerlab.system.memory import free_bytes, memory_for_a_run, trainers_bytes
from tests.support.recipes import QUICK
from tests.support.waiting import until

A = preset_recipe("A")
B = preset_recipe("B", architecture="vgg16")
C = B.changed(unfreeze_from="block4_conv3")
HUGE = Recipe.parse({"architecture": "vgg16", "unfreeze_from": "all", "batch_size": 256, "image_size": 331})
Disk = namedtuple("Disk", "total used free")


def plan(home: Home, recipe: Recipe, **settings: Any) -> ExecutionPlan:
    """The plan of a recipe on a garden that was not drawn yet."""
    return execution_plan(
        recipe,
        home=home,
        settings=Settings(home=home.root, **settings),
        originals=None,
        classes=5,
        count=3670,
        source=lambda run_id: None,
    )


def needs(home: Home, recipe: Recipe, **settings: Any) -> Footprint:
    """What a recipe needs on that garden."""
    return footprint_of(plan(home, recipe, **settings))


def test_more_needs_more(home: Home) -> None:
    """A larger batch, larger photos, more layers that learn and an optimizer with more memory need more; frozen layers less."""
    c = needs(home, C)
    for more in (
        C.changed(batch_size=128),
        C.changed(image_size=224),
        C.changed(unfreeze_from="all"),
        B.changed(unfreeze_from="all"),
    ):
        assert needs(home, more).memory_bytes > c.memory_bytes
    assert (
        needs(home, C.changed(optimizer="sgd")).memory_bytes
        < needs(home, C.changed(optimizer="rmsprop")).memory_bytes
        < c.memory_bytes
    )
    assert needs(home, B).memory_bytes < c.memory_bytes
    assert needs(home, B).disk_bytes < c.disk_bytes
    assert needs(home, C, features="off").disk_bytes < c.disk_bytes


def test_disk_is_counted_by_hand(home: Home) -> None:
    """Of B: the garden, its photos at 150 px, features, checkpoints of the head, twice the model, and the answers."""
    one = plan(home, B)
    counts = B.chosen.counts(image_size=150, unfreeze_from="none", head=B.head, classes=5)
    prepared, features = 3670 * 150 * 150 * 3, 3670 * 4 * 4 * 512 * 2
    expected = 3670 * 14e3 + prepared + features + 8 * 4 * counts.trainable + 8 * counts.total
    assert footprint_of(one).disk_bytes == pytest.approx(expected, rel=0.02)
    assert footprint_of(one, missing_mb=59).disk_bytes == pytest.approx(expected + 59e6, rel=0.02)


def test_the_lectures_recipes_fit_into_a_small_laptop(home: Home) -> None:
    """A laptop of 4 GB that has 2 GB to give is never refused A, B or C, of VGG16 as of VGG16 mini."""
    for recipe in (A, B, C, preset_recipe("B", architecture="vgg16_mini"), preset_recipe("C", architecture="vgg16_mini")):
        assert needs(home, recipe).memory_bytes < 2e9
        assert needs(home, recipe).disk_bytes < 2.5e9


def test_too_much_memory_is_refused_in_one_sentence(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence says what is needed, what is there and what to change; a setting moves the bound or switches it off."""
    monkeypatch.setattr(room, "memory_for_a_run", lambda: 2.1e9)
    settings = Settings(home=home.root)
    with pytest.raises(NoRoom) as caught:
        check_room(needs(home, HUGE), HUGE, home, settings)
    said = str(caught.value)
    assert f"needs about {needs(home, HUGE).memory_bytes / 1e9:.1f} GB of memory, and only 2.1 GB is free" in said
    assert "smaller batch" in said
    assert "batch_size=256, image_size=331, unfreeze_from=all" in said
    assert "FLOWERLAB_MEMORY_GB" in said
    check_room(needs(home, C), C, home, settings)
    check_room(needs(home, HUGE), HUGE, home, settings.model_copy(update={"refuse": False}))
    check_room(needs(home, HUGE), HUGE, home, settings.model_copy(update={"memory_gb": 1000.0}))
    with pytest.raises(NoRoom, match=r"a run may have 1\.0 GB here"):
        check_room(needs(home, C), C, home, settings.model_copy(update={"memory_gb": 1.0}))


def test_too_little_disk_is_refused(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reserve stays free; the sentence leads to the Disk page."""
    needed = needs(home, A).disk_bytes
    settings = Settings(home=home.root)
    for spare, refused in ((1e9 + 1e6, False), (1e9 - 1e6, True)):
        monkeypatch.setattr(shutil, "disk_usage", lambda path, spare=spare: Disk(1e12, 0, int(needed + spare)))
        if not refused:
            check_room(needs(home, A), A, home, settings)
            continue
        with pytest.raises(NoRoom, match=r"of disk, and .* is free, of which 1\.0 GB must stay free.*Disk page"):
            check_room(needs(home, A), A, home, settings)
        check_room(needs(home, A), A, home, settings.model_copy(update={"disk_reserve_gb": 0.0}))
        check_room(needs(home, A), A, home, settings.model_copy(update={"refuse": False}))


def test_a_refused_start_changes_nothing(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """No run is queued, one by one or as a group; what is there already is still given."""
    run = lab.queue.start(QUICK).run
    monkeypatch.setattr(room, "memory_for_a_run", lambda: 1e6)
    assert lab.queue.start(QUICK).run.id == run.id
    with pytest.raises(NoRoom):
        lab.queue.start(QUICK.changed(seed=1))
    with pytest.raises(NoRoom):
        start_lecture(lab, shared={"image_size": 72})
    failed = lab.store.add(QUICK.changed(seed=2), "failed", materials=lab.queue.materials(QUICK))
    lab.store.request_stop(failed.id)
    with pytest.raises(NoRoom):
        lab.queue.go_on(failed.id)
    assert lab.store.get(failed.id).state is RunState.STOPPED
    assert {one.id for one in lab.store.all()} == {run.id, failed.id}


def test_the_disk_is_looked_at_again_when_a_run_begins(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that waited while the disk filled up ends with the same sentence before it writes anything; the next may begin."""
    until(lambda: lab.owns_queue)
    with lab.queue.batch() as batch:
        run = batch.start(QUICK).run
        monkeypatch.setattr(shutil, "disk_usage", lambda path: Disk(1e12, 1e12, 5_000_000))
    lab.queue.wait([run.id], every_s=0.01)
    ended = lab.store.get(run.id)
    assert ended.state is RunState.FAILED
    assert "must stay free" in ended.message
    assert {path.name for path in lab.home.run(run.id).glob("[!.]*")} == {"run.json"}
    monkeypatch.undo()
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.02)
    again = lab.queue.start(QUICK).run
    assert again.id != run.id


def test_a_container_has_its_own_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a container may use beside what it does use, pages of files that can be dropped counted as free; else what is available."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=3_000))
    files = tuple(tmp_path / name for name in ("max", "current", "stat"))
    for path, text in zip(files, ("2000", "1500", "anon 7\ninactive_file 400\n"), strict=True):
        path.write_text(text, encoding="ascii")
    assert free_bytes((files,)) == 900  # type: ignore[arg-type]
    files[0].write_text("9000", encoding="ascii")
    assert free_bytes((files,)) == 3_000  # type: ignore[arg-type]
    files[0].write_text("max", encoding="ascii")
    assert free_bytes((files,)) == 3_000  # type: ignore[arg-type]
    assert free_bytes(()) == 3_000


def test_a_trainer_that_is_there_gives_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The memory of trainers counts as what a run can have, that of other programs and of the predictor does not."""

    def process(words: list[str] | None, rss: int) -> SimpleNamespace:
        about = None if words is None else SimpleNamespace(rss=rss)
        return SimpleNamespace(info={"cmdline": words, "memory_info": about})

    python = ["/usr/bin/python", "-m", "flowerlab.trainer"]
    found = [process([*python, "train"], 700), process([*python, "predict"], 90), process(None, 0), process(["vi", "-m"], 5)]
    monkeypatch.setattr(psutil, "process_iter", lambda attrs: found)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=300))
    monkeypatch.setattr(memory, "CONTAINERS", ())
    monkeypatch.setattr(memory, "_seen", None)
    assert trainers_bytes() == 700
    assert memory_for_a_run() <= 1_000
