"""Kills the lab at random moments while runs wait, train and are saved, and looks each time whether anything was lost.

    python -m tools.checks.kill_app [--moments 50] [--seed 0] [--home FOLDER]

The web app, which owns the queue, is ended by SIGKILL; every other time a second one stands by and takes over. After
each kill: no process that it had started may be left, the store must open with exactly the runs that were queued, and whatever lies
in a run's folder under its final name must be whole. At the end the runs are let finish, and each that was killed is compared, epoch
by epoch, with a run of the same recipe that nobody disturbed.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import psutil

from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.attempts import attempt_folders
from flowerlab.runs.checkpoints import read_checkpoint, read_state
from flowerlab.runs.run import Run, RunState
from tests.support.served_app import free_port, serving
from tools import ROOT
from tools.measure.harness import own_home, parser

# The plain way with random numbers in every step, and kept features; quick, and long enough to be met in the middle.
RECIPES = (
    Recipe(image_size=72, epochs=12, patience=12, head=(8,), dropout=0.3, augment="flip", batch_size=4),
    Recipe(architecture="vgg16_mini", image_size=32, epochs=30, patience=30, head=(8,), dropout=0.3, batch_size=2),
)
MOMENTS = (RunState.PREPARING, RunState.TRAINING, RunState.EVALUATING)
# One that is just loading TensorFlow on a busy machine takes its time.
ORPHANS_LEAVE_WITHIN_S = 30.0
MET_WITHIN_S = 60.0
OVER_WITHIN_S = 900.0
# Of a validation loss, as a share: sums over several cores are not made in the same order every time, and later epochs let that grow.
MOST_DIFFERENCE = 1e-3


class Lost(AssertionError):
    """Something was not as it was promised."""


@dataclass
class Tally:
    """What was met.

    Args:
        states: In which the newest live run was at each kill; `waiting` if there was none.
        asked: How often a run that had died three times was asked to go on.
        takeovers: How often a second process stood by.
        compared: How many runs that had been killed were compared with undisturbed ones.
        largest_difference: Of their validation losses in an epoch, as a share of the loss.
    """

    states: Counter[str] = field(default_factory=Counter)
    asked: int = 0
    takeovers: int = 0
    compared: int = 0
    largest_difference: float = 0.0


def own(home: Path, *, app: bool = False) -> subprocess.Popen[bytes]:
    """Starts a process that opens the lab and owns the queue if nobody else does.

    Args:
        home: FLOWERLAB_HOME.
        app: Whether it is the web app itself; else a process that opens the lab as the app does, which is quicker.
    """
    command = serving(free_port()) if app else [sys.executable, "-m", "tools.checks.kill_app", "--own"]
    return subprocess.Popen(command, cwd=ROOT, env=_environment(home), stdout=subprocess.DEVNULL)


def kill_at_random(home: Path, *, moments: int, seed: int, recipes: Sequence[Recipe] = RECIPES, app: bool = False) -> Tally:
    """Queues runs, kills the lab that trains them again and again, and checks what is left.

    Args:
        home: An empty or new FLOWERLAB_HOME.
        moments: How often it kills.
        seed: Of the moments.
        recipes: What is trained; as long as there are kills, with ever new seeds.
        app: Whether the web app itself is killed.

    Raises:
        Lost: If a run, an epoch or a file is not as it should be.
    """
    chance, tally = random.Random(seed), Tally()
    with _looking(home) as lab:
        queued: list[str] = []
        standing_by: subprocess.Popen[bytes] | None = None
        try:
            for number in range(moments):
                _keep_busy(lab, queued, recipes)
                owner, standing_by = standing_by or own(home, app=app), None
                if number % 2:
                    standing_by, tally.takeovers = own(home, app=app), tally.takeovers + 1
                tally.states[_met(lab, chance)] += 1
                # Nobody but the killed one has the list open: SQLite then mends what lay in its log.
                lab.store.close()
                started = psutil.Process(owner.pid).children(recursive=True)
                _kill(owner)
                _check_orphans(started)
                _check(lab, queued)
                tally.asked += _ask_again(lab)
            owner = standing_by or own(home, app=app)
            tally.asked += _finish(lab, queued)
            _compare(lab, queued, tally)
        finally:
            for process in filter(None, (owner, standing_by)):
                _kill(process)
        _check_orphans(processes_of(home))
        _check(lab, [run.id for run in lab.store.all()])
    return tally


def _keep_busy(lab: Lab, queued: list[str], recipes: Sequence[Recipe]) -> None:
    """Sees to it that one run of each recipe waits or trains."""
    going = [run.recipe.changed(seed=0) for run in lab.store.all() if not run.state.over]
    for recipe in recipes:
        if recipe not in going:
            queued.append(lab.queue.start(recipe.changed(seed=len(queued)), again=True).run.id)


def _met(lab: Lab, chance: random.Random) -> str:
    """Waits for a random moment and returns the state in which a run is then."""
    wanted, due_s = chance.choice(MOMENTS), time.monotonic() + MET_WITHIN_S
    while wanted not in [run.state for run in lab.store.live()]:
        if time.monotonic() > due_s:
            raise Lost(f"Within {MET_WITHIN_S:.0f} s no run was {wanted}: {[(run.name, run.state) for run in lab.store.all()]}.")
        time.sleep(0.01)
    time.sleep(chance.random() ** 2 * 2)
    return next((str(run.state) for run in lab.store.live()), "waiting")


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGKILL)
    process.wait()


def _check_orphans(started: Sequence[psutil.Process]) -> None:
    _gone, left = psutil.wait_procs(started, timeout=ORPHANS_LEAVE_WITHIN_S)
    # One whose parent nobody has collected yet does nothing any more.
    left = [process for process in left if process.status() != psutil.STATUS_ZOMBIE]
    if left:
        raise Lost(f"Processes are left behind: {[process.cmdline() for process in left]}.")


def processes_of(home: Path) -> list[psutil.Process]:
    """Returns whatever the lab of this home has started: trainers of all kinds, and who draws the garden."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            started = set(process.cmdline()) & {"flowerlab.trainer", "flowerlab.datasets.garden"}
            if started and process.environ().get("FLOWERLAB_HOME") == str(home):
                found.append(process)
    return found


