"""Every engine that the setting `FLOWERLAB_ENGINE` can name."""

from __future__ import annotations

from collections.abc import Callable

from flowerlab.engine.fake import FakeEngine
from flowerlab.engine.local import LocalEngine
from flowerlab.engine.protocol import Engine, Sink
from flowerlab.home import Home
from flowerlab.settings import Settings

ENGINES: dict[str, Callable[[Sink, Home, Settings], Engine]] = {
    "local": LocalEngine,
    "fake": lambda sink, home, settings: FakeEngine(sink),
}
