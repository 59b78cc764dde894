"""What the screen shows, as immutable records: made by the presenter, painted by the widgets. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from monitor.dashboard.viewmodel.lanes import LaneView
from monitor.dashboard.viewmodel.trends import TrendsView
from monitor.dashboard.viewmodel.undo import UndoView
from monitor.model.facts import Fact
from monitor.scoring.spans import Floats
from monitor.session.current_alerts import Alert, Phase
from monitor.session.log_entries import LogRow
from monitor.session.wall_time import WallTime

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData

Life = Literal["flagged", "open", "lm", "plm", "out", "lookalike", "twitch", "limb"]


def _no_times() -> Floats:
    return np.empty(0)


class Bracket(NamedTuple):
    """One movement of one leg on the trace; times in seconds of the session.

    Attributes
    ----------
    event : tuple of str
        Keys of all movements of the same event: of both legs, where they were combined or rejected as one.
        Empty if it is alone.
    """

    onset_s: float
    end_s: float
    leg: str
    life: Life
    text: str
    why: str
    key: str
    event: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """The keys of the whole event."""
        return self.event or (self.key,)


class SeriesTick(NamedTuple):
    """One PLM of a series: onset (s), interval before it (s, NaN for the first), number in the series."""

    onset_s: float
    imi_s: float
    number: int


@dataclass(frozen=True, slots=True)
class MovementsView:
    """All movements of the session by onset; `onset_s` holds their onsets for searching.

    Attributes
    ----------
    limbs : tuple of Bracket
        Movements of limbs that are not scored; `limb_s` holds their onsets.
    """

    brackets: tuple[Bracket, ...] = ()
    onset_s: Floats = field(default_factory=_no_times)
    ticks: tuple[SeriesTick, ...] = ()
    tick_s: Floats = field(default_factory=_no_times)
    limbs: tuple[Bracket, ...] = ()
    limb_s: Floats = field(default_factory=_no_times)


class StageSpan(NamedTuple):
    """A period of one stage (s)."""

    start_s: float
    end_s: float
    stage: str


class GapSpan(NamedTuple):
    """A period in which a leg could not be scored (s), and the cause."""

    start_s: float
    end_s: float
    leg: str
    cause: str


class EventSpan(NamedTuple):
    """An ``arousal``, a ``respiratory`` event, an ``artifact`` or a ``position`` (s), with its name.

    An artifact of one leg is not of all signals.
    """

    start_s: float
    end_s: float
    kind: str
    label: str
    is_of_all: bool = True


class Flag(NamedTuple):
    """A mark on the time axis: a note, lights, a segment."""

    t_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class OverviewView:
    """The overview of the whole night; times in seconds of the session.

    Attributes
    ----------
    estimate : tuple of ndarray
        Times (s) and the estimated probability of sleep.
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
    events: tuple[EventSpan, ...] = ()
    estimate: tuple[Floats, Floats] = field(default_factory=lambda: (_no_times(), _no_times()))


@dataclass(frozen=True, slots=True)
class ImiView:
    """Intervals from onset to onset, on a log axis."""

    edges_s: Floats
    counts: npt.NDArray[np.int64]
    band_s: tuple[float, float]
    median_text: str


Health = Literal["ok", "warn", "bad", "off"]
Trend = Literal["", "rising", "falling", "steady"]


@dataclass(frozen=True, slots=True)
class TopView:
    """The bar at the top.

    Attributes
    ----------
    stale_s : float
        Age of the recorder's last answer (s) once it is too old, else 0.
    clock_name : str
        What the clock shows; empty: as the phase says.
    is_file : bool
        Whether it is a file without a session; `bed` is then its name.
    scored_share : float
        How much of the file has been scored, 0 to 1.
    """

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
    clock_name: str = ""
    is_file: bool = False
    scored_share: float = 1.0


@dataclass(frozen=True, slots=True)
class RuleLine:
    """The index of one rule set in one line, and whether it is too early to be meaningful."""

    name: str
    value: str
    count: str
    is_too_early: bool
    why: str


@dataclass(frozen=True, slots=True)
class IndexView:
    """The main index with its title, counts and rate; while it is too early for a rate, the count.

    Attributes
    ----------
    count : int or None
        The number of movements that the index counts; `counted` is their name.
    band : str
        95 % interval of the index, such as ``12–27``; empty if unknown.
    thresholds : str
        The index at lower and higher onset thresholds, in the same form.
    is_word : bool
        Whether `value` is the name of a mode instead of a number.
    letter_text : str
        How many movements more the letter of the rules counts, with the look-alikes; empty without any.
    """

    title: str
    unit: str
    value: str
    count: int | None
    counted: str
    is_too_early: bool
    remark: str
    band: str
    thresholds: str
    letter_text: str
    trend: Trend
    rules: tuple[RuleLine, ...]
    rate_text: str
    rate_s: Floats
    rate_per_h: Floats
    is_word: bool = False


