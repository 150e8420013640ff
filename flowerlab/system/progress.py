"""How work says how far it is; either may raise, which gives the work up."""

from __future__ import annotations

from collections.abc import Callable

# (done, total); and of work in several steps (step, done, total). A total of 0: it is not known.
Counted = Callable[[int, int], None]
Progress = Callable[[str, int, int], None]
