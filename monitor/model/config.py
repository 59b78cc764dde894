"""Read a configuration: TOML in, one frozen record out; all errors of a file are reported at once."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar, get_args

from dsp import DetectorSettings
from monitor.model.config_fields import (
    BAND_SHARES,
    NOT_LIMBS,
    OF_THE_RULE,
    StagingSettings,
    UncertaintySettings,
    lines_of_fields,
    with_line,
)
from monitor.model.errors import InputError
from monitor.model.facts import Leg
from monitor.model.labels import DEFAULT_LABELS, normalise
from monitor.model.lanes import LaneName, LaneWish
from monitor.model.rules import PROFILES, RulesProfile, StageOrNone
from monitor.model.units import EXPECTED_UNIT, unit_scale_uv


@dataclass(frozen=True, slots=True)
class MontageWish:
    """Channels and unit requested by the user.

    Attributes
    ----------
    channels : mapping of leg to str
        One channel per leg, the difference of two, or several of these (`find_derivations`).
    unit : str
        Unit to use where the header has none or a wrong one.
    limbs : mapping of str to str
        The same for other limbs, by name; they are never identified by their labels.
    """

    channels: Mapping[Leg, str] = field(default_factory=dict)
    unit: str = ""
    limbs: Mapping[str, str] = field(default_factory=dict)


_SHIPPED = "_configs"
_NO_BAND = {"amplitude_band": False}
_Settings = TypeVar("_Settings", StagingSettings, UncertaintySettings)


@dataclass(frozen=True, slots=True)
class Config:
    """Settings for recording and scoring.

    Attributes
    ----------
    main_profile : str
        ``aasm3`` or ``wasm2016``; both are always computed.
    rules : Mapping of str to RulesProfile
    detector : DetectorSettings
        With the thresholds of the main profile.
    wish : MontageWish
        Requested channels and unit.
    labels : Mapping of str to str
        Meaning of words in marker streams and annotations, keys normalised.
    lanes : LaneWish
        Other signals shown beside the legs; they change no count.
    staging : StagingSettings
    uncertainty : UncertaintySettings
    document : Mapping
        All fields, defaults included, as JSON values.
    """

    main_profile: str
    rules: Mapping[str, RulesProfile]
    detector: DetectorSettings
    wish: MontageWish
    labels: Mapping[str, str]
    lanes: LaneWish
    staging: StagingSettings
    uncertainty: UncertaintySettings
    document: Mapping[str, Any]

    def with_main_profile(self, name: str) -> Config:
        """Return the same configuration with another main profile.

        Raises
        ------
        InputError
            If the profile is unknown.
        """
        rules = {**self.document["rules"], "main_profile": name}
        return _checked({**self.document, "rules": rules}, "main profile")

    def with_lanes(self, channels: Mapping[str, LaneName]) -> Config:
        """Return the same configuration with these channels beside the legs, by label, and no others."""
        lanes = {"show": [], "channels": dict(channels)}
        return _checked({**self.document, "lanes": lanes}, "lanes")

    @property
    def sha256(self) -> str:
        """Hash of the whole configuration; it depends on the values only, not on how they were written."""
        text = json.dumps(self.document, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


def shipped() -> dict[str, Path]:
    """Return the supplied configurations by name."""
    folder = Path(str(resources.files("monitor"))) / _SHIPPED
    if not folder.is_dir():
        # In a source tree `configs/` is next to the package.
        folder = Path(__file__).parents[2] / "configs"
    found = {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return found | {f"amplifiers/{path.stem}": path for path in sorted(folder.glob("amplifiers/*.toml"))}


def load_config(name: str | None = None, overrides: Mapping[str, Mapping[str, Any]] | None = None) -> Config:
    """Read a configuration.

    Parameters
    ----------
    name : str, optional
        A path, or the name of a supplied one; ``default`` if None.
    overrides : Mapping of section to values, optional
        Values from the command line; they take precedence over the file.

    Returns
    -------
    Config

    Raises
    ------
    InputError
        With every error of the file: field, value and what was expected.
    """
    path = _find("default" if name is None else name)
    try:
        # Editors of Windows may begin a file with a mark of its encoding.
        text = path.read_text(encoding="utf-8-sig")
        document = tomllib.loads(text)
    except OSError as err:
        raise InputError(str(path), f"cannot be read ({err.strerror})") from err
    except UnicodeDecodeError as err:
        line = err.object.count(b"\n", 0, err.start) + 1
        raise InputError(f"{path}, line {line}", "is not text in UTF-8", "save the file as UTF-8") from err
    except tomllib.TOMLDecodeError as err:
        raise InputError(str(path), f"is not valid TOML: {err}") from err
    except RecursionError as err:
        raise InputError(str(path), "is nested too deeply") from err
    for section, values in (overrides or {}).items():
        given = {key: value for key, value in values.items() if value is not None}
        inside = document.get(section)
        document[section] = {**inside, **given} if isinstance(inside, dict) else given or inside or {}
    try:
        return _checked(document, str(path), lines_of_fields(text))
    except RecursionError as err:
        raise InputError(str(path), "is nested too deeply") from err


def config_from(document: Mapping[str, Any], where: str) -> Config:
    """Build a configuration from the JSON values that a journal stores.

    A session keeps the rules that it was recorded with: one whose rule sets have no ``asleep_by`` is of a
    version that scored a movement by the stage at its onset. One without ``amplitude_band`` has no movements
    at further thresholds, and gets none for a part of it when it is resumed.
    """
    recorded = {**document, **_rules_as_recorded(document)}
    sure = document.get("uncertainty", {})
    return _checked(recorded | ({"uncertainty": _NO_BAND | sure} if isinstance(sure, dict) else {}), where)


def _rules_as_recorded(document: Mapping[str, Any]) -> dict[str, Any]:
    rules = document.get("rules")
    if not isinstance(rules, dict):
        return {}
    before = {"asleep_by": "onset"}
    sets = {name: before | rules[name] for name in PROFILES if isinstance(rules.get(name), dict)}
    for each in sets.values():
        # An earlier version took any word here, and those that are no stage had no effect.
        if isinstance(words := each.get("stages_not_scored"), list):
            each["stages_not_scored"] = [word for word in words if word in get_args(StageOrNone)]
    return {"rules": rules | sets}


def rules_from(session: Mapping[str, Any], where: str) -> Mapping[str, RulesProfile]:
    """Build the rule sets of a recorded session; nothing else of its configuration has to be valid.

    Parameters
    ----------
    session : Mapping
        Data of the ``session`` fact; what it does not give has the published default.
    where : str
        Its journal, for the message.

    Raises
    ------
    InputError
        If a value of its rules is invalid.
    """
    config = session.get("config", {})
    return config_from({"rules": config["rules"]} if "rules" in config else {}, where).rules


def uncertainty_from(session: Mapping[str, Any]) -> UncertaintySettings:
    """Return which figures on uncertainty a recorded session wants.

    The default for what it does not state, and for a value that cannot be read: these settings change no
    count, so they cannot refuse a session.

    Parameters
    ----------
    session : Mapping
        Data of the ``session`` fact.
    """
    return _settings_from(session, "uncertainty", UncertaintySettings(**_NO_BAND))


def planned_h_from(session: Mapping[str, Any]) -> float:
    """Return the planned length of a recorded session in hours; as `uncertainty_from`."""
    return _settings_from(session, "staging", StagingSettings()).planned_h


def _settings_from(session: Mapping[str, Any], section: str, default: _Settings) -> _Settings:
    """Return a section of a recorded session's configuration; `default` if any value of it is invalid."""
    values = session.get("config", {}).get(section, {})
    if not isinstance(values, dict):
        return default
    types = {field.name: type(getattr(default, field.name)) for field in dataclasses.fields(default)}
    try:
        given: dict[str, Any] = {
            name: float(value) if type(value) is int else value for name, value in values.items()
        }
        is_valid = all(type(value) is types.get(name) for name, value in given.items())
        return dataclasses.replace(default, **given) if is_valid else default
    except (ValueError, OverflowError):
        return default


