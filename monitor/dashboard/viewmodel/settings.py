"""The screen settings of a bed, saved for the next session. No Qt."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from monitor.dashboard import texts
from monitor.model.errors import InputError
from monitor.model.safe_file import read_bytes, write_private
from monitor.session.folder import check_code

BANDS_HZ: tuple[tuple[float, float], ...] = ((10.0, 100.0), (20.0, 200.0))
NOTCHES_HZ: tuple[float, ...] = (50.0, 60.0, 0.0)
LOG_FILTERS: Mapping[str, frozenset[str] | None] = {
    "all": None,
    "movements": frozenset({"movement"}),
    "notes": frozenset({"note", "person"}),
    "technical": frozenset({"technical"}),
}
"""Filters of the log: the kinds of rows shown, None for all."""


ThemeName = Literal["night", "red", "day"]
TEXT_SCALES: tuple[float, ...] = (0.9, 1.0, 1.15, 1.3)
_Short = Annotated[str, Field(max_length=200)]


def _one_of(values: Iterable[Any]) -> AfterValidator:
    """Accept only the values that the keys can set."""
    known = tuple(values)

    def check(value: Any) -> Any:
        if value not in known:
            raise ValueError(f"one of {', '.join(str(each) for each in known)}")
        return value

    return AfterValidator(check)


class SavedStream(BaseModel):
    """The identity of a stream across sessions: its `uid` changes every time."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: _Short
    type: _Short = ""
    source_id: _Short = ""
    hostname: _Short = ""


class SavedChoice(BaseModel):
    """The selection made on the start screen."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    streams: Annotated[tuple[SavedStream, ...], Field(max_length=20)] = ()
    left: _Short = ""
    right: _Short = ""
    unit: _Short = ""
    main_profile: _Short = ""
    lanes: Annotated[tuple[_Short, ...], Field(max_length=100)] = ()


class ScreenSettings(BaseModel):
    """The settings of one bed's screen.

    Attributes
    ----------
    theme : str
    sweep_s : int
    full_uv : int
        Sensitivity: the trace's full scale.
    band_hz : tuple of float
    notch_hz : float
        0 for none.
    shows_envelope : bool
    text_scale : float
    log_filter : str
    reference : str
        Name of the reference line; empty for that of the configuration.
    choice : SavedChoice or None
        Selection of the start screen.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: ThemeName = "night"
    sweep_s: Literal[10, 15, 30, 60, 120, 150, 300] = 30
    full_uv: Literal[10, 20, 50, 100, 200, 500, 1000, 2000] = 100
    band_hz: Annotated[tuple[float, float], _one_of(BANDS_HZ)] = BANDS_HZ[0]
    notch_hz: Annotated[float, _one_of(NOTCHES_HZ)] = NOTCHES_HZ[0]
    shows_envelope: bool = True
    text_scale: Annotated[float, _one_of(TEXT_SCALES)] = 1.0
    log_filter: Annotated[str, _one_of(LOG_FILTERS)] = "all"
    reference: Literal["", "adult", "child", "none"] = ""
    choice: SavedChoice | None = None


class SettingsFile:
    """The settings of one bed, in the user's configuration folder.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_bed(cls, bed: str) -> SettingsFile:
        """Return the settings file of a bed.

        Raises
        ------
        InputError
            If the name is not valid for a bed, or no home directory is known.
        """
        try:
            folder = platformdirs.user_config_path("plms-monitor") / "screen"
        except RuntimeError as err:
            raise InputError("HOME", "is not known", "set HOME; without it settings are not saved") from err
        return cls(folder / f"{check_code('bed', bed)}.json")

    def load(self) -> tuple[ScreenSettings, str]:
        """Read the settings.

        Returns
        -------
        settings : ScreenSettings
            Usable values of the file; defaults where it has none or invalid ones.
        problem : str
            What could not be used, as a sentence; empty if all could, or if the file does not exist yet.
        """
        try:
            text = read_bytes(self.path).decode()
        except FileNotFoundError:
            return ScreenSettings(), ""
        except (OSError, UnicodeDecodeError) as err:
            return ScreenSettings(), texts.SETTINGS_UNREADABLE.format(path=self.path, problem=err)
        try:
            return ScreenSettings.model_validate_json(text), ""
        except ValidationError as err:
            return self._valid_part(text, err)

    def save(self, settings: ScreenSettings) -> None:
        """Write the settings completely or not at all.

        Raises
        ------
        InputError
            If they cannot be written.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self.path, settings.model_dump_json(indent=1) + "\n")
        except OSError as err:
            raise InputError(str(self.path), f"the settings cannot be written ({err.strerror})") from err

    def _valid_part(self, text: str, err: ValidationError) -> tuple[ScreenSettings, str]:
        wrong = [str(each["loc"][0]) for each in err.errors() if each["loc"]]
        document = _object(text)
        if document is None or not wrong:
            return ScreenSettings(), texts.SETTINGS_DAMAGED.format(path=self.path)
        good = {key: value for key, value in document.items() if key not in wrong}
        names = ", ".join(dict.fromkeys(wrong))
        problem = texts.SETTINGS_INVALID.format(path=self.path, names=names)
        return ScreenSettings.model_validate(good), problem


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
