"""The fields of a configuration file: sections, types, defaults, and messages for invalid values.

The fields of the rules and of the detector are those of `RulesProfile` and `DetectorSettings`: they are
defined only there.

Line numbers of the fields of a TOML file, for messages: a TOML parser returns values without lines.

Settings of the estimation of sleep stages, and of the figures on uncertainty.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from dsp import DetectorSettings
from monitor.model.lanes import NAMES, LaneName, Shown
from monitor.model.rules import PROFILES, RulesProfile

_KEY = r"""(?:"[^"\n]*"|'[^'\n]*'|[A-Za-z0-9_-]+)"""
_DOTTED = rf"{_KEY}(?:\s*\.\s*{_KEY})*"
_HEADER = re.compile(rf"\s*\[\[?\s*({_DOTTED})\s*\]\]?")
_FIELD = re.compile(rf"\s*({_DOTTED})\s*=")
_LONG_QUOTES = ('"""', "'''")


def lines_of_fields(text: str) -> dict[str, int]:
    """Return the line on which each section and field of a TOML file begins.

    Parameters
    ----------
    text : str
        Content of the file; it may be invalid.

    Returns
    -------
    dict of str to int
        Line number from 1, by the field's dotted name.
    """
    places: dict[str, int] = {}
    section: list[str] = []
    closing = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if closing:
            closing = "" if closing in line else closing
            continue
        if header := _HEADER.match(line):
            section = _parts(header[1])
            _note(places, section, number)
        elif field := _FIELD.match(line):
            _note(places, [*section, *_parts(field[1])], number)
        closing = next((quotes for quotes in _LONG_QUOTES if line.count(quotes) % 2), "")
    return places


def remarks_on_fields(text: str) -> dict[str, str]:
    """Return the comments above each section and field of a TOML file, by dotted name."""
    remarks: dict[str, str] = {}
    section: list[str] = []
    above: list[str] = []
    for line in text.splitlines():
        bare = line.strip()
        header, field = _HEADER.match(bare), _FIELD.match(bare.removeprefix("# "))
        if header:
            section = _parts(header[1])
            remarks[".".join(section)] = " ".join(above)
        elif field and (not bare.startswith("#") or "not set by default" in bare):
            remarks[".".join([*section, *_parts(field[1])])] = " ".join(above)
        elif bare.startswith("#"):
            above.append(bare.removeprefix("#").strip())
            continue
        above = []
    return remarks


def with_line(problem: str, places: dict[str, int]) -> str:
    """Prepend the line number to a problem that begins with the name of its field."""
    name = re.match(r"[^\s:=]+", problem)
    parts = name[0].split(".") if name else []
    for depth in range(len(parts), 0, -1):
        line = places.get(".".join(parts[:depth]))
        if line is not None:
            return f"line {line}: {problem}"
    return problem


def _note(places: dict[str, int], parts: list[str], number: int) -> None:
    for depth in range(1, len(parts) + 1):
        places.setdefault(".".join(parts[:depth]), number)


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in re.findall(_KEY, dotted)]


Role = Literal["eeg", "eog", "chin"]


@dataclass(frozen=True, slots=True)
class StagingSettings:
    """Fields of the configuration's section ``staging``.

    Attributes
    ----------
    enabled : bool
        Whether sleep stages are estimated during a recording whose streams contain an EEG.
    of_files : bool
        Whether sleep stages are also estimated in files; set by ``score --stage auto``.
    planned_h : float
        Planned length of the recording, 3 to 16: the estimate uses the position of an epoch in the night.
    eeg, eog, chin : str
        Channels, by label or ``#n``; empty to identify them by their labels.
    """

    enabled: bool = True
    of_files: bool = False
    planned_h: float = 8.0
    eeg: str = ""
    eog: str = ""
    chin: str = ""

    def __post_init__(self) -> None:
        if not 3 <= self.planned_h <= 16:
            raise ValueError(f"planned_h = {self.planned_h!r}: expected 3 to 16 hours")

    @property
    def wish(self) -> Mapping[Role, str]:
        """The configured channels."""
        return {"eeg": self.eeg, "eog": self.eog, "chin": self.chin}


@dataclass(frozen=True, slots=True)
class UncertaintySettings:
    """Fields of the configuration's section ``uncertainty``: which figures are computed.

    Attributes
    ----------
    index_error : bool
        Statistical error of the index, its halves and the periodicity index.
    missed : bool
        Estimate of the share of missed movements of each leg.
    forecast : bool
        Predictive interval of the final index, while the recording runs.
    rem_activity : bool
        Muscle activity of the legs in REM sleep.
    amplitude_band : bool
        The index at onset thresholds 20 % lower and higher. The detector follows each leg at these too.
    heart : bool
        The heart rate around movements, in the report of a session with an ECG.
    """

    index_error: bool = True
    missed: bool = True
    forecast: bool = True
    rem_activity: bool = True
    amplitude_band: bool = True
    heart: bool = True


