"""Lesson packs: a data set, pretrained weights, frozen features and finished runs in one file, for computers without a network."""

from flowerlab.packs.packing import Packed, pack
from flowerlab.packs.unpacking import Unpacked, unpack

__all__ = ["Packed", "Unpacked", "pack", "unpack"]
