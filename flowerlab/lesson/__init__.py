"""Lesson packs: a data set, pretrained weights, frozen features and finished runs in one file, for computers without a network."""

from flowerlab.lesson.packing import Packed, pack
from flowerlab.lesson.unpacking import Unpacked, unpack

__all__ = ["Packed", "Unpacked", "pack", "unpack"]
