"""Missed movements: an estimate from the rhythm of the movements that were found.

A missed movement leaves an interval of twice the rhythm, two in a row one of three times. The share of such
intervals tells how many movements of the rhythm were missed, if the rhythm is regular enough.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np

from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.inputs import Night
from monitor.scoring.single_leg import ASLEEP
from monitor.scoring.spans import Floats, Ints, bounds, complement, intersection, time_before, union

LEAST_INTERVALS = 40
LEAST_HOUR_INTERVALS = 20
LEAST_EVIDENCE = 3.0
"""Log-likelihood by which harmonics must fit better than one broad rhythm without misses."""
LEAST_ERROR = 0.02
"""Error with many intervals, as measured on simulated lists."""
MOST_WITHOUT_EVIDENCE = 0.1
MOST_MISFIT = 1.8
"""Chi-square per bin: simulated thinned lists reach 0.5 to 1.5, nights with several rhythms 2 to 10."""
ALERT_EVIDENCE = 12.0
ALERT_SPREAD = 0.17
ALERT_SHARE = 0.2
ALERT_LOW = 0.12
LEG_SHARE = 0.3
LEG_LOW = 0.2
"""A leg is compared with its own earlier hours, and sides vary by themselves."""
MEANING = (
    "For one leg the share contains movements that the other leg made alone; only for both together (either) "
    "does it estimate missed movements."
)
METHOD = (
    "mixture over harmonics 1 to 12 of the leg's rhythm in the logarithm of the interval from onset to onset "
    "(5 to 300 s), misses as a two-state chain, fitted by expectation maximisation over a grid of rhythms of "
    "10 to 75 s; own method, measured on thinned simulated lists only"
)

_HARMONICS = np.arange(1, 13)
_BIN = 0.06
_EDGES = np.arange(math.log(5), math.log(300) + _BIN / 2, _BIN)
_PERIODS = np.arange(math.log(10), math.log(75), _BIN)
_SPREADS = np.array([0.08, 0.12, 0.17, 0.22, 0.27])
"""SD of the logarithm; the widest is a sentinel: a rhythm that broad has no distinct harmonics."""
_BROAD = np.array([0.08, 0.12, 0.17, 0.23, 0.3, 0.36, 0.43, 0.5, 0.6, 0.8])
_WIDEST_SINGLE = 0.3
_ROUNDS = 40
_FIRST_ROUNDS, _PROMISING = 8, 40
_HOUR_ROUNDS = 20
_SAME_US, _LONGEST_US, _SHORTEST_US = 5_000_000, 10_000_000, 500_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Hold the rhythm of a list of movements and the share that it misses.

    Parameters
    ----------
    period_s : float
        Median interval from one movement of the rhythm to the next.
    spread : float
        SD of its logarithm.
    share : float
        Share of the movements of the rhythm that were missed, inside bouts.
    error : float
        Standard error of ``share``: by the number of intervals, and of the method.
    evidence : float
        Log-likelihood by which harmonics fit better than one broad rhythm without misses.
    n : int
        Number of intervals of 5 to 300 s.
    place : int
        Its place on the grid.
    """

    period_s: float
    spread: float
    share: float
    error: float
    evidence: float
    n: int
    place: int


@dataclass(frozen=True, slots=True)
class MissedHour:
    """Hold the estimate of one hour; ``share`` is None with too few intervals."""

    start_us: int
    end_us: int
    n: int
    share: float | None
    error: float | None


@dataclass(frozen=True, slots=True)
class Missed:
    """Hold the estimate of one leg, or of both legs together (``either``).

    Parameters
    ----------
    leg : str
    rhythm : Rhythm or None
        None if there are too few intervals or if they are too irregular.
    hours : tuple of MissedHour
        By hours of the time in bed.
    since_us : int or None
        Since when misses justify a look at the electrode; None if they do not.
    why_null : str
        Why no rhythm was found.
    """

    leg: str
    rhythm: Rhythm | None
    hours: tuple[MissedHour, ...]
    since_us: int | None
    why_null: str


