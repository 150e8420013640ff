"""Gathering that is only asked for: pages show it, and nothing is gathered."""

from __future__ import annotations

from typing import Any

import pytest

from flowerlab.tasks import Task, TaskRunner, Work


def gathered_by_nobody(monkeypatch: pytest.MonkeyPatch, **state: Any) -> list[str]:
    """Lets every gathering stand at one state; returns the list in which the data sets that are asked for will be."""
    wanted: list[str] = []
    start = TaskRunner.start

    def begin(runner: TaskRunner, work: Work[Any]) -> Task[Any]:
        kind, dataset, *_ = work.key  # type: ignore[misc]
        if kind != "gather":
            return start(runner, work)
        wanted.append(dataset)
        return runner._tasks.setdefault(work.key, Task(**state))

    monkeypatch.setattr(TaskRunner, "start", begin)
    return wanted
