"""`fetch`."""

from __future__ import annotations

import signal
import threading
import time
from pathlib import Path

import pytest

from flowerlab.tasks.download import fetchable
from tests.support.command_line import Call
from tests.support.loopback import served_weights


def test_fetch_brings_weights_and_says_so(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The file comes into Keras' cache, the step is said once, and what is there is not fetched again."""
    with served_weights(monkeypatch, "mobilenet_v2") as manners:
        outcome = call("fetch", "mobilenet_v2")
        assert (outcome.code, outcome.out) == (0, "MobileNetV2: fetched.\n")
        assert outcome.err.count("Downloading MobileNetV2 weights (MB)") == 1
        assert call("fetch", "mobilenet_v2", "--json").json["fetched"][0]["fetched"] is False
        assert len(manners.asked) == 1
    assert list((tmp_path / "keras" / "models").glob("*.h5"))


def test_fetch_that_fails_is_one_sentence(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that refuses ends the command with 1 and its sentence."""
    with served_weights(monkeypatch, "vgg16") as manners:
        manners.status = 503
        outcome = call("fetch", "vgg16")
    assert outcome.code == 1
    assert "could not be downloaded because the server answered 503" in outcome.err.splitlines()[-1]


def test_fetch_knows_what_there_is(call: Call) -> None:
    """An unknown name is exit code 2, and the sentence lists the names."""
    outcome = call("fetch", "mobilenet_v2", "garden")
    assert outcome.code == 2
    assert ", ".join(fetchable()) in outcome.err
    assert "'garden'" in outcome.err


def test_ctrl_c_leaves_the_part_for_the_next_call(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An interrupted download goes on from where it was."""
    # So large that it would take a minute: however late the key is pressed, it comes in the middle.
    with served_weights(monkeypatch, "vgg16", size_bytes=6_000_000) as manners:
        manners.pause_s, manners.piece = 0.1, 10_000

        def press() -> None:
            while _largest_part(tmp_path) < 20_000:
                time.sleep(0.01)
            signal.raise_signal(signal.SIGINT)

        thread = threading.Thread(target=press)
        thread.start()
        outcome = call("fetch", "vgg16")
        thread.join()
        assert outcome.code == 1
        assert "the next call goes on from there" in outcome.err
        manners.pause_s = 0.0
        assert call("fetch", "vgg16").code == 0
        assert manners.asked[0] == ""
        assert int(manners.asked[1].removeprefix("bytes=").removesuffix("-")) >= 20_000


def _largest_part(folder: Path) -> int:
    return max((path.stat().st_size for path in (folder / "keras").rglob(".*.part")), default=0)
