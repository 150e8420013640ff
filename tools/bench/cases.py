"""What is benchmarked: networks, precisions, how many pictures."""

from __future__ import annotations

from dataclasses import dataclass

from flowerlab.architectures import architecture
from flowerlab.architectures.pretrained import find_weights
from flowerlab.features.precision import processor_has_bfloat16


@dataclass(frozen=True)
class Case:
    """One comparison with plain Keras.

    Args:
        name: In the report.
        letter: `A`, `B`, or `BC` for B and then C.
        architecture: Of the backbone.
        pictures: Of the garden, at 150 px.
        epochs: The lecture's five.
        image_size: In pixels.
    """

    name: str
    letter: str
    architecture: str
    pictures: int
    epochs: int = 5
    image_size: int = 150

    @property
    def weights(self) -> str:
        """Pretrained ones if they are on this machine; speed does not depend on them."""
        chosen = architecture(self.architecture)
        return chosen.pretrained or "none" if find_weights(chosen) is not None else "none"

    @property
    def precisions(self) -> tuple[str, ...]:
        """Of Flowerlab's frozen pass: float32, and bfloat16 where the processor has it and the network gains by it."""
        both = self.letter != "A" and architecture(self.architecture).bfloat16 and processor_has_bfloat16()
        return ("float32", "bfloat16") if both else ("float32",)


CASES = (
    Case("handmade", "A", "handmade", 3670),
    # What all photos share (traces, building the network) weighs less the more there are: B is quick enough to be run on more.
    Case("vgg16-b", "B", "vgg16", 1280),
    Case("vgg16", "BC", "vgg16", 320),
    Case("vgg16_mini", "BC", "vgg16_mini", 1000),
    Case("mobilenet_v2", "BC", "mobilenet_v2", 1000),
)
QUICK = (
    Case("handmade", "A", "handmade", 120, epochs=2, image_size=96),
    Case("vgg16_mini", "BC", "vgg16_mini", 120, epochs=2, image_size=96),
)
