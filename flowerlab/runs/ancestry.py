"""The runs that a run starts from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, TypeVar

from flowerlab.recipe.recipe import Recipe


class HasRecipe(Protocol):
    """A run, or what is known of one."""

    @property
    def recipe(self) -> Recipe:
        """What was trained."""


Link = TypeVar("Link", bound=HasRecipe)


def ancestry(run: Link, lookup: Callable[[str], Link | None]) -> Iterator[Link]:
    """Yields a run and those that it starts from, the nearest first.

    It ends at the first of all, or before one that was deleted: then `recipe.start_from` of the last one names that.
    """
    link: Link | None = run
    while link is not None:
        yield link
        source = link.recipe.start_from
        link = None if source is None else lookup(source)
