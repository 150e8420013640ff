"""Who runs the queue, and what a lab does with runs and photos. Runs are scripted here (engine `fake`)."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from flowerlab.datasets.garden import Garden
from flowerlab.datasets.gather import gather
from flowerlab.datasets.import_folder import import_folder
from flowerlab.datasets.prepared import prepare
from flowerlab.disk import retention as cleaning
from flowerlab.disk.retention import cleanings
from flowerlab.engine import Job, Sink
from flowerlab.engine.fake import FakeEngine
from flowerlab.engine.local import LocalEngine
from flowerlab.engine.process import TrainerProcess
from flowerlab.errors import BadFolder, BadInput, BadRecipe, FlowerlabError
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.checkpoints import write_checkpoint
from flowerlab.runs.events import from_record
from flowerlab.runs.resume import going_on
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler import checkpoint_budget
from flowerlab.scheduler.scheduler import LOOK_S, Scheduler
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.checkpoints import WEIGHTS_BYTES, checkpoint_at, leave_checkpoint, state_of
from tests.support.events import RESULT, START
from tests.support.recipes import QUICK
from tests.support.runs import add_finished
from tests.support.waiting import until

LONG = Recipe(image_size=72, epochs=500, patience=500)
OpenLab = Callable[[], Lab]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scripted runs and the owner's looks without long pauses."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.002)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.01)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.AGAIN_S", 0.02)


@pytest.fixture
def open_lab(settings: Settings) -> Iterator[OpenLab]:
    """Opens labs on one home, as several processes would, and closes them at the end."""
    labs: list[Lab] = []

    def opened() -> Lab:
        lab = Lab(settings.model_copy(update={"engine": "fake"}))
        labs.append(lab)
        return lab

    yield opened
    for lab in labs:
        lab.close()


def owner_of(lab: Lab) -> Lab:
    """Waits until a lab runs the queue."""
    until(lambda: lab.owns_queue)
    return lab


def begun(lab: Lab, recipe: Recipe, name: str = "run") -> Run:
    """Starts a run and waits until it trains."""
    run = lab.queue.start(recipe, name=name, again=True).run
    until(lambda: lab.store.get(run.id).state is RunState.TRAINING)
    return run


def plants(lab: Lab, where: Path, name: str = "plants") -> str:
    """Imports a small set of photos, other ones for each name."""
    for number in range(20):
        path = where / name / "ab"[number % 2] / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        file = io.BytesIO()
        Image.new("RGB", (2, 2), (number, 9 * "plants others".index(name), 9)).save(file, "PNG")
        path.write_bytes(file.getvalue())
    import_folder(where / name, lab.home.folders)
    return f"folder:{name}"


def test_one_of_two_owns_the_queue(open_lab: OpenLab) -> None:
    """Of two labs on one home the first owns the queue, and trains the runs that the second asks for."""
    first = owner_of(open_lab())
    second = open_lab()
    run = second.queue.start(QUICK).run
    second.queue.wait([run.id], every_s=0.01)
    assert second.store.get(run.id).state is RunState.DONE
    assert first.owns_queue
    assert not second.owns_queue
    assert second.store.get(run.id).attempt == 1


def test_a_stop_from_the_other_lab_reaches_the_run(open_lab: OpenLab) -> None:
    """A run that one lab trains can be stopped from another."""
    first = owner_of(open_lab())
    second = open_lab()
    run = begun(first, LONG)
    until(lambda: len(second.store.history(run.id).epochs) > 0)
    second.queue.stop(run.id)
    second.queue.wait([run.id], every_s=0.01)
    ended = second.store.get(run.id)
    assert ended.state is RunState.STOPPED
    assert ended.result is not None


def test_the_next_takes_over_when_the_owner_closes(open_lab: OpenLab) -> None:
    """When the owner closes, the other lab takes the queue: the run under way goes on there as its next attempt, then the rest."""
    first = owner_of(open_lab())
    second = open_lab()
    under_way = begun(first, LONG.changed(epochs=30), "under way")
    waiting = [second.queue.start(QUICK.changed(seed=seed), name=f"waiting {seed}").run for seed in (1, 2)]
    first.close()
    second.queue.wait([under_way.id, *(run.id for run in waiting)], every_s=0.01)
    assert second.owns_queue
    assert [second.store.get(run.id).state for run in (under_way, *waiting)] == [RunState.DONE] * 3
    ended = second.store.get(under_way.id)
    assert (ended.attempt, ended.deaths) == (2, 0)
    assert len(second.store.history(under_way.id).epochs) == 30


def test_no_run_stays_under_way_without_an_owner(open_lab: OpenLab) -> None:
    """A closing owner has its run wait; a run whose owner was killed goes on with the next one, which counts the death."""
    lab = owner_of(open_lab())
    run = begun(lab, LONG)
    lab.close()
    store = Store(lab.home.store)
    waiting = store.get(run.id)
    assert (waiting.state, waiting.deaths) == (RunState.QUEUED, 0)
    store.delete(run.id)
    orphan = store.add(QUICK, "orphan")
    store.begin_attempt(orphan.id)
    after = owner_of(open_lab())
    after.queue.wait([orphan.id], every_s=0.01)
    ended = store.get(orphan.id)
    assert (ended.state, ended.attempt, ended.deaths) == (RunState.DONE, 2, 1)
    store.close()


def test_runs_are_trained_in_their_order(open_lab: OpenLab) -> None:
    """Runs begin one after the other, the oldest first."""
    lab = open_lab()
    runs = [lab.queue.start(QUICK.changed(seed=seed)).run for seed in range(3)]
    lab.queue.wait([run.id for run in runs], every_s=0.01)
    times = [(lab.store.get(run.id).started_s, lab.store.get(run.id).ended_s) for run in runs]
    flat = [moment for pair in times for moment in pair if moment is not None]
    assert len(flat) == 6
    assert flat == sorted(flat)


def test_a_lab_that_only_looks_never_owns(open_lab: OpenLab, settings: Settings) -> None:
    """A lab opened without the queue leaves it, even when nobody else is there."""
    looking = Lab(settings.model_copy(update={"engine": "fake"}), run_queue=False)
    run = looking.queue.start(QUICK).run
    time.sleep(0.1)
    assert not looking.owns_queue
    assert looking.store.get(run.id).state is RunState.QUEUED
    lab = open_lab()
    looking.queue.wait([run.id], every_s=0.01)
    assert lab.owns_queue
    looking.close()


def test_finishing_begins_nothing_new(open_lab: OpenLab) -> None:
    """Finishing what is under way waits for that run's end, and leaves waiting runs to whoever comes next."""
    lab = owner_of(open_lab())
    under_way = begun(lab, QUICK.changed(epochs=10), "under way")
    waiting = lab.queue.start(QUICK.changed(seed=1), name="waiting").run
    assert lab.scheduler is not None
    lab.scheduler.finish_under_way()
    assert lab.store.get(under_way.id).state is RunState.DONE
    time.sleep(0.1)
    assert lab.store.get(waiting.id).state is RunState.QUEUED
    lab.close()
    after = open_lab()
    after.queue.wait([waiting.id], every_s=0.01)
    assert after.store.get(waiting.id).state is RunState.DONE


