"""The machine: processor, memory, and the port that the web page wants."""

from __future__ import annotations

import http.client
import platform
import socket
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil

from flowerlab.doctor.finding import Finding, Level
from flowerlab.system.cpu import CPU_FILE, cores, processor_flags
from flowerlab.system.memory import CONTAINERS

MEMORY_LIMITS = tuple(limit for limit, _used, _kinds in CONTAINERS)
ROOT = Path(__file__).resolve().parents[2]
# TensorFlow alone takes 0.7 GB of memory; a run on VGG16 with batches of 32 photos stays below 2 GB.
LEAST_MEMORY_MB, MEMORY_WANTED_MB = 1000, 2000
ANSWERS_WITHIN_S = 0.5
DEFAULT_PORT = 8501
# Flags of /proc/cpuinfo, and what people call them. What is missing of the first two is worth a warning.
FEATURES = {
    "avx2": "AVX2",
    "fma": "FMA",
    "avx512f": "AVX-512",
    "avx512_bf16": "AVX-512 BF16",
    "amx_tile": "AMX",
    "asimd": "NEON",
    "bf16": "BF16",
}


def check_processor(cpuinfo: Path = CPU_FILE, machine: str | None = None) -> Iterator[Finding]:
    """Names cores and vector instructions. Only Linux lists the latter in a file.

    Args:
        machine: Kind of processor, such as `x86_64`; None: this one's.
    """
    count = cores()
    about = f"{count} core{'' if count == 1 else 's'}"
    slow = "It works, but training takes longer; small networks such as MobileNetV2 0.35 help."
    flags = processor_flags(cpuinfo)
    if flags is None:
        text = f"{about}; vector instructions are not known on {platform.system() or 'this system'}."
        yield Finding("processor", Level.OK if count > 1 else Level.WARNING, text, "" if count > 1 else slow)
        return
    found = ", ".join(name for flag, name in FEATURES.items() if flag in flags) or "no vector instructions known to us"
    text = f"{about}; {found}."
    if (machine or platform.machine()).lower() in ("x86_64", "amd64"):
        if "avx" not in flags:
            mend = "Use a computer built after 2011, or switch AVX on in the virtual machine's settings."
            yield Finding("processor", Level.PROBLEM, f"{text} TensorFlow needs AVX.", mend)
            return
        if not {"avx2", "fma"} <= flags:
            yield Finding("processor", Level.WARNING, f"{text} TensorFlow is fastest with AVX2 and FMA.", slow)
            return
    yield Finding("processor", Level.OK if count > 1 else Level.WARNING, text, "" if count > 1 else slow)


def check_memory(limits: tuple[Path, ...] = MEMORY_LIMITS) -> Iterator[Finding]:
    """Compares the memory with what TensorFlow and a run take.

    Args:
        limits: Files in which a container's limit stands; the first that can be read counts.
    """
    memory = psutil.virtual_memory()
    total_mb, free_mb = memory.total / 1e6, memory.available / 1e6
    limit_mb = _limit_mb(limits)
    where = ""
    if limit_mb is not None and limit_mb < total_mb:
        total_mb, free_mb, where = limit_mb, min(free_mb, limit_mb), " (the limit of this container)"
    text = f"{free_mb / 1000:.1f} GB of {total_mb / 1000:.1f} GB{where} are free."
    if total_mb < LEAST_MEMORY_MB:
        mend = f"Use a computer with at least {MEMORY_WANTED_MB / 1000:.0f} GB, or raise the limit."
        yield Finding("memory", Level.PROBLEM, f"{text} TensorFlow does not fit in.", mend)
    elif free_mb < MEMORY_WANTED_MB:
        mend = f"Close other programs: {MEMORY_WANTED_MB / 1000:.0f} GB free are comfortable for VGG16."
        yield Finding("memory", Level.WARNING, text, mend)
    else:
        yield Finding("memory", Level.OK, text)


def _limit_mb(limits: tuple[Path, ...]) -> float | None:
    for path in limits:
        try:
            return int(path.read_text("ascii")) / 1e6
        except (OSError, ValueError):
            # Not this version of control groups, or "max": no limit.
            continue
    return None


def check_port(environment: Mapping[str, str], root: Path = ROOT) -> Iterator[Finding]:
    """Tries whether the web page's port can be had, on this machine alone.

    Args:
        environment: May have HOST_PORT, which `make run` reads, or STREAMLIT_SERVER_PORT.
        root: Has `.streamlit/config.toml`.
    """
    received = str(environment.get("HOST_PORT") or environment.get("STREAMLIT_SERVER_PORT") or _configured(root))
    mend = "If the lab is open already, use that window. Or take another port: make run HOST_PORT=8502"
    if not received.isascii() or not received.isdigit() or not 1 <= int(received) <= 65_535:
        text = f"{received!r} is no port."
        yield Finding("port", Level.WARNING, text, "Choose a number from 1024 to 65535: make run HOST_PORT=8502")
        return
    try:
        with socket.socket() as probe:
            if sys.platform == "linux":
                # Or a port that was given back a moment ago would look taken. Elsewhere the option means more than that.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", int(received)))
    except PermissionError:
        yield Finding("port", Level.WARNING, f"Port {received} may not be used by you.", mend)
    except OSError:
        # A lab that is open already is no problem: it is the page that is wanted.
        level = Level.WARNING if _answers_as_a_page(int(received)) else Level.PROBLEM
        yield Finding("port", level, f"Port {received} is in use.", mend)
    else:
        yield Finding("port", Level.OK, f"Port {received} is free.")


def _answers_as_a_page(port: int) -> bool:
    """Whether a page of Streamlit's is served there."""
    asked = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWERS_WITHIN_S)
    try:
        asked.request("GET", "/_stcore/health")
        return asked.getresponse().read(16) == b"ok"
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()


def _configured(root: Path) -> object:
    for folder in (root, Path.home()):
        try:
            about = tomllib.loads((folder / ".streamlit" / "config.toml").read_text("utf-8"))
        except (OSError, ValueError):
            continue
        server = about.get("server")
        if isinstance(server, dict) and "port" in server:
            return server["port"]
    return DEFAULT_PORT
