"""The fields of a configuration file: their sections, types and defaults, and what is wrong with one.

The fields of the rules and of the detector are those of `RulesProfile` and `DetectorSettings`: they are
written down once, there.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from dsp import DetectorSettings
from monitor.rules import PROFILES, RulesProfile
from monitor.staging.settings import StagingSettings

# These numbers belong to the rule, not to the way the envelope is made.
OF_THE_RULE = ("onset_uv", "offset_uv", "min_duration_s", "offset_hold_s")
_NOT_IN_FILES = ("name", "audience", "not_reported")
QUICK_NOTES = ("Position", "Tech in room", "Artifact", "Electrode", "Restless", "Toilet")
"""What F2 to F7 write, unless the configuration says else."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _section(name: str, record: type, defaults: Any, without: Iterable[str]) -> type[_Section]:
    """Make the section of a file from a dataclass, so that each field has one home."""
    hints = get_type_hints(record)
    fields: dict[str, Any] = {
        field.name: (hints[field.name], getattr(defaults, field.name))
        for field in dataclasses.fields(record)
        if field.name not in without
    }
    made: type[_Section] = create_model(name, __base__=_Section, **fields)
    return made


_Detector = _section("Detector", DetectorSettings, DetectorSettings(), OF_THE_RULE)
_Staging = _section("Staging", StagingSettings, StagingSettings(), ())
_PROFILE_SECTIONS = {
    name: _section(name, RulesProfile, profile, _NOT_IN_FILES) for name, profile in PROFILES.items()
}


class _Legs(_Section):
    left: str = ""
    right: str = ""
    unit: str = ""


class _Notes(_Section):
    quick: list[Annotated[str, Field(min_length=1, max_length=40)]] = Field(
        default=list(QUICK_NOTES), max_length=len(QUICK_NOTES)
    )


# The name of a limb stands in tables beside left and right, and in file names.
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
        detector=(_Detector, _Detector()),
        markers=(_Markers, _Markers()),
        notes=(_Notes, _Notes()),
        staging=(_Staging, _Staging()),
    )
    return made


_FILE: Any = _whole()


def bare_schema() -> dict[str, Any]:
    """Return the JSON schema of a configuration file as its fields alone give it."""
    schema: dict[str, Any] = _FILE.model_json_schema()
    return schema


def read_fields(document: Mapping[str, Any]) -> Any:
    """Read a document into its sections, defaults where nothing is said.

    Raises
    ------
    pydantic.ValidationError
        With everything that is wrong.
    """
    # As JSON, because there a list may be a set, and yet no text is a number and no yes a one.
    return _FILE.model_validate_json(json.dumps(document, default=str), strict=True)


def without(document: Mapping[str, Any], places: Iterable[tuple[int | str, ...]]) -> dict[str, Any]:
    """Copy a document without the fields at these places."""
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
        # Something inside a list or the like is wrong: leave out the whole of it.
        inside.pop(part, None)
    return copy


def problem_of(error: Any) -> str:
    """Put one error of pydantic's into words: field, value, what was expected."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{field}: there is no such field"
    return f"{field} = {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"
