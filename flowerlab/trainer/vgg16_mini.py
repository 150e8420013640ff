"""VGG16 at a fraction of its width: the same 19 layers, names and indexes, 2.7 million parameters instead of 14.7."""

from __future__ import annotations

import keras
from keras import layers

# VGG16 has 64, 128, 256, 512, 512: a quarter of each, and a wider last block, whose output is what a head learns from.
WIDTHS = (16, 32, 64, 128, 320)
CONVOLUTIONS = (2, 2, 3, 3, 3)


def vgg16_mini(input_shape: tuple[int, int, int], *, include_top: bool = False, weights: None = None) -> keras.Model:
    """Builds the backbone with random weights, called as Keras' own builders are.

    Args:
        input_shape: (height, width, 3) of the photos; values −1 to 1, RGB.
        include_top: Must be False: there is no top.
        weights: Must be None: weights are loaded afterwards.

    Returns:
        float32 (n, height, width, 3) → float32 (n, height // 32, width // 32, 320).
    """
    if include_top or weights is not None:
        raise ValueError("vgg16_mini is built without a top and without weights.")
    if min(input_shape[:2]) < 32:
        raise ValueError(f"vgg16_mini halves a photo five times: it must be at least 32x32. Received: {input_shape}.")
    photos = tensor = keras.Input(input_shape, name="input_layer")
    for block, (width, convolutions) in enumerate(zip(WIDTHS, CONVOLUTIONS, strict=True), start=1):
        for number in range(1, convolutions + 1):
            tensor = layers.Conv2D(
                width, 3, padding="same", activation="relu", kernel_initializer="he_normal", name=f"block{block}_conv{number}"
            )(tensor)
        tensor = layers.MaxPooling2D(2, name=f"block{block}_pool")(tensor)
    return keras.Model(photos, tensor, name="vgg16_mini")
