"""Pages under test: opened, and their texts."""

from __future__ import annotations

from typing import Any

from streamlit.testing.v1 import AppTest

from tests.support import ROOT
from tests.support.runs import TIMEOUT_S


def open_page(name: str, *, query: dict[str, str] | None = None, state: dict[str, Any] | None = None) -> AppTest:
    """Opens a page of the app.

    Args:
        name: Of the file in `pages/`.
        query: Of its address.
        state: What the visitor has set before.
    """
    app = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=TIMEOUT_S)
    app.switch_page(f"pages/{name}.py")
    for key, value in (query or {}).items():
        app.query_params[key] = value
    for key, value in (state or {}).items():
        app.session_state[key] = value
    return app.run()


def texts(app: AppTest) -> str:
    """Everything that a page says in words, for looking something up in it."""
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error, app.success)
    return "\n".join(str(element.value) for kind in kinds for element in kind)


def alts(app: AppTest) -> list[str]:
    """Text alternatives of the photos."""
    return [image.proto.imgs[0].alt for image in app.get("image")]


def press(app: AppTest, key: str) -> AppTest:
    """The page after a button was pressed."""
    return app.button(key=key).click().run()
