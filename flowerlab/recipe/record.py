"""Records that are kept by the hundred for as long as the lab is open."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

_NOTE: set[str] = set()


class Record(BaseModel):
    """Values that were checked once and do not change."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def model_post_init(self, context: Any, /) -> None:
        """Lets all records share one empty note of which fields were given: as large as a recipe itself, and nothing reads it."""
        object.__setattr__(self, "__pydantic_fields_set__", _NOTE)