def rhythm_of(intervals_s: Floats, near: int | None = None) -> Rhythm | str:
    """Fit the rhythm of intervals from onset to onset and the share of movements it misses.

    Parameters
    ----------
    intervals_s : ndarray of float64, shape (n,)
    near : int, optional
        Search only next to this place of the grid: the hours of one leg have one rhythm.

    Returns
    -------
    Rhythm or str
        Or why there is none.
    """
    inside = intervals_s[intervals_s > 0]
    histogram = np.histogram(np.log(inside), _EDGES)[0].astype(np.float64)
    n = int(histogram.sum())
    if n < (LEAST_INTERVALS if near is None else LEAST_HOUR_INTERVALS):
        return f"too few intervals: {n}"
    places = _promising(histogram) if near is None else _neighbours(near)
    likelihood, start, stay, weights, out = _fit(histogram, places, _ROUNDS if near is None else _HOUR_ROUNDS)
    best = int(np.argmax(likelihood))
    place = int(places[best])
    period, spread = divmod(place, _SPREADS.size)
    evidence = 0.0
    if near is None:
        single, single_spread = _fit_single(histogram)
        evidence = float(likelihood[best]) - single
    a, b = float(start[best]), float(stay[best])
    missed = a / (1 - b)
    if near is None:
        # Without evidence for harmonics only a regular rhythm with few misses is an answer.
        is_broad = evidence < LEAST_EVIDENCE and single_spread > _WIDEST_SINGLE
        is_broad |= evidence < 0 and missed / (1 + missed) > MOST_WITHOUT_EVIDENCE
        if spread == _SPREADS.size - 1 or is_broad:
            return "the rhythm is too irregular to tell misses from long intervals"
        expected = n * (weights[best] @ _harmonic_bins()[place] + out[best] @ _pause_bins())
        if _misfit(histogram, expected) > MOST_MISFIT:
            return "the intervals do not follow one rhythm"
    weight = weights[best] / weights[best].sum()
    mean = float((weight * _HARMONICS).sum())
    spread_n = math.sqrt(float((weight * (_HARMONICS - mean) ** 2).sum()))
    return Rhythm(
        period_s=float(np.exp(_PERIODS[period])),
        spread=float(_SPREADS[spread]),
        share=missed / (1 + missed),
        error=math.hypot(spread_n / math.sqrt(n) / (1 + missed) ** 2, LEAST_ERROR),
        evidence=evidence,
        n=n,
        place=place,
    )


def _promising(histogram: Floats) -> Ints:
    """Return the places that are likeliest after a few rounds: the others need no exact fit."""
    likelihood, *_ = _fit(histogram, np.arange(_PERIODS.size * _SPREADS.size), _FIRST_ROUNDS)
    return np.sort(np.argsort(-likelihood, kind="stable")[:_PROMISING])


def _neighbours(place: int) -> Ints:
    period, spread = divmod(place, _SPREADS.size)
    periods = np.arange(max(period - 4, 0), min(period + 5, _PERIODS.size))
    spreads = np.arange(max(spread - 1, 0), min(spread + 2, _SPREADS.size))
    return np.add.outer(periods * _SPREADS.size, spreads).ravel()


@cache
def _normal_table() -> tuple[Floats, Floats]:
    z = np.linspace(-6, 6, 4801)
    return z, np.array([0.5 * (1 + math.erf(v / math.sqrt(2))) for v in z.tolist()])


def _normal(z: Floats) -> Floats:
    return np.interp(z, *_normal_table())


@cache
def _harmonic_bins() -> Floats:
    """Return the probability of each bin, shape (n_places, n_harmonics, n_bins).

    The sum of g log-normal intervals has g times their mean and variance, and is log-normal nearly enough.
    """
    period, spread = (v.ravel() for v in np.meshgrid(_PERIODS, _SPREADS, indexing="ij"))
    variance = np.log(1 + np.expm1(spread**2)[:, None] / _HARMONICS)
    centre = (period + spread**2 / 2)[:, None] + np.log(_HARMONICS) - variance / 2
    return np.diff(_normal((_EDGES - centre[..., None]) / np.sqrt(variance)[..., None]), axis=2)


@cache
def _pause_bins() -> Floats:
    """Return the probability of each bin for intervals that belong to no rhythm, shape (2, n_bins).

    Even in the logarithm, and even in time (pauses between bouts).
    """
    spans = np.diff(np.exp(_EDGES))
    return np.stack([np.full(spans.size, 1 / spans.size), spans / spans.sum()])


def _misfit(histogram: Floats, expected: Floats) -> float:
    """Return Pearson's chi-square over three bins together, divided by their number."""
    n = histogram.size // 3
    seen, model = (values[: 3 * n].reshape(n, 3).sum(axis=1) for values in (histogram, expected))
    return float(((seen - model) ** 2 / np.maximum(model, 1.0)).sum()) / n


