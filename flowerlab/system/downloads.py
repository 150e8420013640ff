"""Files from the network: fetched whole or not at all, resumed, cancelled, checked.

A download grows in `.NAME.part` beside its target, with the server's ETag in `.NAME.part.etag`, and is renamed when size and
hash are right. After giving up the part stays, and the next try resumes it. One process at a time fetches a file.
"""

from __future__ import annotations

import hashlib
import http.client
import re
import shutil
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flowerlab.errors import DownloadFailed
from flowerlab.system.files import sync_file
from flowerlab.system.locks import waiting_for
from flowerlab.system.progress import Counted, Progress

EVERY_S = 0.25
SILENT_S = 20.0
TRIES = 4
CHUNK_BYTES = 1 << 18
SPARE_BYTES = 50_000_000
OK, PARTIAL, NOT_SATISFIABLE = 200, 206, 416
HDF5 = b"\x89HDF\r\n\x1a\n"
# Where an HDF5 file says how long it is, by the version of its superblock (HDF5 File Format Specification, II.A).
HDF5_LENGTH_AT = {0: 40, 1: 44, 2: 28, 3: 28}


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be fetched, with all that is known of it beforehand.

    Args:
        digest: MD5 (32 hexadecimal digits) or SHA-256 (64) of its content; None if its publisher gives none. Then its size
            is checked, and of an HDF5 file (.h5) that it is one and reaches to its own end.
    """

    name: str
    url: str
    size_bytes: int
    digest: str | None

    @property
    def hash_name(self) -> str:
        """What the digest is, as `hashlib` calls it."""
        return "md5" if self.digest is not None and len(self.digest) == 32 else "sha256"

    @property
    def megabytes(self) -> float:
        """Its size in MB (10⁶ bytes), to one decimal."""
        return round(self.size_bytes / 1e6, 1)


def in_megabytes(step: str, progress: Progress) -> Counted:
    """Turns a progress of (step, done, total) into one that takes bytes and says whole MB (10⁶ bytes)."""
    return lambda done, total: progress(step, round(done / 1e6), max(1, round(total / 1e6)))


class _Broken(Exception):
    """The answer ended too early or never came; a part may be there."""


class _Wrong(Exception):
    """The server sent something else than the file."""


def download(file: RemoteFile, target: Path, progress: Counted = lambda done, total: None) -> Path:
    """Fetches a file unless it is there, and returns its path.

    Args:
        target: Its path; the folder is made.
        progress: Called with (bytes here, bytes in all) about four times a second, also while nothing comes. May raise to
            give up: what has come stays for the next try.

    Raises:
        DownloadFailed: If it cannot be fetched now, with the reason as one sentence.
    """
    part = target.with_name(f".{target.name}.part")
    watch = _paced(lambda: progress(_size(part), file.size_bytes))
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with waiting_for(target.with_name(f".{target.name}.lock"), check=watch):
            # Another process may have fetched it meanwhile.
            if not is_whole(target):
                _check_space(file, part)
                _fetch(file, part, watch)
                part.replace(target)
                _etag_of(part).unlink(missing_ok=True)
                progress(file.size_bytes, file.size_bytes)
    except (OSError, _Broken, _Wrong) as error:
        raise DownloadFailed(_sentence(file, part, error)) from error
    return target


def _fetch(file: RemoteFile, part: Path, watch: Callable[[], None]) -> None:
    """Fills the part until it is the whole file; a connection that breaks off is resumed as long as it brings bytes."""
    for left in reversed(range(TRIES)):
        before = _size(part)
        resumed = before > 0
        try:
            if before != file.size_bytes:
                resumed = _Transfer(file, part).wait(watch)
        except (_Broken, OSError, ValueError, http.client.HTTPException) as error:
            if left and before < _size(part):
                continue
            raise _Broken(_reason(error)) from error
        problem = _problem(file, part, watch)
        if problem is None:
            return
        _drop(part)
        # What lay here before may have been of another file: once more, from none.
        if not (resumed and left):
            raise _Wrong(problem)


class _Transfer:
    """One request, answered into the part by a thread of its own.

    Neither a name server nor a server that is silent can be interrupted, but who waits for them can leave. From then on the
    thread touches the part no more: another may write it.
    """

    def __init__(self, file: RemoteFile, part: Path) -> None:
        self._file, self._part = file, part
        self._outcome: Future[bool] = Future()
        self._heard_s = time.monotonic()
        self._guard, self._left = threading.Lock(), False

    def wait(self, watch: Callable[[], None]) -> bool:
        """Has the request made; returns whether its answer continued what lay in the part.

        Args:
            watch: Called while waiting; may raise to leave.

        Raises:
            TimeoutError: If nothing came for `SILENT_S`.
        """
        threading.Thread(target=self._run, daemon=True, name="download").start()
        try:
            while not wait([self._outcome], EVERY_S / 2).done:
                watch()
                if time.monotonic() - self._heard_s > SILENT_S:
                    raise TimeoutError
        finally:
            with self._guard:
                self._left = True
        if self._part.exists():
            sync_file(self._part)
        return self._outcome.result()

    def _run(self) -> None:
        try:
            self._outcome.set_result(self._receive())
        except Exception as error:
            self._outcome.set_exception(error)

    @contextmanager
    def _waited_for(self) -> Iterator[None]:
        with self._guard:
            if self._left:
                raise _Broken
            yield

    def _receive(self) -> bool:
        have, headers = _size(self._part), {"Accept-Encoding": "identity", "User-Agent": "flowerlab"}
        etag = _etag_of(self._part).read_text(encoding="ascii") if have and _etag_of(self._part).is_file() else ""
        # Without ETag only a hash of the whole tells whether two parts are of one file.
        resume = 0 < have < self._file.size_bytes and bool(etag or self._file.digest)
        if resume:
            headers |= {"Range": f"bytes={have}-"} | ({"If-Range": etag} if etag else {})
        request = urllib.request.Request(self._file.url, headers=headers)  # noqa: S310 - addresses are data of ours
        try:
            with urllib.request.urlopen(request, timeout=SILENT_S) as answer:  # noqa: S310
                piece = re.fullmatch(rf"bytes {have}-\d+/{self._file.size_bytes}", answer.headers.get("Content-Range", ""))
                if not resume or answer.status == OK or piece:
                    return self._write(answer, resume=resume and answer.status == PARTIAL)
        except urllib.error.HTTPError as error:
            error.close()
            if not resume or error.code != NOT_SATISFIABLE:
                raise _Broken(f"the server answered {error.code} {error.reason}".strip()) from None
        # It does not know these bytes: the caller starts from none.
        with self._waited_for():
            _drop(self._part)
        return True

    def _write(self, answer: http.client.HTTPResponse, *, resume: bool) -> bool:
        size_bytes, length, etag = self._file.size_bytes, answer.length, answer.headers.get("ETag", "")
        if not resume and answer.status != OK:
            raise _Broken(f"the server answered {answer.status} {answer.reason}".strip())
        if not resume and length not in (None, size_bytes):
            # Often the log-in page of a network.
            raise _Wrong(f"the server offers {length:,} bytes instead of {size_bytes:,}")
        if not resume:
            with self._waited_for():
                _drop(self._part)
                _note_etag(self._part, etag)
        while chunk := answer.read1(CHUNK_BYTES):
            # Opened for each: a file that is open cannot be renamed on Windows, and a thread that was left may wait long.
            with self._waited_for(), self._part.open("ab") as written:
                if written.tell() + len(chunk) > size_bytes:
                    break
                written.write(chunk)
            self._heard_s = time.monotonic()
        if chunk:
            with self._waited_for():
                _drop(self._part)
            raise _Wrong(f"the server sent more than {size_bytes:,} bytes")
        if _size(self._part) < size_bytes:
            if not resume and length is None and not etag:
                # It said neither how much it would send nor of which version: most likely a page of the network's.
                with self._waited_for():
                    _drop(self._part)
            raise _Broken("the connection broke off")
        return resume


def _problem(file: RemoteFile, part: Path, watch: Callable[[], None]) -> str | None:
    """Says what is wrong with a part that was received to its end; None if it is the file."""
    if _size(part) != file.size_bytes:
        return f"what the server sent has {_size(part):,} bytes instead of {file.size_bytes:,}"
    if file.digest is not None:
        found = hashlib.new(file.hash_name, usedforsecurity=False)
        with part.open("rb") as data:
            while chunk := data.read(1 << 20):
                found.update(chunk)
                watch()
        return None if found.hexdigest() == file.digest else "what the server sent is another file (its hash is wrong)"
    if file.name.endswith(".h5") and not reaches_its_end(part):
        return "what the server sent is no whole HDF5 file"
    return None


def is_whole(path: Path) -> bool:
    """Whether a file is there and, as far as its head shows, not half of one: weights say how long they are."""
    return path.is_file() and (path.suffix != ".h5" or reaches_its_end(path))


def reaches_its_end(path: Path) -> bool:
    """Whether a file is HDF5 and as long as it says itself. Reads its head only."""
    with path.open("rb") as file:
        head = file.read(64)
    at = HDF5_LENGTH_AT.get(head[8], 0) if head.startswith(HDF5) and len(head) == 64 else 0
    return at > 0 and int.from_bytes(head[at : at + 8], "little") == path.stat().st_size


def _check_space(file: RemoteFile, part: Path) -> None:
    missing = file.size_bytes - _size(part) + SPARE_BYTES
    free = shutil.disk_usage(part.parent).free
    if free < missing:
        raise _Broken(f"the disk has {free / 1e6:.0f} MB free and {missing / 1e6:.0f} MB are wanted")


def _sentence(file: RemoteFile, part: Path, error: Exception) -> str:
    here = _size(part)
    rest = f"{here / 1e6:.1f} MB of it are here, and the next try goes on from there." if here else "nothing of it was kept."
    return f"{file.name} ({file.megabytes:.0f} MB) could not be downloaded because {' '.join(_reason(error).split())}; {rest}"


def _reason(error: Exception) -> str:
    """Returns why something failed, as the rest of a sentence."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, _Broken | _Wrong):
        return str(cause)
    if isinstance(cause, TimeoutError):
        return "the server fell silent"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return "this computer does not trust the server's certificate"
    if isinstance(cause, http.client.HTTPException):
        return "the connection broke off"
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
    return f"of an error ({' '.join(text.split())})"


def _paced(call: Callable[[], None]) -> Callable[[], None]:
    """Lets a call through at most every `EVERY_S` seconds."""
    last = -EVERY_S

    def paced() -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY_S:
            last = time.monotonic()
            call()

    return paced


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else 0


def _etag_of(part: Path) -> Path:
    return part.with_name(f"{part.name}.etag")


def _note_etag(part: Path, etag: str) -> None:
    # A weak ETag (W/…) does not promise the same bytes.
    if etag.startswith('"') and etag.isascii():
        _etag_of(part).write_text(etag, encoding="ascii")
    else:
        _etag_of(part).unlink(missing_ok=True)


def _drop(part: Path) -> None:
    part.unlink(missing_ok=True)
    _etag_of(part).unlink(missing_ok=True)
