"""One architecture, as data: its layers, where it can be cut, how many parameters train."""

from __future__ import annotations

import difflib
import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from flowerlab.architectures.table import Layer, read_table
from flowerlab.errors import BadRecipe
from flowerlab.system.downloads import RemoteFile


@dataclass(frozen=True)
class Counts:
    """How many parameters a network has; `total` = `trainable` + `frozen` = `backbone` + `head`."""

    total: int
    trainable: int
    frozen: int
    backbone: int
    head: int


@dataclass(frozen=True)
class Architecture:
    """A network that can be trained: a backbone, on which every recipe puts its own head.

    Args:
        sentence: What it is, for a pupil.
        year: Of publication; None for the lecture's own network.
        smallest_px, largest_px: Bounds of the square photo's side, both included.
        channels: Last axis of the backbone's output.
        side: (photo side in pixels, a layer) → side of that layer's output.
        own_layers: Makes the backbone's layers, where no table has them; called when they are first needed.
        fine_tune_from: Layer from which the lecture's recipe C trains; None if it has nothing to fine-tune.
        preprocess: Module of `keras.applications` whose `preprocess_input` takes RGB 0..255 before the backbone; None: the
            backbone's own layers rescale.
        preprocessing: The same in words.
        efficiency: Share of the processor's matrix speed that a pass reaches, 0..1 (docs/benchmarks.md). What adds, scales or moves
            values is not counted as work, so networks of many small layers reach less.
        constructor: Its function in `keras.applications`; None: Flowerlab builds it itself.
        pretrained: The word in a recipe for its pretrained weights: `imagenet` (Keras downloads them), `flowerlab` (trained by
            Flowerlab itself and shipped with it); None if nobody has trained it before.
        weights: Files with ImageNet weights without the top, as they lie in the folder `models/` of Keras' cache; any of
            them will do. Empty if `pretrained` is another word.
        bfloat16: Whether its frozen layers are quicker in bfloat16 on a processor that has it, and near enough to float32
            (docs/decisions/0007-speed.md).
        trains_in_bfloat16: Whether five seeds of its layers, trained in bfloat16, showed no other accuracy (there).
    """

    name: str
    title: str
    sentence: str
    source: str
    channels: int
    side: Callable[[int, Layer], int] = field(repr=False)
    preprocessing: str
    efficiency: float
    year: int | None = None
    source_url: str | None = None
    own_layers: Callable[[], tuple[Layer, ...]] | None = field(default=None, repr=False)
    fine_tune_from: str | None = None
    preprocess: str | None = None
    constructor: str | None = None
    constructor_arguments: Mapping[str, float] = field(default_factory=dict)
    pretrained: str | None = None
    weights: tuple[RemoteFile, ...] = ()
    smallest_px: int = 32
    largest_px: int = 331
    bfloat16: bool = False
    trains_in_bfloat16: bool = False

    @cached_property
    def layers(self) -> tuple[Layer, ...]:
        """The backbone's layers, each at its own index, as in Keras' `base.layers`."""
        return read_table(self.name) if self.own_layers is None else self.own_layers()

    def stops(self) -> tuple[Layer, ...]:
        """Returns the stops of the unfreeze-from slider, first layer first; none where nothing can be frozen."""
        return tuple(layer for layer in self.layers if layer.stop)

    def resolve_unfreeze(self, value: str | int) -> str:
        """Returns the one spelling of an `unfreeze_from`: `none`, `all` or a layer's name.

        Args:
            value: `none`, `all`, a layer's name (upper or lower case), or its index as a number or as text.
                The first layer is the same as `all`.

        Raises:
            BadRecipe: If there is no such layer, or the architecture cannot be frozen.
        """
        text = str(value).strip()
        word = text.casefold()
        if self.fine_tune_from is None:
            if word in ("all", "0"):
                return "all"
            raise BadRecipe(
                "unfreeze_from",
                f"must be all for {self.name}: it begins with random weights, so every layer has to learn.",
                received=value,
            )
        if word in ("none", "all"):
            return word
        index = self._index(text)
        if index is None:
            names = {layer.name.casefold(): layer.name for layer in self.layers[1:]} | {"none": "none", "all": "all"}
            near = [names[match] for match in difflib.get_close_matches(word[:80], names)]
            raise BadRecipe(
                "unfreeze_from",
                f"must be none, all, or a layer of {self.name}: its name, or its index from 0 to {len(self.layers) - 1}.",
                received=value,
                advice=f"Did you mean {' or '.join(near)}?" if near else f"For example {self.fine_tune_from}.",
            )
        return self.layers[index].name if index else "all"

    def _index(self, text: str) -> int | None:
        """Returns the index of a layer that is given by name or by digits; None if there is no such layer."""
        # int() refuses thousands of digits with an error of its own.
        if text.isdecimal() and len(text) <= 9:
            return int(text) if int(text) < len(self.layers) else None
        return next((layer.index for layer in self.layers if layer.name.casefold() == text.casefold()), None)

    def first_trainable_index(self, unfreeze_from: str | int) -> int | None:
        """Returns the index of the first layer that trains; None if the whole backbone is frozen.

        Raises:
            BadRecipe: As `resolve_unfreeze`.
        """
        resolved = self.resolve_unfreeze(unfreeze_from)
        if resolved in ("none", "all"):
            return 0 if resolved == "all" else None
        return self._index(resolved)

    def nearest_clean_before(self, index: int) -> int:
        """Returns the last clean cut that is not after a layer: where the frozen features of a run are taken.

        The features are the output of the layer right before the returned index.

        Args:
            index: First layer that trains, 0 up to the number of layers, which stands for the whole backbone frozen.

        Returns:
            An index from 1 to `index`; 0 if `index` is 0 (nothing is frozen).

        Raises:
            IndexError: If `index` is outside its range.
        """
        if not 0 <= index <= len(self.layers):
            raise IndexError(f"The index must be 0 to {len(self.layers)} for {self.name}. Received: {index}.")
        if index == len(self.layers):
            return index
        return next((place for place in range(index, 0, -1) if self.layers[place].clean), 0)

    def check_image_size(self, image_size_px: int) -> None:
        """Checks that a photo of this side fits.

        Raises:
            BadRecipe: If it is smaller than `smallest_px` or larger than `largest_px`.
        """
        if not self.smallest_px <= image_size_px <= self.largest_px:
            raise BadRecipe(
                "image_size",
                f"must be between {self.smallest_px} and {self.largest_px} pixels for {self.name}.",
                received=image_size_px,
            )

    def feature_shape(self, image_size_px: int) -> tuple[int, int, int]:
        """Returns the shape of the backbone's output for one photo: (height, width, channels).

        Raises:
            BadRecipe: As `check_image_size`.
        """
        self.check_image_size(image_size_px)
        side = self.side(image_size_px, self.layers[-1])
        return side, side, self.channels

    def crossing_shape(self, image_size_px: int, cut: int) -> tuple[int, int, int]:
        """Returns the shape of what crosses a clean cut for one photo: (height, width, channels).

        Args:
            cut: As `nearest_clean_before` returns it, 1 or more.
        """
        before = self.layers[cut - 1]
        side = self.side(image_size_px, before)
        return side, side, before.channels

    def flops(self, image_size_px: int) -> tuple[float, ...]:
        """Returns the floating-point operations of each layer for one photo, forwards; a multiplication and its addition are two.

        A convolution applies its parameters at every place of its output. What only adds, scales or compares counts as nothing:
        it costs memory, not operations.
        """
        return tuple(
            0.0 if layer.batch_norm else 2.0 * layer.parameters * self.side(image_size_px, layer) ** 2 for layer in self.layers
        )

    def counts(self, *, image_size: int, unfreeze_from: str | int, head: Sequence[int], classes: int) -> Counts:
        """Counts the parameters of the backbone with a head: Flatten, dense layers, one output per class.

        All parameters of BatchNormalization layers count as frozen, and so do all layers before `unfreeze_from`.

        Raises:
            BadRecipe: As `check_image_size` and `resolve_unfreeze`.
        """
        height, width, channels = self.feature_shape(image_size)
        first = self.first_trainable_index(unfreeze_from)
        backbone = sum(layer.parameters for layer in self.layers)
        learning = 0 if first is None else sum(layer.learnable for layer in self.layers[first:])
        sizes = (height * width * channels, *head, classes)
        dense = sum((inputs + 1) * units for inputs, units in itertools.pairwise(sizes))  # + 1 is the bias
        return Counts(total=backbone + dense, trainable=learning + dense, frozen=backbone - learning, backbone=backbone, head=dense)
