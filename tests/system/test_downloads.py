"""Downloads: whole or not at all, against a server that misbehaves."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from flowerlab.errors import DownloadFailed
from flowerlab.system import downloads
from flowerlab.system.downloads import RemoteFile, download, reaches_its_end
from tests.support.loopback import Manners, file_server, hdf5

CONTENT = bytes(range(256)) * 4096  # 1 MiB
HALF = len(CONTENT) // 2


class GivenUp(Exception):
    """Somebody pressed Cancel."""


@pytest.fixture
def manners() -> Manners:
    """How the server of this test answers."""
    return Manners(CONTENT)


@pytest.fixture
def address(manners: Manners, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A server on this machine."""
    monkeypatch.setattr(downloads, "EVERY_S", 0.02)
    monkeypatch.setattr(downloads, "SILENT_S", 0.6)
    with file_server(manners) as url:
        yield url


def remote(address: str, *, digest: bool = True, name: str = "file.bin", content: bytes = CONTENT) -> RemoteFile:
    """The server's file, as data."""
    return RemoteFile(name, f"{address}/{name}", len(content), hashlib.sha256(content).hexdigest() if digest else None)


def names(folder: Path) -> set[str]:
    """What lies in a folder, without the lock file, which stays."""
    return {path.name for path in folder.iterdir() if path.suffix != ".lock"}


def test_a_file_is_fetched_whole_with_progress(address: str, tmp_path: Path, manners: Manners) -> None:
    """The file arrives under its name alone, progress grows up to its size, and a second call asks for nothing."""
    seen: list[tuple[int, int]] = []
    manners.pause_s = 0.01
    target = download(remote(address), tmp_path / "a" / "file.bin", lambda done, total: seen.append((done, total)))
    assert target.read_bytes() == CONTENT
    assert names(target.parent) == {"file.bin"}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert len({done for done, _ in seen}) > 2
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert download(remote(address), target) == target
    assert manners.asked == [""]


def test_an_md5_is_known_by_its_length(address: str, tmp_path: Path) -> None:
    """32 hexadecimal digits are an MD5, as Keras gives them."""
    file = RemoteFile("f", f"{address}/f", len(CONTENT), hashlib.md5(CONTENT).hexdigest())
    assert download(file, tmp_path / "f").read_bytes() == CONTENT


