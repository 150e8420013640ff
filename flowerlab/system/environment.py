"""Folders that environment variables of other programs name."""

from __future__ import annotations

import os
from pathlib import Path

from flowerlab.errors import BadInput, shown


def folder_named_by(variable: str, otherwise: Path) -> Path:
    """Returns the folder that an environment variable such as `KERAS_HOME` names; `otherwise` if it is unset or empty.

    Raises:
        BadInput: If it begins with the home of an account that is not known here (`~nobody/…`).
    """
    named = os.environ.get(variable) or str(otherwise)
    try:
        return Path(named).expanduser()
    except RuntimeError as error:
        raise BadInput(
            f"The environment variable {variable} names no folder: {error} Received: {shown(named)}. Write the whole path."
        ) from None
