"""The store: runs and their states."""

from __future__ import annotations

import gc
import sqlite3
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from flowerlab.errors import BadName, StoreUnusable, UnknownRun
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import from_record
from flowerlab.runs.run import RunState
from flowerlab.store import Store, check_store
from flowerlab.store.history_reader import HISTORIES_KEPT
from flowerlab.store.schema import SCHEMA_VERSION
from tests.support.events import RESULT, START


@pytest.fixture
def store(home: Home) -> Iterator[Store]:
    """An empty store."""
    opened = Store(home.store)
    yield opened
    opened.close()


def say(store: Store, run_id: str, attempt: int, kind: str, **fields: Any) -> bool:
    """Appends one event."""
    return store.append(from_record({"run_id": run_id, "attempt": attempt, "kind": kind, **fields}))


def test_a_run_goes_through_its_states(store: Store) -> None:
    """The state follows from the events alone, and the result comes with the last of them."""
    run = store.add(Recipe(), "Handmade #{number}")
    assert (run.name, run.state) == ("Handmade #1", RunState.QUEUED)
    attempt = store.begin_attempt(run.id)
    states = []
    for kind, fields in [
        ("attempt", {"pid": 1, "warm": False}),
        ("preparing", {"step": "x", "done": 0, "total": 1}),
        ("start", START),
        ("epoch", {"epoch": 0, "loss": 1, "accuracy": 0.5, "val_loss": 1, "val_accuracy": 0.5, "seconds": 1}),
        ("evaluating", {"done": 0, "total": 2}),
        ("end", {"state": "done", "result": RESULT}),
    ]:
        assert say(store, run.id, attempt, kind, **fields)
        states.append(store.get(run.id).state.value)
    assert states == ["preparing", "preparing", "training", "training", "evaluating", "done"]
    result = store.get(run.id).result
    assert result is not None
    assert result.test_accuracy == 0.5


def test_old_attempts_are_refused(store: Store) -> None:
    """A trainer that was superseded cannot write into a run that moved on, nor into one that is over."""
    run = store.add(Recipe(), "run")
    first = store.begin_attempt(run.id)
    second = store.begin_attempt(run.id)
    assert not say(store, run.id, first, "start", **START)
    assert say(store, run.id, second, "end", state="failed", message="no")
    assert not say(store, run.id, second, "start", **START)
    assert store.get(run.id).state is RunState.FAILED


def test_stop_means_what_the_state_says(store: Store) -> None:
    """A queued run stops at once, a live one becomes stopping, one that is over stays as it is."""
    queued, live, over = (store.add(Recipe(seed=seed), "run") for seed in range(3))
    say(store, live.id, store.begin_attempt(live.id), "start", **START)
    say(store, over.id, store.begin_attempt(over.id), "end", state="done", result=RESULT)
    assert store.request_stop(queued.id) is RunState.STOPPED
    assert store.request_stop(live.id) is RunState.STOPPING
    assert store.request_stop(over.id) is RunState.DONE
    assert store.get(live.id).stop_requests == 1
    assert say(store, live.id, 1, "batch", epoch=0, batch=1, loss=1, accuracy=0)
    assert store.get(live.id).state is RunState.STOPPING


def test_a_run_without_a_trainer_waits_for_the_next_attempt(store: Store) -> None:
    """It is queued before those that came later, says what happened, counts deaths only, and its old trainer is not heard."""
    live, queued = store.add(Recipe(), "live"), store.add(Recipe(seed=1), "queued")
    attempt = store.begin_attempt(live.id)
    store.requeue(live.id, "The lab was closed.", died=False)
    waiting = store.get(live.id)
    assert (waiting.state, waiting.message, waiting.deaths) == (RunState.QUEUED, "The lab was closed.", 0)
    assert not say(store, live.id, attempt, "start", **START)
    assert [run.id for run in store.queued()] == [live.id, queued.id]
    store.requeue(live.id, "Not under way.", died=True)
    assert store.get(live.id).message == "The lab was closed."
    assert store.begin_attempt(live.id) == attempt + 1
    store.requeue(live.id, "It died.", died=True)
    assert store.get(live.id).deaths == 1


def test_stop_while_a_run_waits_for_its_next_attempt(store: Store) -> None:
    """It is stopping until what was left is saved; one with a model is stopped at once and keeps that."""
    begun, finished = store.add(Recipe(), "begun"), store.add(Recipe(seed=1), "finished")
    store.begin_attempt(begun.id)
    store.requeue(begun.id, "It died.", died=True)
    assert store.request_stop(begun.id) is RunState.STOPPING
    say(store, finished.id, store.begin_attempt(finished.id), "end", state="done", result=RESULT)
    assert store.go_on(finished.id, finished.recipe.changed(epochs=9))
    assert store.request_stop(finished.id) is RunState.STOPPED
    stopped = store.get(finished.id)
    assert stopped.result is not None
    assert "its model is the one of before" in stopped.message


