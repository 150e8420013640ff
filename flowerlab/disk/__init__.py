"""The disk: what each run and each cache takes, and how it is freed."""

from flowerlab.disk.freeing import Freed, free
from flowerlab.disk.measure import measure
from flowerlab.disk.meter import Meter
from flowerlab.disk.things import CACHES, Kind, Thing, Usage

__all__ = ["CACHES", "Freed", "Kind", "Meter", "Thing", "Usage", "free", "measure"]
