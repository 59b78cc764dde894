"""Which entries are possible, and the state of the session: provisional or signed, rejected movements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import CalibrationView, EditPermissions
from monitor.model.facts import Fact
from monitor.model.wording import argument
from monitor.scoring import Night, Score
from monitor.session.current_alerts import Phase
from monitor.session.folder import SessionFolder
from monitor.session.recorder_status import LiveStatus
from monitor.session.signature import is_intact
from monitor.session.state import SessionState
from monitor.session.tables import summary_of
from monitor.session.wall_time import WallTime, to_minute

if TYPE_CHECKING:
    from monitor.model.payloads import CalibrationData, SignData

Scored = tuple[Night, Mapping[str, Score]]


class EditAccess:
    """Make `EditPermissions`; the slow parts are computed again only after a change.

    Parameters
    ----------
    folder : SessionFolder
    why_read_only : str
        Why nothing can be entered at any time; empty for a session.

    Attributes
    ----------
    wants_summary : bool
        Whether the summary is shown; set by the presenter.
    """

    def __init__(self, folder: SessionFolder, why_read_only: str = "") -> None:
        self._folder, self._why_read_only = folder, why_read_only
        self.wants_summary = False
        self._summary: tuple[int, Mapping[str, Any]] | None = None
        self._checked: tuple[int | None, bool] = (None, False)

    def view(
        self,
        state: SessionState,
        live_status: LiveStatus,
        phase: Phase,
        wall: WallTime,
        scored: Scored,
        revision: int,
    ) -> EditPermissions:
        """Return the view; `revision` grows with every new score of `scored`."""
        may_write, why_not = False, self._why_read_only
        if not why_not:
            may_write, why_not = _access(self._folder.path, live_status, phase)
        signature_text, is_signed = self._signature_text(state, wall)
        return EditPermissions(
            may_write=may_write,
            why_not=why_not,
            signature_text=signature_text,
            is_signed=is_signed,
            newest_seq=state.newest_seq,
            rejected=frozenset(key for fact in state.facts("reject") for key in fact.data["movements"]),
            restored=state.restored,
            calibrations=tuple(_calibration(fact) for fact in state.facts("calibration")),
            summary=self._made(state, scored, revision) if self.wants_summary else None,
        )

    def _made(self, state: SessionState, scored: Scored, revision: int) -> Mapping[str, Any]:
        # A note changes no score, but it ends the validity of a signature.
        version = revision + state.newest_seq
        if self._summary is None or self._summary[0] != version:
            self._summary = (version, summary_of(state, *scored, self._folder.journal))
        return self._summary[1]

    def _signature_text(self, state: SessionState, wall: WallTime) -> tuple[str, bool]:
        sign = state.signature
        if sign is None:
            return (texts.CHANGED_SINCE_SIGNED if state.facts("sign") else texts.PROVISIONAL), False
        if self._checked[0] != sign.seq:
            self._checked = (sign.seq, is_intact(self._folder.journal, sign))
        if not self._checked[1]:
            return texts.SIGNATURE_BROKEN, False
        return texts.SIGNED.format(author=sign.data.get("author", "")) + entered_text(sign, wall), True


def entered_text(fact: Fact[SignData], wall: WallTime) -> str:
    """Return when a signature was entered; its own time is the end of the recording."""
    utc = fact.data.get("told_utc")
    return f" · {to_minute(wall.local(dt.datetime.fromisoformat(utc))):%d %b %H:%M}" if utc else ""


def _access(path: Path, live_status: LiveStatus, phase: Phase) -> tuple[bool, str]:
    if phase == "recording":
        return True, ""
    if phase == "cut off":
        return False, texts.CUT_OFF_READ_ONLY.format(path=argument(path))
    if live_status.status is not None and live_status.status.is_editor:
        return True, ""
    return False, texts.READ_ONLY.format(path=argument(path))


def _calibration(fact: Fact[CalibrationData]) -> CalibrationView:
    data = fact.data
    return CalibrationView(
        seq=fact.seq or 0,
        t_s=fact.t or 0.0,
        when=str(data["when"]),
        has_passed=data["verdict"] == "pass",
        why=tuple(str(reason) for reason in data["why"]),
        legs={
            str(leg): (found["rest_uv"], tuple(float(uv) for uv in found["over_rest_uv"]))
            for leg, found in data["legs"].items()
        },
    )
