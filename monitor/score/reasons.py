"""Say in words why an LM is no PLM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitor.score.night import Span

if TYPE_CHECKING:
    from monitor.score.scored_lm import ScoredLM


def seconds(us: int) -> str:
    """Write a time in seconds as exactly as it needs, at least one decimal: ``7.2``, ``10.25``."""
    text = f"{us / 1_000_000:.6f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def reason(lm: ScoredLM) -> str:
    """Say why an LM is no PLM.

    Parameters
    ----------
    lm : ScoredLM
        The LM.

    Returns
    -------
    str
        Never empty for an LM that is no PLM. For a PLM a remark: what its early interval ended, that its
        arousal does not count; mostly empty.
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
    so_far = " so far" if lm.provisional else ""
    if lm.why == "respiratory" and event is not None:
        return "excluded: " + beside(lm.onset_us, lm.end_us, event)
    return {
        "rejected": f"rejected: {lm.grounds.words}",
        "twitch": f"{length} s: a twitch, shorter than {seconds(rules.min_lm_us)} s{_jerk(lm)}",
        "artifact": "artifact: overlaps an artifact on its leg, not scored",
        "morphology": f"not an LM: no {seconds(rules.min_lm_us)} s of sustained activity",
        "long": f"{length} s{so_far}: {_long(lm)}, longer than {seconds(rules.max_lm_us)} s",
        "wake": f"LM in wake: not scored ({rules.name})",
        "unscored": f"LM in unscored time: not scored ({rules.name})",
        "outside": f"LM outside lights off to lights on: not scored ({rules.name})",
        "open": f"still running, {length} s so far",
    }[lm.why]


def _long(lm: ScoredLM) -> str:
    return f"{'body movement' if lm.grounds.is_body else 'tonic activity'}, not a candidate"


def _jerk(lm: ScoredLM) -> str:
    return ", at sleep onset: perhaps a hypnic jerk" if lm.hypnic_jerk else ""


def beside(onset_us: int, end_us: int, event: Span) -> str:
    """Say where an LM lies relative to an event."""
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
    """Say which limit of a candidate a group of movements breaks."""
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
    """Say what stands in the way of a candidate, or what a PLM that came early did to the run before it."""
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