def test_a_run_waits_for_the_one_that_it_starts_from(open_lab: OpenLab) -> None:
    """A run that goes on from a waiting one begins when that has its model."""
    lab = open_lab()
    source = lab.queue.start(QUICK, name="source").run
    run = lab.queue.start(QUICK.changed(start_from=source.id, seed=1), name="goes on").run
    lab.queue.wait([run.id], every_s=0.01)
    first, second = lab.store.get(source.id), lab.store.get(run.id)
    assert (first.state, second.state) == (RunState.DONE, RunState.DONE)
    assert first.ended_s is not None
    assert second.started_s is not None
    assert first.ended_s <= second.started_s


@pytest.mark.parametrize("end", ["stopped while it waited", "interrupted", "deleted"])
def test_a_run_whose_source_gets_no_model_fails(open_lab: OpenLab, end: str) -> None:
    """If the run that it starts from ends without a model, or goes, a run fails with a sentence and the queue goes on."""
    first = owner_of(open_lab())
    second = open_lab()
    blocking = begun(first, LONG, "blocking")
    source = first.queue.start(LONG.changed(seed=1), name="my source").run
    run = first.queue.start(LONG.changed(start_from=source.id, seed=2), name="goes on").run
    behind = first.queue.start(QUICK, name="behind").run
    if end.startswith("stopped"):
        first.queue.stop(source.id)
    else:
        # Flowerlab itself refuses the one, and takes three deaths for the other: somebody else has changed the file.
        change = "DELETE FROM runs" if end == "deleted" else "UPDATE runs SET state = 'interrupted'"
        with contextlib.closing(sqlite3.connect(first.home.store)) as other:
            other.execute(f"{change} WHERE id = ?", (source.id,))
            other.commit()
    first.queue.stop(blocking.id)
    first.queue.stop(blocking.id)
    second.queue.wait([run.id, behind.id], every_s=0.01)
    failed = second.store.get(run.id)
    assert failed.state is RunState.FAILED
    assert "has no model. Train that one first" in failed.message
    assert (source.id if end == "deleted" else "my source") in failed.message
    assert second.store.get(behind.id).state is RunState.DONE


