"""What the lab needs and what of it is here."""

from flowerlab.doctor.examination import can_run, examine
from flowerlab.doctor.finding import Finding, Level

__all__ = ["Finding", "Level", "can_run", "examine"]
