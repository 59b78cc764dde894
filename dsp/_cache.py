"""Cache of compiled code: neither an edited source nor a damaged file leads to wrong machine code.

The folder is named after a hash of all sources of this package and of the versions of compiler and numpy;
each file contains a checksum and one piece of compiled code. An unreadable file is deleted and its code
compiled again; if a file cannot be written, the code stays in memory. What is read is executed: a folder or
file that another user can write to is not used. The compiler is not loaded here.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

try:
    import fcntl
except ImportError:  # another system: several processes may compile the same kernel
    fcntl = None  # type: ignore[assignment]

PACKAGE = Path(__file__).parent
# The compiled code of the whole detector.
DETECTOR = "detector"
KERNEL_FILE, DETECTOR_FILE = _KINDS = (".kernel", ".native")
_LOCK_FILE, _PART_FILE = ".lock", ".part"
_FOLDER = re.compile(r"[0-9a-f]{16}")
# Of so many other versions of the program the code stays in the cache, some 20 MB each.
_OTHERS_N = 7
# No file takes so long to write.
_ABANDONED_S = 3600.0
_KERNEL = re.compile(r"^@(?:compiled|inlined)\ndef (\w+)", re.MULTILINE)
# The largest kernel takes some seconds on a quiet computer.
_LONGEST_WAIT_S, _TURN_S = 300.0, 0.02
_DIGEST_BYTES = hashlib.sha256().digest_size


@dataclass(slots=True)
class CacheReport:
    """State of the cache in this process.

    Attributes
    ----------
    folder : Path or None
        None if no folder can be used: kernels are compiled at each start.
    loaded_n, compiled_n : int
        Pieces of code loaded from the cache, and compiled in this process.
    repaired : list of str
        Damaged files that were deleted, each with the reason; their code was compiled again.
    refused : list of str
        Folders that cannot be used, each with the reason.
    unsaved : str
        Why compiled code could not be saved, empty if all was.
    ready : set of str
        Names of the kernels of which one form at least is loaded or compiled, and `DETECTOR` once that is.
    detector : Path or None
        The file of the detector's code for this processor, once it is known.
    """

    folder: Path | None = None
    loaded_n: int = 0
    compiled_n: int = 0
    repaired: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unsaved: str = ""
    ready: set[str] = field(default_factory=set)
    detector: Path | None = None

    @property
    def ready_share(self) -> float:
        """Share of the detector that is ready here or in the cache: the progress of a first start."""
        if DETECTOR in self.ready or (self.detector is not None and self.detector.exists()):
            return 1.0
        folder = cached_folder()
        files = [] if folder is None else list(folder.glob("*-*"))
        # The detector's code for another processor is none here.
        ready = self.ready | {_name_of(path) for path in files if path.suffix == KERNEL_FILE}
        kernels = kernel_names()
        return len(ready & kernels) / (len(kernels) + 1)

    def notes(self) -> list[str]:
        """Return messages for the user, one sentence each; empty if the cache works."""
        found = []
        if self.repaired:
            found.append(
                f"Kernel cache: {len(self.repaired)} damaged file(s) in {self.folder} were deleted and "
                f"compiled again (first: {self.repaired[0]})."
            )
        if self.folder is None and self.compiled_n:
            found.append(
                "Kernel cache: no folder is writable, so the detector is compiled at each start; "
                f"set XDG_CACHE_HOME to a folder of your own ({'; '.join(self.refused)})."
            )
        elif self.folder is not None and self.refused:
            found.append(f"Kernel cache: {'; '.join(self.refused)}. {self.folder} is used instead.")
        if self.folder is not None and self.unsaved:
            found.append(
                f"Kernel cache: {self.folder} cannot be written to ({self.unsaved}), so the detector is "
                "compiled again at the next start; free disk space there or correct its permissions."
            )
        return found


report = CacheReport()


@cache
def kernel_names() -> frozenset[str]:
    """Return the names of the detector's kernels, from their sources."""
    sources = (path.read_text(encoding="utf-8") for path in sorted((PACKAGE / "kernels").glob("*.py")))
    return frozenset(name for source in sources for name in _KERNEL.findall(source))