# These thresholds belong to the rule set, not to the envelope.
OF_THE_RULE = ("onset_uv", "offset_uv", "min_duration_s", "offset_hold_s")
# And this one follows from `amplitude_band`.
_NOT_IN_DETECTOR = (*OF_THE_RULE, "further_onset_uv")
BAND_SHARES = (0.8, 1.2)
"""The further onset thresholds of the amplitude band, as shares of the rule's."""
_NOT_IN_FILES = ("name", "audience", "not_reported")
QUICK_NOTES = ("Position", "Tech in room", "Artifact", "Electrode", "Restless", "Toilet")
"""Default texts of F2 to F7."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _section(name: str, record: type, defaults: Any, without: Iterable[str]) -> type[_Section]:
    """Build the section of a file from a dataclass, so that each field is defined once."""
    hints = get_type_hints(record)
    fields: dict[str, Any] = {
        field.name: (hints[field.name], getattr(defaults, field.name))
        for field in dataclasses.fields(record)
        if field.name not in without
    }
    made: type[_Section] = create_model(name, __base__=_Section, **fields)
    return made


_Detector = _section("Detector", DetectorSettings, DetectorSettings(), _NOT_IN_DETECTOR)
_Staging = _section("Staging", StagingSettings, StagingSettings(), ())
_Uncertainty = _section("Uncertainty", UncertaintySettings, UncertaintySettings(), ())
_PROFILE_SECTIONS = {
    name: _section(name, RulesProfile, profile, _NOT_IN_FILES) for name, profile in PROFILES.items()
}


class _Legs(_Section):
    left: str = ""
    right: str = ""
    unit: str = ""


class _Lanes(_Section):
    show: list[Shown] = Field(default=[], max_length=len(NAMES) + 1)
    channels: dict[Annotated[str, Field(min_length=1)], LaneName] = Field(default_factory=dict)


class _Notes(_Section):
    quick: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field(
        default=list(QUICK_NOTES), max_length=len(QUICK_NOTES)
    )


# The name of a limb is used in tables beside left and right, and in file names.
_LimbName = Annotated[str, Field(pattern="^[a-z][a-z0-9_]{0,23}$")]
NOT_LIMBS = ("left", "right", "both", "unknown")
_Limbs = dict[_LimbName, Annotated[str, Field(min_length=1)]]


class _Markers(_Section):
    synonyms: dict[str, str] = Field(default_factory=dict)


def _whole() -> type[_Section]:
    audiences = get_type_hints(RulesProfile)["audience"]
    rules: dict[str, Any] = {name: (section, section()) for name, section in _PROFILE_SECTIONS.items()}
    choices: dict[str, Any] = {
        "main_profile": (str, Field("aasm3", pattern="^(" + "|".join(PROFILES) + ")$")),
        "audience": (audiences, "adult"),
    }
    rules_section: type[_Section] = create_model("Rules", __base__=_Section, **choices, **rules)
    made: type[_Section] = create_model(
        "Configuration",
        __base__=_Section,
        rules=(rules_section, rules_section()),
        legs=(_Legs, _Legs()),
        limbs=(_Limbs, Field(default_factory=dict)),
        lanes=(_Lanes, _Lanes()),
        detector=(_Detector, _Detector()),
        markers=(_Markers, _Markers()),
        notes=(_Notes, _Notes()),
        staging=(_Staging, _Staging()),
        uncertainty=(_Uncertainty, _Uncertainty()),
    )
    return made


_FILE: Any = _whole()


def bare_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file as derived from its fields alone."""
    schema: dict[str, Any] = _FILE.model_json_schema()
    return schema


def read_fields(document: Mapping[str, Any]) -> Any:
    """Read a document into its sections; absent fields get their defaults.

    Raises
    ------
    pydantic.ValidationError
        With every error.
    """
    # As JSON: lists are accepted for sets, but text is not accepted for numbers, nor true for 1.
    return _FILE.model_validate_json(json.dumps(document, default=str), strict=True)


def without(document: Mapping[str, Any], places: Iterable[tuple[int | str, ...]]) -> dict[str, Any]:
    """Copy a document without the fields at these locations."""
    copy: dict[str, Any] = json.loads(json.dumps(document, default=str))
    for place in places:
        inside: Any = copy
        for part in place[:-1]:
            if not isinstance(inside.get(part), dict):
                break
            inside = inside[part]
        else:
            inside.pop(place[-1], None)
            continue
        # The error is inside a list: omit the whole list.
        inside.pop(part, None)
    return copy


def problem_of(error: Any) -> str:
    """Format one pydantic error: field, value and what was expected."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{field}: unknown field"
    return f"{field} = {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"