def test_a_run_that_is_over_can_go_on(store: Store) -> None:
    """It waits behind the others with more epochs and its old result, which only a new one replaces."""
    run, other = store.add(Recipe(), "run", materials="m"), store.add(Recipe(seed=1), "other")
    assert not store.go_on(run.id, run.recipe)
    say(store, run.id, store.begin_attempt(run.id), "start", **START)
    store.request_stop(run.id)
    say(store, run.id, 1, "end", state="stopped", message="Stopped after 1 epoch.", result=RESULT)
    more = run.recipe.changed(epochs=9)
    assert store.go_on(run.id, more)
    waiting = store.get(run.id)
    assert (waiting.state, waiting.recipe, waiting.message, waiting.stop_requests) == (RunState.QUEUED, more, "", 0)
    assert waiting.ended_s is None
    assert waiting.result is not None
    assert [one.id for one in store.queued()] == [other.id, run.id]
    say(store, run.id, store.begin_attempt(run.id), "end", state="failed", message="The disk is full.")
    failed = store.get(run.id)
    assert (failed.state, failed.result) == (RunState.FAILED, waiting.result)
    store.go_on(run.id, more)
    say(store, run.id, store.begin_attempt(run.id), "end", state="done", result=RESULT | {"epochs_run": 9})
    done = store.get(run.id).result
    assert done is not None
    assert done.epochs_run == 9


def test_a_run_that_went_on_equals_what_it_has_become(store: Store) -> None:
    """It is found by its recipe with more epochs; but not when it was trained on after its patience had run out."""
    run = store.add(Recipe(), "run", materials="m")
    more = run.recipe.changed(epochs=9)
    for patience_from, found in ((0, run.id), (4, None)):
        say(store, run.id, store.begin_attempt(run.id), "end", state="done", result=RESULT)
        store.go_on(run.id, more, patience_from=patience_from)
        assert store.equal_to(run.recipe, materials="m") is None
        equal = store.equal_to(more, materials="m")
        assert (equal and equal.id) == found
        assert store.materials(run.id) == "m"
    assert store.get(run.id).patience_from == 4


def test_equal_recipes_are_found(store: Store) -> None:
    """An equal recipe that waits, runs or is done is found; one that failed is not."""
    run = store.add(Recipe(), "run")
    assert store.equal_to(Recipe()) == run
    assert store.equal_to(Recipe(seed=7)) is None
    say(store, run.id, store.begin_attempt(run.id), "end", state="failed")
    assert store.equal_to(Recipe()) is None


def test_names_and_ids_are_checked(store: Store) -> None:
    """A name must be showable; an id that is none, or hostile, is an unknown run."""
    run = store.add(Recipe(), "run")
    store.rename(run.id, "  my   best run ")
    assert store.get(run.id).name == "my best run"
    for name in ("", "   ", "x" * 81, "bell\x07"):
        with pytest.raises(BadName, match="Received"):
            store.rename(run.id, name)
    for run_id in ("", "../../etc", "f" * 12, run.id.upper() + " ", "' OR 1=1 --"):
        with pytest.raises(UnknownRun):
            store.get(run_id)
    store.delete(run.id)
    with pytest.raises(UnknownRun):
        store.delete(run.id)


def test_two_processes_may_open_a_new_home_at_once(home: Home) -> None:
    """A second store on the same file finds the tables and sees the first one's runs."""
    first, second = Store(home.store), Store(home.store)
    run = first.add(Recipe(), "run")
    assert second.get(run.id) == run
    first.close()
    second.close()


def test_a_curve_over_attempts_is_unbroken(store: Store) -> None:
    """What a dead attempt said behind its last checkpoint does not count, and the next one says again what counts."""
    run = store.add(Recipe(), "run")

    def epoch(attempt: int, number: int, loss: float) -> None:
        figures = {"accuracy": 0.5, "val_loss": 1, "val_accuracy": 0.5, "seconds": 1}
        say(store, run.id, attempt, "epoch", epoch=number, loss=loss, **figures)

    first = store.begin_attempt(run.id)
    say(store, run.id, first, "start", **START)
    for number in (0, 1, 2):
        epoch(first, number, 1.0)
    say(store, run.id, first, "batch", epoch=3, batch=1, loss=1, accuracy=0)
    store.requeue(run.id, "It died.", died=True)
    second = store.begin_attempt(run.id)
    say(store, run.id, second, "attempt", pid=1, warm=False)
    say(store, run.id, second, "start", **START, first_epoch=2)
    assert list(store.history(run.id).epochs) == [0, 1]
    for number, loss in ((0, 1.0), (1, 1.0), (2, 2.0)):
        epoch(second, number, loss)
    history = store.history(run.id)
    assert {number: epoch.loss for number, epoch in history.epochs.items()} == {0: 1.0, 1: 1.0, 2: 2.0}
    assert history.batches == []


