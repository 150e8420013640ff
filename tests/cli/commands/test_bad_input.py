"""Bad input, bad settings and a damaged home: one sentence and an exit code; and the doctor."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from flowerlab.cli.knobs import flag_of
from flowerlab.home import Home
from flowerlab.recipe.knobs import KNOBS
from flowerlab.store.copying import asides
from tests.support.command_line import Call, all_runs


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "--epochs", "0"),
        ("train", "--epoch", "3"),
        ("train", "--epochs"),
        ("train", "surplus"),
        ("grow",),
        (),
        ("train", "--name", ""),
        ("train", "--unfreeze-from", "block9"),
        ("train", "--dataset", "folder:nobody"),
        ("train", "--start-from", "0" * 12),
        ("train", "--weights", "there/is/no.h5"),
        ("train", "--dataset", "no/folder"),
        ("train", "--dry-run", "--dataset", "folder:nobody"),
        ("train", "--dry-run", "--start-from", "0" * 12),
        ("lecture", "--architecture", "handmade"),
        ("lecture", "--unfreeze-from", "none"),
        ("lecture", "--seed", "-1"),
        ("resume",),
        ("resume", "0" * 12),
        ("resume", "nobody", "--epochs", "x"),
        ("classify",),
        ("classify", "0" * 12, "x.jpg"),
        ("runs", "--state", "lazy"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(call: Call, arguments: tuple[str, ...]) -> None:
    """Bad input ends with 2 and one line on standard error, with --json also as `error`; nothing is changed."""
    plain = call(*arguments)
    assert (plain.code, plain.out) == (2, "")
    assert len(plain.err.splitlines()) == 1
    outcome = call(*arguments, "--json") if arguments and arguments[0] != "grow" else None
    # A flag without its value takes --json for it: then that is what is wrong.
    if outcome is not None:
        assert outcome.code == 2
        assert set(outcome.json) == {"error"}
        assert outcome.json["error"] == outcome.err.strip()
    assert all_runs() == []


# Without what leads out of the empty folder in which it is called: `/` and `~` are folders with everybody's photos.
anything = st.text(st.characters(exclude_characters="/\\~"), max_size=30)


@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.sampled_from(sorted(KNOBS)), text=anything)
def test_any_text_for_a_knob_parses_or_is_refused(
    name: str, text: str, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever stands behind a knob's flag, the recipe takes it or the command ends with 2, one line, and no run."""
    (tmp_path / "empty").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "empty")
    outcome = call("train", "--dry-run", "--json", f"{flag_of(name)}={text}")
    assert outcome.code in (0, 2)
    assert set(outcome.json) == {"error"} if outcome.code == 2 else outcome.json["recipe"]
    assert len(outcome.err.splitlines()) == (1 if outcome.code == 2 else 0)
    assert all_runs() == []


def test_bad_settings_are_exit_code_2(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that cannot be is bad input like any other."""
    monkeypatch.setenv("FLOWERLAB_THREADS", "all")
    outcome = call("runs", "--json")
    assert outcome.code == 2
    assert "FLOWERLAB_THREADS" in outcome.json["error"]


def test_an_unusable_home_is_exit_code_1(call: Call, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A home that cannot be written is a sentence and a failure, not a stack trace."""
    (tmp_path / "file").touch()
    monkeypatch.setenv("FLOWERLAB_HOME", str(tmp_path / "file" / "home"))
    outcome = call("runs", "--json")
    assert outcome.code == 1
    assert "FLOWERLAB_HOME" in outcome.json["error"]
    assert len(outcome.err.splitlines()) == 1


def test_the_doctor_says_whether_the_lab_can_run(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """`doctor` ends with 0 on a machine that only lacks downloads, and with 1 where there is a problem."""
    healthy = call("doctor", "--json")
    assert (healthy.code, healthy.json["can_run"]) == (0, True)
    assert {"python", "packages", "home", "garden", "tf_flowers"} <= {check["subject"] for check in healthy.json["checks"]}
    assert "The lab can run." in call("doctor").out
    monkeypatch.setenv("FLOWERLAB_THREADS", "all")
    sick = call("doctor", "--json")
    assert (sick.code, sick.json["can_run"]) == (1, False)


def test_a_damaged_list_of_runs_is_one_sentence(call: Call, tmp_path: Path) -> None:
    """A file of runs that SQLite cannot read is put aside and kept, and a command says so once; `--json` stays JSON."""
    store = Home(tmp_path / "home").create().store
    store.write_bytes(b"no database" * 1000)
    outcome = call("runs", "--json")
    assert (outcome.code, outcome.json) == (0, {"runs": []})
    assert len(outcome.err.splitlines()) == 1
    (aside,) = asides(store)
    assert f"It was put aside as {aside}; no run has a folder" in outcome.err
    assert aside.read_bytes() == b"no database" * 1000
    assert "put aside" not in call("runs").err