def _find(name: str) -> Path:
    known = shipped()
    if name in known:
        return known[name]
    path = Path(name)
    if not path.is_file():
        raise InputError(
            "--config", f"file {name!r} was not found", f"expected a path, or one of: {', '.join(known)}"
        )
    return path


def _checked(document: dict[str, Any], where: str, places: dict[str, int] | None = None) -> Config:
    # Not with this module: what has a configuration need not be able to check one.
    from monitor.model.config_check import check_document

    file, problems = check_document(document)
    profiles: dict[str, RulesProfile] = {}
    for name, profile in PROFILES.items():
        values = dict(getattr(file.rules, name)) | {"audience": file.rules.audience}
        made = _try(lambda v, p=profile: dataclasses.replace(p, **v), values, f"rules.{name}", problems)
        profiles[name] = made if made is not None else profile
    rule = _rule(profiles[file.rules.main_profile])
    detector = _try(lambda v: DetectorSettings(**(v | rule)), dict(file.detector), "detector", problems)
    problems = [_named_as_in_rules(problem, profiles[file.rules.main_profile]) for problem in problems]
    if file.legs.unit and unit_scale_uv(file.legs.unit) is None:
        problems.append(f"legs.unit = {file.legs.unit!r}: {EXPECTED_UNIT}")
    if file.legs.left and file.legs.left == file.legs.right:
        problems.append(
            f"legs.left and legs.right are both {file.legs.left!r}: expected two different channels"
        )
    problems += [
        f"limbs.{name}: this name is reserved; expected a name such as {name}_arm"
        for name in file.limbs
        if name in NOT_LIMBS
    ]
    known = set(DEFAULT_LABELS.values())
    problems += [
        f"markers.synonyms.{word} = {ours!r}: expected one of {', '.join(sorted(known))}"
        for word, ours in file.markers.synonyms.items()
        if ours not in known
    ]
    staging = _try(lambda v: StagingSettings(**v), dict(file.staging), "staging", problems)
    problems = [with_line(problem, places or {}) for problem in problems]
    if problems or detector is None or staging is None:
        raise InputError(where, "\n  " + "\n  ".join(problems) if len(problems) > 1 else problems[0])
    channels: dict[Leg, str] = {}
    if file.legs.left or file.legs.right:
        channels = {"left": file.legs.left, "right": file.legs.right}
    return Config(
        file.rules.main_profile,
        profiles,
        _with_band(detector) if file.uncertainty.amplitude_band else detector,
        MontageWish(channels, file.legs.unit, dict(file.limbs)),
        {**DEFAULT_LABELS, **{normalise(word): ours for word, ours in file.markers.synonyms.items()}},
        LaneWish(tuple(file.lanes.show), dict(file.lanes.channels)),
        staging,
        UncertaintySettings(**dict(file.uncertainty)),
        _as_json(file.model_dump()),
    )


