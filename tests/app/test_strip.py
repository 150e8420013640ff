"""What the strip on every page says of a home with which something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from flowerlab.home import Home
from flowerlab.ui.base.lab import lab
from tests.support import ROOT
from tests.support.read_only import told_read_only
from tests.support.stores import live_in


@pytest.fixture
def app(tmp_path: Path) -> AppTest:
    """The app on a home that was lived in, not yet run."""
    live_in(Home(tmp_path / "home").create())
    return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60)


def texts(app: AppTest) -> str:
    """All texts of the page."""
    return "\n".join(part.value for part in (*app.markdown, *app.caption, *app.warning, *app.error)).replace("\\", "")


def test_a_rebuilt_list_is_told_once(app: AppTest, tmp_path: Path) -> None:
    """Where the damaged file is and how many runs came back stands above every page until somebody has read it."""
    Home(tmp_path / "home").store.write_bytes(b"no database" * 1000)
    app.run()
    assert not app.exception
    assert "4 runs were rebuilt from their folders" in texts(app)
    assert "flowerlab.sqlite3.damaged-" in texts(app)
    app.button(key="notices-read").click().run()
    assert "rebuilt" not in texts(app)
    assert lab().notices == []


def test_a_home_that_cannot_be_written_says_why_nothing_trains(app: AppTest, tmp_path: Path) -> None:
    """The pages show the runs; the strip says that one may look; the button of the lecture says why it trains nothing."""
    with told_read_only(tmp_path / "home"):
        app.run()
        assert not app.exception
        assert "Only to be looked at" in texts(app)
        assert any("Ann" in button.label for button in app.button)
        app.button(key="lecture").click().run()
        assert not app.exception
        assert ["nothing in it can be changed" in error.value for error in app.error] == [True]
        lab().close()
