"""The bound on open files."""

from __future__ import annotations

import subprocess
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("Windows has no such bound", allow_module_level=True)

PROGRAM = """
import resource
from flowerlab.open_files import allow_enough_open_files
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
print(allow_enough_open_files(), *resource.getrlimit(resource.RLIMIT_NOFILE))
"""


@pytest.mark.parametrize(("soft", "hard", "after"), [(256, 5000, 4096), (256, 1000, 1000), (4500, 5000, 4500), (900, 900, 900)])
def test_the_bound_is_raised_and_never_lowered(soft: int, hard: int, after: int) -> None:
    """A low bound becomes 4,096, or what the system allows; a higher one stays; the system's own is not touched."""
    program = PROGRAM.format(soft=soft, hard=hard)
    told = subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True, text=True).stdout
    assert told.split() == [str(after), str(after), str(hard)]
