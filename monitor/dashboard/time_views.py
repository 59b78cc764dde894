"""What lies along the time axis, as plain records: movements, series, stages, gaps, curves. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Life = Literal["flagged", "open", "lm", "plm", "out", "twitch", "limb"]


def _no_times() -> Floats:
    return np.empty(0)


class Bracket(NamedTuple):
    """One movement of one leg on the trace; times in seconds of the session."""

    onset_s: float
    end_s: float
    leg: str
    life: Life
    text: str
    why: str
    key: str


class SeriesTick(NamedTuple):
    """One PLM of a series: its onset (s), the interval before it (s, NaN for the first), its place in it."""

    onset_s: float
    imi_s: float
    number: int


@dataclass(frozen=True, slots=True)
class MovementsView:
    """All movements of the night by onset; `onset_s` is there to search in.

    Attributes
    ----------
    limbs : tuple of Bracket
        Those of limbs that are not scored, apart; `limb_s` is there to search in.
    """

    brackets: tuple[Bracket, ...] = ()
    onset_s: Floats = field(default_factory=_no_times)
    ticks: tuple[SeriesTick, ...] = ()
    tick_s: Floats = field(default_factory=_no_times)
    limbs: tuple[Bracket, ...] = ()
    limb_s: Floats = field(default_factory=_no_times)


class StageSpan(NamedTuple):
    """A stretch of one stage (s)."""

    start_s: float
    end_s: float
    stage: str


class GapSpan(NamedTuple):
    """A stretch in which a leg could not be scored, and why (s)."""

    start_s: float
    end_s: float
    leg: str
    cause: str


class Flag(NamedTuple):
    """A mark of the night: a note, lights, a segment."""

    t_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class NightView:
    """The whole night at a glance; times in seconds of the session.

    Attributes
    ----------
    estimate : tuple of ndarray
        Times (s) and the probability of sleep, where it was estimated.
    """

    end_s: float
    stages: tuple[StageSpan, ...]
    onsets: Mapping[str, Floats]
    is_plm: Mapping[str, npt.NDArray[np.bool_]]
    gaps: tuple[GapSpan, ...]
    flags: tuple[Flag, ...]
    lights_off_s: float | None
    lights_on_s: float | None
    curve_s: Floats
    index_per_h: Floats
    rate_per_h: Floats
    index_name: str
    reference_per_h: float
    audience: str
    estimate: tuple[Floats, Floats] = field(default_factory=lambda: (_no_times(), _no_times()))


@dataclass(frozen=True, slots=True)
class ImiView:
    """Intervals from onset to onset, on a log axis."""

    edges_s: Floats
    counts: npt.NDArray[np.int64]
    band_s: tuple[float, float]
    median_text: str