def _version_of(package: str) -> bytes:
    """Return what says the version of an installed package, which is not loaded for it."""
    found = find_spec(package)
    places = [] if found is None else found.submodule_search_locations or []
    files = [Path(place) / "_version.py" for place in places]
    if files and all(path.is_file() for path in files):
        return b"".join(path.read_bytes() for path in files)
    # Takes ten times as long to load.
    from importlib.metadata import version

    return version(package).encode()


def source_key(package: Path = PACKAGE) -> str:
    """Return a short hash of every source of this package and of the versions of all that compiles it."""
    import numpy as np

    digest = hashlib.sha256(f"numpy {np.__version__} python {sys.version}".encode())
    for compiler in ("numba", "llvmlite"):
        digest.update(_version_of(compiler))
    for path in sorted(package.rglob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _user_cache_root() -> Path:
    """Return the cache folder of this user."""
    given = os.environ.get("NUMBA_CACHE_DIR")
    if given:
        return Path(given)
    if os.name == "nt" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"]) / "plms-monitor" / "kernels"
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path("~/.cache").expanduser()) / "plms-monitor" / "kernels"


def _temporary_root() -> Path:
    who = str(os.getuid()) if hasattr(os, "getuid") else "user"
    return Path(tempfile.gettempdir()) / f"plms-monitor-kernels-{who}"