@dataclass(frozen=True, slots=True)
class SeriesView:
    """The running series, or the last one."""

    state: Literal["running", "forming", "none"]
    n: str
    mean_imi: str
    since_last: str
    remark: str


class TableRow(NamedTuple):
    """One line of the table of the night."""

    name: str
    value: str
    unit: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Chip:
    """One stream or leg: state as a word, shape by `health`, received data, missing data."""

    name: str
    word: str
    health: Health
    received: str
    missing: str


@dataclass(frozen=True, slots=True)
class LogView:
    """The log, newest first; the cells of a row are made when they are shown."""

    rows: tuple[LogRow, ...]
    wall: WallTime


@dataclass(frozen=True, slots=True)
class CalibrationView:
    """A bio-calibration; `legs` holds the resting level and the peaks above it of each leg (uV)."""

    seq: int
    t_s: float
    when: str
    has_passed: bool
    why: tuple[str, ...]
    legs: Mapping[str, tuple[float | None, tuple[float, ...]]]


class Lift(NamedTuple):
    """A movement that ended during a bio-calibration: its onset (s) and its peak above rest (uV)."""

    leg: str
    onset_s: float
    over_rest_uv: float


@dataclass(frozen=True, slots=True)
class BiocalView:
    """The latest bio-calibration of a running recording: while it runs, nothing is counted.

    Attributes
    ----------
    start_s, limit_s : float
        Its begin, and when it ends by itself at the latest (s).
    ended : str
        Why it ended; empty while it runs.
    lifts : tuple of Lift
        The movements in it so far, by onset.
    """

    start_s: float
    limit_s: float
    ended: str
    lifts: tuple[Lift, ...]

    @property
    def is_running(self) -> bool:
        """Whether it goes on."""
        return not self.ended


@dataclass(frozen=True, slots=True)
class SitView:
    """The state of the test.

    Attributes
    ----------
    clock, state : str
        Time passed of an hour, and what to do.
    question : str
        The question for the discomfort that has no answer yet; empty if none is due.
    rows : tuple of tuple of str
        A table: heads, movements and discomfort of each block.
    is_begun, is_over : bool
    """

    clock: str
    state: str
    question: str
    rows: tuple[tuple[str, ...], ...]
    is_begun: bool
    is_over: bool


@dataclass(frozen=True, slots=True)
class EditPermissions:
    """Which entries are possible, and the state of the session.

    Attributes
    ----------
    why_not : str
        What to do if no entry is possible.
    signature_text : str
        Provisional, or who signed.
    newest_seq : int
        A signature covers all facts up to this one.
    rejected, restored : frozenset of str
        Keys of the movements a person rejected, and of the look-alikes a person restored.
    summary : Mapping or None
        The content of `summary.json`, while the summary is shown.
    """

    may_write: bool
    why_not: str
    signature_text: str
    is_signed: bool
    newest_seq: int
    rejected: frozenset[str]
    restored: frozenset[str]
    calibrations: tuple[CalibrationView, ...]
    summary: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class WaitingView:
    """Signal that is recorded and waits for the detector: why, and how much of that is done (0 to 1)."""

    text: str
    share: float


@dataclass(frozen=True, slots=True)
class Screen:
    """Everything the screen shows at one moment. Unchanged parts are the same objects as before.

    Attributes
    ----------
    streams, anchors : tuple of Fact
        Facts that place the samples on disk on the timeline.
    rests : Mapping of leg to (times in s, resting levels in uV)
        Resting levels in the journal.
    has_estimate : bool
        Whether any sleep stage was estimated so far.
    undo : UndoView
        The entries of persons that can be undone.
    biocal : BiocalView or None
        None without one, and when nothing is being recorded.
    sit : SitView or None
        The immobilisation test; None in a recording of a night.
    leg_states : Mapping of limb to tuple of str
        What is wrong with the limbs that are not usable now, in short lines.
    trends : TrendsView or None
        While they are shown.
    waiting : WaitingView or None
        While the detector is being compiled or catches up.
    """

    revision: int
    top: TopView
    index: IndexView
    series: SeriesView
    tonight: tuple[TableRow, ...]
    excluded: str
    movements: MovementsView
    night: OverviewView
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
    anchors: tuple[Fact[AnchorData], ...]
    rests: Mapping[str, tuple[Floats, Floats]]
    has_estimate: bool
    undo: UndoView
    permissions: EditPermissions
    biocal: BiocalView | None = None
    sit: SitView | None = None
    leg_states: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trends: TrendsView | None = None
    waiting: WaitingView | None = None
