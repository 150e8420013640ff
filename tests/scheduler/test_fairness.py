"""Students take turns: nobody waits behind the many runs of another, nothing is lost or doubled, and the queue is bounded."""

from __future__ import annotations

import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flowerlab.engine import Job
from flowerlab.errors import BadInput, QueueFull
from flowerlab.experiments.lecture import start_lecture
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import End
from flowerlab.runs.run import Run, RunState
from flowerlab.scheduler.fairness import check_queue, check_student, in_turns, student_of_this_account
from flowerlab.settings import Settings
from flowerlab.store import Store
from tests.support.recipes import QUICK
from tests.support.waiting import until

STUDENTS = ("ana", "bia", "caio", "davi")


def begin_next(store: Store) -> Run:
    """Gives the next run its turn, as the owner of the queue does."""
    run = in_turns(store.queued(), store.turns())[0]
    store.begin_attempt(run.id)
    return run


def end(store: Store, run: Run, state: str = "done") -> None:
    """Ends a run's attempt."""
    assert store.append(End.model_validate({"run_id": run.id, "attempt": store.get(run.id).attempt, "state": state}))


def served(store: Store) -> list[str]:
    """Trains all that waits and returns the names in the order in which they had their turns."""
    names = []
    while store.queued():
        run = begin_next(store)
        names.append(run.name)
        end(store, run)
    return names


@pytest.fixture
def store(home: Home) -> Any:
    """An empty store."""
    opened = Store(home.store)
    yield opened
    opened.close()


def test_a_sweep_of_thirty_makes_nobody_wait(store: Store) -> None:
    """Thirty runs of one student, then one of another: that one is the second to be trained; each one's own keep their order."""
    for number in range(30):
        store.add(Recipe(seed=number), f"sweep {number}", student="ana")
    store.add(Recipe(seed=99), "bia", student="bia")
    order = served(store)
    assert order.index("bia") == 1
    assert [name for name in order if name != "bia"] == [f"sweep {number}" for number in range(30)]


def test_who_had_a_turn_last_comes_last(store: Store) -> None:
    """A new run of somebody who has just had a turn waits behind the first run of each other student."""
    store.add(Recipe(seed=1), "a1", student="ana")
    first = begin_next(store)
    for number, (name, student) in enumerate([("a2", "ana"), ("b1", "bia"), ("a3", "ana"), ("c1", "caio")]):
        store.add(Recipe(seed=number + 2), name, student=student)
    end(store, first)
    assert served(store) == ["b1", "c1", "a2", "a3"]


def test_a_run_waits_for_the_one_that_it_goes_on_from(store: Store) -> None:
    """C after B waits for B, also where B is another student's; meanwhile the next run of its student has the turn."""
    store.add(Recipe(seed=1), "b0", student="bia")
    b = store.add(Recipe(seed=2), "b", student="bia")
    store.add(Recipe(seed=3, start_from=b.id), "c", student="ana")
    store.add(Recipe(seed=4), "a", student="ana")
    assert served(store) == ["b0", "a", "b", "c"]


def test_an_interrupted_run_goes_on_first(store: Store) -> None:
    """A run whose turn it was goes on before all others; one that somebody has trained on waits for a new turn."""
    store.add(Recipe(seed=1), "a1", student="ana")
    store.add(Recipe(seed=2), "b1", student="bia")
    store.add(Recipe(seed=3), "a2", student="ana")
    first = begin_next(store)
    store.requeue(first.id, "The lab was closed.", died=False)
    assert [run.name for run in in_turns(store.queued(), store.turns())] == ["a1", "b1", "a2"]
    end(store, begin_next(store))
    store.go_on(first.id, first.recipe.changed(epochs=9), student="ana")
    assert served(store) == ["b1", "a2", "a1"]


def test_the_order_survives_a_restart(store: Store, home: Home) -> None:
    """Another process that opens the same home sees the same order."""
    for number in range(12):
        store.add(Recipe(seed=number), f"{number}", student=STUDENTS[number // 5])
    end(store, begin_next(store))
    with closing(Store(home.store)) as other:
        assert in_turns(other.queued(), other.turns()) == in_turns(store.queued(), store.turns())


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["submit", "submit", "submit", "begin", "begin", "stop", "requeue", "go on"]),
        st.integers(0, len(STUDENTS) - 1),
        st.integers(0, 30),
    ),
    max_size=40,
)


@settings(max_examples=60)
@given(actions=ACTIONS)
def test_nobody_waits_longer_than_their_share(actions: list[tuple[str, int, int]]) -> None:
    """Whatever is asked for, stopped, ended or interrupted in whatever order: while a run waits, so many others have their turn at
    most as there are students for each of its student's runs up to it; and each run is trained once or stopped, none lost."""
    with tempfile.TemporaryDirectory() as folder, closing(Store(Path(folder) / "runs.sqlite3")) as store:
        turns_left: dict[str, int] = {}
        had_turn: list[str] = []
        stopped: set[str] = set()
        asked = 0

        def note(run: Run) -> None:
            own = sum(other.student == run.student for other in store.queued())
            turns_left[run.id] = own * len(STUDENTS)

        def begin() -> Run:
            run = begin_next(store)
            if not run.turn:
                had_turn.append(run.id)
                assert turns_left.pop(run.id) > 0
                for waiting in turns_left:
                    turns_left[waiting] -= 1
                    assert turns_left[waiting] > 0, "It waits longer than its share."
            return run

        for action, who, number in actions:
            waiting = store.queued()
            if action == "submit":
                source = number % 3 == 0 and waiting and waiting[number % len(waiting)].student == STUDENTS[who]
                start_from = waiting[number % len(waiting)].id if source else None
                note(store.add(Recipe(seed=asked, start_from=start_from), f"{asked}", student=STUDENTS[who]))
                asked += 1
            elif action == "begin" and waiting:
                end(store, begin(), "failed" if number % 4 == 0 else "done")
            elif action == "requeue" and waiting:
                store.requeue(begin().id, "The trainer died.", died=True)
            elif action == "stop" and waiting:
                run = waiting[number % len(waiting)]
                if store.request_stop(run.id) is RunState.STOPPING:
                    # It has left something behind, which is saved outside of its turn.
                    end(store, run, "stopped")
                stopped.add(run.id)
                turns_left.pop(run.id, None)
            elif action == "go on" and (over := [run for run in store.all() if run.state.over]):
                again = over[number % len(over)]
                stopped.discard(again.id)
                if again.id in had_turn:
                    had_turn.remove(again.id)
                store.go_on(again.id, again.recipe, student=STUDENTS[who])
                note(store.get(again.id))
        while store.queued():
            end(store, begin())
        assert len(had_turn) == len(set(had_turn))
        assert set(had_turn) | stopped == {run.id for run in store.all()}
        assert len(store.all()) == asked


