"""Texts in the student's language: gettext catalogues, chosen for each viewer.

Every text that a student reads is written as `_("…")`, in English. Without a catalogue for a language the English text is
shown.
"""

from __future__ import annotations

import gettext
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path

FOLDER = Path(__file__).parent
_language: ContextVar[str] = ContextVar("language", default="en")


@lru_cache(maxsize=16)
def _catalogue(language: str) -> gettext.NullTranslations:
    return gettext.translation("flowerlab", localedir=FOLDER, languages=[language, language.split("_")[0]], fallback=True)


def use_language(language: str) -> None:
    """Chooses the language of the texts that this viewer gets from now on, for example `pt-BR`."""
    _language.set(language.replace("-", "_"))


def _(text: str) -> str:
    """Returns a text in the viewer's language."""
    return _catalogue(_language.get()).gettext(text)