def _fit(
    histogram: Floats, places: Ints, rounds: int = _ROUNDS
) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    """Fit misses at each place of the grid.

    Returns
    -------
    likelihood, start, stay : ndarray of float64, shape (n_places,)
        Log posterior; probability of a miss after a movement, and after a miss.
    weights : ndarray of float64, shape (n_places, n_harmonics)
    out : ndarray of float64, shape (n_places, 2)
        Weights of the intervals that belong to no rhythm.
    """
    used = np.flatnonzero(histogram)
    count, pause = histogram[used], _pause_bins()[:, used]
    bins = np.ascontiguousarray(_harmonic_bins()[np.ix_(places, np.arange(_HARMONICS.size), used)])
    start, stay = np.full(places.size, 0.3), np.full(places.size, 0.3)
    out = np.full((places.size, 2), 0.03)
    extra = _HARMONICS[1:] - 2
    for _ in range(rounds):
        run = (start * (1 - stay))[:, None] * stay[:, None] ** extra
        weights = np.concatenate((1 - start[:, None], run), axis=1) * (1 - out.sum(axis=1))[:, None]
        density = np.matmul(weights[:, None, :], bins)[:, 0] + out @ pause
        ratio = count / density
        share = weights * np.matmul(bins, ratio[..., None])[..., 0]
        # Pauses are rare: their weight is shrunk, or they would absorb long runs of misses.
        out = np.maximum(0.7 * out * (ratio @ pause.T) / count.sum(), 0.003)
        out *= np.minimum(1, 0.5 / out.sum(axis=1))[:, None]
        missed = share[:, 1:].sum(axis=1)
        start = np.clip(missed / (share.sum(axis=1) + 1), 1e-4, 0.75)
        # Without evidence a miss is as likely after a miss as after a movement.
        stay = np.clip((share[:, 1:] @ extra + 3 * start) / (share[:, 1:] @ (extra + 1) + 3), 1e-3, 0.85)
        # The plain interval is the most frequent one: else half the rhythm would fit as well.
        start = np.minimum(start, 1 / (2 - stay))
    prior = 3 * (start * np.log(stay) + (1 - start) * np.log(1 - stay)) + np.log(1 - start)
    return (count * np.log(density)).sum(axis=1) + prior, start, stay, weights, out


@cache
def _single_bins() -> Floats:
    period, spread = (v.ravel()[:, None] for v in np.meshgrid(_PERIODS, _BROAD, indexing="ij"))
    return np.diff(_normal((_EDGES - period) / spread), axis=1)


def _fit_single(histogram: Floats) -> tuple[float, float]:
    """Return log-likelihood and spread of the best single rhythm without misses."""
    used = np.flatnonzero(histogram)
    count, bins, pause = histogram[used], _single_bins()[:, used], _pause_bins()[:, used]
    out = np.full((bins.shape[0], 2), 0.05)
    for _ in range(_ROUNDS):
        density = (1 - out.sum(axis=1))[:, None] * bins + out @ pause
        out = np.maximum(out * ((count / density) @ pause.T) / count.sum(), 0.003)
        out *= np.minimum(1, 0.5 / out.sum(axis=1))[:, None]
    likelihood = (count * np.log(density)).sum(axis=1)
    best = int(np.argmax(likelihood))
    return float(likelihood[best]), float(_BROAD[best % _BROAD.size])


def missed(night: Night, apart: frozenset[str] = frozenset()) -> tuple[Missed, ...]:
    """Estimate the share of missed movements of each leg, and of both legs together.

    Parameters
    ----------
    night : Night
    apart : frozenset of str
        Keys of movements that belong to no rhythm: look-alikes (`Score.lookalike_keys`).

    Returns
    -------
    tuple of Missed
        Of every leg with movements, and ``either`` if there are two: a movement of any leg.

    Notes
    -----
    A leg that moves less often than the other looks as if it missed movements. Therefore a leg justifies an
    alert only by a rise within the night; ``either`` by its level.
    """
    line = StageTimeline(night)
    hours = [*range(line.tib_start_us, line.tib_end_us, HOUR_US), line.tib_end_us]
    onsets = {leg: _onsets(night, line, leg, apart) for leg in night.legs}
    onsets = {leg: at_us for leg, at_us in onsets.items() if at_us.size}
    lost = {leg: _lost(night, line, (leg,)) for leg in onsets}
    if len(onsets) > 1:
        onsets["either"] = _either(list(onsets.values()))
        lost["either"] = _lost(night, line, tuple(lost))
    return tuple(_missed(leg, at_us, lost[leg], hours) for leg, at_us in onsets.items())


