"""Read an EDF or BDF file while another program is writing it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from monitor.files.edf_file import layout_of
from monitor.files.edf_reader import read_edf_recording
from monitor.files.recording import Recording
from monitor.model.errors import InputError

_HEAD_BYTES_N = 1 << 20
_COUNT = slice(236, 244)
_DURATION = slice(244, 252)
_RESERVED = slice(192, 236)


class GrowingEdf:
    """Read the data records of a file as they are completed, regardless of the number in its header.

    Parameters
    ----------
    path : Path
        With a complete header; data records may still be missing.

    Attributes
    ----------
    record_s : float
        Length of a data record.

    Raises
    ------
    InputError
        If it cannot be read or is not EDF or BDF.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD_BYTES_N)
        except OSError as err:
            raise InputError(str(path), f"cannot be read ({err.strerror})") from err
        if not head.startswith((b"0       ", b"\xffBIOSEMI")):
            raise InputError(str(path), "is not an EDF or BDF file", "--follow supports only these")
        layout = layout_of(path, head, 3 if head.startswith(b"\xff") else 2)
        self._record_n, self._timekeeping = layout.record_n, layout.timekeeping
        self._is_interrupted = b"+D" in head[_RESERVED]
        if self._is_interrupted and layout.timekeeping is None:
            raise InputError(
                str(path), "is declared EDF+D but has no annotations with the start times of its records"
            )
        self._head = head[: layout.header_n]
        try:
            self.record_s = float(head[_DURATION])
        except ValueError:
            self.record_s = 0.0
        if not self.record_s > 0:
            raise InputError(
                str(path), f"has {head[_DURATION]!r} as length of a data record; expected seconds above 0"
            )

    @property
    def records(self) -> int:
        """Number of complete data records so far."""
        try:
            return max(0, self.path.stat().st_size - len(self._head)) // self._record_n
        except OSError:
            # The share is temporarily unavailable, or the file is being replaced.
            return 0

    def start_s(self, record: int) -> float:
        """Return the start of a data record, in seconds from the start of the first one.

        Parameters
        ----------
        record : int
            Index from 0; it must exist.

        Raises
        ------
        InputError
            If it cannot be read, or has no start time in an EDF+D file.
        """
        return self._onset_s(record) - self._onset_s(0) if self._is_interrupted else record * self.record_s

    def _onset_s(self, record: int) -> float:
        place = self._timekeeping or slice(0, 0)
        try:
            with self.path.open("rb") as file:
                file.seek(len(self._head) + record * self._record_n + place.start)
                return float(file.read(place.stop - place.start).partition(b"\x14")[0])
        except OSError as err:
            raise InputError(str(self.path), f"cannot be read ({err.strerror})") from err
        except ValueError as err:
            raise InputError(str(self.path), f"has no start time in data record {record + 1}") from err

    def read(self, first: int, last: int) -> Recording:
        """Read the data records [first, last).

        Returns
        -------
        Recording
            Streams and annotations in seconds from the file's start; the gaps of an EDF+D file are preserved.

        Raises
        ------
        InputError
            If they cannot be read.
        """
        start_s = self.start_s(first)
        try:
            with self.path.open("rb") as file:
                file.seek(len(self._head) + first * self._record_n)
                body = file.read((last - first) * self._record_n)
        except OSError as err:
            raise InputError(str(self.path), f"cannot be read ({err.strerror})") from err
        count = f"{last - first:<8}".encode("ascii")
        data = self._head[: _COUNT.start] + count + self._head[_COUNT.stop :] + body
        part = read_edf_recording(self.path, self.path.stem, data, len(data), data)
        return replace(
            part,
            streams=tuple(replace(s, start_s=s.start_s + start_s) for s in part.streams),
            annotations=tuple(a._replace(onset_s=a.onset_s + start_s) for a in part.annotations),
        )
