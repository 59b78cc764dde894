"""Convert units to microvolts, in every spelling that LSL bridges use."""

from __future__ import annotations

import math
import re

EXPECTED_UNIT = "expected uV, mV, V, nV, or the value of one count as '0.1 uV'"
"""What a person can enter as a unit, for an error message."""

_UNITS_UV = {
    "v": 1e6,
    "volt": 1e6,
    "0": 1e6,
    "mv": 1e3,
    "millivolt": 1e3,
    "mvolt": 1e3,
    "-3": 1e3,
    "uv": 1.0,
    "muv": 1.0,
    "microv": 1.0,
    "microvolt": 1.0,
    "uvolt": 1.0,
    "-6": 1.0,
    "nv": 1e-3,
    "nanovolt": 1e-3,
    "-9": 1e-3,
}
# "counts" with a factor in the header: the factor gives microvolts per count.
_COUNTS = {"count", "counts", "adc", "adu", "lsb", "code", "raw"}


def unit_scale_uv(unit: str, factor: float = 1.0) -> float | None:
    """Return the value of one stored number in microvolts.

    Parameters
    ----------
    unit : str
        Any spelling of V, mV, uV, nV; a power of ten of a volt (``-6``); counts; or a number with a unit
        (``0.1 uV``), the value of one count.
    factor : float
        The header's scaling factor; for counts it is taken as microvolts per count.

    Returns
    -------
    float or None
        None if the unit is unknown, or counts without a factor.

    Examples
    --------
    >>> unit_scale_uv("millivolts"), unit_scale_uv("µV"), unit_scale_uv("0.5 uV"), unit_scale_uv("bananas")
    (1000.0, 1.0, 0.5, None)
    """
    word = unit.strip().replace("µ", "u").replace("μ", "u").lower()
    known = _UNITS_UV.get(word, _UNITS_UV.get(word.rstrip("s")))
    if known is not None:
        return known * factor
    if word in _COUNTS:
        return factor if factor != 1.0 else None
    number = re.fullmatch(r"([0-9.]+(?:e[+-]?[0-9]+)?)\s*([a-z]+)", word)
    if number and number[2] in _UNITS_UV:
        try:
            step_uv = float(number[1]) * _UNITS_UV[number[2]] * factor
        except ValueError:
            return None
        return step_uv if 0 < step_uv < math.inf else None
    return None


_POWERS = {"0": "V", "-3": "mV", "-6": "uV", "-9": "nV"}


def unit_word(unit: str) -> str:
    """Format a unit for display: a power of ten of a volt is shown with its name.

    Examples
    --------
    >>> unit_word("-6"), unit_word("microvolts")
    ("uV (written '-6')", 'microvolts')
    """
    name = _POWERS.get(unit.strip())
    return unit if name is None else f"{name} (written {unit.strip()!r})"


# Range of the RMS of a relaxed leg, with some allowance for a noisy electrode.
_PLAUSIBLE_UV = (0.3, 30.0)
_CANDIDATES_UV = (("V", 1e6), ("mV", 1e3), ("uV", 1.0))


def unit_hint(level: float | None) -> str:
    """Return a resting level in each unit, and which unit is plausible.

    Parameters
    ----------
    level : float or None
        In stored numbers.

    Returns
    -------
    str
        Empty if nothing or only zeros were measured.

    Examples
    --------
    >>> unit_hint(0.0021)
    'resting level 0.0021: 2.1e+03 uV if V, 2.1 uV if mV, 0.0021 uV if uV, so mV is plausible'
    """
    if level is None or not 0 < level < math.inf:
        return ""
    levels = ", ".join(f"{level * scale:.2g} uV if {unit}" for unit, scale in _CANDIDATES_UV)
    fits = [unit for unit, scale in _CANDIDATES_UV if _PLAUSIBLE_UV[0] <= level * scale <= _PLAUSIBLE_UV[1]]
    verdict = (
        f"so {fits[0]} is plausible"
        if fits
        else "none of them is plausible, the values may be counts of a converter"
    )
    return f"resting level {level:.2g}: {levels}, {verdict}"
