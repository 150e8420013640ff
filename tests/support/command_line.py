"""What a command printed and returned."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Outcome:
    """What a command left."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output; fails if there is anything else."""
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found
