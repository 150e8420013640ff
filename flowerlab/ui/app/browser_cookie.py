"""A cookie for every browser, by which all its windows are one student."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from flowerlab.ui.base.student import COOKIE, is_token, new_token

# What browsers allow at most: a school year, and summer.
KEPT_S = 400 * 24 * 3600


class BrowserCookie:
    """Middleware that gives the cookie with a page, before the page's own connection is made, to a browser that has none.

    `Lax`, not `Strict`: a browser that comes by a link from elsewhere has to send the cookie, or it would get a new one.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serves a request; what is no page, and a page's live connection, pass as they are."""
        if scope["type"] != "http" or not _needs_cookie(HTTPConnection(scope)):
            await self._app(scope, receive, send)
            return
        secure = "; Secure" if scope["scheme"] == "https" else ""

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.append("Set-Cookie", f"{COOKIE}={new_token()}; Max-Age={KEPT_S}; Path=/; HttpOnly; SameSite=Lax{secure}")
                # A school's proxy must not give one browser's cookie to the next.
                headers["Cache-Control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _needs_cookie(request: HTTPConnection) -> bool:
    """Whether a page is asked for, and not one of its many files, without a cookie of ours."""
    return "text/html" in request.headers.get("accept", "") and not is_token(request.cookies.get(COOKIE, ""))
