"""What is trained, found equal, or trained on."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flowerlab.datasets.import_folder import import_folder
from flowerlab.errors import BadInput, BadRecipe
from flowerlab.lab import Lab
from flowerlab.runs.checkpoints import write_checkpoint
from flowerlab.runs.resume import going_on
from flowerlab.runs.run import Run, RunState
from flowerlab.settings import Settings
from tests.support.checkpoints import checkpoint_at, leave_checkpoint, state_of
from tests.support.events import RESULT
from tests.support.recipes import QUICK
from tests.support.scheduling import LONG, Kept, OpenLab, plants
from tests.support.waiting import until


def test_a_source_stays_while_a_run_that_starts_from_it_is_not_over(kept: tuple[Lab, Kept]) -> None:
    """A run cannot be deleted while another is under way or waits that starts from it; nor while it runs itself."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    with pytest.raises(BadInput, match="Stop it first"):
        lab.trash.throw(run_id)
    engine.say("end", state="done", result=RESULT | {"classes": lab.data.classes_of("garden"), "confusion_matrix": None})
    follower = lab.queue.start(LONG.changed(start_from=run_id)).run
    until(lambda: len(engine.jobs) == 2)
    assert lab.store.get(follower.id).state is RunState.PREPARING
    with pytest.raises(BadInput, match="starts from"):
        lab.trash.throw(run_id)
    engine.say("end", state="failed", message="x")
    lab.trash.throw(run_id)
    assert [run.id for run in lab.store.all()] == [follower.id]


def test_a_source_whose_photos_are_gone_can_be_started_from(kept: tuple[Lab, Kept], tmp_path: Path) -> None:
    """A finished run knows its classes: another one with the same classes starts from it after its photos were deleted."""
    lab, engine = kept
    engine.say("end", state="done", result=RESULT)
    source = lab.queue.start(QUICK.changed(dataset=plants(lab, tmp_path))).run
    until(lambda: engine.jobs[-1].run_id == source.id)
    engine.say("end", state="done", result=RESULT)
    lab.disk.delete_dataset("folder:plants")
    lab.queue.check(QUICK.changed(dataset=plants(lab, tmp_path, "others"), start_from=source.id))
    with pytest.raises(BadRecipe, match="dataset"):
        lab.queue.check(QUICK.changed(start_from=source.id))


def test_a_source_that_was_trained_on_is_started_from_anew(kept: tuple[Lab, Kept]) -> None:
    """A finished run is no answer to its recipe any more when the run whose weights it began with has others now."""
    lab, engine = kept
    done: dict[str, Any] = {
        "state": "done",
        "result": RESULT | {"classes": lab.data.classes_of("garden"), "confusion_matrix": None},
    }
    source = engine.jobs[0].run_id
    engine.say("end", **done)
    recipe = LONG.changed(start_from=source)
    first = lab.queue.start(recipe).run
    until(lambda: len(engine.jobs) == 2)
    engine.say("attempt", pid=1, warm=True)
    engine.say("end", **done)
    assert lab.queue.start(recipe).run.id == first.id
    leave_checkpoint(lab.home.run(source) / "attempt-1", epochs=1)
    lab.queue.go_on(source, epochs=3)
    until(lambda: len(engine.jobs) == 3)
    engine.say("attempt", pid=1, warm=True)
    engine.say("end", **done)
    assert lab.queue.start(recipe).run.id != first.id


def test_photos_of_another_content_are_trained_on_anew(open_lab: OpenLab, tmp_path: Path) -> None:
    """An equal recipe is not trained again, but one whose photos were replaced under the same name is."""
    lab = open_lab()
    recipe = QUICK.changed(dataset=plants(lab, tmp_path))
    first = lab.queue.start(recipe)
    assert lab.queue.start(recipe).run.id == first.run.id
    lab.queue.wait([first.run.id], every_s=0.01)
    lab.disk.delete_dataset(recipe.dataset)
    shutil.rmtree(tmp_path / "plants" / "b")
    for number in range(10):
        (tmp_path / "plants" / "b").mkdir(exist_ok=True)
        Image.new("RGB", (3, 3), (number, 1, 9)).save(tmp_path / "plants" / "b" / f"{number}.png")
    import_folder(tmp_path / "plants", lab.home.folders)
    assert not lab.queue.start(recipe).existing


