"""Records of which hundreds are kept."""

from __future__ import annotations

from flowerlab.recipe.recipe import Recipe


def test_records_share_what_pydantic_notes_of_each() -> None:
    """Two recipes hold one note of their fields; a changed copy leaves it as it was, and equality goes by values."""
    one, other = Recipe.parse({"seed": 1}), Recipe.parse({"architecture": "vgg16_mini", "epochs": 3})
    assert one.model_fields_set is other.model_fields_set
    one.model_copy(update={"seed": 2})
    assert one.model_fields_set == set()
    assert one != other
    assert one == Recipe.parse(one.model_dump())
