"""Flowerlab's entry: the lab opens with the server; page config, navigation, one status strip."""

from __future__ import annotations

import streamlit as st
from starlette.middleware import Middleware

from flowerlab.ui.app.browser_cookie import BrowserCookie
from flowerlab.ui.app.lifespan import open_with_server


def main() -> None:
    """Draws what all pages share, then the page."""
    # Not above: the server shall answer while these are still being read.
    from flowerlab.errors import FlowerlabError
    from flowerlab.locale import use_language
    from flowerlab.ui.app.navigation import navigation
    from flowerlab.ui.app.status import status_strip
    from flowerlab.ui.base.class_link import unknown_names, way_out
    from flowerlab.ui.base.fragments import try_again
    from flowerlab.ui.base.lab import lab
    from flowerlab.ui.base.messages import show_error, show_refusal

    st.set_page_config(page_title="Flowerlab", page_icon="🌼", layout="wide")
    use_language(st.context.locale or "en")
    page = navigation()
    try:
        opened = lab()
        status_strip(opened)
        unknown_names()
        page.run()
        way_out()
    except FlowerlabError as error:
        # Another program holds the list of runs, the disk is full: the page comes back by itself when that has passed.
        show_error(error)
        try_again()
    except OSError as error:
        show_refusal(error)
        try_again()


if __name__ == "__main__":
    main()
else:
    # `streamlit run` finds the app here and serves this very file as its script.
    app = st.App(__file__, lifespan=open_with_server, middleware=[Middleware(BrowserCookie)])
