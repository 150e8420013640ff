"""What sets of features say of themselves, and who uses them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from flowerlab.features.cache import KeptFeatures
from flowerlab.features.sets import ABOUT
from flowerlab.home import Home
from tests.support.features import ROWS, keep


def test_a_held_set_is_in_use_until_its_holder_is_gone(home: Home) -> None:
    """A set that another process holds is not deleted; when that process is killed, it is free at once."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    code = (
        "import sys, time; from pathlib import Path; from flowerlab.home import Home; "
        "from flowerlab.features.cache import KeptFeatures\n"
        f"with KeptFeatures(Home(Path({str(home.root)!r}))).held('a'):\n  print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    assert not kept.free("a")
    assert [one.key for one in kept.all()] == ["a"]
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    holder.stdout.close()
    assert kept.free("a")
    assert kept.all() == []
    assert list(home.locks.glob("using-*")) == []


def test_sets_are_found_by_what_they_are_of(home: Home) -> None:
    """A set is at hand for its photos, cut, precision and every name of its weights, and for nothing else."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    asked: tuple[Any, ...] = ("p", "vgg16", "float32", "imagenet")
    assert kept.cuts(*asked) == {13}
    for place, other in enumerate(("q", "vgg16_mini", "bfloat16", "none:0")):
        assert kept.cuts(*asked[:place], other, *asked[place + 1 :]) == set()
    assert kept.cuts(*asked, views="flip-0-4") == kept.cuts(*asked, exact=True) == set()
    assert kept.open("a", ROWS.shape, origin="run:x") is not None
    assert kept.cuts(*asked[:-1], "run:x") == {13}
    assert kept.cuts(*asked) == {13}


def test_a_use_is_remembered(home: Home) -> None:
    """Opening a set makes it the most recently used."""
    kept = KeptFeatures(home)
    keep(kept, "a")
    keep(kept, "b")
    for key in "ab":
        os.utime(home.features / key / ABOUT, (1, 1))
    kept.open("a", ROWS.shape)
    assert [one.key for one in kept.all()] == ["b", "a"]
    assert kept.all()[-1].used_s == pytest.approx(time.time(), abs=60)
