"""Checkpoints on disk, and the folders in which attempts write them."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flowerlab.errors import RunFailed
from flowerlab.runs.attempts import claim, forget_checkpoints, left_behind
from flowerlab.runs.checkpoints import read_checkpoint, read_state, write_checkpoint
from flowerlab.system.files import bytes_of
from tests.support.checkpoints import WEIGHTS_BYTES, checkpoint_at, leave_checkpoint, state_of


def test_the_newest_checkpoint_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Each epoch replaces the one before; the best epoch's weights stay, and take no room while they are the newest."""
    write_checkpoint(tmp_path, checkpoint_at(state_of(0.3)))
    one = bytes_of(tmp_path)
    assert one < 1.1 * WEIGHTS_BYTES
    state = state_of(0.3, 0.9)
    write_checkpoint(tmp_path, checkpoint_at(state))
    assert bytes_of(tmp_path) == pytest.approx(one, rel=0.02)
    for value in (0.2, 0.1):
        state = state.and_then(state_of(value).epochs[0])
        write_checkpoint(tmp_path, checkpoint_at(state))
    assert [path.name for path in tmp_path.iterdir()] == ["epoch-00004"]
    read = read_checkpoint(tmp_path)
    assert read is not None
    assert (read.state, read.weights[0][0], read.best[0][0]) == (state, 3, 1)
    assert (read.state.best_epoch, read.state.val_accuracy, read.state.seconds_training) == (1, 0.9, 8)
    assert read.val_probabilities.shape == (4, 4, 2)
    assert bytes_of(tmp_path) == pytest.approx(one + WEIGHTS_BYTES, rel=0.02)


def test_a_half_written_checkpoint_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever file is the last to be written, the epoch before is what is found, and the next attempt sweeps the rest."""
    place = claim(tmp_path, 1)
    write_checkpoint(place.folder, checkpoint_at(state_of(0.3)))
    written = []

    class Cut(BaseException):
        pass

    for number in range(4):

        def sync(handle: int, last: int = number) -> None:
            written.append(handle)
            if len(written) > last:
                raise Cut

        written.clear()
        with monkeypatch.context() as patch:
            patch.setattr("flowerlab.system.files.os.fsync", sync)
            # A killed process tidies nothing up.
            patch.setattr("flowerlab.system.files.shutil.rmtree", lambda *_, **__: None)
            with pytest.raises(Cut):
                write_checkpoint(place.folder, checkpoint_at(state_of(0.3, 0.9)))
        state = left_behind(tmp_path)
        assert state is not None
        assert state.epochs_run == 1
    assert len(list(place.folder.iterdir())) == 5
    place = claim(tmp_path, 2)
    assert [path.name for path in place.folder.iterdir()] == ["epoch-00001"]
    assert [path.name for path in tmp_path.iterdir()] == ["attempt-2"]


@pytest.mark.parametrize("name", ["weights.npz", "best.npz", "training.npz", "val_probabilities.npy", "state.json"])
def test_a_damaged_checkpoint_is_thrown_away(tmp_path: Path, name: str, caplog: pytest.LogCaptureFixture) -> None:
    """Bytes that the disk has lost are noticed when they are read, said in the log, and never trained on."""
    write_checkpoint(tmp_path, checkpoint_at(state_of(0.9, 0.3)))
    file = tmp_path / "epoch-00002" / name
    data = bytearray(file.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    file.write_bytes(data[:-40] if name.endswith("npy") else data)
    assert read_checkpoint(tmp_path) is None
    assert "thrown away" in caplog.text
    assert list(tmp_path.iterdir()) == []


def test_a_checkpoint_that_cannot_be_read_now_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the disk or the network fails, nothing is thrown away: the run ends with a sentence and can go on later."""
    leave_checkpoint(tmp_path, epochs=3)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("flowerlab.runs.checkpoints._load", fail)
        with pytest.raises(RunFailed, match=r"cannot be read now \(Input/output error\)\. It stays"):
            read_checkpoint(tmp_path)
    checkpoint = read_checkpoint(tmp_path)
    assert checkpoint is not None
    assert checkpoint.state.epochs_run == 3


