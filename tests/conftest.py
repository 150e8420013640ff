"""What all tests share: an own home, and what happens where real data or a browser is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from flowerlab.engine.fake import FakeEngine
from flowerlab.home import Home
from flowerlab.lab import Lab
from flowerlab.settings import Settings

# No test is timed: a machine that trains beside the tests may take a second for what takes it a millisecond otherwise.
hypothesis_settings.register_profile("untimed", deadline=None)
hypothesis_settings.load_profile("untimed")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty FLOWERLAB_HOME."""
    return Home(tmp_path / "home").create()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings for a small, quick lab in an own home."""
    return Settings(
        home=tmp_path / "home", warm_spare=False, niceness=0, garden_pictures=60, starter=False, training_precision="float32"
    )


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No test reads or writes the lab of the person who runs it; the starter is only where a test is about it."""
    for name in list(os.environ):
        if name.startswith("FLOWERLAB_") and not name.startswith("FLOWERLAB_REQUIRE_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("FLOWERLAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FLOWERLAB_STARTER", "false")


@pytest.fixture
def lab(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """A lab with quick scripted runs."""
    monkeypatch.setitem(FakeEngine.__init__.__kwdefaults__, "pause_s", 0.001)
    monkeypatch.setattr("flowerlab.scheduler.scheduler.LOOK_S", 0.02)
    opened = Lab(settings.model_copy(update={"engine": "fake"}))
    yield opened
    opened.close()


@pytest.fixture
def idle_lab(settings: Settings) -> Iterator[Lab]:
    """A lab that trains nothing by itself, so that runs can be put into its store as if they had been trained."""
    opened = Lab(settings.model_copy(update={"engine": "fake"}), run_queue=False)
    yield opened
    opened.close()


def _missing(marker: str) -> str | None:
    """Says what a marked test would miss on this machine; None if all is there."""
    if marker == "browser":
        return None if shutil.which("chromium") else "needs Chromium (on Debian: apt install chromium)"
    tfds = Path(os.environ.get("TFDS_DATA_DIR", "")) / "tf_flowers"
    keras = Path(os.environ.get("KERAS_HOME", "")) / "models"
    if os.environ.get("TFDS_DATA_DIR") and tfds.is_dir() and os.environ.get("KERAS_HOME") and keras.is_dir():
        return None
    return "needs tf_flowers in TFDS_DATA_DIR and MobileNetV2's weights in KERAS_HOME"


REQUIRED_BY = {"browser": "FLOWERLAB_REQUIRE_BROWSER", "real_data": "FLOWERLAB_REQUIRE_REAL_DATA"}


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skips a test whose means are missing, or fails it where they were promised."""
    for marker, variable in REQUIRED_BY.items():
        if item.get_closest_marker(marker) and (missing := _missing(marker)):
            if os.environ.get(variable):
                pytest.fail(f"{variable} is set, but this test {missing}.")
            pytest.skip(missing)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leaves nightly tests out unless they are asked for."""
    if "nightly" in str(config.getoption("markexpr")):
        return
    kept = [item for item in items if not item.get_closest_marker("nightly")]
    config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("nightly")])
    items[:] = kept
