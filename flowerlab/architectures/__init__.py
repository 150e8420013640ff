"""What can be trained, as data: layers, clean cuts, parameters, preprocessing. Needs no TensorFlow.

To add an architecture: one entry in `catalog.py`, and its table, which `python -m tools.describe_architectures NAME` makes.
"""

from flowerlab.architectures.architecture import Architecture, Counts
from flowerlab.architectures.catalog import ARCHITECTURES, architecture
from flowerlab.architectures.table import Layer

__all__ = ["ARCHITECTURES", "Architecture", "Counts", "Layer", "architecture"]