def test_what_is_put_into_place_has_reached_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each file is flushed before it takes its name, and the folder behind them."""
    place = claim(tmp_path, 1)
    flushed: list[tuple[str, bool]] = []

    def note(path: Path) -> None:
        flushed.append((path.name, (tmp_path / "model.keras").exists()))

    monkeypatch.setattr("flowerlab.runs.attempts.sync_file", note)
    monkeypatch.setattr("flowerlab.runs.attempts.sync_folder", note)
    (place.folder / "model.keras").write_bytes(b"model")
    place.publish("model.keras")
    assert flushed == [("model.keras", False), (tmp_path.name, True)]


def test_a_superseded_attempt_can_write_nothing_more(tmp_path: Path) -> None:
    """Neither a checkpoint nor a model of an attempt that was frozen gets into the run when the next one has begun."""
    old = claim(tmp_path, 1)
    write_checkpoint(old.folder, checkpoint_at(state_of(0.3)))
    (old.folder / "model.keras").write_bytes(b"old")
    new = claim(tmp_path, 2)
    assert read_state(new.folder) == state_of(0.3)
    with pytest.raises(OSError, match="attempt-1"):
        write_checkpoint(old.folder, checkpoint_at(state_of(0.3, 0.9)))
    with pytest.raises(OSError, match="attempt-1"):
        old.publish("model.keras")
    (new.folder / "model.keras").write_bytes(b"new")
    new.publish("model.keras")
    assert (tmp_path / "model.keras").read_bytes() == b"new"
    assert {path.name for path in tmp_path.iterdir()} == {"attempt-2", "model.keras"}


def test_an_attempt_that_begins_too_late_gives_up(tmp_path: Path) -> None:
    """Frozen before it had begun, and thawed behind the next one, an attempt finds out and leaves the run alone."""
    leave_checkpoint(tmp_path / "attempt-3", epochs=2)
    with pytest.raises(RunFailed, match="Attempt 3 has taken over"):
        claim(tmp_path, 2)
    assert [path.name for path in tmp_path.iterdir()] == ["attempt-3"]


def test_an_attempt_that_dies_while_it_takes_over_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a take-over is cut off, the next attempt finds the checkpoint."""

    class Cut(BaseException):
        pass

    def cut(*_: object, **__: object) -> None:
        raise Cut

    for broken in ("flowerlab.runs.attempts.move_checkpoints", "flowerlab.runs.attempts.shutil.rmtree"):
        run = tmp_path / broken
        leave_checkpoint(run / "attempt-1", epochs=2)
        with monkeypatch.context() as patch:
            patch.setattr(broken, cut)
            with pytest.raises(Cut):
                claim(run, 2)
        state = left_behind(run)
        assert state is not None
        assert read_state(claim(run, 3).folder) == state
        assert [path.name for path in run.iterdir()] == ["attempt-3"]
        shutil.rmtree(run)


def test_a_run_can_forget_its_checkpoints(tmp_path: Path) -> None:
    """What is only there to be trained on goes; the model stays."""
    leave_checkpoint(tmp_path / "attempt-1", epochs=2)
    (tmp_path / "model.keras").write_bytes(b"model")
    forget_checkpoints(tmp_path)
    assert left_behind(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["model.keras"]


@given(
    accuracies=st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4]), min_size=1, max_size=12),
    patience=st.integers(1, 4),
    since=st.integers(0, 6),
)
def test_patience_counts_epochs_behind_the_best(accuracies: list[float], patience: int, since: int) -> None:
    """Training is over once so many epochs lie behind both the first best one and the one from which it counts."""
    state = state_of(*accuracies)
    best = max(range(len(accuracies)), key=lambda number: (accuracies[number], -number))
    behind = [number for number in range(len(accuracies)) if number > best and number >= since]
    assert state.waited(since) == len(behind)
    assert state.over(99, patience, since) == (len(behind) >= patience)
    assert state.over(len(accuracies), patience, since)
