"""Whose turn it is: students take turns, each student's own runs keep their order, and the queue is bounded.

Who asked for a run is told apart by a short text that stays the same as long as a student uses one browser, or one account of a
machine on the command line. No name is asked for.
"""

from __future__ import annotations

import getpass
import platform
from collections.abc import Mapping, Sequence

from flowerlab.errors import BadInput, QueueFull
from flowerlab.runs.run import MAX_NAME, Run, checked_line
from flowerlab.settings import Settings, variable_of


def in_turns(waiting: Sequence[Run], last_turns: Mapping[str, int]) -> list[Run]:
    """Returns the runs that wait, the next one first.

    A run whose turn it was already, and which was interrupted, goes on before all others. Then each student has one run after the
    other: who has waited longest since the last turn comes first. A run that starts from another one that waits comes after it;
    until then the next run of its student takes its place.

    Args:
        waiting: In the order in which they were asked for.
        last_turns: When each student last had a turn, see `Store.turns`.
    """
    order = sorted((run for run in waiting if run.turn), key=lambda run: run.turn)
    own: dict[str, list[Run]] = {}
    for run in waiting:
        if not run.turn:
            own.setdefault(run.student, []).append(run)
    last, now = dict(last_turns), max(last_turns.values(), default=0)
    # Runs that others may have to wait for.
    ahead = {run.id for runs in own.values() for run in runs}
    while own:
        ready = {student: _first_ready(runs, ahead) for student, runs in own.items()}
        # Of students who never had a turn, the one who asked first: a dict keeps its order, and so does min.
        able = [student for student, run in ready.items() if run is not None] or list(own)
        student = min(able, key=lambda name: last.get(name, 0))
        run = ready[student] or own[student][0]
        own[student].remove(run)
        ahead.discard(run.id)
        if not own[student]:
            del own[student]
        now += 1
        last[student] = now
        order.append(run)
    return order


def _first_ready(runs: Sequence[Run], ahead: set[str]) -> Run | None:
    return next((run for run in runs if run.recipe.start_from not in ahead), None)


def check_queue(waiting: Sequence[Run], student: str, settings: Settings) -> None:
    """Checks that one more run of a student may wait; a limit of 0 is no bound.

    Raises:
        QueueFull: If it may not.
    """
    most, most_own = settings.queue_limit, settings.queue_limit_per_student
    own = sum(run.student == student for run in waiting)
    if most_own and own >= most_own:
        raise QueueFull(
            f"Too many of your runs wait already. Expected at most {most_own} of one student. Received: one more than {own}. Nothing "
            f"was started: wait for some of them, stop some, or ask for fewer ({variable_of('queue_limit_per_student')} moves "
            "the bound)."
        )
    if most and len(waiting) >= most:
        raise QueueFull(
            f"The queue is full. Expected at most {most} runs that wait. Received: one more than {len(waiting)}. Nothing was started: "
            f"try again when some are done ({variable_of('queue_limit')} moves the bound)."
        )


def student_of_this_account() -> str:
    """Returns who asks on the command line: the account and the machine."""
    try:
        account = getpass.getuser()
    except (OSError, KeyError):
        # An account without a name, as in some containers.
        account = "somebody"
    return f"{account}@{platform.node()}"[:MAX_NAME]


def check_student(name: str) -> str:
    """Returns the name of a student as the queue keeps it.

    Raises:
        BadInput: If it is empty, too long, or holds characters that cannot be shown.
    """
    return checked_line(name, "--student", BadInput)