def _onsets(night: Night, line: StageTimeline, leg: str, apart: frozenset[str]) -> Ints:
    """Return the onsets of the movements of one leg of 0.5 to 10 s, asleep if there are stages."""
    own = [m for m in night.movements if m.leg == leg and not m.rejected and not m.is_open]
    own = [m for m in own if m.key not in apart] if apart else own
    onset, end = (np.array([getattr(m, name) for m in own], np.int64) for name in ("onset_us", "end_us"))
    # Closer than that they are one movement; spans are joined where they touch.
    gap_us = _SHORTEST_US - 1
    every = np.iinfo(np.int64)
    onset, end = union([(onset, end + gap_us)], every.min, every.max)
    end -= gap_us
    length = end - onset
    onset = onset[(length >= _SHORTEST_US) & (length <= _LONGEST_US)]
    onset = onset[(onset >= line.tib_start_us) & (onset < line.tib_end_us)]
    return onset[ASLEEP[line.stage_at(onset)]] if line.has_stages else onset


def _either(onsets: Sequence[Ints]) -> Ints:
    """Return when either leg moved; onsets within 5 s of the first are one movement."""
    every: Ints = np.sort(np.concatenate(onsets))
    found: list[int] = []
    for at_us in every.tolist():
        if not found or at_us - found[-1] >= _SAME_US:
            found.append(at_us)
    return np.array(found, np.int64)


def _lost(night: Night, line: StageTimeline, legs: Sequence[str]) -> tuple[Ints, Ints]:
    """Return the time in which a movement could not be found, or was not looked for."""
    seen = intersection([line.usable[leg] for leg in legs], line.end_us)
    parts = [complement(seen, 0, line.end_us)]
    parts.append(bounds([a for a in night.artifacts if any(leg in a.legs for leg in legs)]))
    if line.has_stages:
        parts.append(complement(union([line.asleep], 0, line.end_us), 0, line.end_us))
    return union(parts, 0, line.end_us)


def _missed(leg: str, at_us: Ints, lost: tuple[Ints, Ints], hours: Sequence[int]) -> Missed:
    intervals = np.diff(at_us)
    unseen_us = np.diff(time_before(lost, at_us))
    whole = unseen_us == 0
    intervals_s, from_us = intervals[whole] / 1e6, at_us[:-1][whole]
    found = rhythm_of(intervals_s)
    if isinstance(found, str):
        return Missed(leg, None, (), None, found)
    parts = []
    for start, end in pairwise(hours):
        own = intervals_s[(from_us >= start) & (from_us < end)]
        hour = rhythm_of(own, found.place)
        n = int(np.count_nonzero((own >= 5) & (own <= 300)))
        if isinstance(hour, str):
            parts.append(MissedHour(start, end, n, None, None))
        else:
            parts.append(MissedHour(start, end, n, hour.share, hour.error))
    is_sure = found.evidence >= ALERT_EVIDENCE and found.spread <= ALERT_SPREAD
    since = _since(parts, is_leg=leg != "either") if is_sure else None
    return Missed(leg, found, tuple(parts), since, "")


def _since(hours: Sequence[MissedHour], *, is_leg: bool) -> int | None:
    """Return the start of the hours up to the last known one in which misses justify a look."""
    since: int | None = None
    usual: list[tuple[float, int]] = []
    for hour in hours:
        if hour.share is None or hour.error is None:
            continue
        base, rise, low = 0.0, ALERT_SHARE, ALERT_LOW
        if is_leg:
            total = sum(n for _, n in usual)
            # Without earlier hours there is nothing to compare a leg with.
            base = sum(share * n for share, n in usual) / total if total else 1.0
            rise, low = LEG_SHARE, LEG_LOW
        if hour.share >= base + rise and hour.share - 2 * hour.error >= base + low:
            since = hour.start_us if since is None else since
        else:
            since = None
            usual.append((hour.share, hour.n))
    return since


def late_share(found: Missed) -> float:
    """Return the share missed in the hours since ``since_us``, which must be known."""
    late = [h for h in found.hours if h.start_us >= (found.since_us or 0) and h.share is not None]
    return sum((h.share or 0.0) * h.n for h in late) / sum(h.n for h in late)


def alert_text(found: Missed, at: str) -> str:
    """Return the text of a low alert, empty if there is no reason for one.

    Parameters
    ----------
    found : Missed
    at : str
        Time of day of ``since_us``.
    """
    if found.since_us is None:
        return ""
    share = late_share(found)
    who = "Both legs together" if found.leg == "either" else f"{found.leg.capitalize()} leg"
    other = "" if found.leg == "either" else " Movements that changed to the other leg look the same."
    return (
        f"{who}: probably about {share:.0%} of the movements of the rhythm are missed since about {at}. "
        f"Check the electrode.{other}"
    )
