"""Numbers and states in words, and how far a run is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from flowerlab.evaluation.intervals import percent_with_interval
from flowerlab.locale.numbers import duration, spelled, sureness
from flowerlab.recipe.recipe import Recipe
from flowerlab.runs.events import Batch, Epoch, Evaluating, Preparing, Start
from flowerlab.runs.history import History
from flowerlab.runs.run import Run, RunState
from flowerlab.ui.base.text import decimals, millions, state_words, trainable_of
from flowerlab.ui.widgets.progress import progress_of

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


def test_a_share_comes_with_its_interval() -> None:
    """The table's 85.8 % of 1,097 photos bears its 95 % Wilson interval."""
    assert percent_with_interval(941 / 1097, 1097) == "85.8 % (83.6–87.7)"


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (0.0, "under 1 %"),
        (0.004, "under 1 %"),
        (0.974, "97 %"),
        (0.99, "99 %"),
        (0.9999, "over 99 %"),
        (1.0, "over 99 %"),
    ],
)
def test_a_probability_is_never_rounded_to_certainty(probability: float, words: str) -> None:
    """No network is said to be 100 % sure, nor to rule a class out."""
    assert sureness(probability) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.44, "0.4 s"), (9.96, "10 s"), (12.4, "12 s"), (59.6, "1 min 0 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_seconds_are_written_as_one_says_them(seconds: float, words: str) -> None:
    """Short times keep a decimal, long ones are minutes or hours."""
    assert duration(seconds) == words


@given(some.floats(0, 1e6))
def test_no_unit_runs_over(seconds: float) -> None:
    """No time says 60 s or 60 min."""
    assert not {"60 s", "60 min"} & set(duration(seconds).replace(" s", " s|").replace(" min", " min|").split("|"))


def test_small_numbers_are_words() -> None:
    """Five is a word, thirteen and more are figures."""
    assert [spelled(count) for count in (2, 5, 12, 13, 1097)] == ["two", "five", "twelve", "13", "1,097"]


def test_parameters_are_short() -> None:
    """The lecture's numbers read as they are spoken."""
    assert trainable_of(9_439_232, 14_714_688) == "9.4 M of 14.7 M parameters train"
    assert millions(154_087) == "154,087"


@given(some.floats(1e-6, 1))
def test_decimals_have_no_exponent_and_lose_nothing(value: float) -> None:
    """A learning rate is written without an exponent and within 1e-10 of itself."""
    text = decimals(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, abs=1e-10)


def test_every_state_has_words() -> None:
    """Each state is written with its own sign."""
    assert len({state_words(state).split()[0] for state in RunState}) == len(RunState)


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
