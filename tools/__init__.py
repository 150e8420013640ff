"""Commands that make shipped things again, measure, or check for long.

They stand on the package and on what tests stand on (`tests/support`). Tests may call a tool; a tool calls no test.
"""

from pathlib import Path

ROOT = Path(__file__).parents[1]
