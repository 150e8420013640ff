"""Who looks at a page."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from flowerlab.ui.base import student
from flowerlab.ui.base.student import COOKIE, new_token, student_here


def window(monkeypatch: pytest.MonkeyPatch, **cookies: str) -> str:
    """The student in a new window of a browser with these cookies."""
    monkeypatch.setattr(student, "is_page_drawn", lambda: True)
    monkeypatch.setattr(student, "st", SimpleNamespace(session_state={}, context=SimpleNamespace(cookies=cookies)))
    named = student_here()
    assert student_here() == named
    return named


def test_a_class_behind_one_address_are_thirty_students(monkeypatch: pytest.MonkeyPatch) -> None:
    """All windows of a browser are one student; thirty browsers are thirty, and nobody's cookie can be read from a name."""
    tokens = [new_token() for _ in range(30)]
    names = [window(monkeypatch, **{COOKIE: token}) for token in tokens]
    assert [window(monkeypatch, **{COOKIE: token}) for token in tokens] == names
    assert len(set(names)) == 30
    for token, name in zip(tokens, names, strict=True):
        assert name.startswith("browser-")
        assert token[:12] not in name


@pytest.mark.parametrize("forged", ["", "x" * 100_000, "\x00\n", "é", "A" * 32])
def test_without_a_cookie_of_ours_each_window_is_a_student(monkeypatch: pytest.MonkeyPatch, forged: str) -> None:
    """What a user has made up names nobody, and never gets into the list of runs."""
    first, second = (window(monkeypatch, **{COOKIE: forged}) for _ in range(2))
    assert first != second
    assert len(first) == len("browser-") + 12


def test_where_no_page_is_drawn_there_is_no_student() -> None:
    """A thread of the server's own, which opens the lab, is no student."""
    assert student_here() == ""
