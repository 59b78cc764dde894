"""The place of each bed in the ward's window: it stays the same, also over a restart. No Qt."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from monitor.model import wording
from monitor.model.clock import utc_now
from monitor.model.errors import InputError
from monitor.model.safe_file import read_bytes, write_private
from monitor.session.current_alerts import Alert
from monitor.ward import texts
from monitor.ward.tile import Tile, by_number

Key = tuple[str, str]
_MOST = 100
# A recording that was running when the window was closed is expected for so long.
_EXPECTED_FOR = dt.timedelta(hours=16)
# All beds of a network are found one by one at the start: for so long new ones are put in order.
_SETTLING_S = 30.0
_LONGEST_NAME = 200


class _Place(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    bed: str = Field(min_length=1, max_length=_LONGEST_NAME)
    host: str = Field(max_length=_LONGEST_NAME)
    recording: bool = False


class _Saved(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    saved_utc: dt.datetime
    places: tuple[_Place, ...] = Field(max_length=_MOST)


class Places:
    """The order of the beds. A new bed comes last; a bed that is gone leaves its place empty.

    The new beds of the first half minute are ordered by number, after those of the last start.

    Parameters
    ----------
    path : Path or None
        File of the order; None keeps nothing for the next start.
    now : callable
        Returns the time in UTC.
    clock : callable
        Monotonic seconds: the wall clock of a computer may be set while the window is open.

    Attributes
    ----------
    problem : str
        Why the file could not be read or written, empty if it could.
    """

    def __init__(
        self,
        path: Path | None,
        now: Callable[[], dt.datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._path, self._now, self._clock = path, now, clock
        self.problem = ""
        # Whether each bed is recording, in the order of the places.
        self._is_recording: dict[Key, bool] = {}
        # Beds of the last start that were not found yet.
        self._not_found: dict[Key, bool] = {}
        self._new: set[Key] = set()
        self._begun_s = clock()
        self._load()

    @classmethod
    def of_user(cls) -> Places:
        """Return the places saved in the user's configuration folder."""
        try:
            return cls(platformdirs.user_config_path("plms-monitor") / "ward.json")
        except RuntimeError:
            return cls(None)

    def tiles(self, found: Iterable[Tile]) -> list[Tile]:
        """Return a tile for each place: that of the bed, or an empty one for a bed that was not found yet."""
        tiles = {(tile.bed, tile.host): tile for tile in found}
        before = dict(self._is_recording)
        for key in sorted(tiles.keys() - before.keys(), key=by_number):
            self._add(key)
        if self._is_settling:
            self._sort_new()
        for key, tile in tiles.items():
            self._not_found.pop(key, None)
            self._is_recording[key] = tile.phase != "ended"
        if list(before.items()) != list(self._is_recording.items()):
            self._save()
        return [tiles.get(key) or self._empty(key) for key in self._is_recording]

    @property
    def _is_settling(self) -> bool:
        return self._clock() - self._begun_s < _SETTLING_S

    def remove(self, key: Key) -> None:
        """Remove a bed that has ended or is gone; if it is found again it comes last."""
        self._is_recording.pop(key, None)
        self._not_found.pop(key, None)
        self._save()

    def sort(self) -> None:
        """Order the beds by their number."""
        self._is_recording = {
            key: self._is_recording[key] for key in sorted(self._is_recording, key=by_number)
        }
        self._save()

    def _add(self, key: Key) -> None:
        """Give a new bed the empty place of its name on another computer, else the last place."""
        same = [
            old for old, was_recording in self._not_found.items() if old[0] == key[0] and not was_recording
        ]
        if not same:
            self._is_recording[key] = True
            self._new.add(key)
            return
        self._not_found.pop(same[0], None)
        self._is_recording = {
            key if old == same[0] else old: is_recording for old, is_recording in self._is_recording.items()
        }

    def _sort_new(self) -> None:
        new = sorted(self._new & self._is_recording.keys(), key=by_number)
        known = [key for key in self._is_recording if key not in self._new]
        self._is_recording = {key: self._is_recording[key] for key in (*known, *new)}

    def _empty(self, key: Key) -> Tile:
        alert = Alert("high", texts.NOT_FOUND_AGAIN, "gone")
        is_missed = self._not_found.get(key) and not self._is_settling
        alerts = (alert,) if is_missed else ()
        return Tile(
            *key,
            "not heard" if alerts else "waiting",
            title=texts.NOT_RECORDING,
            value=wording.NONE,
            is_too_early=False,
            stage="",
            stale=texts.NOT_FOUND,
            alerts=alerts,
        )

    def _load(self) -> None:
        if self._path is None:
            return
        try:
            saved = _Saved.model_validate_json(read_bytes(self._path))
        except FileNotFoundError:
            return
        except (OSError, InputError, ValidationError, ValueError) as err:
            self.problem = texts.PLACES_UNREADABLE.format(path=self._path, problem=type(err).__name__)
            return
        is_recent = saved.saved_utc.tzinfo is not None and self._now() - saved.saved_utc < _EXPECTED_FOR
        self._is_recording = {
            (place.bed, place.host): place.recording and is_recent for place in saved.places
        }
        self._not_found = dict(self._is_recording)

    def _save(self) -> None:
        if self._path is None:
            return
        # Only another program sends a longer name: no recorder accepts one.
        named = [one for one in self._is_recording.items() if max(map(len, one[0])) <= _LONGEST_NAME]
        places = tuple(_Place(bed=bed, host=host, recording=on) for (bed, host), on in named[-_MOST:])
        saved = _Saved(saved_utc=self._now(), places=places)
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._path, saved.model_dump_json(indent=1) + "\n")
        except OSError as err:
            self.problem = texts.PLACES_UNWRITABLE.format(path=self._path, problem=err.strerror)


def is_gone(tile: Tile) -> bool:
    """Return whether a bed may be removed from the screen: nothing is being received from it."""
    return tile.phase in ("ended", "not heard") or tile.stale == texts.NOT_FOUND