def test_photos_that_a_run_needs_are_not_deleted(open_lab: OpenLab, tmp_path: Path) -> None:
    """While a run trains on photos or waits to, they stay; when it is over they can go."""
    lab = owner_of(open_lab())
    dataset = plants(lab, tmp_path)
    others = plants(lab, tmp_path, "others")
    live = begun(lab, LONG.changed(dataset=dataset), "live")
    waiting = lab.queue.start(QUICK.changed(dataset=dataset), name="waiting").run
    with pytest.raises(BadInput, match="'live' trains on these photos"):
        lab.disk.delete_dataset(dataset)
    lab.disk.delete_dataset(others)
    second = lab.queue.start(LONG, name="other").run
    lab.queue.stop(live.id)
    lab.queue.stop(live.id)
    until(lambda: lab.store.get(live.id).state.over)
    lab.queue.wait([waiting.id], every_s=0.01)
    third = lab.queue.start(QUICK.changed(dataset=dataset, seed=5), name="still waiting").run
    with pytest.raises(BadInput, match="'still waiting' trains on these photos or waits to"):
        lab.disk.delete_dataset(dataset)
    assert (lab.home.folders / "plants" / "a" / "00.png").exists()
    lab.queue.stop(third.id)
    lab.disk.delete_dataset(dataset)
    assert list(lab.home.folders.iterdir()) == []
    lab.queue.stop(second.id)


def test_deleting_photos_deletes_what_was_made_of_them(open_lab: OpenLab, tmp_path: Path) -> None:
    """Folder, gathered photos and arrays of all sizes go; those of other photos and the runs stay."""
    lab = open_lab()
    kept = {}
    for name in ("plants", "others"):
        dataset = plants(lab, tmp_path, name)
        originals = gather(lab.home, dataset, Garden(60))
        keys = [prepare(lab.home, originals, dataset, image_size=size, resize="squash").key for size in (8, 9)]
        kept[name] = (originals.folder.name, keys)
    run = lab.queue.start(QUICK.changed(dataset="folder:plants")).run
    lab.queue.wait([run.id], every_s=0.01)
    lab.disk.delete_dataset("folder:plants")
    assert [path.name for path in lab.home.folders.iterdir()] == ["others"]
    assert [path.name for path in lab.home.originals.iterdir()] == [kept["others"][0]]
    assert {path.name for path in lab.home.prepared.iterdir()} == set(kept["others"][1])
    assert lab.store.get(run.id).result is not None
    assert (tmp_path / "plants" / "a" / "00.png").exists()
    with pytest.raises(BadFolder, match="Received: 'plants'"):
        lab.disk.delete_dataset("folder:plants")


def test_photos_that_were_never_gathered_can_be_deleted(open_lab: OpenLab, tmp_path: Path) -> None:
    """A set that nobody trained on or looked at goes as well."""
    lab = open_lab()
    lab.disk.delete_dataset(plants(lab, tmp_path))
    assert list(lab.home.folders.iterdir()) == []


