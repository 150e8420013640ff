"""What can be trained, as data: layers, clean cuts, parameters, preprocessing in words. Needs no TensorFlow.

To add an architecture: one table (`tools/describe_architectures.py` makes it) and one entry in `catalog.py`.
"""

from flowerlab.architectures.architecture import Architecture, Counts, Layer
from flowerlab.architectures.catalog import ARCHITECTURES, architecture

__all__ = ["ARCHITECTURES", "Architecture", "Counts", "Layer", "architecture"]
