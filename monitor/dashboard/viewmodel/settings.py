"""What a person has set on the screen of a bed, and finds again the next night. No Qt."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import platformdirs
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from monitor.dashboard.viewmodel.log import LOG_FILTERS
from monitor.model.errors import InputError
from monitor.model.safe_file import read_bytes, write_private
from monitor.session.folder import check_code

BANDS_HZ: tuple[tuple[float, float], ...] = ((10.0, 100.0), (20.0, 200.0))
NOTCHES_HZ: tuple[float, ...] = (50.0, 60.0, 0.0)


ThemeName = Literal["night", "red", "day"]
TEXT_SCALES: tuple[float, ...] = (0.9, 1.0, 1.15, 1.3)
_Short = Annotated[str, Field(max_length=200)]


def _one_of(values: Iterable[Any]) -> AfterValidator:
    """Accept the steps the keys go in: between them nothing could be set."""
    known = tuple(values)

    def check(value: Any) -> Any:
        if value not in known:
            raise ValueError(f"one of {', '.join(str(each) for each in known)}")
        return value

    return AfterValidator(check)


class SavedStream(BaseModel):
    """A stream as it can be known again: its `uid` is another each night."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: _Short
    type: _Short = ""
    source_id: _Short = ""
    hostname: _Short = ""


class SavedChoice(BaseModel):
    """What was chosen on the start screen."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    streams: Annotated[tuple[SavedStream, ...], Field(max_length=20)] = ()
    left: _Short = ""
    right: _Short = ""
    unit: _Short = ""
    main_profile: _Short = ""


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
        Of the reference line; empty for the configuration's.
    choice : RememberedChoice or None
        Of the start screen.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    theme: ThemeName = "night"
    sweep_s: Literal[10, 15, 30, 60, 120, 300] = 30
    full_uv: Literal[10, 20, 50, 100, 200, 500, 1000, 2000] = 100
    band_hz: Annotated[tuple[float, float], _one_of(BANDS_HZ)] = BANDS_HZ[0]
    notch_hz: Annotated[float, _one_of(NOTCHES_HZ)] = NOTCHES_HZ[0]
    shows_envelope: bool = True
    text_scale: Annotated[float, _one_of(TEXT_SCALES)] = 1.0
    log_filter: Annotated[str, _one_of(LOG_FILTERS)] = "all"
    reference: Literal["", "adult", "child", "none"] = ""
    choice: SavedChoice | None = None


class SettingsFile:
    """One bed's settings on disk, the user's own.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def of_bed(cls, bed: str) -> SettingsFile:
        """Return the place for a bed.

        Raises
        ------
        InputError
            If the name is none that a bed can have, or no home directory is known.
        """
        try:
            folder = platformdirs.user_config_path("plms-monitor") / "screen"
        except RuntimeError as err:
            raise InputError("HOME", "no home directory is known", "settings are not remembered") from err
        return cls(folder / f"{check_code('bed', bed)}.json")

    def load(self) -> tuple[ScreenSettings, str]:
        """Read the settings.

        Returns
        -------
        settings : ScreenSettings
            What can be used of the file; the usual ones where it is silent or wrong.
        problem : str
            What could not be used, in a sentence; empty if all could, or if there is no file yet.
        """
        try:
            text = read_bytes(self.path).decode()
        except FileNotFoundError:
            return ScreenSettings(), ""
        except (OSError, UnicodeDecodeError) as err:
            return (
                ScreenSettings(),
                f"the settings in {self.path} cannot be read ({err}); the usual ones are used",
            )
        try:
            return ScreenSettings.model_validate_json(text), ""
        except ValidationError as err:
            return self._what_is_good(text, err)

    def save(self, settings: ScreenSettings) -> None:
        """Write the settings, whole or not at all.

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

    def _what_is_good(self, text: str, err: ValidationError) -> tuple[ScreenSettings, str]:
        wrong = [str(each["loc"][0]) for each in err.errors() if each["loc"]]
        document = _object(text)
        if document is None or not wrong:
            return ScreenSettings(), f"the settings in {self.path} are damaged; the usual ones are used"
        good = {key: value for key, value in document.items() if key not in wrong}
        told = ", ".join(dict.fromkeys(wrong))
        return (
            ScreenSettings.model_validate(good),
            f"in the settings {self.path} {told} cannot be used; the usual is used instead",
        )


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
