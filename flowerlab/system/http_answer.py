"""An HTTP answer that can be waited for and given up.

It is read in a thread of its own: neither a name server nor a socket that says nothing can be interrupted from outside, but
who waits here can leave at any time.
"""

from __future__ import annotations

import queue
import re
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Self

CHUNK_BYTES = 1 << 18
RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)")


@dataclass(frozen=True)
class Head:
    """What a server says before the bytes.

    Args:
        status: HTTP status.
        reason: In words.
        length: How many bytes follow; None if it does not say.
        etag: Names this version of the file; empty if it gives none.
        range: (first byte, size of the whole file) if this is a piece of it; else None.
    """

    status: int
    reason: str
    length: int | None
    etag: str
    range: tuple[int, int] | None


class Answer:
    """A request that is under way; for the length of a `with` block.

    Args:
        url: http or https; proxies and certificates are the system's.
        headers: Of the request.
        silent_s: Seconds without a byte after which the server counts as silent.
        look_s: Seconds between two calls of `watch` while nothing comes.
    """

    def __init__(self, url: str, headers: Mapping[str, str], *, silent_s: float, look_s: float) -> None:
        self._request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - addresses are data of ours
        self._silent_s, self._look_s = silent_s, look_s
        # Bounded, so that a slow disk slows the network and not fills the memory.
        self._come: queue.Queue[Head | bytes | Exception] = queue.Queue(maxsize=16)
        self._given_up = threading.Event()

    def __enter__(self) -> Self:
        threading.Thread(target=self._read, daemon=True, name="download").start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._given_up.set()

    def head(self, watch: Callable[[], None]) -> Head:
        """Waits for the head.

        Args:
            watch: Called while waiting; may raise to give up.

        Raises:
            OSError: If the server cannot be reached.
            TimeoutError: If it says nothing for too long.
        """
        head = self._next(watch)
        assert isinstance(head, Head)
        return head

    def chunk(self, watch: Callable[[], None]) -> bytes:
        """Waits for the next bytes; empty at the end. Arguments and errors as `head`."""
        chunk = self._next(watch)
        assert isinstance(chunk, bytes)
        return chunk

    def _next(self, watch: Callable[[], None]) -> Head | bytes:
        since_s = time.monotonic()
        while True:
            watch()
            try:
                item = self._come.get(timeout=self._look_s)
            except queue.Empty:
                if time.monotonic() - since_s > self._silent_s:
                    raise TimeoutError from None
                continue
            if isinstance(item, Exception):
                raise item
            return item

    def _read(self) -> None:
        try:
            with urllib.request.urlopen(self._request, timeout=self._silent_s) as answer:  # noqa: S310
                self._put(_head(answer.status, answer.reason, answer.headers))
                while not self._given_up.is_set():
                    chunk = answer.read1(CHUNK_BYTES)
                    self._put(chunk)
                    if not chunk:
                        return
        except urllib.error.HTTPError as error:
            with error:
                self._put(_head(error.code, error.reason, error.headers))
        except Exception as error:
            self._put(error)

    def _put(self, item: Head | bytes | Exception) -> None:
        while not self._given_up.is_set():
            try:
                self._come.put(item, timeout=self._look_s)
            except queue.Full:
                continue
            return


def _head(status: int, reason: object, headers: Message) -> Head:
    length, piece = headers.get("Content-Length", ""), RANGE.fullmatch(headers.get("Content-Range", ""))
    return Head(
        status,
        str(reason),
        int(length) if length.isdecimal() else None,
        headers.get("ETag", ""),
        (int(piece[1]), int(piece[2])) if piece else None,
    )
