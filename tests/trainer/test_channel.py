"""The predictor's inbox: short questions first, given up ones never."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flowerlab.trainer.channel import SOON, WHENEVER, Inbox


@given(st.lists(st.tuples(st.sampled_from([SOON, WHENEVER]), st.booleans()), max_size=20))
def test_what_somebody_waits_for_comes_first(asked: list[tuple[int, bool]]) -> None:
    """All that was not taken back comes out once, by rank, and within a rank as it came."""
    inbox = Inbox()
    for number, (rank, _) in enumerate(asked):
        inbox.put({"id": number, "rank": rank})
    for number, (_, taken_back) in enumerate(asked):
        if taken_back:
            inbox.put({"cancel": number})
    expected = sorted((rank, number) for number, (rank, taken_back) in enumerate(asked) if not taken_back)
    assert [(message["rank"], message["id"]) for message in (inbox.take() for _ in expected)] == expected


def test_a_question_without_a_rank_is_short() -> None:
    """It goes before an embedding that came earlier."""
    inbox = Inbox()
    inbox.put({"id": 1, "rank": WHENEVER})
    inbox.put({"id": 2})
    assert inbox.take()["id"] == 2
