"""Check a configuration document: the sections of a file as models of pydantic, built from its records.

A recorder does not load this module: pydantic takes 5 MB. See `monitor.model.config_process`.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model, field_validator
from pydantic_core import PydanticCustomError

from dsp import DetectorSettings
from monitor.model.config_fields import OF_THE_RULE, QUICK_NOTES, StagingSettings, UncertaintySettings
from monitor.model.lanes import NAMES, LaneName, Shown
from monitor.model.rules import PROFILES, RulesProfile

# The last one follows from `amplitude_band`.
_NOT_IN_DETECTOR = (*OF_THE_RULE, "further_onset_uv")
_NOT_IN_FILES = ("name", "audience", "not_reported")


# 31 years in microseconds: what is added to a time of a recording stays a 64-bit integer.
_LARGEST = 10**15


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _is_usable(cls, value: Any) -> Any:
        if isinstance(value, (int, float)) and abs(value) > _LARGEST:
            raise PydanticCustomError("too_large", "expected a number of at most 1e15")
        return value


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
_LIMB_NAMES = "expected a name of lower-case letters, digits and _, the first a letter, at most 24"
_Limbs = dict[_LimbName, Annotated[str, Field(min_length=1)]]


class _Markers(_Section):
    synonyms: dict[str, str] = Field(default_factory=dict)


def _whole() -> type[_Section]:
    audiences = get_type_hints(RulesProfile)["audience"]
    rules: dict[str, Any] = {name: (section, section()) for name, section in _PROFILE_SECTIONS.items()}
    choices: dict[str, Any] = {
        "main_profile": (Literal[*PROFILES], "aasm3"),
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


def check_document(document: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """Read a document into its sections; absent and invalid fields get their defaults.

    Returns
    -------
    sections : pydantic model
    problems : list of str
        Every invalid field, with its value and what was expected.
    """
    try:
        return _read(document), []
    except ValidationError as err:
        errors = err.errors(include_url=False)
        # All errors are reported at once: continue as if these fields were absent.
        rest = _without(document, [error["loc"] for error in errors])
        return _read(rest), [_problem_of(error) for error in errors]


def _read(document: Mapping[str, Any]) -> Any:
    # As JSON: lists are accepted for sets, but text is not accepted for numbers, nor true for 1.
    return _FILE.model_validate_json(json.dumps(document, default=str), strict=True)


def _without(document: Mapping[str, Any], places: Iterable[tuple[int | str, ...]]) -> dict[str, Any]:
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


def _problem_of(error: Any) -> str:
    """Format one pydantic error: field, value and what was expected."""
    field = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{field}: unknown field"
    if error["type"] == "string_pattern_mismatch":
        return f"limbs.{error['input']}: {_LIMB_NAMES}"
    return f"{field} = {error['input']!r}: {error['msg'][0].lower()}{error['msg'][1:]}"
