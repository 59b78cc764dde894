"""A session's folder: its name, its files, who may read them, who is writing."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import re
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import platformdirs
from filelock import FileLock, Timeout

from monitor.model.clock import utc_now
from monitor.model.errors import InputError
from monitor.model.safe_file import read_bytes, refuse_unsafe, sync_entries, write_private

_LEAST_FREE_BYTES = 64 << 20
_GIVE = "give the folder that `watch` printed at the start"
# What each table of a scoring contains near its start.
_TABLES = {
    "movements.tsv": b"onset\tduration\tleg\t",
    "events.tsv": b"onset\tduration\tleg\t",
    "limbs.tsv": b"onset\tduration\tlimb\t",
    "summary.json": b'"config_sha256"',
}
_START_BYTES = 4096
_FILES = (*_TABLES, "journal.jsonl", "journal.synced", "recording.xdf", "control.json", ".lock")
_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


def check_code(option: str, value: str) -> str:
    """Return a bed name or study code that is safe in file names and on the network.

    Raises
    ------
    InputError
        If it has other than letters, digits, dot, dash and underscore, or over 40 characters.
    """
    if not _SAFE.fullmatch(value):
        raise InputError(
            option,
            f"{value!r} cannot be used",
            "letters, digits, '.', '-', '_', at most 40, not a patient's name",
        )
    return value


def default_sessions_dir() -> Path:
    """Return the user's own place for sessions.

    Raises
    ------
    InputError
        If no home directory is known.
    """
    try:
        return platformdirs.user_data_path("plms-monitor") / "sessions"
    except RuntimeError as err:
        raise InputError(
            "--sessions", "not given, and no home directory is known (HOME)", "name a folder with --sessions"
        ) from err


def _what_is_there(path: Path) -> str:
    """Describe what is found where a session folder was expected, and what to do."""
    if path.is_file():
        is_inside = (path.parent / "journal.jsonl").is_file()
        return f"it is a file; {f'give its folder {path.parent}' if is_inside else _GIVE}"
    if path.exists():
        return f"it has no journal.jsonl; {_GIVE}"
    if path.name != str(path):
        return f"it does not exist; {_GIVE}"
    with contextlib.suppress(InputError):
        return f"nothing has this name here or in {default_sessions_dir()}; {_GIVE}, with its whole path"
    return f"nothing has this name here; {_GIVE}"


def refuse_replacing(out: Path, inputs: Iterable[Path]) -> None:
    """Refuse an output folder in which a scoring would replace what is not the result of an earlier one.

    Parameters
    ----------
    out : Path
        The folder; it need not exist.
    inputs : iterable of Path
        The files that are read.

    Raises
    ------
    InputError
        If it is a session folder, or a file there with the name of a table is an input, or was not written by
        a scoring.
    """
    if (out / "journal.jsonl").exists():
        raise InputError(
            "--out", f"{out} is a session, whose tables would be replaced", "choose another folder"
        )
    tables = [path for path in (out / name for name in _TABLES) if path.exists()]
    for file in inputs:
        if file.exists() and any(table.samefile(file) for table in tables):
            raise InputError("--out", f"{file} is read, and would be replaced", "choose another folder")
    for table in tables:
        start = _start_of(table)
        if start and _TABLES[table.name] not in start:
            raise InputError(
                "--out",
                f"{table} was not written by a scoring, and would be replaced",
                "choose another folder",
            )


def _start_of(file: Path) -> bytes:
    """Return the first bytes of a file; none of one that cannot be read: writing it says why."""
    if not file.is_file():
        return b""
    try:
        with file.open("rb") as opened:
            return opened.read(_START_BYTES)
    except OSError:
        return b""


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """The files of one session."""

    path: Path

    @property
    def journal(self) -> Path:
        """The truth."""
        return self.path / "journal.jsonl"

    @property
    def recording(self) -> Path:
        """The raw signal."""
        return self.path / "recording.xdf"

    def live(self, key: int) -> Path:
        """Return the live ring of a stream, by its number; it exists during the recording."""
        return self.path / f"live-{key}.ring"

    def live_lanes(self, key: int) -> Path:
        """Return the live ring of the other signals of a stream that are shown beside the legs."""
        return self.path / f"live-{key}-lanes.ring"

    @property
    def control(self) -> Path:
        """Where the running recorder can be spoken to."""
        return self.path / "control.json"

    @classmethod
    def open(cls, path: Path) -> SessionFolder:
        """Take an existing session.

        Raises
        ------
        InputError
            If it has no journal, or one of its files is a symbolic link or not a regular file.
        """
        folder = cls(path)
        folder.refuse_unsafe_files()
        if not folder.journal.is_file():
            raise InputError(str(path), "is not a session folder", _what_is_there(path))
        return folder

    def refuse_unsafe_files(self) -> None:
        """Refuse a session of which a file is something else than a file in it.

        Raises
        ------
        InputError
            If one is a symbolic link, a pipe or a device.
        """
        for name in (*_FILES, *(ring.name for ring in self.path.glob("live-*.ring"))):
            refuse_unsafe(self.path / name)

    @classmethod
    def create(cls, sessions: Path, bed: str) -> SessionFolder:
        """Make a new session folder, named by its start and its bed, for its owner only.

        Raises
        ------
        InputError
            If it cannot be made or written to.
        """
        _check_room(sessions)
        stamp = utc_now().strftime("%Y-%m-%dT%H%M%SZ")
        for suffix in ("", *(f"-{i}" for i in range(2, 100))):
            path = sessions / f"{stamp}_{bed}{suffix}"
            try:
                sessions.mkdir(mode=0o700, parents=True, exist_ok=True)
                path.mkdir(mode=0o700)
            except FileExistsError:
                if not sessions.is_dir():
                    raise InputError(str(sessions), "is a file", "--sessions takes a folder") from None
                continue
            except OSError as err:
                raise InputError(
                    str(sessions), f"cannot be written to ({err.strerror})", "choose another with --sessions"
                ) from err
            sync_entries(sessions)
            return cls(path)
        raise InputError(str(sessions), f"a hundred sessions of {bed} began in one second")


def _check_room(sessions: Path) -> None:
    """Refuse to record if the disk has not enough space for the first hour."""
    place = sessions
    while not place.exists() and place != place.parent:
        place = place.parent
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(place).free
        if free < _LEAST_FREE_BYTES:
            raise InputError(
                str(sessions),
                f"has only {free / 2**20:.0f} MB free",
                "free disk space, or choose another with --sessions",
            )


class BedLock:
    """Only one recorder per bed and sessions folder; freed by the system if its process dies.

    Parameters
    ----------
    sessions : Path
    bed : str
    """

    def __init__(self, sessions: Path, bed: str) -> None:
        self._path = sessions / f".{bed}.lock"
        self._owner = sessions / f".{bed}.owner"
        self._lock = FileLock(self._path, timeout=0, mode=0o600, thread_local=False)

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        InputError
            If another recorder holds it, or the folder cannot be written to.
        """
        try:
            refuse_unsafe(self._path)
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as err:
            bed = self._path.stem.lstrip(".")
            raise InputError(
                "--bed",
                f"another recorder is running on {bed!r}{_owner(self._owner)}",
                "stop it first, or choose another bed",
            ) from err
        except OSError as err:
            raise InputError(
                str(self._path.parent),
                f"cannot be written to ({err.strerror})",
                "choose another with --sessions",
            ) from err
        about = {"pid": os.getpid(), "host": platform.node(), "since": f"{utc_now():%Y-%m-%d %H:%M} UTC"}
        with contextlib.suppress(OSError):
            # For messages only: the lock itself decides, also on a full disk.
            write_private(self._owner, json.dumps(about))

    def release(self) -> None:
        """Give the lock back."""
        if self._lock.is_locked:
            self._owner.unlink(missing_ok=True)
        self._lock.release()


