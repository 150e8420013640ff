"""What the web server does before anybody asks for a page, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from flowerlab.errors import FlowerlabError
from flowerlab.system.process_limits import allow_enough_open_files, keep_memory_together
from flowerlab.ui.base.streamlit_seams import open_in_browser, read_emojis, run_pages_through_the_entry

if TYPE_CHECKING:
    from flowerlab.lab import Lab


@contextlib.asynccontextmanager
async def open_with_server(app: Any) -> AsyncIterator[None]:
    """Opens the lab and a browser with the server, and closes the lab with it.

    So waiting runs go on after a restart, whether anybody looks or not; and what is imported for it the first page need not
    wait for: the browser loads its own scripts meanwhile.

    Args:
        app: The app that is served.
    """
    keep_memory_together()
    allow_enough_open_files()
    run_pages_through_the_entry()
    open_in_browser()
    opening = asyncio.create_task(asyncio.to_thread(_open))
    yield
    # A lab that could not be opened has been told on every page.
    with contextlib.suppress(FlowerlabError):
        (await opening).close()


def _open() -> Lab:
    # Imported here, while the server answers already; the first page's parts are in it.
    from flowerlab.inference.classify import finished_runs, warm_predictor
    from flowerlab.ui.base.lab import lab

    read_emojis()
    opened = lab()
    if opened.settings.warm_spare:
        # Whoever comes with a photo first of all shall not wait long for TensorFlow. It steps back behind the first page.
        with contextlib.suppress(FlowerlabError, OSError):
            warm_predictor(opened.predictor, opened.home, finished_runs(opened.store, opened.home))
    return opened