def test_the_reader_adds_up_what_happened(store: Store) -> None:
    """Batches show progress inside an epoch, the best epoch is the first of equals, and a resumed epoch replaces its twin."""
    run = store.add(Recipe(), "run")
    attempt = store.begin_attempt(run.id)

    say(store, run.id, attempt, "start", **START)
    say(store, run.id, attempt, "batch", epoch=0, batch=2, loss=1, accuracy=0.4)
    assert store.history(run.id).progress() == pytest.approx(0.25)
    epoch = {"loss": 1, "accuracy": 0.5, "val_loss": 1, "seconds": 10}
    say(store, run.id, attempt, "epoch", epoch=0, val_accuracy=0.5, **epoch)
    history = store.history(run.id)
    assert history.progress() == pytest.approx(0.5)
    assert history.seconds_left() == pytest.approx(10)
    say(store, run.id, attempt, "epoch", epoch=1, val_accuracy=0.5, **epoch)
    assert store.history(run.id).best_epoch == 0
    say(store, run.id, attempt, "epoch", epoch=1, val_accuracy=0.9, **epoch)
    assert store.history(run.id).best_epoch == 1
    assert len(store.history(run.id).epochs) == 2


def test_a_new_home_may_be_opened_by_many_at_once(tmp_path: Path) -> None:
    """Whoever opens a new store while others do the same waits instead of failing; all write into one."""
    for attempt in range(12):
        together = threading.Barrier(6)

        def open_and_add(number: int, path: Path = tmp_path / f"{attempt}.sqlite3", together: threading.Barrier = together) -> None:
            together.wait()
            store = Store(path)
            store.add(Recipe(seed=number), "run")
            store.close()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(open_and_add, range(6)))
        store = Store(tmp_path / f"{attempt}.sqlite3")
        assert sorted(run.recipe.seed for run in store.all()) == list(range(6))
        store.close()


def test_threads_that_have_gone_hold_nothing_open(home: Home) -> None:
    """However many threads have read the store one after another, hardly more files are open than for one."""
    store = Store(home.store)
    process = psutil.Process()
    before = len(process.open_files())
    for _ in range(50):
        thread = threading.Thread(target=store.all)
        thread.start()
        thread.join()
    assert len(process.open_files()) <= before + 4
    store.close()


def test_of_two_who_add_equal_runs_one_finds_the_others(home: Home) -> None:
    """However many ask for an equal run at once, one is made; photos of another content make another."""
    store = Store(home.store)
    start = threading.Barrier(8)

    def ask(_: int) -> tuple[str, bool]:
        own = Store(home.store)
        start.wait()
        run, existing = own.add_unless_equal(Recipe(), "run", materials="garden-1")
        own.close()
        return run.id, existing

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, range(8)))
    assert len({run_id for run_id, _ in answers}) == 1
    assert [existing for _, existing in answers].count(False) == 1
    assert store.equal_to(Recipe(), materials="garden-2") is None
    assert not store.add_unless_equal(Recipe(), "run", materials="garden-2")[1]
    assert len(store.all()) == 2
    store.close()


def test_a_history_does_not_change_under_its_reader(store: Store) -> None:
    """What was read stays as it was while the run goes on."""
    run = store.add(Recipe(), "run")
    attempt = store.begin_attempt(run.id)

    say(store, run.id, attempt, "start", **START)
    say(store, run.id, attempt, "batch", epoch=0, batch=1, loss=1, accuracy=0.5)
    before = store.history(run.id)
    say(store, run.id, attempt, "batch", epoch=0, batch=2, loss=1, accuracy=0.5)
    say(store, run.id, attempt, "epoch", epoch=0, loss=1, accuracy=0.5, val_loss=1, val_accuracy=0.5, seconds=1)
    after = store.history(run.id)
    assert (len(before.batches), len(before.epochs)) == (1, 0)
    assert (len(after.batches), len(after.epochs)) == (0, 1)


def damage(path: Path) -> None:
    """Makes a file of runs unreadable."""
    path.write_bytes(b"no database" * 1000)


