"""The store: runs, attempts, events, results, in one SQLite file. The only folder with SQL.

The state of a run is read here and nowhere else. One connection a thread, short transactions. What a run is and came to is also
written into its folder (`flowerlab.runs.folders`), from which a damaged store can be rebuilt.
"""

from flowerlab.store.connections import check_store
from flowerlab.store.store import Store

__all__ = ["Store", "check_store"]
