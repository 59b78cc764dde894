"""One scored LM, and the reason if it is not a PLM.

The reason is a code (`Why`) for programs and a text for people.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from monitor.model.rules import RulesProfile
from monitor.scoring.inputs import Span


def seconds(us: int) -> str:
    """Format a time in seconds exactly, with at least one decimal: ``7.2``, ``10.25``."""
    text = f"{us / 1_000_000:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def reason(lm: ScoredLM) -> str:
    """Return why an LM is not a PLM.

    Parameters
    ----------
    lm : ScoredLM
        The LM.

    Returns
    -------
    str
        Never empty for an LM that is not a PLM. For a PLM usually empty, or a remark: its short interval
        ended a run, or its arousal is not counted.
    """
    rules = lm.grounds.profile
    struck = lm.grounds.arousal_struck
    if lm.why in ("", "short", "few"):
        limit = seconds(rules.arousal_refractory_us)
        arousal = f"arousal not counted: less than {limit} s after the last one counted" if struck else ""
        return "; ".join(words for words in (_in_run(lm), arousal) if words)
    if lm.why == "noncandidate":
        return _not_candidate(lm)
    return _dropped(lm)


def _dropped(lm: ScoredLM) -> str:
    rules, event = lm.grounds.profile, lm.grounds.event
    length = seconds(lm.end_us - lm.onset_us)
    so_far, apart = " so far" if lm.provisional else "", "; counted apart"
    if lm.why == "respiratory" and event is not None:
        return "excluded: " + relative_position(lm.onset_us, lm.end_us, event)
    return {
        "rejected": f"rejected: {lm.grounds.words}",
        "twitch": f"{length} s: a twitch, shorter than {seconds(rules.min_lm_us)} s{_jerk(lm)}",
        "biocal": "bio-calibration: movement on request, not scored",
        "artifact": "artifact: overlaps an artifact on its leg, not scored",
        "morphology": f"not an LM: no {seconds(rules.min_lm_us)} s of sustained activity",
        "long": f"{length} s{so_far}: {_long(lm)}, longer than {seconds(rules.max_lm_us)} s",
        "wake": f"LM in wake: not scored ({rules.name})",
        "unscored": f"LM in unscored time: not scored ({rules.name})",
        "outside": f"LM outside lights off to lights on: not scored ({rules.name})",
        "open": f"still running, {length} s so far",
        "tremor": f"foot tremor: bursts at {rules.tremor_hz_min:g}-{rules.tremor_hz_max:g} Hz{apart}",
        "alternating": "alternating leg muscle activation: bursts at "
        f"{rules.alma_hz_min:g}-{rules.alma_hz_max:g} Hz that alternate between the legs{apart}",
        "myoclonus": f"fragmentary myoclonus: bursts below {seconds(rules.myoclonus_burst_max_us)} s{apart}",
    }[lm.why]


def _long(lm: ScoredLM) -> str:
    return f"{'body movement' if lm.grounds.is_body else 'tonic activity'}, not a candidate"


def _jerk(lm: ScoredLM) -> str:
    return ", at sleep onset: perhaps a hypnic jerk" if lm.hypnic_jerk else ""


def relative_position(onset_us: int, end_us: int, event: Span) -> str:
    """Describe the position of an LM relative to an event."""
    label = (event.label or "respiratory event").replace("_", " ")
    name = f"{'an' if label[:1].lower() in tuple('aeiou') else 'a'} {label}"
    if end_us < event.start_us:
        return f"ends {seconds(event.start_us - end_us)} s before {name}"
    if onset_us > event.end_us:
        return f"starts {seconds(onset_us - event.end_us)} s after {name}"
    if end_us > event.end_us:
        return f"overlaps {name}, ends {seconds(end_us - event.end_us)} s after it"
    return f"overlaps {name}"


def _not_candidate(lm: ScoredLM) -> str:
    """Return the limit of a candidate that a group of movements exceeds."""
    rules, length_us = lm.grounds.profile, lm.end_us - lm.onset_us
    longest_us = length_us if lm.parts == 1 else lm.grounds.longest_us
    so_far = " so far" if lm.provisional else ""
    if longest_us > rules.max_lm_us:
        what = f"{seconds(length_us)} s" if lm.parts == 1 else f"a part of {seconds(longest_us)} s"
        return f"{what}{so_far}: {_long(lm)}, longer than {seconds(rules.max_lm_us)} s"
    if rules.max_parts is not None and lm.parts > rules.max_parts:
        return f"{lm.parts} parts{so_far}: not a candidate, more than {rules.max_parts}"
    limit = seconds(rules.max_bilateral_us or 0)
    return f"{seconds(length_us)} s of both legs{so_far}: not a candidate, longer than {limit} s"


def _in_run(lm: ScoredLM) -> str:
    """Return why a candidate is not a PLM, or which run the short interval of a PLM ended."""
    rules, n, number = lm.grounds.profile, lm.grounds.run_n, lm.grounds.run_series
    if lm.imi_us is not None and lm.imi_us < rules.imi_min_us:
        head = f"interval {seconds(lm.imi_us)} s < {seconds(rules.imi_min_us)} s"
        if rules.short_interval == "skip":
            return f"{head}: skipped, too early"
        if number:
            return f"{head} ended series {number}"
        return f"{head} ended a run of {n}" if n else head
    if lm.plm:
        return ""
    return f"run of {n}{' so far' if lm.provisional else ''}: a series needs {rules.series_min_n}"


Why = Literal[
    "", "rejected", "twitch", "artifact", "morphology", "long", "wake", "unscored", "outside", "respiratory",
    "open", "tremor", "alternating", "myoclonus", "biocal", "noncandidate", "short", "few",
]  # fmt: skip
"""Code of the reason why an LM is not a PLM; ``ScoredLM.reason`` is its text. Empty for a PLM."""


LOOKALIKES: tuple[Why, ...] = ("tremor", "alternating", "myoclonus")
"""Codes of movements that look like LM and are not."""

OF_CANDIDATES: tuple[Why, ...] = ("", "short", "few")
"""Codes of the candidates; every other one says why an LM is not a candidate."""


class Grounds(NamedTuple):
    """Hold the data from which the reason of an LM is worded; most LM share one object.

    Parameters
    ----------
    profile : RulesProfile
        The rules.
    words : str
        Reason of the rejection, as entered.
    event : Span or None
        The respiratory event that excluded it.
    run_n, run_series : int
        Length of its run that is no series, or of the run that its short interval ended, and the series
        number of that run (0: not a series).
    longest_us : int
        Duration of its longest part, if several parts exceed a limit of a candidate.
    arousal_struck : bool
        An arousal belongs to it and is not counted.
    is_body : bool
        It is a body movement (both legs, long, at the same time), not tonic activity of one leg.
    is_jerk : bool
        A twitch near the transition from wake to sleep.
    """

    profile: RulesProfile
    words: str = ""
    event: Span | None = None
    run_n: int = 0
    run_series: int = 0
    longest_us: int = 0
    arousal_struck: bool = False
    is_body: bool = False
    is_jerk: bool = False


class ScoredLM(NamedTuple):
    """Hold one LM after the legs were combined, counted or not.

    A named tuple instead of a dataclass: a recording has thousands and is scored every second.

    Parameters
    ----------
    onset_us, end_us : int
        First onset and last end of its parts.
    leg : {"left", "right", "both", "unknown"}
        The leg or legs.
    parts : int
        Number of movements of single legs.
    candidate : bool
        Whether it can become a PLM (CLM); false if dropped.
    plm : bool
        Whether it is in a series.
    series : int or None
        Number of its series, from 1.
    imi_us : int or None
        Interval from the onset of the previous counted LM; None for the first, after an LM that is not a
        candidate, and after a gap that ends runs.
    stage : str or None
        Stage at its onset, or of the first epoch of sleep it touches (``asleep_by``); None without an epoch.
    respiratory : bool
        Whether it touches a respiratory window of the profile.
    arousal : bool
        Whether an arousal belongs to it and is counted.
    provisional : bool
        May still change as time passes: it has not ended, its group is open, or its run may become a series.
    keys : tuple of str
        Keys of its movements, by onset.
    why : Why
        Code of the reason why it is not a PLM; empty for a PLM.
    counted_in : {"sleep", "wake", ""}
        The counts it belongs to; empty without stages, in unscored time and outside the time in bed.
    plm_nr : bool
        Whether it is in a series of the pass without respiratory LM (false if the profile has no such pass).
    grounds : Grounds
        Data from which ``reason`` is worded.
    """

    onset_us: int
    end_us: int
    leg: str
    parts: int
    candidate: bool
    plm: bool
    series: int | None
    imi_us: int | None
    stage: str | None
    respiratory: bool
    arousal: bool
    provisional: bool
    keys: tuple[str, ...]
    why: Why
    counted_in: str
    plm_nr: bool
    grounds: Grounds

    @property
    def hypnic_jerk(self) -> bool:
        """Whether it is a twitch at sleep onset; depends on the stages, and is in no count of movements."""
        return self.grounds.is_jerk

    @property
    def reason(self) -> str:
        """Why it is not a PLM, as text; for a PLM empty or a remark. Worded on access, which is rare."""
        return reason(self)
