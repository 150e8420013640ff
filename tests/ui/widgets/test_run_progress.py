"""How far a run is."""

from __future__ import annotations

import pytest

from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Batch, Epoch, Evaluating, Preparing, Start
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState
from flowerlab.ui.widgets.run_progress import progress_of

ABOUT = {"run_id": "0" * 12, "attempt": 1}
START = Start(
    **ABOUT,
    epochs=5,
    batches=10,
    total_parameters=1,
    trainable_parameters=1,
    train_photos=1,
    validation_photos=1,
    test_photos=1,
    classes=("a", "b"),
    cached_features=False,
    time_s=100.0,
)


def run_in(state: RunState) -> Run:
    """A run of five epochs in some state."""
    return Run("0" * 12, 1, "run", Recipe.parse({}), state, 1, 0.0, None, None, "", 0, None)


def test_progress_says_the_epoch_and_the_time_left() -> None:
    """In the second of five epochs, half way, the bar stands at 30 % and the pace of the first tells the time left."""
    history = History()
    values = {"loss": 1.0, "accuracy": 0.5}
    for event in (
        START,
        Epoch(**ABOUT, epoch=0, **values, val_loss=1.0, val_accuracy=0.5, seconds=4.0),
        Batch(**ABOUT, epoch=1, batch=5, **values),
    ):
        history.take(event)
    progress = progress_of(run_in(RunState.TRAINING), history, ahead=0)
    assert progress.share == pytest.approx(0.3)
    assert progress.words == "Epoch 2 of 5 · about 14 s left"


def test_progress_counts_photos_while_preparing_and_testing() -> None:
    """What is prepared or tested is counted, and the bar follows it."""
    history = History()
    history.take(Preparing(**ABOUT, step="Resizing photos", done=1234, total=3670))
    preparing = progress_of(run_in(RunState.PREPARING), history, ahead=0)
    assert preparing.words.startswith("Resizing photos: 1,234 / 3,670")
    assert preparing.share == pytest.approx(1234 / 3670)
    history.take(Evaluating(**ABOUT, done=550, total=1100))
    testing = progress_of(run_in(RunState.EVALUATING), history, ahead=0)
    assert (testing.words, testing.share) == ("Testing: 550 of 1,100 photos", 0.5)


@pytest.mark.parametrize(("ahead", "words"), [(0, "it is next"), (1, "one run goes"), (3, "3 runs go")])
def test_a_waiting_run_knows_its_place(ahead: int, words: str) -> None:
    """A queued run says how many go before it."""
    assert words in progress_of(run_in(RunState.QUEUED), History(), ahead=ahead).words


@pytest.mark.parametrize("state", list(RunState))
def test_progress_is_a_share_in_every_state(state: RunState) -> None:
    """A run of which nothing is known yet has a share between 0 and 1 in every state."""
    assert 0 <= progress_of(run_in(state), History(), ahead=0).share <= 1
