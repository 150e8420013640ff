"""A home on a network folder."""

from __future__ import annotations

import contextlib
import sqlite3
from types import SimpleNamespace

import psutil
import pytest

from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.recipe.recipe import Recipe
from flowerlab.settings import Settings
from tests.support.stores import DONE, live_in


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "fuse.sshfs", "9p"])
def test_it_is_said_and_the_lab_goes_on_without_a_log(
    home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Start-up says so in one sentence; a list that had a log goes on with all its runs and without, and is written."""
    ids = live_in(home)
    mounted = SimpleNamespace(mountpoint=str(home.root), fstype=kind, opts="rw")
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [mounted])
    with contextlib.closing(Lab(settings, run_queue=False)) as lab:
        assert [f"lies on a network folder ({kind})" in notice for notice in lab.notices] == [True]
        assert lab.store.get(ids[DONE]).result is not None
        lab.store.add(Recipe(seed=7), "run")
        assert not home.store.with_name(f"{home.store.name}-wal").exists()
        with contextlib.closing(sqlite3.connect(home.store)) as other:
            assert other.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: [])
    with contextlib.closing(Lab(settings, run_queue=False)) as lab:
        assert lab.notices == []
        assert len(lab.store.all()) == 5
        assert home.store.with_name(f"{home.store.name}-wal").exists()