class Kept:
    """An engine that does nothing: the test says what happens to the jobs that it was given."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.jobs: list[Job] = []
        self.stops: list[str] = []

    def submit(self, job: Job) -> None:
        """Keeps the job."""
        self.jobs.append(job)

    def stop(self, run_id: str) -> None:
        """Only notes it, as a frozen trainer would."""
        self.stops.append(run_id)

    def slots(self) -> tuple[int, int]:
        """Always has room for one."""
        return 0, 1

    def close(self) -> None:
        """Has nothing to end."""

    end_left_over = staticmethod(LocalEngine.end_left_over)

    def say(self, kind: str, **fields: Any) -> None:
        """Says an event of the newest job."""
        job = self.jobs[-1]
        self.sink(from_record({"run_id": job.run_id, "attempt": job.attempt, "kind": kind, **fields}))

    def killed(self) -> None:
        """The trainer of the newest job was killed."""
        self.say("end", state="interrupted", message="The trainer was ended by signal 9 in the middle of the run.")


@pytest.fixture
def kept(open_lab: OpenLab, monkeypatch: pytest.MonkeyPatch) -> tuple[Lab, Kept]:
    """A lab whose engine does what the test says, with a run that trains."""
    made: list[Kept] = []

    def make(lab: Lab, sink: Sink) -> Kept:
        made.append(Kept(sink))
        return made[0]

    monkeypatch.setattr(Lab, "_make_engine", make)
    lab = owner_of(open_lab())
    lab.queue.start(LONG)
    until(lambda: len(made[0].jobs) == 1)
    made[0].say("attempt", pid=1, warm=True)
    return lab, made[0]


def test_a_stopped_run_whose_trainer_is_killed_is_finished(kept: tuple[Lab, Kept]) -> None:
    """Killed while it trained, a stopped run with a whole epoch is tested and saved; killed in that, it is only saved."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    leave_checkpoint(lab.home.run(run_id) / "attempt-1", epochs=3)
    lab.queue.stop(run_id)
    engine.killed()
    assert [job.task for job in engine.jobs] == ["train", "finish"]
    assert lab.store.get(run_id).state is RunState.STOPPING
    engine.killed()
    assert [job.task for job in engine.jobs] == ["train", "finish", "save"]
    assert [job.attempt for job in engine.jobs] == [1, 2, 3]
    engine.killed()
    ended = lab.store.get(run_id)
    assert (len(engine.jobs), ended.state) == (3, RunState.STOPPED)
    assert "could not be saved" in ended.message


def test_a_test_that_is_skipped_the_hard_way_costs_no_model(kept: tuple[Lab, Kept]) -> None:
    """Killed in a test that was to be skipped, a run is saved without one."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    leave_checkpoint(lab.home.run(run_id) / "attempt-1", epochs=3)
    engine.say("evaluating", done=0, total=9)
    lab.queue.stop(run_id)
    engine.killed()
    assert [job.task for job in engine.jobs] == ["train", "save"]
    assert not lab.store.get(run_id).state.over


def test_a_stopped_run_without_a_whole_epoch_ends(kept: tuple[Lab, Kept]) -> None:
    """Killed before the first whole epoch, a stopped run is over, and says that there is no model."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    lab.queue.stop(run_id)
    engine.killed()
    ended = lab.store.get(run_id)
    assert (len(engine.jobs), ended.state) == (1, RunState.STOPPED)
    assert "before the first whole epoch" in ended.message


def test_a_run_whose_trainer_dies_goes_on_twice(kept: tuple[Lab, Kept]) -> None:
    """Its trainer dead, a run gets a new attempt, twice; the third death interrupts it, and it says where it can go on."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    engine.killed()
    until(lambda: len(engine.jobs) == 2)
    assert "It goes on from the start" in lab.store.get(run_id).message
    leave_checkpoint(lab.home.run(run_id) / "attempt-2", epochs=3)
    engine.killed()
    until(lambda: len(engine.jobs) == 3)
    assert "signal 9 in the middle of the run. It goes on from epoch 4" in lab.store.get(run_id).message
    engine.killed()
    ended = lab.store.get(run_id)
    assert (ended.state, ended.deaths) == (RunState.INTERRUPTED, 2)
    assert "It can go on from epoch 4" in ended.message
    time.sleep(0.1)
    assert [(job.task, job.attempt) for job in engine.jobs] == [("train", 1), ("train", 2), ("train", 3)]


def test_what_a_dead_attempt_says_late_is_refused(kept: tuple[Lab, Kept]) -> None:
    """Between the death of a trainer and the next attempt, and after, nothing that the old one says is taken."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    late = from_record({"run_id": run_id, "attempt": 1, "kind": "end", "state": "done", "result": RESULT})
    with lab.queue.batch():
        engine.killed()
        assert lab.store.get(run_id).state is RunState.QUEUED
        engine.sink(late)
        assert lab.store.get(run_id).state is RunState.QUEUED
    until(lambda: len(engine.jobs) == 2)
    engine.sink(late)
    # The owner looks several times at what it has under way.
    time.sleep(3 * LOOK_S)
    assert lab.store.get(run_id).state is RunState.PREPARING
    assert len(engine.jobs) == 2


