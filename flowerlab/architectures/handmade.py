"""The lecture's own network, by formula: three convolutions, each followed by a pooling layer."""

from __future__ import annotations

from flowerlab.architectures.table import Layer

SMALLEST_PX = 72
# (filters, kernel, pool) of each of the three steps: the lecture's recipe A.
STEPS = ((16, 10, 3), (32, 8, 2), (32, 6, 2))


def handmade_layers() -> tuple[Layer, ...]:
    """Returns the layers before Flatten, in the order in which a Keras Sequential lists them.

    A convolution has (kernel² · input channels + 1) · filters parameters.
    """
    layers = [Layer(0, "rescaling", "Rescaling", 0, "input", clean=False, channels=3)]
    channels = 3
    for number, (filters, kernel, _) in enumerate(STEPS, start=1):
        parameters = (kernel * kernel * channels + 1) * filters
        block = f"step{number}"
        layers.append(Layer(len(layers), f"conv{number}", "Conv2D", parameters, block, clean=True, channels=filters))
        layers.append(Layer(len(layers), f"pool{number}", "MaxPooling2D", 0, block, clean=True, channels=filters))
        channels = filters
    return tuple(layers)


def handmade_side(image_size_px: int, layer: Layer) -> int:
    """Returns the side of a layer's output for a photo of this side: each convolution and pooling without padding."""
    side = image_size_px
    for place in range(1, layer.index + 1):
        _, kernel, pool = STEPS[(place - 1) // 2]
        side = side - kernel + 1 if place % 2 else side // pool
    return side
