"""What the web server does before the first page is asked for, and when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import gc
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

    So waiting runs go on after a restart although no page is open; and the first page need not wait for what is imported here:
    the browser loads its own scripts meanwhile.
    """
    keep_memory_together()
    allow_enough_open_files()
    run_pages_through_the_entry()
    open_in_browser()
    opening = asyncio.create_task(asyncio.to_thread(_open))
    yield
    # Every page has said why a lab could not be opened.
    with contextlib.suppress(FlowerlabError):
        (await opening).close()


def _open() -> Lab:
    # Imported here, while the server answers already; the first page's parts are in it. Collections of garbage, which look through
    # all of Streamlit and find none, were a quarter of the time; what is imported stays, so that later ones need not look through it.
    gc.disable()
    from flowerlab.inference.classify import finished_runs, warm_predictor
    from flowerlab.ui.base.lab import lab

    gc.freeze()
    gc.enable()
    read_emojis()
    opened = lab()
    if opened.settings.warm_spare:
        # A first photo shall not wait long for TensorFlow, which lets the first page go before it.
        with contextlib.suppress(FlowerlabError, OSError):
            warm_predictor(opened.predictor, opened.home, finished_runs(opened.store, opened.home))
    return opened