def _named_as_in_rules(problem: str, profile: RulesProfile) -> str:
    """Return a problem of the detector with the field of the rule set that its setting follows from."""
    for ours, theirs in OF_THE_RULE.items():
        if problem.startswith(f"detector.{ours} = "):
            expected = problem.partition(": ")[2]
            return f"rules.{profile.name}.{theirs} = {getattr(profile, theirs)!r}: {expected}"
    return problem


def _rule(profile: RulesProfile) -> dict[str, float]:
    """Return the thresholds of a profile that the detector needs, by the detector's names."""
    values = (profile.onset_uv, profile.offset_uv, profile.min_lm_us / 1e6, profile.offset_hold_us / 1e6)
    return dict(zip(OF_THE_RULE, values, strict=True))


def _with_band(detector: DetectorSettings) -> DetectorSettings:
    """Return the settings with the further onset thresholds of the amplitude band.

    None where the lower one would not be above the offset threshold, as with a rule set of a user's own.
    """
    further = tuple(round(detector.onset_uv * share, 6) for share in BAND_SHARES)
    return dataclasses.replace(detector, further_onset_uv=further if further[0] > detector.offset_uv else ())


def _as_json(value: Any) -> Any:
    """Convert to JSON types, sets in a fixed order, so that equal values have equal hashes."""
    if isinstance(value, Mapping):
        return {key: _as_json(inner) for key, inner in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return [_as_json(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _try(make: Any, values: dict[str, Any], where: str, problems: list[str]) -> Any:
    """Build a record; report every rejected value and replace it by its default."""
    while True:
        try:
            return make(values)
        except ValueError as err:
            if (problem := f"{where}.{err}") not in problems:
                problems.append(problem)
            name = str(err).partition(" ")[0]
            if name not in values:
                return None
            values = {key: value for key, value in values.items() if key != name}
