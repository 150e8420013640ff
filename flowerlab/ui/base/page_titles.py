"""The pages and what they are called, in their order."""

from __future__ import annotations

from flowerlab.locale import _


def page_titles() -> dict[str, tuple[str, str]]:
    """Returns title and icon of each page, by the name of its file."""
    return {
        "home": (_("Home"), "🌼"),
        "data": (_("Data"), "🧺"),
        "train": (_("Train"), "🌱"),
        "compare": (_("Compare"), "⚖️"),
        "mistakes": (_("Mistakes"), "🔎"),
        "inside": (_("Inside"), "🔬"),
        "experiments": (_("Experiments"), "🧪"),
        "classify": (_("Classify"), "📷"),
        "disk": (_("Disk"), "💾"),
    }
