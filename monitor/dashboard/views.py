"""What the screen shows, as plain records: made by the presenter, painted by the widgets, no Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from monitor.dashboard.lanes_view import LaneView
from monitor.dashboard.time_views import Floats, ImiView, MovementsView, NightView
from monitor.dashboard.walltime import WallTime
from monitor.facts import Fact
from monitor.session.episodes import Priority

Phase = Literal["recording", "ended", "cut off"]
Health = Literal["ok", "warn", "bad", "off"]
Trend = Literal["", "rising", "falling", "steady"]


@dataclass(frozen=True, slots=True)
class TopView:
    """The bar at the top; `stale_s` is the age of the recorder's last sign of life once it is too old."""

    bed: str
    study: str
    audience: str
    phase: Phase
    recorded_s: float
    clock_text: str
    is_lights_off: bool | None
    lights_since_s: float | None
    stage: str
    stage_about: str
    epoch: int
    saved_text: str
    is_saved_old: bool
    stale_s: float = 0.0


@dataclass(frozen=True, slots=True)
class RuleLine:
    """One rule set's index in one line: the text, and whether it is too early to mean much."""

    name: str
    value: str
    count: str
    is_too_early: bool
    why: str


@dataclass(frozen=True, slots=True)
class IndexView:
    """The big number and what belongs to it."""

    title: str
    unit: str
    value: str
    is_too_early: bool
    remark: str
    trend: Trend
    rules: tuple[RuleLine, ...]
    rate_text: str
    rate_s: Floats
    rate_per_h: Floats


@dataclass(frozen=True, slots=True)
class SeriesView:
    """The series that runs now, or the last one."""

    state: Literal["running", "forming", "none"]
    n: str
    mean_imi: str
    since_last: str
    remark: str


class TableRow(NamedTuple):
    """One line of tonight's table."""

    name: str
    value: str
    unit: str = ""
    hint: str = ""
    is_too_early: bool = False


@dataclass(frozen=True, slots=True)
class Chip:
    """One stream or leg: a word, a shape by `health`, what is received, what is missing."""

    name: str
    word: str
    health: Health
    received: str
    missing: str


@dataclass(frozen=True, slots=True)
class Alert:
    """A technical alert. `key` names the cause, so that an acknowledgement stays with it.

    Attributes
    ----------
    is_seen : bool
        Whether the journal says that somebody acknowledged it, in this window or another.
    """

    priority: Priority
    text: str
    key: str
    is_seen: bool = False


@dataclass(frozen=True, slots=True)
class LogView:
    """The log, newest first; the cells of a row are made when it is looked at."""

    rows: tuple[LogRow, ...]
    wall: WallTime


class LogRow(NamedTuple):
    """One entry of the log."""

    t_s: float
    kind: Literal["movement", "note", "person", "technical"]
    leg: str
    what: str
    detail: str
    duration: str
    imi: str
    is_dim: bool
    is_strong: bool
    is_struck: bool
    seq: int | None
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """A bio-calibration; `legs` gives of each leg its rest and the peaks over rest in its own step (uV)."""

    seq: int
    t_s: float
    when: str
    has_passed: bool
    why: tuple[str, ...]
    legs: Mapping[str, tuple[float | None, tuple[float, ...]]]


@dataclass(frozen=True, slots=True)
class DeskView:
    """What may be entered, and how the night stands.

    Attributes
    ----------
    why_not : str
        What to do where nothing may be entered.
    standing : str
        Provisional, or who signed.
    newest_seq : int
        A signature is over all facts up to this one.
    rejected : frozenset of str
        Keys of the movements a person rejected.
    summary : Mapping or None
        What `summary.json` says, while somebody looks at it.
    """

    may_write: bool
    why_not: str
    standing: str
    is_signed: bool
    newest_seq: int
    rejected: frozenset[str]
    calibrations: tuple[CalibrationView, ...]
    summary: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the screen shows at one moment. Parts that did not change are the same objects.

    Attributes
    ----------
    streams, placing : tuple of Fact
        What places the samples on disk on the timeline.
    rests : Mapping of leg to (times in s, resting levels in uV)
        As far as the journal has them.
    undo_seq : int or None
        The newest fact of a person that stands.
    """

    revision: int
    top: TopView
    index: IndexView
    series: SeriesView
    tonight: tuple[TableRow, ...]
    excluded: str
    movements: MovementsView
    night: NightView
    imi: ImiView
    log: LogView
    chips: tuple[Chip, ...]
    alerts: tuple[Alert, ...]
    legs: tuple[str, ...]
    lanes: tuple[LaneView, ...]
    above_rest_uv: tuple[float, float]
    footer: str
    wall: WallTime
    streams: tuple[Fact, ...]
    placing: tuple[Fact, ...]
    rests: Mapping[str, tuple[Floats, Floats]]
    undo_seq: int | None
    desk: DeskView
