"""The web server's own life: what it opens before the first page, and what it closes."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.lab import Lab
from flowerlab.ui.app import lifespan as serving
from flowerlab.ui.base import streamlit_seams
from flowerlab.ui.base.lab import lab
from tests.support import ROOT


def serve(monkeypatch: pytest.MonkeyPatch, *, headless: bool) -> list[str]:
    """Begins and ends a server's life; returns the pages that were opened in a browser."""
    opened: list[str] = []
    monkeypatch.setattr(streamlit_seams, "open_browser", opened.append)
    monkeypatch.setattr(streamlit_seams.st, "get_option", {"server.headless": headless, "server.address": "localhost"}.get)

    async def live() -> None:
        async with serving.open_with_server(None):
            pass

    asyncio.run(live())
    return opened


@pytest.mark.parametrize("headless", [True, False])
def test_the_lab_opens_and_closes_with_the_server(monkeypatch: pytest.MonkeyPatch, *, headless: bool) -> None:
    """A browser page opens unless the server is headless; the lab is opened unasked, and closed at the end."""
    closed: list[Lab] = []
    close = Lab.close
    monkeypatch.setattr(Lab, "close", lambda opened: (closed.append(opened), close(opened)))
    pages = serve(monkeypatch, headless=headless)
    assert [page.rpartition(":")[0] for page in pages] == ([] if headless else ["http://localhost"])
    assert [opened.store for opened in closed] == [lab().store]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such bound")
def test_the_server_may_have_many_files_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system begins with few open files for a process, the server raises that for itself."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1000, hard))
    try:
        serve(monkeypatch, headless=True)
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] >= min(4096, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_home_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the lab's folder cannot be made, server and page live on, and the page says what to do."""
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("FLOWERLAB_HOME", str(tmp_path / "file" / "home"))
    serve(monkeypatch, headless=True)
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=20).run()
    assert not app.exception
    assert [str(tmp_path / "file") in error.value.replace("\\", "") for error in app.error] == [True]
    monkeypatch.setenv("FLOWERLAB_HOME", str(tmp_path / "home"))
