"""The command line: `python -m flowerlab lecture|train|resume|sweep|compare|classify|export|runs|fetch|pack|unpack|disk|doctor`.

Exit codes: 0 done, 2 bad input (nothing was changed), 1 failed. Results go to standard output, progress and errors to
standard error. With `--json`, standard output holds exactly one JSON object.
"""

from flowerlab.cli.app import app, main

__all__ = ["app", "main"]
