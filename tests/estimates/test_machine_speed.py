"""The machine's name and speed."""

from __future__ import annotations

import json

import pytest

from flowerlab.estimates import machine_speed as machine
from flowerlab.home import Home


def test_the_fastest_measurement_is_kept(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A slower measurement later does not replace a faster one; it is asked for once a minute at most."""
    asked = iter([5e10, 9e10, 3e10, 4e10])
    monkeypatch.setattr(machine, "_measured", lambda: next(asked))
    assert machine.peak_flops(home) == 5e10
    assert machine.peak_flops(home) == 5e10
    for expected in (9e10, 9e10):
        machine._measured_s.clear()
        assert machine.peak_flops(home) == expected
    monkeypatch.setattr(machine, "machine_name", lambda: "another")
    assert machine.peak_flops(home) == 4e10


@pytest.mark.parametrize("content", ["", "{", "[]", '{"machine": "x"}', '{"machine": 3, "peak_flops": "many"}'])
def test_a_damaged_file_is_measured_anew(home: Home, content: str) -> None:
    """What cannot be read does not matter: the speed is measured."""
    (home.root / "machine.json").write_text(content)
    assert machine.peak_flops(home) > 1e8
    assert json.loads((home.root / "machine.json").read_text())["machine"] == machine.machine_name()