def of_the_future(path: Path) -> None:
    """Makes a file of runs as a later Flowerlab would."""
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()


@pytest.mark.parametrize(("spoil", "told"), [(damage, "not a database"), (of_the_future, "newer Flowerlab")])
def test_a_file_that_cannot_be_used_is_told_in_a_sentence(home: Home, spoil: Callable[[Path], None], told: str) -> None:
    """A damaged file, or one of a newer version, is refused by name and not changed."""
    spoil(home.store)
    before = home.store.read_bytes()
    for use in (Store, check_store):
        with pytest.raises(StoreUnusable, match=told):
            use(home.store)
    assert home.store.read_bytes() == before


def test_a_lost_table_is_told_in_a_sentence(home: Home) -> None:
    """What SQLite says of a foreign file comes as our own error, from reading and writing alike."""
    connection = sqlite3.connect(home.store)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.close()
    store = Store(home.store)
    for use in (store.all, lambda: store.add(Recipe(), "run")):
        with pytest.raises(StoreUnusable, match="no such table"):
            use()
    store.close()


def test_a_run_that_is_stopping_is_not_given_for_an_equal_one(store: Store) -> None:
    """Whoever asks for a recipe that somebody else is just stopping gets a run of their own."""
    run = store.add(Recipe(), "run")
    store.begin_attempt(run.id)
    assert store.equal_to(Recipe()) is not None
    assert store.request_stop(run.id) is RunState.STOPPING
    assert store.equal_to(Recipe()) is None


def test_closing_waits_for_who_is_at_work(tmp_path: Path) -> None:
    """A store that is closed while other threads use it ends no process: SQLite's memory would be freed under their hands."""
    program = """
import sys, threading
from pathlib import Path
from flowerlab.errors import FlowerlabError
from flowerlab.recipe.recipe import Recipe
from flowerlab.store import Store

store = Store(Path(sys.argv[1]))
for seed in range(20):
    store.add(Recipe(seed=seed), "run")
closed = threading.Event()

def use(number):
    seed = 0
    while not closed.is_set():
        seed += 1
        try:
            store.all() if number % 2 else store.add(Recipe(seed=seed + 1000 * number), "run")
        except FlowerlabError:
            pass

threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for _ in range(2000):
    store.close()
closed.set()
for thread in threads:
    thread.join()
store.close()
print("well")
"""
    outcome = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "runs.sqlite3")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert outcome.stdout == "well\n", outcome.stderr[-2000:]


def test_few_histories_are_kept_in_memory(store: Store) -> None:
    """Of hundreds of runs those looked at last are kept; another one is read anew, and is the same."""
    runs = [store.add(Recipe(seed=seed), "run").id for seed in range(HISTORIES_KEPT + 5)]

    first = store.history(runs[0])
    for run_id in runs:
        store.history(run_id)
    assert list(store._histories._histories) == runs[5:]
    assert store.history(runs[0]) == first


def test_a_run_that_did_not_change_is_read_once(store: Store) -> None:
    """All who look share one object of a run, however they ask; one that changed is another, and one that was deleted is let go."""
    first, second = store.add(Recipe(), "first"), store.add(Recipe(seed=1), "second")
    say(store, first.id, store.begin_attempt(first.id), "end", state="done", message="", result=RESULT)
    before = {run.id: run for run in store.all()}
    assert store.get(first.id) is store.latest_ends()[0] is before[first.id]
    assert store.queued()[0] is before[second.id]
    store.rename(first.id, "renamed")
    after = {run.id: run for run in store.all()}
    assert (after[first.id].name, before[first.id].name) == ("renamed", "first")
    assert after[second.id] is before[second.id]
    gone = weakref.ref(store.get(second.id))
    store.delete(second.id)
    del before, after, second
    store.all()
    gc.collect()
    assert gone() is None


def test_what_is_not_over_is_told_at_once(store: Store) -> None:
    """Runs that a trainer has come before those that wait, each in the order of their numbers; what is over is not told."""
    runs = [store.add(Recipe.parse({"seed": seed}), f"run {seed}") for seed in range(4)]
    assert [run.id for run in store.unfinished()] == [run.id for run in runs]
    store.begin_attempt(runs[2].id)
    store.begin_attempt(runs[0].id)
    store.append(from_record({"kind": "end", "run_id": runs[0].id, "attempt": 1, "state": "failed", "message": "no"}))
    assert [run.id for run in store.unfinished()] == [runs[2].id, runs[1].id, runs[3].id]
    assert [run.state.live for run in store.unfinished()] == [True, False, False]