def test_a_cut_connection_is_taken_up_again(address: str, tmp_path: Path, manners: Manners) -> None:
    """A connection that is cut half-way goes on from there in the same call."""
    manners.cut_at = [HALF]
    assert download(remote(address), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked == ["", f"bytes={HALF}-"]


def test_the_next_call_goes_on_from_the_part(address: str, tmp_path: Path, manners: Manners) -> None:
    """A server that keeps cutting fails in one sentence; the part stays, and the next call asks only for what is missing."""
    manners.cut_at = [1000, 1000, 0]
    with pytest.raises(DownloadFailed) as failure:
        download(remote(address), tmp_path / "file.bin")
    sentence = str(failure.value)
    assert "file.bin (1 MB) could not be downloaded because the connection broke off; 0.0 MB of it are here" in sentence
    assert "\n" not in sentence
    assert names(tmp_path) == {".file.bin.part", ".file.bin.part.etag"}
    assert download(remote(address), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked[-1] == "bytes=2000-"
    assert names(tmp_path) == {"file.bin"}


@pytest.mark.parametrize("digest", [True, False])
def test_a_file_that_changed_meanwhile_is_fetched_anew(address: str, tmp_path: Path, manners: Manners, digest: bool) -> None:
    """If the server's file is another one than the part was of, it is fetched from the beginning, with or without a hash."""
    (tmp_path / ".file.bin.part").write_bytes(b"x" * HALF)
    (tmp_path / ".file.bin.part.etag").write_text('"older"')
    assert download(remote(address, digest=digest), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked == [f"bytes={HALF}-"]


def test_a_part_of_wrong_bytes_is_found_by_the_hash(address: str, tmp_path: Path, manners: Manners) -> None:
    """Where no ETag tells two files apart, the hash of the whole does, and the download begins anew by itself."""
    manners.etag = ""
    (tmp_path / ".file.bin.part").write_bytes(b"x" * HALF)
    assert download(remote(address), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked == [f"bytes={HALF}-", ""]


def test_without_etag_and_hash_nothing_is_resumed(address: str, tmp_path: Path, manners: Manners) -> None:
    """Nothing could tell whether the two parts belong together, so the file is fetched from the beginning."""
    manners.etag = ""
    (tmp_path / ".file.bin.part").write_bytes(b"x" * HALF)
    assert download(remote(address, digest=False), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked == [""]


def test_a_weak_etag_counts_as_none(address: str, tmp_path: Path, manners: Manners) -> None:
    """A weak ETag does not promise equal bytes: it is not kept for resuming."""
    manners.etag, manners.cut_at = 'W/"one"', [1000, 1000, 0, 0]
    with pytest.raises(DownloadFailed):
        download(remote(address, digest=False), tmp_path / "file.bin")
    assert names(tmp_path) == {".file.bin.part"}


def test_a_server_that_ignores_range_is_heeded(address: str, tmp_path: Path, manners: Manners) -> None:
    """A server that sends everything although a piece was asked for gives the right file too."""
    manners.ranges = False
    (tmp_path / ".file.bin.part").write_bytes(CONTENT[:HALF])
    (tmp_path / ".file.bin.part.etag").write_text('"one"')
    assert download(remote(address), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked == [f"bytes={HALF}-"]


@pytest.mark.parametrize("begun", [b"", b"x" * 1000, b"x" * (len(CONTENT) + 1), b"x" * len(CONTENT)])
def test_wrong_bytes_leave_nothing(address: str, tmp_path: Path, manners: Manners, begun: bytes) -> None:
    """Bytes of the right number with the wrong hash are refused in one sentence; neither a file nor a part stays."""
    manners.content = b"y" * len(CONTENT)
    (tmp_path / ".file.bin.part").write_bytes(begun)
    with pytest.raises(DownloadFailed, match=r"because what the server sent is another file .*; nothing of it was kept\.$"):
        download(remote(address), tmp_path / "file.bin")
    assert names(tmp_path) == set()


def test_a_log_in_page_is_refused_before_it_is_read(address: str, tmp_path: Path, manners: Manners) -> None:
    """A network that answers with its own page is told by the length, and a part from before stays."""
    manners.content, manners.ranges = b"<html>Please log in</html>", False
    (tmp_path / ".file.bin.part").write_bytes(CONTENT[:HALF])
    with pytest.raises(DownloadFailed, match=r"offers 26 bytes instead of 1,048,576; 0\.5 MB of it are here"):
        download(remote(address), tmp_path / "file.bin")
    assert (tmp_path / ".file.bin.part").read_bytes() == CONTENT[:HALF]


@pytest.mark.parametrize(("etag", "kept"), [('"one"', r"0\.5 MB of it are here"), ("", "nothing of it was kept")])
def test_too_few_bytes_are_noticed(address: str, tmp_path: Path, manners: Manners, etag: str, kept: str) -> None:
    """Where the server does not say how many bytes follow, an end too early still is no whole file; of a version without
    a name nothing is kept, for nobody could go on from it."""
    manners.says_length, manners.ranges, manners.content, manners.etag = False, False, CONTENT[:HALF], etag
    with pytest.raises(DownloadFailed, match=rf"because the connection broke off; {kept}"):
        download(remote(address, digest=False), tmp_path / "file.bin")
    assert not (tmp_path / "file.bin").exists()


def test_too_many_bytes_are_not_kept(address: str, tmp_path: Path, manners: Manners) -> None:
    """A server that sends more than the file is left at that point, and nothing of it is kept."""
    manners.says_length, manners.content = False, CONTENT * 2
    with pytest.raises(DownloadFailed, match="because the server sent more than 1,048,576 bytes; nothing"):
        download(remote(address, digest=False), tmp_path / "file.bin")
    assert names(tmp_path) == set()


def test_a_slow_server_is_waited_for(address: str, tmp_path: Path, manners: Manners) -> None:
    """As long as something comes now and then, the download goes on."""
    manners.pause_s, manners.piece = 0.25, len(CONTENT) // 4 + 1
    assert download(remote(address), tmp_path / "file.bin").read_bytes() == CONTENT


def test_a_silent_server_is_given_up(address: str, tmp_path: Path, manners: Manners) -> None:
    """A server from which nothing comes for too long fails in one sentence."""
    manners.pause_s = 30.0
    began_s = time.monotonic()
    with pytest.raises(DownloadFailed, match="because the server fell silent; nothing of it was kept"):
        download(remote(address), tmp_path / "file.bin")
    assert time.monotonic() - began_s < 5


def test_a_name_server_that_hangs_is_given_up(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Looking up a name has no time limit of its own; the download has."""
    answered = threading.Event()
    monkeypatch.setattr("urllib.request.urlopen", lambda *unused, **options: answered.wait(30))
    began_s = time.monotonic()
    with pytest.raises(DownloadFailed, match="because the server fell silent"):
        download(remote(address), tmp_path / "file.bin")
    assert time.monotonic() - began_s < 5
    answered.set()


def test_cancelling_acts_at_once_and_keeps_the_part(
    address: str, tmp_path: Path, manners: Manners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever gives up while the server says nothing need not wait, and what has come stays for the next time."""
    monkeypatch.setattr(downloads, "SILENT_S", 30.0)
    manners.pause_s, manners.piece = 0.2, HALF
    began_s = time.monotonic()

    def cancel(done: int, total: int) -> None:
        if done == HALF:
            manners.pause_s = 30.0
            raise GivenUp

    with pytest.raises(GivenUp):
        download(remote(address), tmp_path / "file.bin", cancel)
    assert time.monotonic() - began_s < 2
    manners.pause_s = 0.0
    assert download(remote(address), tmp_path / "file.bin").read_bytes() == CONTENT
    assert manners.asked == ["", f"bytes={HALF}-"]


def test_a_connection_that_was_left_writes_nothing_more(address: str, tmp_path: Path, manners: Manners) -> None:
    """What comes after cancelling touches the part no more: it may be another download's by then."""
    manners.pause_s, manners.piece = 0.3, HALF

    def cancel(done: int, total: int) -> None:
        if done == HALF:
            raise GivenUp

    with pytest.raises(GivenUp):
        download(remote(address), tmp_path / "file.bin", cancel)
    part = tmp_path / ".file.bin.part"
    part.write_bytes(b"another's")
    time.sleep(0.8)
    assert part.read_bytes() == b"another's"


@pytest.mark.parametrize(("status", "words"), [(404, "404 Not Found"), (503, "503 Service Unavailable")])
def test_a_refusal_is_said(address: str, tmp_path: Path, manners: Manners, status: int, words: str) -> None:
    """What the server answers instead of the file stands in the sentence, and a part from before stays."""
    manners.status = status
    (tmp_path / ".file.bin.part").write_bytes(CONTENT[:HALF])
    with pytest.raises(DownloadFailed, match=f"because the server answered {words}; 0.5 MB of it are here"):
        download(remote(address), tmp_path / "file.bin")


def test_no_server_is_one_sentence(tmp_path: Path) -> None:
    """Where nobody listens, the sentence comes at once and nothing is left."""
    with file_server(Manners(CONTENT)) as gone:
        pass
    with pytest.raises(DownloadFailed, match=r"of an error \(Connection refused\); nothing of it was kept\.$"):
        download(remote(gone), tmp_path / "file.bin")
    assert names(tmp_path) == set()


def test_a_full_disk_is_said_before_it_is_full(
    address: str, tmp_path: Path, manners: Manners, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Too little space is noticed before the first byte is asked for."""
    monkeypatch.setattr(downloads, "SPARE_BYTES", 10**18)
    with pytest.raises(DownloadFailed, match=r"because the disk has .* MB free and .* MB are wanted"):
        download(remote(address), tmp_path / "file.bin")
    assert manners.asked == []


@pytest.mark.parametrize("content", [b"z" * 100, hdf5(100, told=200), hdf5(100, told=99)])
def test_weights_without_a_hash_must_reach_their_end(address: str, tmp_path: Path, manners: Manners, content: bytes) -> None:
    """Where the publisher gives no hash, a file that is no HDF5, or not as long as it says itself, is refused."""
    manners.content = content
    file = remote(address, digest=False, name="w.h5", content=content)
    with pytest.raises(DownloadFailed, match="no whole HDF5 file; nothing of it was kept"):
        download(file, tmp_path / "w.h5")
    manners.content = hdf5(100)
    assert reaches_its_end(download(file, tmp_path / "w.h5"))


def test_two_processes_fetch_a_file_once(address: str, tmp_path: Path, manners: Manners) -> None:
    """Who comes second waits, sees how far the first is, and takes its file: the server is asked once."""
    manners.pause_s = 0.05
    file = remote(address)
    program = (
        "import sys; from pathlib import Path; from flowerlab.system.downloads import RemoteFile, download; "
        "download(RemoteFile(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]), Path(sys.argv[5]))"
    )
    arguments = [file.name, file.url, str(file.size_bytes), str(file.digest), str(tmp_path / "file.bin")]
    other = subprocess.Popen([sys.executable, "-c", program, *arguments])
    while not manners.asked:
        time.sleep(0.01)
    seen: list[int] = []
    assert download(file, tmp_path / "file.bin", lambda done, total: seen.append(done)).read_bytes() == CONTENT
    assert other.wait(10) == 0
    assert len(manners.asked) == 1
    assert seen


def test_two_threads_fetch_a_file_once(address: str, tmp_path: Path, manners: Manners) -> None:
    """The same holds within one process."""
    manners.pause_s = 0.01
    threads = [threading.Thread(target=download, args=(remote(address), tmp_path / "file.bin")) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(manners.asked) == 1
    assert names(tmp_path) == {"file.bin"}
