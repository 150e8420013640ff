"""Finished runs keep only so much to be trained on."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from flowerlab.disk import retention as cleaning
from flowerlab.disk.retention import cleanings
from flowerlab.errors import BadInput
from flowerlab.lab import Lab
from flowerlab.runs.attempts import left_behind
from flowerlab.runs.events import from_record
from flowerlab.scheduler import checkpoint_budget
from flowerlab.settings import Settings
from tests.support.checkpoints import WEIGHTS_BYTES, leave_checkpoint
from tests.support.events import RESULT
from tests.support.recipes import QUICK
from tests.support.runs import add_finished
from tests.support.scheduling import Kept, owner_of
from tests.support.waiting import until


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
