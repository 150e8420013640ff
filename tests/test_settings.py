"""Settings: every one is documented, and a bad one is a sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flowerlab.architectures.pretrained import keras_home
from flowerlab.datasets.sources.tfds import tfds_folder
from flowerlab.errors import BadInput
from flowerlab.settings import Settings, variable_of

DOCS = Path(__file__).parents[1] / "docs" / "settings.md"


def test_every_setting_is_documented() -> None:
    """docs/settings.md has a row for each setting with its default and its very help text."""
    rows = {line.split("|")[1].strip().strip("`"): line for line in DOCS.read_text().splitlines() if line.startswith("| `")}
    assert set(rows) == {variable_of(name) for name in Settings.model_fields}
    for name, field in Settings.model_fields.items():
        assert field.description
        assert field.description in rows[variable_of(name)]
        if name != "home":
            assert f"`{field.default}`" in rows[variable_of(name)]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A variable sets its setting; an empty one is as if unset; what is given by name comes first; no file is read."""
    for name, value in {"HOME": "/tmp/lab", "THREADS": "2", "NICENESS": "", "UNKNOWN": "1"}.items():
        monkeypatch.setenv(f"FLOWERLAB_{name}", value)
    (tmp_path / ".env").write_text("FLOWERLAB_TRAINER_RUNS=7")
    monkeypatch.chdir(tmp_path)
    settings = Settings.from_environment()
    assert (settings.home, settings.threads, settings.niceness, settings.trainer_runs) == (Path("/tmp/lab"), 2, 15, 50)
    assert Settings(threads=3).threads == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [("niceness", "99"), ("engine", "cloud"), ("threads", "all"), ("warm_spare", "perhaps"), ("home", "~nobody-here/x")],
)
def test_a_bad_setting_names_its_variable(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The sentence names the variable and what was received."""
    monkeypatch.setenv(variable_of(name), value)
    with pytest.raises(BadInput, match=rf"{variable_of(name)} .*Received: '{value}'"):
        Settings.from_environment()


@pytest.mark.parametrize(("variable", "folder"), [("KERAS_HOME", keras_home), ("TFDS_DATA_DIR", tfds_folder)])
def test_a_folder_of_somebody_unknown_names_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, folder: Callable[[], Path]
) -> None:
    """`~nobody/…` in another library's variable is one sentence; `~` alone is one's own home."""
    monkeypatch.setenv(variable, "~/here")
    assert folder() == Path.home() / "here"
    monkeypatch.setenv(variable, "~nobody-here/x")
    with pytest.raises(BadInput, match=rf"{variable} names no folder.* Received: '~nobody-here/x'"):
        folder()
