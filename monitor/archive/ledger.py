"""The ledger of an output folder: one line per recording, so that a restart scores only the rest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from monitor.model.errors import InputError
from monitor.model.safe_file import open_fd, read_bytes

LEDGER_NAME = "archive.jsonl"
TABLES = ("movements.tsv", "events.tsv", "summary.json")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Hold the SHA-256 digests of everything that determines the result of a recording, and of the result.

    Parameters
    ----------
    input_sha256 : str
        Of the recording and of the list used instead of its annotations.
    config_sha256, version : str
        Of the configuration and of the program.
    output_sha256 : str
        Of the written tables; empty before they are written.
    """

    input_sha256: str
    config_sha256: str
    version: str
    output_sha256: str = ""

    def covers(self, other: Fingerprint) -> bool:
        """Return whether the same recording was scored with the same program and configuration."""
        own = (self.input_sha256, self.config_sha256, self.version)
        return own == (other.input_sha256, other.config_sha256, other.version)


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold the outcome of one recording.

    Parameters
    ----------
    file : str
        The recording.
    target : str
        Folder of its tables, relative to the output folder.
    fingerprint : Fingerprint or None
        None if it could not be scored.
    error : str
        The error in that case.
    """

    file: str
    target: str
    fingerprint: Fingerprint | None
    error: str = ""


class Ledger:
    """The ledger of an output folder; the latest line of each recording is valid.

    Parameters
    ----------
    folder : Path
        Created if it does not exist. A line truncated by a crash is ignored.

    Raises
    ------
    InputError
        If the folder cannot be created or its ledger cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LEDGER_NAME
        self._entries: dict[str, Entry] = {}
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            data = read_bytes(self._path) if self._path.exists() else b""
        except OSError as err:
            raise InputError(str(folder), f"cannot be used ({err.strerror})", "choose another --out") from err
        self._is_torn = bool(data) and not data.endswith(b"\n")
        for line in data.splitlines():
            entry = _read(line)
            if entry is not None:
                self._entries[entry.target] = entry

    def __iter__(self) -> Any:
        """Iterate over the recordings, sorted by output folder."""
        return iter(sorted(self._entries.values(), key=lambda entry: entry.target))

    def done(self, target: str) -> Fingerprint | None:
        """Return the fingerprint of the last scoring of a recording, None if it was not scored."""
        entry = self._entries.get(target)
        return None if entry is None else entry.fingerprint

    def add(self, entry: Entry) -> None:
        """Append the outcome of a recording; it is synced to disk when this returns.

        Raises
        ------
        InputError
            If it cannot be written.
        """
        self._entries[entry.target] = entry
        line = json.dumps(asdict(entry), ensure_ascii=False, separators=(",", ":")) + "\n"
        data = (b"\n" if self._is_torn else b"") + line.encode()
        try:
            fd = open_fd(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            with os.fdopen(fd, "ab") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        except OSError as err:
            raise InputError(str(self._path), f"cannot be written ({err.strerror})") from err
        self._is_torn = False


def _read(line: bytes) -> Entry | None:
    try:
        row = json.loads(line)
        found = row["fingerprint"]
        return Entry(row["file"], row["target"], Fingerprint(**found) if found else None, row["error"])
    except (ValueError, KeyError, TypeError):
        return None


def sha256_of(paths: Iterable[Path]) -> str:
    """Return one digest of the content of several files, in this order.

    Raises
    ------
    OSError
        If one cannot be read.
    """
    whole = hashlib.sha256()
    for path in paths:
        with path.open("rb") as file:
            whole.update(hashlib.file_digest(file, "sha256").digest())
    return whole.hexdigest()


def tables_sha256(target: Path) -> str:
    """Return the digest of the tables of a recording, empty if one is missing."""
    try:
        return sha256_of(target / name for name in TABLES)
    except OSError:
        return ""
