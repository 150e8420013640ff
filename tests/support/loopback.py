"""A file server on this machine that can misbehave."""

from __future__ import annotations

import dataclasses
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flowerlab.architectures import catalog
from flowerlab.system import downloads
from flowerlab.system.downloads import RemoteFile


@dataclass
class Manners:
    """How the server answers; may be changed between two requests.

    Args:
        content: The file that it serves, whatever it is asked for.
        etag: Its ETag; empty for none.
        ranges: Whether it heeds Range.
        cut_at: Closes the connection after so many bytes of an answer; one entry is used up by each request.
        pause_s: Seconds before each piece.
        piece: Bytes in a piece.
        status: Answers with this instead of 200, and with no file.
        says_length: Whether it says how many bytes follow.
        asked: The Range of each request so far; empty where it had none.
    """

    content: bytes
    etag: str = '"one"'
    ranges: bool = True
    cut_at: list[int] = field(default_factory=list)
    pause_s: float = 0.0
    piece: int = 1 << 16
    status: int = 200
    says_length: bool = True
    asked: list[str] = field(default_factory=list)


@contextmanager
def file_server(manners: Manners) -> Iterator[str]:
    """Serves for the length of a block and gives the address, without a slash at its end."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = self.headers.get("Range", "")
            manners.asked.append(asked)
            if manners.status != 200:
                self.send_error(manners.status)
                return
            content, begin = manners.content, 0
            same = self.headers.get("If-Range", manners.etag) == manners.etag
            if asked and manners.ranges and same:
                begin = int(asked.removeprefix("bytes=").split("-")[0])
                if begin >= len(content):
                    self.send_error(416)
                    return
                self.send_response(206)
                self.send_header("Content-Range", f"bytes {begin}-{len(content) - 1}/{len(content)}")
            else:
                self.send_response(200)
            if manners.says_length:
                self.send_header("Content-Length", str(len(content) - begin))
            if manners.etag:
                self.send_header("ETag", manners.etag)
            self.end_headers()
            self._send(content[begin : begin + (manners.cut_at.pop(0) if manners.cut_at else len(content))])

        def _send(self, data: bytes) -> None:
            try:
                for at in range(0, len(data), manners.piece):
                    if ended.wait(manners.pause_s):
                        return
                    self.wfile.write(data[at : at + manners.piece])
            except OSError:
                # Who downloads has left.
                self.close_connection = True

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()


def hdf5(length: int, *, told: int | None = None) -> bytes:
    """A head of HDF5 (superblock version 0) that says how long the file is, and zeros."""
    head = downloads.HDF5 + bytes([0, 0, 0, 0, 0, 8, 8, 0]) + bytes(24) + (told or length).to_bytes(8, "little")
    return head + bytes(length - len(head))


def describe_weights(monkeypatch: pytest.MonkeyPatch, name: str, url: str, content: bytes) -> None:
    """Makes the catalogue say that an architecture's weights are this content, at this address."""
    chosen = catalog.ARCHITECTURES[name]
    file = RemoteFile(chosen.weights[0].name, url, len(content), hashlib.md5(content).hexdigest())
    entries = {**catalog.ARCHITECTURES, name: dataclasses.replace(chosen, weights=(file,))}
    monkeypatch.setattr(catalog, "ARCHITECTURES", entries)


@contextmanager
def served_weights(monkeypatch: pytest.MonkeyPatch, name: str, size_bytes: int = 100_000) -> Iterator[Manners]:
    """Serves an architecture's weights (an HDF5 file of nothing) for the length of a block."""
    manners = Manners(hdf5(size_bytes))
    monkeypatch.setattr(downloads, "EVERY_S", 0.02)
    with file_server(manners) as url:
        describe_weights(monkeypatch, name, f"{url}/{name}.h5", manners.content)
        yield manners
