"""The fields of a configuration file: sections, types, defaults, and messages for invalid values.

The fields of the rules and of the detector are those of `RulesProfile` and `DetectorSettings`: they are
defined only there.

Line numbers of the fields of a TOML file, for messages: a TOML parser returns values without lines.

Settings of the estimation of sleep stages, and of the figures on uncertainty.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

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


OF_THE_RULE = {
    "onset_uv": "onset_uv",
    "offset_uv": "offset_uv",
    "min_duration_s": "min_lm_us",
    "offset_hold_s": "offset_hold_us",
}
"""Settings of the detector that belong to the rule set, not to the envelope: its fields by their names."""
BAND_SHARES = (0.8, 1.2)
"""The further onset thresholds of the amplitude band, as shares of the rule's."""
QUICK_NOTES = ("Position", "Tech in room", "Artifact", "Electrode", "Restless", "Toilet")
"""Default texts of F2 to F7."""
NOT_LIMBS = ("left", "right", "both", "unknown")
"""Names that no other limb can have."""
