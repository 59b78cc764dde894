"""What was scored into a folder, with what: a line per night, so that a restart does only the rest."""

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
    """Hold what decides the result of a night, as SHA-256, and the result's own.

    Parameters
    ----------
    input_sha256 : str
        Of the recording, and of the list that takes its annotations' place.
    config_sha256, version : str
        Of the configuration and of the program.
    output_sha256 : str
        Of the tables as written; empty before they are.
    """

    input_sha256: str
    config_sha256: str
    version: str
    output_sha256: str = ""

    def covers(self, other: Fingerprint) -> bool:
        """Whether the same recording was scored with the same program and configuration."""
        own = (self.input_sha256, self.config_sha256, self.version)
        return own == (other.input_sha256, other.config_sha256, other.version)


@dataclass(frozen=True, slots=True)
class Entry:
    """Hold what became of one recording.

    Parameters
    ----------
    file : str
        The recording.
    target : str
        Where its tables are, relative to the folder of results.
    fingerprint : Fingerprint or None
        None if it could not be scored.
    error : str
        Why not.
    """

    file: str
    target: str
    fingerprint: Fingerprint | None
    error: str = ""


class Ledger:
    """The lines of a folder of results, the latest of each night standing.

    Parameters
    ----------
    folder : Path
        Made if it is not there. A line that a crash cut short is passed over.

    Raises
    ------
    InputError
        If the folder cannot be made or its ledger not be read.
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
        """Go through the nights by their folders."""
        return iter(sorted(self._entries.values(), key=lambda entry: entry.target))

    def done(self, target: str) -> Fingerprint | None:
        """Return what a night was last scored with, None if it was not."""
        entry = self._entries.get(target)
        return None if entry is None else entry.fingerprint

    def add(self, entry: Entry) -> None:
        """Write down what became of a night; it is on disk when this returns.

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
    """Return one digest of the content of some files, in this order.

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
    """Return the digest of a night's tables, empty if one is not there."""
    try:
        return sha256_of(target / name for name in TABLES)
    except OSError:
        return ""