def test_other_weights_that_come_with_flowerlab_are_trained_on_anew(
    open_lab: OpenLab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that began with the weights of an older version is not offered in place of one with this version's."""
    monkeypatch.setattr("flowerlab.architectures.pretrained.SHIPPED", tmp_path)
    lab = open_lab()
    recipe = QUICK.changed(architecture="vgg16_mini", weights="flowerlab", image_size=32)
    (tmp_path / "vgg16_mini.npz").write_bytes(b"old")
    first = lab.queue.start(recipe)
    assert lab.queue.start(recipe).run.id == first.run.id
    (tmp_path / "vgg16_mini.npz").write_bytes(b"newer")
    assert not lab.queue.start(recipe).existing
    assert lab.queue.start(recipe.changed(weights="none")).run.id == lab.queue.start(recipe.changed(weights="none")).run.id


def finished(kept: tuple[Lab, Kept], *, epochs: int, accuracies: tuple[float, ...], state: str = "done") -> Run:
    """A run with a result and a checkpoint behind some epochs."""
    lab, engine = kept
    engine.say("end", state="stopped", message="x")
    count = len(engine.jobs)
    run = lab.queue.start(QUICK.changed(epochs=epochs, patience=3)).run
    until(lambda: len(engine.jobs) > count)
    folder = lab.home.run(run.id) / "attempt-1"
    folder.mkdir()
    write_checkpoint(folder, checkpoint_at(state_of(*accuracies)))
    engine.say("end", state=state, result=RESULT | {"epochs_run": len(accuracies)})
    return lab.store.get(run.id)


def test_a_finished_run_trains_on(kept: tuple[Lab, Kept]) -> None:
    """It becomes the run that a longer recipe would have made, and keeps its model meanwhile; without a number it has nothing to do."""
    lab, engine = kept
    run = finished(kept, epochs=2, accuracies=(0.3, 0.5))
    with pytest.raises(BadInput, match="has trained all of its 2 epochs"):
        lab.queue.go_on(run.id)
    for wrong, told in ((0, "must be 1 or more"), (499, "epochs")):
        with pytest.raises(BadInput, match=told):
            lab.queue.go_on(run.id, epochs=wrong)
    assert lab.store.get(run.id) == run
    count = len(engine.jobs)
    lab.queue.go_on(run.id, epochs=3)
    until(lambda: len(engine.jobs) > count)
    job = engine.jobs[-1]
    assert (job.run_id, job.attempt, job.task, job.recipe.epochs, job.patience_from) == (run.id, 2, "train", 5, 0)
    assert lab.store.get(run.id).result == run.result
    assert lab.queue.equal_to(run.recipe.changed(epochs=5)) == lab.store.get(run.id)
    with pytest.raises(BadInput, match="goes on by itself"):
        lab.queue.go_on(run.id, epochs=1)


def test_a_run_that_ended_early_trains_on_with_new_patience(kept: tuple[Lab, Kept]) -> None:
    """It needs a number of epochs, and its patience counts from where it goes on."""
    lab, engine = kept
    run = finished(kept, epochs=9, accuracies=(0.5, 0.3, 0.3, 0.3))
    found = going_on(run, lab.home)
    assert (found.epochs_run, found.left, found.ended_early) == (4, 0, True)
    with pytest.raises(BadInput, match="ended early"):
        lab.queue.go_on(run.id)
    count = len(engine.jobs)
    lab.queue.go_on(run.id, epochs=2)
    until(lambda: len(engine.jobs) > count)
    assert (engine.jobs[-1].recipe.epochs, engine.jobs[-1].patience_from) == (6, 4)


def test_a_stopped_run_goes_on_to_its_end(kept: tuple[Lab, Kept]) -> None:
    """Without a number the epochs of its recipe that are left are trained, and a Stop from before is forgotten."""
    lab, engine = kept
    run = finished(kept, epochs=9, accuracies=(0.3, 0.5), state="stopped")
    count = len(engine.jobs)
    lab.queue.go_on(run.id)
    until(lambda: len(engine.jobs) > count)
    assert engine.jobs[-1].recipe.epochs == 9
    engine.stops.clear()
    lab.queue.stop(run.id)
    until(lambda: engine.stops == [run.id])


def test_a_run_whose_photos_changed_does_not_go_on(kept: tuple[Lab, Kept], settings: Settings) -> None:
    """With another garden than it was trained on it is refused in a sentence, and stays as it is."""
    lab, _ = kept
    run = finished(kept, epochs=2, accuracies=(0.3, 0.5))
    other = Lab(settings.model_copy(update={"garden_pictures": 70}), run_queue=False)
    with pytest.raises(BadInput, match="have changed"):
        other.queue.go_on(run.id, epochs=3)
    other.close()
    assert lab.store.get(run.id) == run