def _why_unusable(folder: Path) -> str:
    """Create `folder` for this user only; return why it is of no use, empty if it is."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A link in a folder of all users may lead anywhere.
        if why := _why_not_private(folder.lstat()):
            return f"{folder} {why}"
        try:
            with tempfile.TemporaryFile(dir=folder):
                pass
        except OSError:
            # On a disk that has become full or read-only, what is there can still be loaded.
            if next(folder.rglob(f"*{DETECTOR_FILE}"), None) is None:
                raise
    except (OSError, RuntimeError) as err:
        return f"{folder} cannot be written to ({getattr(err, 'strerror', None) or err})"
    return ""


def _why_not_private(state: os.stat_result) -> str:
    """Return in what way another user could have put there what is executed; empty if none could."""
    if stat.S_ISLNK(state.st_mode):
        return "is a link"
    if not hasattr(os, "geteuid"):
        return ""
    if state.st_uid != os.geteuid():
        return "belongs to another user"
    # With an access control list the bits of the group say what anyone on it may do.
    return "can be written to by other users" if state.st_mode & (stat.S_IWGRP | stat.S_IWOTH) else ""


def cache_folder() -> Path | None:
    """Return a private folder for the compiled kernels of exactly these sources: writable, or filled.

    Returns
    -------
    Path or None
        Below the user's cache folder; if that cannot be used (a read-only home), a folder of mode 0700 below
        the temporary directory; None if that is not usable either. `report` notes why.
    """
    key = source_key()
    report.refused = []
    for root in (_user_cache_root, _temporary_root):
        try:
            folder = root() / key
        except (OSError, RuntimeError) as err:  # no home directory, or no temporary directory, is known
            report.refused.append(str(err).removesuffix("."))
            continue
        why = _why_unusable(folder.parent) or _why_unusable(folder)
        if not why:
            return folder
        report.refused.append(why)
    return None


@cache
def cached_folder() -> Path | None:
    """Return `cache_folder` of this process, and mark it as used."""
    report.folder = cache_folder()
    if report.folder is not None:
        with contextlib.suppress(OSError):
            os.utime(report.folder)
    return report.folder


def cached_file(name: str, about: object, kind: str) -> Path | None:
    """Return the file of a piece of code, None without a folder.

    Parameters
    ----------
    name : str
        Of a kernel, or `DETECTOR`.
    about : object
        All that the code depends on beside the sources and versions; its ``repr`` says it.
    kind : str
        `KERNEL_FILE` or `DETECTOR_FILE`, the ending of the name.
    """
    folder = cached_folder()
    key = hashlib.sha256(repr(about).encode()).hexdigest()[:32]
    return None if folder is None else folder / f"{name}-{key}{kind}"


def verified(sealed: bytes) -> bytes:
    """Return the content of a cache file, which follows its SHA-256.

    Raises
    ------
    ValueError
        If its checksum is wrong.
    """
    content = sealed[_DIGEST_BYTES:]
    if hashlib.sha256(content).digest() != sealed[:_DIGEST_BYTES]:
        raise ValueError(f"{len(sealed)} bytes with a wrong checksum")
    return content


def _sealed_in(path: Path) -> bytes:
    """Return what is in a file that only this user can write to.

    Raises
    ------
    OSError
        If it is another kind of file, or another user's.
    """
    # What is no file, a pipe for example, would be waited for.
    flags = ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
    fd = os.open(path, sum((getattr(os, name, 0) for name in flags), os.O_RDONLY))
    with os.fdopen(fd, "rb") as file:
        state = os.fstat(fd)
        if not stat.S_ISREG(state.st_mode):
            raise OSError("it is not a file")
        if why := _why_not_private(state):
            raise OSError(f"it {why}")
        return file.read()


def read_file(path: Path) -> bytes | None:
    """Return the content of a cache file, None if there is none; one that cannot be used is deleted."""
    try:
        return verified(_sealed_in(path))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as err:
        discard(path, err)
        return None


def discard(path: Path, err: Exception) -> None:
    """Delete a file that cannot be used and note why."""
    report.repaired.append(f"{_name_of(path)}: {err}")
    with contextlib.suppress(OSError):
        path.unlink()


def write_file(path: Path, content: bytes) -> None:
    """Write a cache file, or note why that is not possible."""
    part = path.with_name(f"{path.name}.{os.getpid()}{_PART_FILE}")
    try:
        # Whatever the user's mask lets others do.
        with open(part, "wb", opener=partial(os.open, mode=0o600)) as file:
            file.write(hashlib.sha256(content).digest() + content)
        part.replace(path)
    except OSError as err:
        report.unsaved = err.strerror or str(err)
        with contextlib.suppress(OSError):
            part.unlink()


def tidy(path: Path) -> None:
    """Delete what is no longer used beside a file just written: parts of files, and code of older versions.

    Parameters
    ----------
    path : Path
        A cache file. Only files of this cache, in folders of this cache, are deleted.
    """
    folder = path.parent
    with contextlib.suppress(OSError):
        now_s = path.stat().st_mtime
        for part in folder.glob(f"*{_PART_FILE}"):
            # Either way: the clock may have been set.
            if abs(now_s - part.stat().st_mtime) > _ABANDONED_S:
                part.unlink()
        others = [each for each in folder.parent.iterdir() if _FOLDER.fullmatch(each.name) and each != folder]
        others = [each for each in others if not _why_not_private(each.lstat())]
        for unused in sorted(others, key=lambda each: each.stat().st_mtime, reverse=True)[_OTHERS_N:]:
            _delete(unused)


def _delete(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for file in folder.iterdir():
            if file.suffix in (*_KINDS, _LOCK_FILE, _PART_FILE):
                file.unlink()
        folder.rmdir()


class Claim:
    """The right to fill a missing file, by a lock that ends with the process; always granted without locks.

    Attributes
    ----------
    is_mine : bool
        Whether no other process compiles it.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._fd, self.is_mine = path.with_suffix(_LOCK_FILE), -1, True
        if fcntl is None:
            return
        with contextlib.suppress(OSError):
            self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            self.is_mine = self._lock()

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self) -> None:
        """Return once no other process compiles it, or after a time in which it should have."""
        until_s = time.monotonic() + _LONGEST_WAIT_S
        while not self.is_mine and time.monotonic() < until_s:
            time.sleep(_TURN_S)
            self.is_mine = self._lock()

    def release(self) -> None:
        """Let the others continue."""
        if self._fd >= 0:
            if self.is_mine:
                with contextlib.suppress(OSError):
                    self._path.unlink()
            os.close(self._fd)
            self._fd = -1


def _name_of(path: Path) -> str:
    return path.name.rpartition("-")[0]