def test_a_run_that_waits_to_go_on_is_saved_when_it_is_stopped(kept: tuple[Lab, Kept]) -> None:
    """Stop while a run waits for its next attempt tests and saves what the one before left, and trains no more."""
    lab, engine = kept
    run_id = engine.jobs[0].run_id
    leave_checkpoint(lab.home.run(run_id) / "attempt-1", epochs=3)
    with lab.queue.batch():
        engine.killed()
        assert lab.queue.stop(run_id) is RunState.STOPPING
    until(lambda: len(engine.jobs) == 2)
    assert [job.task for job in engine.jobs] == ["train", "finish"]


def test_a_run_that_was_stopping_when_the_lab_was_killed_is_finished(
    open_lab: OpenLab, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next owner has what a stopping run had learnt tested and saved, without sending it the old Stop again."""
    made: list[Kept] = []
    monkeypatch.setattr(Lab, "_make_engine", lambda lab, sink: made.append(Kept(sink)) or made[-1])
    home = Home(settings.home).create()
    store = Store(home.store)
    run, bare = store.add(LONG, "run"), store.add(LONG, "bare")
    for one in (run, bare):
        store.begin_attempt(one.id)
        store.request_stop(one.id)
    leave_checkpoint(home.run(run.id) / "attempt-1", epochs=2)
    owner_of(open_lab())
    until(lambda: sum(len(engine.jobs) for engine in made) == 1)
    until(lambda: store.get(bare.id).state.over)
    (job,) = [job for engine in made for job in engine.jobs]
    assert (job.run_id, job.task, job.attempt) == (run.id, "finish", 2)
    assert "before the first whole epoch" in store.get(bare.id).message
    store.close()


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="Windows freezes no process")
@pytest.mark.parametrize(("said", "ended"), [("preparing", True), ("start", False)])
def test_what_was_frozen_while_it_prepared_does_not_hold_up_the_next(
    open_lab: OpenLab, settings: Settings, monkeypatch: pytest.MonkeyPatch, said: str, *, ended: bool
) -> None:
    """A trainer that a killed owner left, frozen before its training, may hold the locks that the next attempt waits for: it is ended."""
    made: list[Kept] = []
    monkeypatch.setattr(Lab, "_make_engine", lambda lab, sink: made.append(Kept(sink)) or made[-1])
    home = Home(settings.home).create()
    old = TrainerProcess("train", settings, home.log("old"))
    os.kill(old.pid, signal.SIGSTOP)
    try:
        store = Store(home.store)
        run = store.add(LONG, "run")
        attempt = store.begin_attempt(run.id)
        about = {"run_id": run.id, "attempt": attempt}
        store.append(from_record({**about, "kind": "attempt", "pid": old.pid, "warm": False}))
        if said == "start":
            store.append(from_record({**about, "kind": "start", **START}))
        owner_of(open_lab())
        until(lambda: sum(len(engine.jobs) for engine in made) == 1)
        assert old.alive is not ended
        store.close()
    finally:
        old.kill()


def test_a_take_over_that_fails_is_tried_again(
    open_lab: OpenLab, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """If the engine cannot be made at first, the same process takes the queue at the next beat."""
    refusals = [OSError(24, "Too many open files")] * 3

    def make(lab: Lab, sink: Sink) -> FakeEngine:
        if refusals:
            raise refusals.pop()
        return FakeEngine(sink)

    monkeypatch.setattr(Lab, "_make_engine", make)
    lab = owner_of(open_lab())
    assert refusals == []
    assert "Too many open files" in caplog.text
    run = lab.queue.start(QUICK).run
    lab.queue.wait([run.id], every_s=0.01)
    assert lab.store.get(run.id).state is RunState.DONE


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


def test_taking_over_sweeps_what_killed_processes_left(open_lab: OpenLab, settings: Settings) -> None:
    """Half-written folders and files of a day ago go when a lab takes the queue; fresh ones may still be written."""
    home = Home(settings.home).create()
    left = [home.prepared / ".key.x1.part", home.features / ".key.x2.part", home.weights / ".w.h5.part"]
    fresh = home.originals / ".garden.x3.part"
    for path in (*left[:2], fresh):
        path.mkdir()
        (path / "photos.npy").write_bytes(b"half")
    left[2].write_bytes(b"half")
    for path in left:
        os.utime(path, (time.time() - 2 * 86400,) * 2)
    owner_of(open_lab())
    assert not [path for path in left if path.exists()]
    assert fresh.exists()


def test_finished_runs_keep_only_so_much_to_be_trained_on(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit those that ended first lose their checkpoints, not their models, and it is told once; what is unfinished loses
    nothing."""
    made: list[Kept] = []
    monkeypatch.setattr(Lab, "_make_engine", lambda lab, sink: made.append(Kept(sink)) or made[-1])
    lab = owner_of(Lab(settings.model_copy(update={"checkpoints_gb": 2.5 * WEIGHTS_BYTES / 1e9})))
    try:
        ends = ("interrupted", "done", "stopped", "done")
        runs = []
        for number, state in enumerate(ends):
            runs.append(lab.queue.start(QUICK.changed(seed=number)).run)
            until(lambda: bool(made) and len(made[0].jobs) == len(runs))
            folder = lab.home.run(runs[-1].id)
            leave_checkpoint(folder / "attempt-1", epochs=1)
            (folder / "model.keras").write_bytes(b"model")
            ended = from_record({"run_id": runs[-1].id, "attempt": 1, "kind": "end", "state": state, "time_s": 100 + number})
            if state == "interrupted":
                lab.store.append(ended)
            else:
                made[0].say("end", state=state, result=RESULT, time_s=100 + number)
        kept = [left_behind(lab.home.run(run.id)) is not None for run in runs]
        assert kept == [True, False, True, True]
        assert all((lab.home.run(run.id) / "model.keras").exists() for run in runs)
        assert [one.checkpoints for one in cleanings(lab.home)] == [(runs[1].name,)]
        with pytest.raises(BadInput, match="only its model was kept"):
            lab.queue.go_on(runs[1].id, epochs=2)
    finally:
        lab.close()


def test_a_full_disk_does_not_keep_checkpoints_that_should_go(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where there is no room to tell of it first, they go, and it is told then."""
    lab = owner_of(Lab(settings.model_copy(update={"engine": "fake"})))
    try:
        run = add_finished(lab.home, "mine")
        folder = lab.home.run(run.id) / "attempt-1"
        leave_checkpoint(folder, epochs=1)
        write = cleaning.replace_file

        def full(path: Path, data: bytes) -> None:
            if folder.exists():
                raise OSError(errno.ENOSPC, "No space left on device")
            write(path, data)

        monkeypatch.setattr(cleaning, "replace_file", full)
        checkpoint_budget.forget(lab.home, run, 10)
        assert left_behind(lab.home.run(run.id)) is None
        assert [one.checkpoints for one in cleanings(lab.home)] == [("mine",)]
    finally:
        lab.close()


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


def test_the_rule_is_kept_where_the_queue_is_run(monkeypatch: pytest.MonkeyPatch, settings: Settings, home: Home) -> None:
    """In time, again and again, only by the owner of the queue, also after an error; closed, no more."""
    monkeypatch.setattr("flowerlab.scheduler.scheduler.CLEAN_FIRST_AFTER_S", 0.001)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.CLEAN_EVERY_S", 0.001)
    done: list[str] = []

    def cleaning_by(name: str) -> Callable[[], None]:
        def clean() -> None:
            done.append(name)
            if len(done) == 1:
                raise FlowerlabError("once")

        return clean

    store = Store(home.store)
    owner = Scheduler(store, home, settings, lambda sink: FakeEngine(sink), clean=cleaning_by("owner"))
    until(lambda: owner.owns)
    beside = Scheduler(store, home, settings, lambda sink: FakeEngine(sink), clean=cleaning_by("beside"))
    until(lambda: len(done) > 2)
    beside.close()
    owner.close()
    time.sleep(0.05)
    count = len(done)
    time.sleep(0.05)
    assert len(done) == count
    assert set(done) == {"owner"}
    store.close()
