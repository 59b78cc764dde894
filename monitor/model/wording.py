"""Names and number formats used on the screen and in reports."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

RULES = {"aasm3": "AASM v3", "wasm2016": "WASM 2016"}
LEG_SHORT = {"left": "L", "right": "R", "both": "L+R", "unknown": "?"}
STAGE_ROWS = ("W", "R", "N1", "N2", "N3")
NONE = "–"

EXCLUDED = {
    "wake": "in wake",
    "unscored": "unscored time",
    "outside": "lights on",
    "respiratory": "respiratory",
    "artifact": "artifact",
    "biocal": "bio-cal",
    "long": "over 10 s",
    "morphology": "not sustained",
    "rejected": "rejected",
    "open": "still running",
    "noncandidate": "not a candidate",
    "tremor": "foot tremor",
    "alternating": "alternating legs",
    "myoclonus": "fragmentary myoclonus",
}


def rate(value: float | None) -> str:
    """Format a rate per hour, or a dash."""
    return NONE if value is None else f"{value:.1f}"


def big_rate(value: float | None) -> str:
    """Format a rate per hour for the large number: without decimals from 100."""
    return f"{value:.0f}" if value is not None and value >= 99.95 else rate(value)


def count(value: int | None) -> str:
    """Format a count, or a dash."""
    return NONE if value is None else str(value)


def counted(n: int, what: str) -> str:
    """Return a number with its noun, as ``1 movement`` or ``2 movements``."""
    return f"{n} {what}" if n == 1 else f"{n} {what}s"


def rejected_movement(parts_n: int) -> str:
    """Name what was rejected or restored: an event of both legs is one movement with several parts."""
    return "movement" if parts_n == 1 else "movement of both legs"


def share(value: float | None) -> str:
    """Format a ratio with two decimals, or a dash."""
    return NONE if value is None else f"{value:.2f}"


def chance(value: float) -> str:
    """Format a chance; a model knows none better than to 1 %."""
    return "under 1%" if value < 0.01 else "over 99%" if value > 0.99 else f"{value:.0%}"


def hours(us: int | None) -> str:
    """Format a duration in microseconds as ``3 h 46 min``."""
    if us is None:
        return NONE
    seconds, minutes = rounded(us / 1e6), rounded(us / 1e6, 60) // 60
    if seconds < 60:
        return f"{seconds} s"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def hours_left(length_s: float) -> str:
    """Format the remaining recording time; above 99 hours the exact value is irrelevant."""
    return "over 99 h" if length_s > 99 * 3600 else f"{length_s / 3600:.0f} h"


def rounded(length_s: float, step_s: int = 1) -> int:
    """Round a time (s) to the nearest multiple of `step_s`: a time cut off would be early by up to a step."""
    return math.floor(length_s / step_s + 0.5) * step_s


def minutes_seconds(length_s: float) -> str:
    """Format a duration as ``m:ss``."""
    whole = max(0, rounded(length_s))
    return f"{whole // 60}:{whole % 60:02d}"


def length(length_s: float) -> str:
    """Format a duration as ``12 s``, ``4 min 12 s`` or ``1 h 04 min``."""
    whole = max(0, rounded(length_s))
    if whole < 60:
        return f"{whole} s"
    return (
        f"{whole // 60} min {whole % 60} s"
        if whole < 3600
        else f"{whole // 3600} h {whole // 60 % 60:02d} min"
    )


def length_so_far(length_s: float) -> str:
    """Format a duration that grows: in steps of 5 s, from a minute on of a minute."""
    step_s = 5 if length_s < 60 else 60
    return length(math.floor(max(0.0, length_s) / step_s) * step_s).removesuffix(" 0 s")


def hms(length_s: float) -> str:
    """Format a duration as ``h:mm:ss``."""
    whole = max(0, rounded(length_s))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def ago(length_s: float) -> str:
    """Format an age, with coarser units as it grows."""
    if length_s < 90:
        return f"{length_s:.0f} s ago"
    return f"{length_s / 60:.0f} min ago" if length_s < 5400 else f"{length_s / 3600:.1f} h ago"


def microvolts(value_uv: float) -> str:
    """Format a level, or a dash if it is unknown."""
    return f"{value_uv:.1f} µV" if math.isfinite(value_uv) else NONE


def by_the_letter(n: int | None, n_by_letter: int | None, lookalikes: Mapping[str, int]) -> str:
    """Return how many movements more the letter of the rules counts, and what look-alikes these are.

    Parameters
    ----------
    n, n_by_letter : int or None
        The count without and with look-alikes; None if unknown.
    lookalikes : mapping of str to int
        Number of movements by the code of the look-alike; all 0 gives an empty text.
    """
    names = [lm_why(why) for why, found in sorted(lookalikes.items(), key=lambda each: -each[1]) if found]
    if not names or n is None or n_by_letter is None:
        return ""
    more = n_by_letter - n
    # Where short intervals end a run, the letter may count fewer.
    amount = f"{abs(more)} {'more' if more > 0 else 'fewer'}" if more else "as many"
    return f"{amount} by the letter: {', '.join(names)}"


def lm_why(why: str) -> str:
    """Return the short reason why a leg movement is not counted."""
    return EXCLUDED.get(why, why)


def argument(path: Path | str) -> str:
    """Return a path as it is typed in a command, quoted if it has spaces and the like.

    Examples
    --------
    >>> argument("/nights/bed-3")
    '/nights/bed-3'
    """
    return f'"{path}"' if sys.platform == "win32" else shlex.quote(str(path))