def test_the_queue_is_bounded(settings: Settings) -> None:
    """One run over a bound is refused with one sentence that names the bound, and nothing changes; 0 is no bound."""
    waiting = [Run(f"{n:012}", n, "run", Recipe(), RunState.QUEUED, 0, 0, None, None, "", 0, None, student="ana") for n in range(6)]
    few = settings.model_copy(update={"queue_limit": 7, "queue_limit_per_student": 6})
    check_queue(waiting, "bia", few)
    with pytest.raises(QueueFull, match=r"at most 6 of one student.*FLOWERLAB_QUEUE_LIMIT_PER_STUDENT"):
        check_queue(waiting, "ana", few)
    with pytest.raises(QueueFull, match=r"at most 6 runs that wait.*FLOWERLAB_QUEUE_LIMIT "):
        check_queue(waiting, "bia", few.model_copy(update={"queue_limit": 6}))
    check_queue(waiting, "ana", few.model_copy(update={"queue_limit": 0, "queue_limit_per_student": 0}))


class Held:
    """An engine that keeps what it gets."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []

    def submit(self, job: Job) -> None:
        """See `Engine.submit`."""
        self.jobs.append(job)

    def stop(self, run_id: str) -> None:
        """See `Engine.stop`."""
        raise AssertionError(run_id)

    def slots(self) -> tuple[int, int]:
        """See `Engine.slots`."""
        return min(1, len(self.jobs)), 1

    def close(self) -> None:
        """See `Engine.close`."""


@pytest.fixture
def full(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A lab that trains one run for ever, with room for four more, two of each student."""
    engine = Held()
    monkeypatch.setattr(Lab, "_make_engine", lambda lab, sink: engine)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.01)
    lab = Lab(settings.model_copy(update={"queue_limit": 4, "queue_limit_per_student": 2}))
    until(lambda: lab.owns_queue)
    lab.queue.start(QUICK, student="teacher")
    until(lambda: len(engine.jobs) == 1)
    yield lab
    lab.close()


def test_a_start_over_the_bound_changes_nothing(full: Lab) -> None:
    """The third waiting run of a student is refused, an equal one is still found, and other students are let in; a group is
    queued whole or not at all, also by the command line beside it."""
    runs = [full.queue.start(QUICK.changed(seed=seed), student="ana").run for seed in (1, 2)]
    with pytest.raises(QueueFull):
        full.queue.start(QUICK.changed(seed=3), student="ana")
    assert full.queue.start(QUICK.changed(seed=2), student="ana").existing
    with pytest.raises(QueueFull):
        start_lecture(full, shared={"image_size": 72}, student="bia")
    with closing(Lab(full.settings, run_queue=False)) as other:

        def sweep() -> None:
            with other.queue.batch("cli") as batch:
                for seed in (5, 6, 7):
                    batch.start(QUICK.changed(seed=seed))

        with pytest.raises(QueueFull):
            sweep()
    assert [run.id for run in full.store.queued()] == [run.id for run in runs]
    full.queue.start(QUICK.changed(seed=4), student="bia")
    assert {run.student for run in full.store.queued()} == {"ana", "bia"}


def test_the_place_is_the_real_one(full: Lab) -> None:
    """`RunQueue.place` counts the runs that really go before, in this process and in another."""
    first, second = (full.queue.start(QUICK.changed(seed=seed), student="ana").run for seed in (1, 2))
    third = full.queue.start(QUICK.changed(seed=3), student="bia").run
    with closing(Lab(full.settings, run_queue=False)) as other:
        for lab in (full, other):
            assert [lab.queue.place(run) for run in (first, third, second)] == [1, 2, 3]


def test_no_run_begins_while_others_are_queued_with_it(full: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a batch of another process the owner begins nothing; behind it, it does."""
    assert full.scheduler is not None
    engine = full.scheduler.engine
    assert isinstance(engine, Held)
    with closing(Lab(full.settings, run_queue=False)) as other:
        with other.queue.batch("cli") as batch:
            run = batch.start(QUICK.changed(seed=8)).run
            engine.jobs.clear()
            with pytest.raises(AssertionError):
                until(lambda: bool(engine.jobs), within_s=0.2)
        until(lambda: [job.run_id for job in engine.jobs] == [run.id])


@pytest.mark.parametrize("name", ["", "  ", "x" * 81, "a\u0007"])
def test_a_bad_name_of_a_student_is_a_sentence(name: str) -> None:
    """What cannot be shown is refused; the account's own name always can."""
    with pytest.raises(BadInput, match=r"--student .*Received: "):
        check_student(name)
    assert check_student(student_of_this_account()) == student_of_this_account()
