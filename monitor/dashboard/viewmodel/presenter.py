"""From the journal to the screen. No Qt: tests and other front ends use it unchanged."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from monitor import __version__
from monitor.dashboard import texts
from monitor.dashboard.viewmodel.biocal import biocal_view, index_during, series_during
from monitor.dashboard.viewmodel.brackets import Brackets, RestingLevels, grown
from monitor.dashboard.viewmodel.certainty import CertaintyWatch, end_row, episodes
from monitor.dashboard.viewmodel.chips import chips
from monitor.dashboard.viewmodel.commands import ShowSummary, ShowTrends, ViewCommand
from monitor.dashboard.viewmodel.edit_permissions import EditAccess, entered_text
from monitor.dashboard.viewmodel.file_review import FileReview
from monitor.dashboard.viewmodel.lanes import lanes_view
from monitor.dashboard.viewmodel.log import MovementRows, merge
from monitor.dashboard.viewmodel.numbers import excluded_text, index_view, series_view, tonight
from monitor.dashboard.viewmodel.overview import (
    Hypnogram,
    MovementColumns,
    estimate_remark,
    imi_view,
    overview_view,
)
from monitor.dashboard.viewmodel.rescoring import Rescoring
from monitor.dashboard.viewmodel.screen import LogView, Screen, TopView, WaitingView
from monitor.dashboard.viewmodel.sit import index_of, sit_view
from monitor.dashboard.viewmodel.trends import TrendsView, trends_view
from monitor.dashboard.viewmodel.undo import UndoHistory
from monitor.model import wording
from monitor.model.clock import utc_now
from monitor.model.facts import MOVEMENT_KINDS, QUALITY_KINDS, UNUSABLE, Fact
from monitor.scoring import Score
from monitor.scoring.curves import curves
from monitor.session.current_alerts import SAVED_OLD_S, Alert, Phase, alerts
from monitor.session.damage import require_session
from monitor.session.durability_mark import durable_bytes
from monitor.session.folder import SessionFolder
from monitor.session.journal_follower import JournalFollower
from monitor.session.log_entries import LogRow, biocal_rows, condition_rows, fact_row
from monitor.session.manual_movements import manual_authors
from monitor.session.markers import EPOCH_S
from monitor.session.recorder_status import LiveStatus
from monitor.session.state import SessionState
from monitor.session.wall_time import WallTime

if TYPE_CHECKING:
    from monitor.model.payloads import AnchorData, AuthorData, ClockData, SignData

# Shown in the overview in addition to the score.
_OVERVIEW_KINDS = frozenset({"anchor", "note", "stream", "withdrawn"})
# A movement is logged once it has been scored.
_NO_ENTRIES = MOVEMENT_KINDS | {"clock"}
# Source of estimated stages.
_AUTO = "auto"
_TEXTS_EVERY_S = 0.25


class Presenter:
    """Fold the journal of one session into a `Screen`.

    Parameters
    ----------
    folder : SessionFolder
    clock : callable
        Monotonic seconds; limits how often the session is scored.
    file : FileReview, optional
        Instead of a session: `folder` is then the path of the file, where no session can be.

    Notes
    -----
    Not thread-safe: one thread calls `poll` and `do`; any thread may read the screen that `poll` returns.
    """

    def __init__(
        self,
        folder: SessionFolder,
        clock: Callable[[], float] = time.monotonic,
        file: FileReview | None = None,
    ) -> None:
        self.folder, self._clock, self._file = folder, clock, file
        self._tail = JournalFollower(folder.journal) if file is None else file.scoring
        self._is_estimate_used, self._wants_trends = True, False
        self._reset()
        self._permissions = EditAccess(folder, "" if file is None else file.why_read_only)

    def _reset(self) -> None:
        self.state = SessionState()
        self.wall = WallTime()
        self._scored, self._certainty = Rescoring(), CertaintyWatch()
        self._brackets, self._lm_rows, self._rests = Brackets(), MovementRows(), RestingLevels()
        self._hypnogram, self._columns = Hypnogram(), MovementColumns()
        self._log: dict[int, LogRow] = {}
        self._technical: list[LogRow] = []
        self._technical_s = -1
        self._personal: dict[int, Fact] = {}
        self._undo = UndoHistory()
        self._has_estimate = False
        self._screen: Screen | None = None
        self._trends: tuple[int, TrendsView] | None = None
        self._texts_due_s = float("-inf")

    def do(self, command: ViewCommand) -> None:
        """Apply a command of the user; its effect is in the screen of the next `poll`."""
        self._texts_due_s = float("-inf")
        if isinstance(command, ShowSummary):
            self._permissions.wants_summary = command.is_shown
        elif isinstance(command, ShowTrends):
            self._wants_trends = command.is_shown
        else:
            self._is_estimate_used = command.is_used
            self._scored.ask()

    def poll(self, live_status: LiveStatus) -> Screen | None:
        """Read new facts and return the current screen; None as long as the journal is empty."""
        try:
            return self._poll(live_status)
        except Exception:
            # The last screen is not the current one: the next call makes all of it again.
            self._texts_due_s = float("-inf")
            self._scored.ask()
            raise

    def _poll(self, live_status: LiveStatus) -> Screen | None:
        # While a recorder answers, facts that are not yet durable on disk are not shown.
        on_disk = durable_bytes(self.folder.journal) if live_status.status is not None else None
        facts, is_new_start = self._tail.read_new(on_disk)
        if is_new_start:
            self._reset()
        for fact in facts:
            self._take(fact)
        if not self.state.session:
            if self.state.newest_seq >= 0:
                require_session(self.state, self.folder.journal)
            return None
        clock_s, now_s = self._clock(), self._now_s(live_status)
        # What was not looked at yet has no movements: it is not scored as a night without any.
        scored_to_s = now_s if self._file is None or self.state.stopped_s is not None else 0.0
        due = self._scored.due(self.state, scored_to_s, clock_s)
        if self._screen is not None and not facts and not due and clock_s < self._texts_due_s:
            return self._screen
        self._texts_due_s = clock_s + _TEXTS_EVERY_S
        if due:
            self._scored.score(self.state, scored_to_s, clock_s, is_estimate_used=self._is_estimate_used)
        scored = self._scored
        is_surer = self._certainty.update(self.state, scored.night, self.main, scored.revision, clock_s)
        if due or is_surer or any(fact.kind in _OVERVIEW_KINDS for fact in facts):
            # With each score: the curve must never be of another score than the number beside it.
            self._overview()
        kinds = {fact.kind for fact in facts}
        has_moved = due or bool(kinds & MOVEMENT_KINDS)
        has_grown = self._technical_changed(now_s, is_new=bool(kinds & QUALITY_KINDS))
        has_entries = bool(due or is_surer or kinds - _NO_ENTRIES) or self._has_new_times() or has_grown
        self._screen = self._make(live_status, now_s, has_moved=has_moved, has_entries=has_entries)
        return self._screen

    def _technical_changed(self, now_s: float, *, is_new: bool) -> bool:
        """Make the rows of the conditions of the signal, at most once a second; whether they have changed."""
        if not is_new and int(now_s) == self._technical_s:
            return False
        self._technical_s = int(now_s)
        before, self._technical = self._technical, condition_rows(self.state, now_s)
        return before != self._technical

    def _has_new_times(self) -> bool:
        """Whether the computer's clock was set: the times of log rows may have changed."""
        return self._screen is not None and self._screen.log.wall.revision != self.wall.revision

    def _take(self, fact: Fact) -> None:
        self.state.apply(fact)
        self._scored.take(fact, self.state.revision)
        self._rests.take(fact)
        self._undo.take(fact)
        if fact.supersedes is not None and fact.supersedes in self._log:
            old = self._personal.get(fact.supersedes)
            struck = fact_row(old, is_struck=True) if old is not None else None
            if struck is None:
                del self._log[fact.supersedes]
            else:
                # An undone entry of a person stays visible, struck out: undoing is an entry of its own.
                self._log[fact.supersedes] = struck
        if fact.kind == "author":
            self._name(cast("Fact[AuthorData]", fact))
        self._has_estimate |= fact.kind == "stage" and fact.source == _AUTO
        if fact.kind == "clock":
            self.wall = self.wall.with_clock(cast("Fact[ClockData]", fact))
        elif fact.kind == "anchor":
            self.wall.set_speed(cast("Fact[AnchorData]", fact).data["speed"])
        elif (row := fact_row(fact)) is not None and fact.seq is not None:
            if fact.kind == "sign":
                row = row._replace(what=row.what + entered_text(cast("Fact[SignData]", fact), self.wall))
            self._log[fact.seq] = row
            if fact.source.startswith("person"):
                self._personal[fact.seq] = fact

    def _name(self, fact: Fact[AuthorData]) -> None:
        for seq in fact.data["of"]:
            named = self.state.fact(seq)
            if named is not None and seq in self._personal and (row := fact_row(named)) is not None:
                self._personal[seq], self._log[seq] = named, row

    def _now_s(self, live_status: LiveStatus) -> float:
        if self.state.stopped_s is not None:
            return self.state.stopped_s
        reported_s = live_status.status.recorded_s if live_status.status else 0.0
        return max(self.state.last_s, reported_s, live_status.newest_s)

    def phase(self, live_status: LiveStatus) -> Phase:
        """Return whether the session is being recorded, has ended, or was cut off; of a file its scoring."""
        if self._file is not None:
            return self._file.phase(self.state)
        if self.state.stopped_s is not None:
            return "ended"
        is_growing = live_status.saved_s_ago is not None and live_status.saved_s_ago < SAVED_OLD_S
        return "recording" if live_status.status is not None or is_growing else "cut off"

    @property
    def main(self) -> Score:
        """The score by the main profile."""
        return self._scored.scores[self.state.session["main_profile"]]

    def _overview(self) -> None:
        night = self._scored.night
        self._hypnogram.update(night.epochs)
        self._curves = curves(night, self.main, self._scored.epochs)
        self._columns.update(self.main.lms)
        self._night = overview_view(
            self.state, night, self.main, self._columns, self._curves, self._hypnogram
        )
        self._imi = imi_view(self.main, self._columns)
        excluded = self.main.excluded
        self._excluded = excluded_text(excluded)
        self._tonight = tonight(self.main, self._scored.scores.get("wasm2016"), excluded)
        self._tonight += end_row(self._certainty.now)
        self._sit = self._scored.sit(self.state) if self.state.is_sit else None
        self._streams = tuple(self.state.facts("stream"))
        self._anchors = tuple(self.state.facts("anchor"))
        self._lanes = lanes_view(self._streams, self.state.legs, self.state.limbs)

    def _make(self, live_status: LiveStatus, now_s: float, *, has_moved: bool, has_entries: bool) -> Screen:
        before, scored = self._screen, self._scored
        phase = self.phase(live_status)
        if before is None or has_moved:
            facts = self.state.leg_movements().values()
            limbs = self.state.limb_movements()
            rejected = self.state.facts("reject")
            movements = self._brackets.view(facts, self.main, now_s, scored.staged_s, limbs, rejected)
        else:
            movements = grown(before.movements, now_s)
        if before is None or has_entries:
            name = self.state.session["main_profile"]
            estimate = estimate_remark(self.state, self.main, has_estimate=self._has_estimate)
            bands = self._certainty.now.band, self._certainty.now.thresholds
            self._index = index_view(scored.scores, name, self._curves[0], self._curves[2], estimate, bands)
            rows = self._lm_rows.list(
                self.main,
                scored.staged_s,
                manual_authors(self.state.leg_movements(), self.state.facts("manual")),
            )
            entries = (*self._log.values(), *biocal_rows(self.state, now_s, self.wall), *self._technical)
            log = LogView(merge(rows, entries), self.wall)
        else:
            log = before.log
        biocal = biocal_view(self.state, now_s) if phase == "recording" else None
        sit = self._sit
        series = series_view(self.main, now_s, is_running=phase == "recording")
        screen = Screen(
            revision=scored.revision,
            top=self._top(live_status, phase, now_s),
            index=index_during(biocal, self._index if not self.state.is_sit else index_of(sit, self._index)),
            series=series_during(biocal, series),
            tonight=self._tonight,
            excluded=self._excluded,
            movements=movements,
            night=self._night,
            imi=self._imi,
            log=log,
            leg_states=self._leg_states(now_s) if phase == "recording" else {},
            chips=chips(self.state, live_status, phase, now_s),
            alerts=self._alerts(live_status, phase, now_s),
            legs=tuple(self.state.legs),
            lanes=self._lanes,
            above_rest_uv=(self.main.profile.onset_uv, self.main.profile.offset_uv),
            footer=_footer(live_status, len(self.state.facts(UNUSABLE))),
            wall=self.wall,
            streams=self._streams,
            anchors=self._anchors,
            rests=self._rests.view(),
            has_estimate=self._has_estimate,
            undo=self._undo.view(self.state),
            permissions=self._permissions.view(
                self.state, live_status, phase, self.wall, (scored.night, scored.scores), scored.revision
            ),
            biocal=biocal,
            sit=sit_view(sit, now_s, is_ended=self.state.is_sit_ended) if self.state.is_sit else None,
            trends=self._made_trends() if self._wants_trends else None,
            waiting=_waiting_view(live_status) if phase == "recording" else None,
        )
        return screen if self._file is None else self._file.shown(screen)

    def _leg_states(self, now_s: float) -> dict[str, tuple[str, ...]]:
        found = {limb: self.state.condition(limb, now_s) for limb in (*self.state.legs, *self.state.limbs)}
        return {limb: one.lines for limb, one in found.items() if one is not None}

    def _made_trends(self) -> TrendsView:
        """Return the trends of the latest score; they are made once for each."""
        if self._trends is None or self._trends[0] != self._scored.revision:
            self._trends = (self._scored.revision, trends_view(self._scored.night, self.main))
        return self._trends[1]

    def _alerts(self, live_status: LiveStatus, phase: Phase, now_s: float) -> tuple[Alert, ...]:
        found = alerts(
            self.state, live_status, phase, now_s, estimated=episodes(self._certainty.now, self.wall)
        )
        if self._file is not None:
            return self._file.alerts(phase)
        if self._tail.problem:
            return (Alert("high", f"The journal is damaged: {self._tail.problem}", "journal"), *found)
        return found

    def _top(self, live_status: LiveStatus, phase: Phase, now_s: float) -> TopView:
        session, lights = self.state.session, self.state.facts("lights")
        stage, about = self._stage(now_s)
        saved_s_ago = live_status.saved_s_ago
        saved = "" if saved_s_ago is None else _saved(self.wall, saved_s_ago)
        return TopView(
            bed=str(session.get("bed", "")),
            study=str(session.get("study") or ""),
            audience=self.main.profile.audience,
            phase=phase,
            recorded_s=now_s,
            clock_text=self._clock_text(phase, now_s),
            is_lights_off=lights[-1].data["state"] == "off" if lights else None,
            lights_since_s=lights[-1].t if lights else None,
            stage=stage,
            stage_about=about,
            epoch=int(now_s // EPOCH_S) + 1,
            saved_text=saved,
            is_saved_old=phase == "recording" and saved_s_ago is not None and saved_s_ago > SAVED_OLD_S,
            stale_s=live_status.unheard_s if phase == "recording" and live_status.is_stale else 0.0,
        )

    def _clock_text(self, phase: Phase, now_s: float) -> str:
        """Return the time of day: now while recording, else the end of the recording."""
        if phase == "recording" and self.wall.is_known:
            return self.wall.now_text(utc_now())
        return self.wall.text(now_s)

    def _stage(self, now_s: float) -> tuple[str, str]:
        if not self._scored.night.epochs:
            return "", "no stages yet"
        epoch = self._scored.night.epochs[-1]
        who = "estimated" if epoch.is_estimated else epoch.source
        who = "manual" if epoch.source.startswith("person") else who
        return epoch.stage, f"{who}, {max(0.0, now_s - epoch.start_us / 1e6):.0f} s"


def _saved(wall: WallTime, saved_s_ago: float) -> str:
    when = utc_now() - dt.timedelta(seconds=saved_s_ago)
    return wall.now_text(when) if wall.is_known else f"{when:%H:%M:%S}"


def _waiting_view(live_status: LiveStatus) -> WaitingView | None:
    """Return what the trace says while the signal waits for the detector."""
    status = live_status.status
    if status is None or not status.waiting_s or live_status.is_stale:
        return None
    text = texts.COMPILING if status.compiled_share < 1.0 else texts.CATCHING_UP
    return WaitingView(
        text.format(percent=100 * status.compiled_share, waiting_s=status.waiting_s), status.compiled_share
    )


def _footer(live_status: LiveStatus, n_unusable: int) -> str:
    parts = [f"v{__version__}"]
    if live_status.disk_s is not None:
        parts.insert(0, f"disk {wording.hours_left(live_status.disk_s)} left")
    if n_unusable:
        parts.insert(0, texts.UNUSABLE_ENTRIES[n_unusable == 1].format(n=n_unusable))
    return " · ".join(parts)
