"""What every source of photos says and gives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from flowerlab.datasets.originals import Original
from flowerlab.home import Home
from flowerlab.system.progress import Progress


@runtime_checkable
class Source(Protocol):
    """Where a data set's photos come from."""

    @property
    def download_mb(self) -> int:
        """How much is fetched from a network, in MB (10⁶ bytes); 0 if nothing is."""

    @property
    def drawn_s(self) -> float:
        """How long a computer of 10¹¹ operations a second draws a photo; 0 if they are not drawn."""

    @property
    def photo_bytes(self) -> float:
        """How much a photo takes once it is gathered, about."""

    @property
    def keeps_order(self) -> bool:
        """Whether the photos are cut in the order in which they come; otherwise in a seeded, stratified one."""

    @property
    def tfds_name(self) -> str | None:
        """Under which name `tfds.load(name, split="train")` gives the same photos in the same order; None if under none."""

    @property
    def published(self) -> str | None:
        """The identity of photos that are the same in every lab; None where a setting or an import decides about them."""

    @property
    def identity_pattern(self) -> str:
        """A regular expression of all identities that photos from here can have, those of other versions too."""

    def identity(self, home: Home) -> str:
        """Returns what distinguishes these photos from others of the same name, known before they are gathered.

        It is the name of their folder in `home.originals`, or no folder's name if they are own photos that are not in this lab.
        """

    def classes(self, home: Home) -> tuple[str, ...]:
        """Returns the classes in label order.

        Raises:
            BadRecipe: If they are own photos that are not in this lab.
        """

    def photos(self, home: Home) -> int:
        """Returns how many photos there will be once they are gathered."""

    def available(self, home: Home) -> bool:
        """Whether the photos can be gathered without a network. Gathered before, they may lie in the home even if not."""

    def originals(self, home: Home, progress: Progress) -> Iterable[Original]:
        """Returns the photos in their order, read or drawn one by one.

        Raises:
            DatasetNotAtHand: If they are not on this machine.
        """
