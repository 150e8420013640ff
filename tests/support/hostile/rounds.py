"""Hostile inputs by the thousand: kinds of cases, tried in rounds."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

from tests.support.hostile.generated import (
    ANY_TEXT,
    COMMANDS,
    ENTRIES,
    JSON_VALUES,
    KNOB_NAMES,
    LIKELY,
    SOMETIMES_DAMAGED,
    Place,
    Try,
    some_with,
    try_archive,
    try_command,
    try_link,
    try_model,
    try_name,
    try_pack,
    try_photo,
    try_photo_zip,
    try_recipe,
)

# Hypothesis remembers what it has drawn in a round: many small rounds take no more memory than one.
CASES_A_ROUND = 1_000


@dataclass(frozen=True)
class Kind:
    """What is drawn, where it goes, and how many of a thousand cases are of it.

    Args:
        cases: What is drawn.
        attempt: Brings one case through its entrance.
        share: Of a thousand cases.
    """

    cases: st.SearchStrategy[Any]
    attempt: Try
    share: int


KINDS: dict[str, Kind] = {
    "photo": Kind(st.tuples(st.integers(0, 200), SOMETIMES_DAMAGED, ANY_TEXT), try_photo, 400),
    "recipe": Kind(
        JSON_VALUES | some_with(st.dictionaries(KNOB_NAMES | ANY_TEXT, LIKELY | JSON_VALUES, max_size=2)), try_recipe, 200
    ),
    "link": Kind(
        st.tuples(some_with(st.dictionaries(KNOB_NAMES, LIKELY | ANY_TEXT, max_size=2)), SOMETIMES_DAMAGED), try_link, 160
    ),
    "name": Kind(ANY_TEXT, try_name, 120),
    "zip": Kind(
        st.tuples(
            st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry[0]),
            st.booleans(),
            SOMETIMES_DAMAGED,
            st.just("plants") | ANY_TEXT,
        ),
        try_archive,
        30,
    ),
    "photo_zip": Kind(
        st.tuples(st.lists(ENTRIES, max_size=4, unique_by=lambda entry: entry[0]), st.booleans(), SOMETIMES_DAMAGED, ANY_TEXT),
        try_photo_zip,
        10,
    ),
    "model": Kind(st.tuples(st.integers(0, 200), SOMETIMES_DAMAGED), try_model, 40),
    "pack": Kind(
        st.tuples(
            st.sampled_from(["manifest.json", "run.json", "index.json"]),
            st.lists(st.integers(0, 30), max_size=4).map(tuple),
            JSON_VALUES,
            SOMETIMES_DAMAGED,
        ),
        try_pack,
        20,
    ),
    "command": Kind(COMMANDS, try_command, 20),
}


@dataclass
class Outcome:
    """What a round came to.

    Args:
        kind: Of its cases.
        seed, asked: The seed and the number of cases that make the same again; of several rounds, the last one's.
        taken, refused: How many were.
        seconds: It took.
        slowest_s: Seconds of its slowest case.
        fault: What went wrong, with the smallest case that shows it; empty if nothing did.
    """

    kind: str
    seed: int
    asked: int = 0
    taken: int = 0
    refused: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    fault: str = ""

    @property
    def cases(self) -> int:
        """How many were tried."""
        return self.taken + self.refused


@contextlib.contextmanager
def _own_place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="flowerlab-hostile-") as folder:
        own = {
            "FLOWERLAB_HOME": f"{folder}/home",
            "FLOWERLAB_STARTER": "false",
            "FLOWERLAB_ENGINE": "fake",
            "KERAS_HOME": f"{folder}/keras",
            "FLOWERLAB_WARM_SPARE": "false",
            "FLOWERLAB_GARDEN_PICTURES": "60",
            "TFDS_DATA_DIR": f"{folder}/tfds",
            "COLUMNS": "100",
        }
        before = Path.cwd()
        with mock.patch.dict(os.environ, own):
            place = Place(Path(folder))
            # A path that was made up must not lead into anybody's files.
            os.chdir(place.given)
            try:
                yield place
            finally:
                os.chdir(before)
                place.store.close()


def run_round(kind: str, *, cases: int, number: int) -> Outcome:
    """Draws cases of a kind and brings them through their entrance, until one shows a fault.

    Args:
        kind: A key of `KINDS`.
        cases: How many.
        number: The seed: the same number draws the same cases.
    """
    outcome = Outcome(kind, number, cases)
    last: list[Any] = []
    began_s = time.perf_counter()
    with _own_place() as place:

        @seed(number)
        @settings(
            max_examples=cases,
            deadline=None,
            database=None,
            derandomize=False,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            verbosity=Verbosity.quiet,
            report_multiple_bugs=False,
        )
        @given(KINDS[kind].cases)
        def attempt(case: Any) -> None:
            last[:] = [case]
            case_began_s = time.perf_counter()
            said = KINDS[kind].attempt(place, case)
            outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - case_began_s)
            if said is None:
                outcome.taken += 1
            else:
                outcome.refused += 1

        try:
            attempt()
        except Exception as error:
            # The last case tried is the smallest that shows the fault.
            outcome.fault = f"{type(error).__name__}: {error}\n  case: {last[0]!r}"
    outcome.seconds = time.perf_counter() - began_s
    return outcome


def shares(cases: int) -> dict[str, int]:
    """Returns how many cases of each kind make up so many in all."""
    return {kind: max(1, round(cases * about.share / 1000)) for kind, about in KINDS.items()}


def run_rounds(kind: str, *, cases: int, number: int) -> Outcome:
    """Draws as many cases of a kind as are asked for, in rounds, each with the next seed, until one shows a fault.

    Hypothesis ends a round early where it draws the same again and again; the next round makes up for it.

    Args:
        kind: A key of `KINDS`.
        cases: How many.
        number: The seed of the first round.
    """
    whole = Outcome(kind, number)
    while whole.cases < cases and not whole.fault:
        outcome = run_round(kind, cases=min(CASES_A_ROUND, cases - whole.cases), number=number)
        if not outcome.cases:
            break
        whole = merged([whole, outcome])
        number += 1
    return whole


def merged(outcomes: list[Outcome]) -> Outcome:
    """Returns what rounds of one kind came to together."""
    first = dataclasses.replace(outcomes[0])
    for other in outcomes[1:]:
        first.seed, first.asked = other.seed, other.asked
        first.taken += other.taken
        first.refused += other.refused
        first.seconds += other.seconds
        first.slowest_s = max(first.slowest_s, other.slowest_s)
        first.fault = first.fault or other.fault
    return first
