"""`export` on the command line: it says what it did, or in one sentence why not."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from flowerlab.cli import main
from flowerlab.datasets.gather import gather
from flowerlab.export.card import card
from flowerlab.lab import Lab
from flowerlab.settings import Settings
from tests.support.runs import add_trained_here

PICTURES = 50


@pytest.fixture
def lab(settings: Settings) -> Iterator[Lab]:
    """A lab that trains nothing, with a garden."""
    opened = Lab(settings.model_copy(update={"garden_pictures": PICTURES}), run_queue=False)
    gather(opened.home, "garden", opened.data.garden)
    yield opened
    opened.close()


Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Call:
    """Runs a command in this process; gives (exit code, standard output, standard error)."""
    monkeypatch.setenv("FLOWERLAB_GARDEN_PICTURES", str(PICTURES))

    def run(*arguments: str | Path) -> tuple[int, str, str]:
        capfd.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return run


def test_the_command_writes_and_says_so(lab: Lab, call: Call, tmp_path: Path) -> None:
    """`export` writes the file, says its size, what must lie beside it, and all of it as one JSON object."""
    run = add_trained_here(lab)
    code, out, err = call("export", run.id, "--to", "script", "--out", tmp_path / "a.py")
    assert (code, out.startswith(str(tmp_path / "a.py"))) == (0, True)
    assert "photos/" in err
    code, out, _err = call("export", run.name, "--to", "notebook", "--out", tmp_path / "a.zip", "--json")
    told = json.loads(out)
    assert (code, told["run_id"], told["to"], told["beside"]) == (0, run.id, "notebook", [])
    assert Path(told["path"]).stat().st_size == told["bytes"]


def test_the_command_writes_a_card_and_a_model(lab: Lab, call: Call, tmp_path: Path) -> None:
    """The card is the one that the page offers, the model that of the run, byte for byte; nothing must lie beside them."""
    run = add_trained_here(lab)
    code, out, err = call("export", run.id, "--to", "card", "--out", tmp_path / "run.html")
    assert (code, err) == (0, "")
    assert out == f"{tmp_path / 'run.html'}: {(tmp_path / 'run.html').stat().st_size / 1e6:,.2f} MB\n"
    assert (tmp_path / "run.html").read_text(encoding="utf-8") == card(lab.store, run)
    code, out, err = call("export", run.id, "--to", "keras", "--out", tmp_path / "run.keras", "--json")
    told = json.loads(out)
    assert (code, err, told["to"], told["beside"], told["difference"]) == (0, "", "keras", [], None)
    assert (tmp_path / "run.keras").read_bytes() == lab.home.model(run.id).read_bytes() != b""


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["nobody", "--to", "card", "--out", "x.html"], "no such run"),
        (["RUN", "--to", "pdf", "--out", "x.pdf"], "--to must be one of"),
        (["RUN", "--to", "card", "--out", "x.pdf"], "must end in .html"),
        (["RUN", "--to", "card"], "--out"),
    ],
)
def test_the_command_refuses_in_one_sentence(lab: Lab, call: Call, arguments: list[str], word: str) -> None:
    """A run, form or file that cannot be is exit code 2 and one line."""
    run = add_trained_here(lab)
    code, out, err = call("export", *[run.id if one == "RUN" else one for one in arguments])
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert word in err


def test_a_run_that_waits_has_nothing_to_take_home(lab: Lab, call: Call, tmp_path: Path) -> None:
    """A run without a model is exit code 1 with its state, and writes nothing."""
    run = lab.queue.start(add_trained_here(lab).recipe, again=True).run
    code, _out, err = call("export", run.id, "--to", "keras", "--out", tmp_path / "x.keras")
    assert (code, err.count("\n")) == (1, 1)
    assert "queued" in err
    assert not (tmp_path / "x.keras").exists()
