"""Whether an address can be reached, asked before a download that would hang without a network."""

from __future__ import annotations

import urllib.error
import urllib.request

TIMEOUT_S = 3.0


def reachable(address: str, *, timeout_s: float = TIMEOUT_S) -> bool:
    """Returns whether an HTTP(S) address answers at all within the time; proxies from the environment are used."""
    try:
        request = urllib.request.Request(address, method="HEAD")  # noqa: S310 - addresses are constants of ours
        with urllib.request.urlopen(request, timeout=timeout_s):  # noqa: S310
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except (OSError, ValueError):
        return False
