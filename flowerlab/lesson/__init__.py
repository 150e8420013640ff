"""Lesson packs: a data set, pretrained weights, frozen features and finished runs in one file, for computers without a network."""

from flowerlab.lesson.pack import Packed, pack
from flowerlab.lesson.unpack import Unpacked, unpack

__all__ = ["Packed", "Unpacked", "pack", "unpack"]
