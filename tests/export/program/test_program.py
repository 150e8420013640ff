"""The program of a run that is here: all its stages, its photos and no others, cut where the lab cuts them."""

from __future__ import annotations

from pathlib import Path

import pytest

from flowerlab.datasets.originals import Original, write_originals
from flowerlab.datasets.parts import parts_of
from flowerlab.errors import BadInput
from flowerlab.export.formats import FORMATS
from flowerlab.export.program.program import program_of_run
from flowerlab.export.take_home import take_home
from flowerlab.lab import Lab
from tests.support.photos import jpeg
from tests.support.runs import add_trained_here


def test_identical_photos_move_the_cut_in_the_program_too(lab: Lab) -> None:
    """Where the lab moves a cut behind identical photos, the program has the very numbers."""
    photos = [
        Original(f"{kind}/{number:02d}.jpg", label, jpeg((7 * number, 200 * label, 0)))
        for label, kind in enumerate(("a", "b"))
        for number in range(20)
    ]
    same = [Original(one.id, one.label, photos[0].data) for one in photos]
    run = add_trained_here(lab)
    folder = lab.home.originals / lab.data.garden.content_name
    write_originals(folder, ("a", "b"), photos)
    assert program_of_run(lab, run).stages[0].cuts is None
    (folder / "index.json").unlink()
    write_originals(folder, ("a", "b"), [*same[:3], *photos[3:20], *same[20:39], photos[39]])
    (stage,) = program_of_run(lab, run).stages
    parts = parts_of(lab.data.originals("garden"), "garden", split="honest", validation_fraction=0.2)[1]
    assert stage.cuts == (len(parts.train), len(parts.train) + len(parts.validation))
    assert stage.cuts != (22, 28)


def test_a_run_goes_home_with_all_stages_or_says_why_not(lab: Lab, tmp_path: Path) -> None:
    """C brings B's training along; when B was deleted, a sentence says so and nothing is written."""
    b = add_trained_here(lab, "B", architecture="vgg16_mini")
    c = add_trained_here(lab, "C", architecture="vgg16_mini", unfreeze_from="block4_conv3", start_from=b.id)
    assert [stage.recipe for stage in program_of_run(lab, c).stages] == [b.recipe, c.recipe]
    lab.trash.throw(b.id)
    with pytest.raises(BadInput, match="was deleted"):
        take_home(lab, c, FORMATS["script"], tmp_path / "c.py")
    assert list(tmp_path.glob("*c.py*")) == []
