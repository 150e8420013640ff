"""What tests of engines share: a sink that can be waited for, and jobs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from flowerlab.engine import Job
from flowerlab.home import Home
from flowerlab.recipe.recipe import Recipe
from tests.support.engines import Said, job_of
from tests.support.recipes import QUICK


@pytest.fixture
def said() -> Said:
    """What the engine said."""
    return Said()


@pytest.fixture
def job(home: Home) -> Callable[..., Job]:
    """Makes jobs whose run folder exists."""

    def make(run_id: str, recipe: Recipe = QUICK, **more: Any) -> Job:
        home.run(run_id).mkdir(exist_ok=True)
        return job_of(run_id, recipe, **{"attempt": 3, **more})

    return make
