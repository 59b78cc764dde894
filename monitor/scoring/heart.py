"""The course of the heart rate around leg movements, from the times of the heart beats.

A periodic leg movement in sleep is accompanied by a rise of the heart rate for some seconds and a fall below
the level before it (Winkelman 1999, Sleep 22:575; Ferrillo et al. 2004, Clin Neurophysiol 115:332), stronger
with an arousal. Nothing here changes a count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from monitor.scoring.result import Score
from monitor.scoring.scored_lm import ScoredLM
from monitor.scoring.spans import Bools, Floats

Kind = Literal["plm", "isolated", "short_interval"]
KINDS: tuple[Kind, ...] = ("plm", "isolated", "short_interval")
AROUND_S = (-10.0, 15.0)
STEP_S = 0.5
BEFORE_S = (-10.0, -5.0)
AFTER_S = (1.0, 6.0)
PEAK_S = (0.0, 10.0)
LEAST_N = 10
"""Fewest movements of a group for which a course is given."""
LEAST_SHARE = 0.8
_RR_S = (0.3, 2.0)
_ECTOPIC = 0.2
_NEIGHBOURS = 5
METHOD = (
    "mean of the R-R intervals at each time from 10 s before to 15 s after the onset, as a rate (60 / mean "
    "interval); intervals outside 0.3 to 2 s, or more than 20 % from the median of the five around them "
    "(ectopic and missed beats), are left out, and movements with less than 80 % of the time covered; "
    "before: -10 to -5 s, after: 1 to 6 s, error: standard error over the movements; movements in sleep (all "
    "without stages) without a breathing event near them"
)
_KIND_OF: dict[str, Kind] = {"": "plm", "few": "isolated", "short": "short_interval"}


@dataclass(frozen=True, slots=True)
class HeartCourse:
    """Hold the heart rate around the movements of one group.

    Parameters
    ----------
    kind : {"plm", "isolated", "short_interval"}
        In a series; in none; in none because the interval before was too short.
    arousal : bool or None
        With or without an arousal; None for both.
    hour : int or None
        Hour of the recording, from 0; None for all.
    n, n_left_out : int
        Movements used, and those without enough usable intervals.
    course_bpm : tuple of float
        Rate every 0.5 s from -10 to 15 s; empty with fewer than ten movements. NaN where nothing is known.
    before_bpm, change_bpm, error_bpm : float or None
        Mean rate before; mean rate after minus before, and its standard error.
    peak_bpm, peak_at_s : float or None
        Largest rate from 0 to 10 s minus `before_bpm`, and its time. With few movements chance raises it.
    """

    kind: Kind
    arousal: bool | None
    hour: int | None
    n: int
    n_left_out: int
    course_bpm: tuple[float, ...] = ()
    before_bpm: float | None = None
    change_bpm: float | None = None
    error_bpm: float | None = None
    peak_bpm: float | None = None
    peak_at_s: float | None = None


def course_times_s() -> Floats:
    """Return the times of a course from the onset (s), shape (n_times,)."""
    n = round((AROUND_S[1] - AROUND_S[0]) / STEP_S) + 1
    return np.linspace(AROUND_S[0], AROUND_S[1], n)


def usable_intervals(beats_s: Floats) -> tuple[Floats, Bools]:
    """Return the R-R intervals and which of them are between two normal beats.

    Parameters
    ----------
    beats_s : ndarray of float64, shape (n_beats,)
        Ascending; NaN stands for a gap.

    Returns
    -------
    rr_s : ndarray of float64, shape (n_beats - 1,)
    is_usable : ndarray of bool, shape (n_beats - 1,)
    """
    rr_s = np.diff(beats_s)
    plausible = (rr_s >= _RR_S[0]) & (rr_s <= _RR_S[1])
    padded = np.pad(np.where(plausible, rr_s, np.nan), _NEIGHBOURS // 2, constant_values=np.nan)
    usable = np.zeros(rr_s.shape, np.bool_)
    if rr_s.size:
        windows = np.lib.stride_tricks.sliding_window_view(padded, _NEIGHBOURS)
        known = plausible & (np.isfinite(windows).sum(axis=1) >= _NEIGHBOURS // 2 + 1)
        middle = np.nanmedian(windows[known], axis=1)
        usable[known] = np.abs(rr_s[known] - middle) <= _ECTOPIC * middle
    return rr_s, usable


def intervals_around(beats_s: Floats, onsets_s: Floats) -> Floats:
    """Return the R-R interval at each time around each onset.

    Parameters
    ----------
    beats_s : ndarray of float64, shape (n_beats,)
        Ascending; NaN stands for a gap.
    onsets_s : ndarray of float64, shape (n_onsets,)

    Returns
    -------
    ndarray of float64, shape (n_onsets, n_times)
        Seconds; NaN where no interval between two normal beats is known.
    """
    rr_s, usable = usable_intervals(beats_s)
    starts, ends, values = beats_s[:-1][usable], beats_s[1:][usable], rr_s[usable]
    at_s = onsets_s[:, None] + course_times_s()
    if values.size == 0:
        return np.full(at_s.shape, np.nan)
    k = np.searchsorted(starts, at_s, side="right") - 1
    inside = (k >= 0) & (at_s < ends[k])
    return np.where(inside, values[k], np.nan)


def heart_response(beats_s: Floats, score: Score) -> tuple[HeartCourse, ...]:
    """Return the course of the heart rate around the movements of a recording.

    Parameters
    ----------
    beats_s : ndarray of float64, shape (n_beats,)
        Times of the heart beats on the timeline of the recording (s), ascending; NaN stands for a gap.
    score : Score
        Of the same recording.

    Returns
    -------
    tuple of HeartCourse
        Each kind of movement with and without arousal, then the movements in series by hour.

    See Also
    --------
    heartbeats

    Examples
    --------
    >>> from monitor.model.rules import PROFILES
    >>> from monitor.scoring import Movement, Night, score
    >>> moved = tuple(Movement(k * 30_000_000, k * 30_000_000 + 2_000_000, "left") for k in range(1, 40))
    >>> scored = score(Night(moved, end_us=1_300_000_000), PROFILES["wasm2016"])
    >>> found = heart_response(np.arange(0.0, 1300.0), scored)
    >>> found[0].kind, found[0].n, found[0].before_bpm, found[0].change_bpm
    ('plm', 39, 60.0, 0.0)
    """
    counted = _counted(score.lms)
    around = intervals_around(beats_s, np.array([lm.onset_us / 1e6 for _, lm in counted], np.float64))
    courses = []
    for kind in KINDS:
        for arousal in (False, True):
            mine = [k == kind and _has_arousal(lm) is arousal for k, lm in counted]
            courses.append(_course(kind, arousal, None, around[np.array(mine, np.bool_)]))
    hours = [lm.onset_us // 3_600_000_000 if kind == "plm" else -1 for kind, lm in counted]
    for hour in sorted({hour for hour in hours if hour >= 0}):
        courses.append(_course("plm", None, hour, around[np.array(hours) == hour]))
    return tuple(courses)


def _counted(lms: Sequence[ScoredLM]) -> list[tuple[Kind, ScoredLM]]:
    has_stages = any(lm.stage is not None for lm in lms)
    return [
        (_KIND_OF[lm.why], lm)
        for lm in lms
        if lm.candidate
        and not lm.provisional
        and not lm.respiratory
        and lm.why in _KIND_OF
        and (lm.counted_in == "sleep" or not has_stages)
    ]


def _has_arousal(lm: ScoredLM) -> bool:
    return lm.arousal or lm.grounds.arousal_struck


def _course(kind: Kind, arousal: bool | None, hour: int | None, around: Floats) -> HeartCourse:
    """Return the course of a group from the intervals around its movements, shape (n, n_times)."""
    times_s = course_times_s()
    before, after = (_within(times_s, span) for span in (BEFORE_S, AFTER_S))
    known = np.isfinite(around)
    used = around[
        (known.mean(axis=1) >= LEAST_SHARE) & known[:, before].any(axis=1) & known[:, after].any(axis=1)
    ]
    n, n_left_out = len(used), len(around) - len(used)
    if n < LEAST_N:
        return HeartCourse(kind, arousal, hour, n, n_left_out)
    weight = np.isfinite(used).sum(axis=0)
    total = np.nansum(used, axis=0)
    course = 60.0 * np.divide(weight, total, out=np.full(total.shape, np.nan), where=weight > 0)
    rates = [60.0 / np.nanmean(used[:, part], axis=1) for part in (before, after)]
    # Of mean intervals, as the course; the error from the differences of single movements.
    means = [60.0 / float(np.nanmean(used[:, part])) for part in (before, after)]
    error = float(np.std(rates[1] - rates[0], ddof=1)) / np.sqrt(n)
    peak = _within(times_s, PEAK_S) & np.isfinite(course)
    at = int(np.argmax(np.where(peak, course, -np.inf)))
    return HeartCourse(
        kind,
        arousal,
        hour,
        n,
        n_left_out,
        tuple(course.tolist()),
        means[0],
        means[1] - means[0],
        error,
        float(course[at]) - means[0],
        float(times_s[at]),
    )


def _within(times_s: Floats, span: tuple[float, float]) -> Bools:
    return (times_s >= span[0]) & (times_s <= span[1])