def _owner(path: Path) -> str:
    """Say who holds a lock, as far as it is known."""
    try:
        about = json.loads(read_bytes(path))
        return f" (process {int(about['pid'])} on {about['host']!s:.60}, since {about['since']!s:.20})"
    except (OSError, ValueError, LookupError, TypeError):
        return ""


class SessionLock:
    """Only one process records, repairs or edits a session; freed by the system if it dies.

    Parameters
    ----------
    folder : SessionFolder
    """

    def __init__(self, folder: SessionFolder) -> None:
        self._folder = folder.path
        self._lock = FileLock(folder.path / ".lock", timeout=0, mode=0o600, thread_local=False)

    def acquire(self) -> None:
        """Take the lock.

        Raises
        ------
        InputError
            If another process holds it, or the session cannot be written to.
        """
        try:
            refuse_unsafe(Path(self._lock.lock_file))
            self._lock.acquire()
        except Timeout as err:
            raise InputError(
                str(self._folder),
                "is being edited by another process, or recorded",
                "stop the recording, or close its window, first",
            ) from err
        except OSError as err:
            raise InputError(str(self._folder), f"cannot be written to ({err.strerror})") from err

    def release(self) -> None:
        """Give the lock back; nothing of it stays in the folder."""
        if self._lock.is_locked:
            # While it is held: a process that opened it before keeps no lock of a removed file, which is so
            # from filelock 3.20.4 on.
            with contextlib.suppress(OSError):
                Path(self._lock.lock_file).unlink()
        self._lock.release()
