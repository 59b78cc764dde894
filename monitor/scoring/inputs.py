"""Input of the scorer: one recording, with times in whole microseconds from the first sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from monitor.scoring.columns import Columns, data_frame

Leg = Literal["left", "right", "unknown"]
Stage = Literal["W", "N1", "N2", "N3", "R", "unscored"]

SLEEP: frozenset[str] = frozenset({"N1", "N2", "N3", "R"})
AUTO = "auto"
STAGES: tuple[Stage, ...] = ("W", "N1", "N2", "N3", "R", "unscored")


@dataclass(frozen=True, slots=True)
class Movement:
    """Hold one movement of one leg, as detected or as read from a list.

    Parameters
    ----------
    onset_us, end_us : int
        Start and end.
    leg : {"left", "right", "unknown"}
        A movement of unknown side is treated as a separate leg and is never combined with another leg.
    key : str
        Identifier set by the caller; returned in the scored LM.
    peak_uv, resting_uv : float or None
        Peak and resting level of the detector's envelope.
    morphology_ok : bool
        Whether it contains 0.5 s of sustained activity.
    rejected : str
        Reason if it was rejected by a person or by the quality check: shown, not scored.
    is_open : bool
        Not ended yet; ``end_us`` is the latest known time. It is shown but not counted.
    bursts : tuple of (int, int)
        Start and end (us) of the bursts inside it, by start; empty if unknown, as in a scored list.
    restored : bool
        Whether a person restored it: it is an LM even if it looks like something else.
    """

    onset_us: int
    end_us: int
    leg: Leg
    key: str = ""
    peak_uv: float | None = None
    resting_uv: float | None = None
    morphology_ok: bool = True
    rejected: str = ""
    is_open: bool = False
    bursts: tuple[tuple[int, int], ...] = ()
    restored: bool = False


@dataclass(frozen=True, slots=True)
class Epoch:
    """Hold one staged span ``[start_us, end_us)``, its source and, if estimated, its probability of sleep."""

    start_us: int
    end_us: int
    stage: Stage
    source: str = ""
    p_sleep: float | None = None

    @property
    def is_estimated(self) -> bool:
        """Whether it was estimated."""
        return self.source == AUTO


@dataclass(frozen=True, slots=True)
class Span:
    """Hold one time span with a label, e.g. the type of a respiratory event."""

    start_us: int
    end_us: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class LegSpan:
    """Hold one artifact and the affected legs.

    Parameters
    ----------
    start_us, end_us : int
        Start and end.
    legs : frozenset of str
        Legs whose LM are not scored if they overlap it.
    label : str
        Description.
    is_lost_time : bool
        Whether these legs are also unusable during this time. Not in a scored list: the affected channel is
        unknown, so the artifact must not reduce the denominators or end a run.
    is_requested : bool
        Whether movements in it were made on request, during a bio-calibration.
    """

    start_us: int
    end_us: int
    legs: frozenset[str]
    label: str = ""
    is_lost_time: bool = True
    is_requested: bool = False


@dataclass(frozen=True, slots=True)
class Night:
    """Hold everything known about a recording so far. The order within the tuples is irrelevant.

    Parameters
    ----------
    movements : tuple of Movement
        All movements, including short and rejected ones.
    epochs : tuple of Epoch
        Must not overlap; the caller resolves differences between scorers.
    respiratory, arousals : tuple of Span
        Events with start and end.
    artifacts : tuple of LegSpan
        LM that overlap one on their leg are not scored.
    unusable : mapping of leg to tuple of Span
        Time in which a leg could not be scored (gap, flat, saturated).
    lights_off_us, lights_on_us : int or None
        Bounds of the time in bed; None for the whole recording.
    end_us : int
        Recorded length; everything is known up to here.
    legs : tuple of str
        Legs with a channel. A leg without one is unusable all the time.
    segments : tuple of Span
        Consecutive parts of a split night, each with the label of its start (the first without); empty if not
        split.
    twitches : tuple of Movement
        Bursts that were too short, or that did not reach the onset level of the envelope. They are shown and
        joined to no movement.
    limbs : mapping of str to tuple of Movement
        Movements of recorded limbs that are not scored, such as arms, by name; only large muscle group
        movements take them into account.
    """

    movements: tuple[Movement, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    respiratory: tuple[Span, ...] = ()
    arousals: tuple[Span, ...] = ()
    artifacts: tuple[LegSpan, ...] = ()
    unusable: Mapping[str, tuple[Span, ...]] = field(default_factory=lambda: MappingProxyType({}))
    lights_off_us: int | None = None
    lights_on_us: int | None = None
    end_us: int = 0
    legs: tuple[str, ...] = ("left", "right")
    segments: tuple[Span, ...] = ()
    twitches: tuple[Movement, ...] = ()
    limbs: Mapping[str, tuple[Movement, ...]] = field(default_factory=lambda: MappingProxyType({}))

    def to_dataframe(self) -> Any:
        """Return the movements of single legs, by onset, as ``pandas.DataFrame``; see `movement_columns`.

        Raises
        ------
        MissingError
            If pandas is not installed.
        """
        return data_frame(movement_columns(self))

    def __repr__(self) -> str:
        """Return one line: length, legs, and the numbers of what it contains."""
        of_leg = {leg: sum(m.leg == leg for m in self.movements) for leg in (*self.legs, "unknown")}
        legs = ", ".join(f"{n} {leg}" for leg, n in of_leg.items())
        return (
            f"<Night of {self.end_us / 3.6e9:.2f} h: {len(self.movements)} movements ({legs}), "
            f"{len(self.epochs)} staged spans, {len(self.respiratory)} respiratory events, "
            f"{len(self.arousals)} arousals, {len(self.artifacts)} artifacts>"
        )


def split_at(begins: Iterable[tuple[int, str]], end_us: int) -> tuple[Span, ...]:
    """Return the parts of a recording that is split at given times, each with its label.

    Parameters
    ----------
    begins : iterable of (int, str)
        Start of a part (us), and its label. Times outside the recording are ignored.
    end_us : int
        Length of the recording.
    """
    inside = sorted((at, name) for at, name in begins if 0 < at < end_us)
    if not inside:
        return ()
    edges = [(0, ""), *inside]
    ends = [*(at for at, _ in inside), end_us]
    return tuple(
        Span(start, end, name) for (start, name), end in zip(edges, ends, strict=True) if end > start
    )


def without_estimates(night: Night) -> Night:
    """Return the recording without estimated stages."""
    return replace(night, epochs=tuple(epoch for epoch in night.epochs if not epoch.is_estimated))


def movement_columns(night: Night) -> Columns:
    """Return the movements of single legs by onset; see `monitor.movements_table`."""
    rows = sorted(night.movements, key=lambda m: (m.onset_us, m.leg))
    return {
        "onset": np.array([m.onset_us / 1e6 for m in rows], np.float64),
        "duration": np.array([(m.end_us - m.onset_us) / 1e6 for m in rows], np.float64),
        "leg": np.array([m.leg for m in rows], np.str_),
        "peak_uv": np.array([np.nan if m.peak_uv is None else m.peak_uv for m in rows], np.float64),
        "resting_uv": np.array([np.nan if m.resting_uv is None else m.resting_uv for m in rows], np.float64),
    }
