"""The cookie by which all windows of a browser are one student."""

from __future__ import annotations

import asyncio
import re
from http.cookies import Morsel, SimpleCookie

import pytest
from starlette.types import Message, Receive, Scope, Send

from flowerlab.ui.app.browser_cookie import BrowserCookie
from flowerlab.ui.base.student import COOKIE, is_token, new_token

PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def answered(*, accept: str = PAGE, cookies: str = "", kind: str = "http", scheme: str = "http") -> list[tuple[str, str]]:
    """The headers that a browser gets for such a request, from a server that sets a cookie of its own."""
    headers = [(b"accept", accept.encode("latin-1")), (b"cookie", cookies.encode("latin-1"))]
    scope = {"type": kind, "method": "GET", "path": "/train", "scheme": scheme, "headers": headers}
    sent: list[Message] = []

    async def app(given: Scope, receive: Receive, send: Send) -> None:
        assert given is scope
        start = "http.response.start" if kind == "http" else "websocket.accept"
        own = [(b"set-cookie", b"_streamlit_xsrf=1"), (b"cache-control", b"no-cache")]
        await send({"type": start, "status": 200, "headers": own})
        await send({"type": "http.response.body", "body": b"page"})

    async def keep(message: Message) -> None:
        sent.append(message)

    async def nothing() -> Message:
        return {"type": "http.request"}

    asyncio.run(BrowserCookie(app)(scope, nothing, keep))
    assert [message.get("body") for message in sent] == [None, b"page"]
    return [(name.decode(), value.decode()) for name, value in sent[0]["headers"]]


def given(headers: list[tuple[str, str]]) -> list[Morsel[str]]:
    """Our cookies among the headers."""
    return [SimpleCookie(value)[COOKIE] for name, value in headers if name == "set-cookie" and value.startswith(f"{COOKIE}=")]


def test_a_browser_without_a_cookie_gets_one_with_its_first_page() -> None:
    """It is random, no script can read it, it lasts, it comes along from elsewhere, and no proxy may keep the answer for others."""
    first, second = answered(), answered()
    (cookie,), (other,) = given(first), given(second)
    assert is_token(cookie.value)
    assert cookie.value != other.value
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["secure"]) == (True, "Lax", "/", "")
    assert 180 * 24 * 3600 < int(cookie["max-age"]) <= 400 * 24 * 3600
    assert ("set-cookie", "_streamlit_xsrf=1") in first
    assert dict(first)["cache-control"] == "no-store"


def test_over_https_it_stays_there() -> None:
    """A browser that came by https sends its cookie by https alone."""
    (cookie,) = given(answered(scheme="https"))
    assert cookie["secure"] is True


def test_who_has_a_cookie_keeps_it() -> None:
    """A second page sets no second cookie, and is as cacheable as it was."""
    headers = answered(cookies=f"other=1; {COOKIE}={new_token()}")
    assert given(headers) == []
    assert dict(headers)["cache-control"] == "no-cache"


@pytest.mark.parametrize("forged", ["", "x", "0" * 31, "0" * 33, "0" * 100_000, "Z" * 32, "é" * 32, '"; DROP TABLE', "../" * 9])
def test_a_forged_cookie_is_replaced(forged: str) -> None:
    """What no lab has given, however long or odd, counts as none."""
    (cookie,) = given(answered(cookies=f"{COOKIE}={forged}"))
    assert re.fullmatch("[0-9a-f]{32}", cookie.value)


@pytest.mark.parametrize("request_", [{"accept": "*/*"}, {"accept": "image/png"}, {"kind": "websocket"}])
def test_only_pages_bring_a_cookie(request_: dict[str, str]) -> None:
    """A page's files, which a browser loads side by side, and its connection pass as they are: no cookie overtakes another."""
    assert given(answered(**request_)) == []  # type: ignore[arg-type]