def _check(lab: Lab, queued: Sequence[str]) -> None:
    """Looks at the store and at every run's folder."""
    lab.store.look_through()
    runs = lab.store.all()
    if sorted(run.id for run in runs) != sorted(queued):
        raise Lost(f"Runs are lost or doubled. Expected {sorted(queued)}. Received: {[run.id for run in runs]}.")
    for run in runs:
        if run.state is RunState.FAILED:
            raise Lost(f"{run.name} has failed: {run.message}")
        _check_files(lab, run)


def _check_files(lab: Lab, run: Run) -> None:
    folder = lab.home.run(run.id)
    for name in ("run.json", "recipe.json"):
        if (folder / name).exists():
            json.loads((folder / name).read_bytes())
    for name in ("model.keras", "predictions.npz"):
        path = folder / name
        if path.exists():
            with zipfile.ZipFile(path) as file:
                if file.testzip() is not None:
                    raise Lost(f"{path} is not whole.")
        elif run.state is RunState.DONE:
            raise Lost(f"{run.name} is done without {name}.")
    # A trainer of the second process may be at work: what moves on while one looks is no loss.
    for place in attempt_folders(folder) if not run.state.live else ():
        if read_state(place) is not None and read_checkpoint(place) is None and place.exists():
            raise Lost(f"A checkpoint in {place} is not whole.")


def _ask_again(lab: Lab) -> int:
    """Has runs go on that died three times."""
    over = [run for run in lab.store.all() if run.state is RunState.INTERRUPTED]
    for run in over:
        lab.queue.go_on(run.id)
    return len(over)


def _finish(lab: Lab, run_ids: Sequence[str]) -> int:
    """Waits until runs are done; returns how often one had to be asked to go on."""
    asked, due_s = 0, time.monotonic() + OVER_WITHIN_S
    while unfinished := [run for run in map(lab.store.get, run_ids) if run.state is not RunState.DONE]:
        if time.monotonic() > due_s or any(run.state is RunState.FAILED for run in unfinished):
            raise Lost(f"Runs do not end: {[(run.name, run.state, run.message) for run in unfinished]}.")
        # The owner may only now have found a run that its predecessor's third death has left.
        asked += _ask_again(lab)
        time.sleep(0.2)
    return asked


def _compare(lab: Lab, queued: Sequence[str], tally: Tally) -> None:
    """Trains the recipes of runs that were killed once more, undisturbed, and compares the curves."""
    killed = [run for run in map(lab.store.get, queued) if run.attempt > 1]
    if not killed:
        raise Lost("No run was killed: there is nothing to compare.")
    twins = {run.id: lab.queue.start(run.recipe, again=True).run.id for run in killed}
    _finish(lab, list(twins.values()))
    for run in killed:
        mine, theirs = (sorted(lab.store.history(one).epochs.items()) for one in (run.id, twins[run.id]))
        if [epoch for epoch, _ in mine] != list(range(run.recipe.epochs)):
            raise Lost(f"The curve of {run.name} has gaps: {[epoch for epoch, _ in mine]} of {run.recipe.epochs} epochs.")
        losses, undisturbed = (np.array([epoch.val_loss for _, epoch in one]) for one in (mine, theirs))
        difference = float((np.abs(losses - undisturbed) / undisturbed).max())
        if difference > MOST_DIFFERENCE:
            raise Lost(f"{run.name} came out otherwise than undisturbed: {losses} and {undisturbed}.")
        tally.largest_difference = max(tally.largest_difference, difference)
    tally.compared = len(killed)


@contextmanager
def _looking(home: Path) -> Iterator[Lab]:
    """Opens the lab of a home without owning its queue."""
    settings = {name: value for name, value in _environment(home).items() if name.startswith("FLOWERLAB_")}
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    lab = Lab(run_queue=False)
    try:
        yield lab
    finally:
        lab.close()
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _environment(home: Path) -> dict[str, str]:
    own = {"HOME": str(home), "WARM_SPARE": "false", "STARTER": "false", "GARDEN_PICTURES": "60", "NICENESS": "0"}
    return {**os.environ, **{f"FLOWERLAB_{name}": value for name, value in own.items()}}


def main() -> None:
    """Kills, and says what was met."""
    options = parser(__doc__, home=True, moments=(50, "How often the lab is killed."), seed=(0, "Of the random moments."))
    options.add_argument("--own", action="store_true", help=argparse.SUPPRESS)
    arguments = options.parse_args()
    if arguments.own:
        with contextlib.closing(Lab()):
            signal.pause()
    with own_home(arguments.home) as folder:
        tally = kill_at_random(folder, moments=arguments.moments, seed=arguments.seed, app=True)
    met = ", ".join(f"{state} {count}" for state, count in tally.states.most_common())
    print(f"{arguments.moments} kills, nothing lost. A run was then: {met}.")
    print(f"A second process stood by {tally.takeovers} times. Died three times and asked to go on: {tally.asked}.")
    print(f"Compared with undisturbed ones: {tally.compared} runs; losses differ by {tally.largest_difference:.1e} at most.")


if __name__ == "__main__":
    main()
