"""What the scorer is given: one night as plain facts, in whole microseconds from the first sample."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Literal

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
        Begin and end.
    leg : {"left", "right", "unknown"}
        A movement of unknown side behaves as one leg of its own and is never joined to another leg.
    key : str
        The caller's name for it; handed back in the scored LM.
    peak_uv, resting_uv : float or None
        Peak and resting level in the detector's measure.
    morphology_ok : bool
        Whether it holds 0.5 s of sustained activity.
    rejected : str
        Reason in words when a person or the quality check rejected it: shown, not scored.
    is_open : bool
        Still running; ``end_us`` is the latest known. It is shown but enters no count.
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


@dataclass(frozen=True, slots=True)
class Epoch:
    """Hold one scored stretch ``[start_us, end_us)``, who scored it; estimated, how likely it is sleep."""

    start_us: int
    end_us: int
    stage: Stage
    source: str = ""
    p_sleep: float | None = None

    @property
    def is_estimated(self) -> bool:
        """Whether it was estimated and not scored."""
        return self.source == AUTO


@dataclass(frozen=True, slots=True)
class Span:
    """Hold one stretch of time with a label in words (a respiratory event's type, say)."""

    start_us: int
    end_us: int
    label: str = ""


@dataclass(frozen=True, slots=True)
class LegSpan:
    """Hold one artifact and the legs it spoils.

    Parameters
    ----------
    start_us, end_us : int
        Begin and end.
    legs : frozenset of str
        Legs whose LM are not scored where they overlap it.
    label : str
        What it is, in words.
    is_lost_time : bool
        Whether its time also counts as time in which these legs were unusable. Not so in a scored list:
        nobody knows which channel of the recording was meant, so it must not shorten the night or end a run.
    """

    start_us: int
    end_us: int
    legs: frozenset[str]
    label: str = ""
    is_lost_time: bool = True


@dataclass(frozen=True, slots=True)
class Night:
    """Hold everything known of a night so far. The order inside the tuples does not matter.

    Parameters
    ----------
    movements : tuple of Movement
        All of them, short and rejected ones too.
    epochs : tuple of Epoch
        Must not overlap; who wins where two scorers differ is the caller's to decide.
    respiratory, arousals : tuple of Span
        Events with begin and end.
    artifacts : tuple of LegSpan
        LM that overlap one on their leg are not scored.
    unusable : mapping of leg to tuple of Span
        When a leg could not be scored (gap, flat, saturated).
    lights_off_us, lights_on_us : int or None
        Bounds of the time in bed; None for the whole recording.
    end_us : int
        How far the recording has come; times are known up to here.
    legs : tuple of str
        Legs that have a channel. One that has none is unusable the whole time.
    segments : tuple of Span
        Parts of a split night, one after the other, each with what began it (the first with nothing); none if
        the night was not split.
    twitches : tuple of Movement
        Bursts that the detector found too short, or that never reached the onset level of the envelope. They
        are shown, and join no movement.
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


def split_at(begins: Iterable[tuple[int, str]], end_us: int) -> tuple[Span, ...]:
    """Return the parts of a night that is split at some moments, each named by what began it.

    Parameters
    ----------
    begins : iterable of (int, str)
        When a part begins (us), and its name. Those outside the night split nothing.
    end_us : int
        How far the night reaches.
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
    """Return the night as if no stage had been estimated."""
    return replace(night, epochs=tuple(epoch for epoch in night.epochs if not epoch.is_estimated))
