"""The present alerts: from the journal and the recorder status; the highest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from monitor.session.alert_priority import RANK, Priority
from monitor.session.alert_types import AlertEpisode
from monitor.session.alerts import alert_history, seen
from monitor.session.disk_space import DISK_LOW_S
from monitor.session.recorder_status import LiveStatus
from monitor.session.state import SessionState

Phase = Literal["recording", "ended", "cut off", "scoring", "scored", "not scored"]
"""Of a recording; the last three of a file without a session."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A technical alert. `key` names the cause, so that an acknowledgement stays with it.

    Attributes
    ----------
    is_seen : bool
        Whether it was acknowledged in the journal, in this window or another.
    """

    priority: Priority
    text: str
    key: str
    is_seen: bool = False


SAVED_OLD_S = 15.0
_SILENT_S = 3.0
# With the pace of the screen it is seen within 5 s.
_UNHEARD_S = 4.0
_RATE_OFF = 0.01
# For these the recorder status is newer than the journal.
_OWN_WORD = ("trouble", "disk", "rate-")


def alerts(
    state: SessionState,
    live_status: LiveStatus,
    phase: Phase,
    now_s: float,
    estimated: Iterable[AlertEpisode] = (),
) -> tuple[Alert, ...]:
    """List what needs attention now, highest first.

    Parameters
    ----------
    state : SessionState
    situation : Situation
    phase : str
        Of the recording: an ended one raises no alerts.
    now_s : float
        How far the recording has come.
    estimated : iterable of AlertEpisode
        What only an estimate over the whole recording shows, in no fact.
    """
    if phase == "cut off":
        return (Alert("high", "No recorder answers: the recording was cut off", "cut"),)
    if phase != "recording":
        return ()
    found = [
        *_unheard(live_status),
        *_writing(live_status),
        *_journalled(state, live_status, now_s),
        *_rates(state, live_status),
    ]
    found += _waiting(live_status)
    found += [Alert(e.priority, e.text, e.key, seen(state, e) is not None) for e in estimated]
    return tuple(sorted(found, key=lambda alert: RANK[alert.priority]))


def _unheard(live_status: LiveStatus) -> Iterator[Alert]:
    if live_status.unheard_s > _UNHEARD_S:
        text = f"Recorder not responding for {live_status.unheard_s:.0f} s"
        yield Alert("high", text, "unheard")


def _journalled(state: SessionState, live_status: LiveStatus, now_s: float) -> Iterator[Alert]:
    for episode in alert_history(state, _silent_since(live_status, now_s)):
        if episode.start_s <= now_s < episode.end_s and not episode.key.startswith(_OWN_WORD):
            is_seen = seen(state, episode) is not None
            yield Alert(episode.priority, episode.text_at(now_s), episode.key, is_seen)


def _silent_since(live_status: LiveStatus, now_s: float) -> dict[str, float]:
    """Return since when legs are missing whose source is connected and silent."""
    since: dict[str, float] = {}
    for source in live_status.status.sources if live_status.status else ():
        silent_s = source.last_arrival_s_ago
        if source.is_connected and silent_s is not None and silent_s > _SILENT_S:
            since |= dict.fromkeys(source.legs, now_s - silent_s)
    return since


def _writing(live_status: LiveStatus) -> Iterator[Alert]:
    status = live_status.status
    if status is not None and status.trouble:
        yield Alert("high", f"Data is not being written: {status.trouble}", "trouble")
    if live_status.saved_s_ago is not None and live_status.saved_s_ago > SAVED_OLD_S:
        yield Alert("high", f"Nothing was saved for {live_status.saved_s_ago:.0f} s", "saved")
    if live_status.disk_s is not None and live_status.disk_s < DISK_LOW_S:
        yield Alert("medium", f"Disk will be full in {live_status.disk_s / 60:.0f} min", "disk")


def _waiting(live_status: LiveStatus) -> Iterator[Alert]:
    for source in live_status.status.sources if live_status.status else ():
        if source.waits:
            yield Alert("medium", f"{source.name}: {source.waits}", f"waits-{source.name}")


def _rates(state: SessionState, live_status: LiveStatus) -> Iterator[Alert]:
    nominal = {fact.data["name"]: fact.data["rate_hz"] for fact in state.facts("stream")}
    for source in live_status.status.sources if live_status.status else ():
        expected_hz = nominal.get(source.name, 0.0)
        if source.legs and source.is_connected and expected_hz > 0 and source.rate_hz > 0:
            off = source.rate_hz / expected_hz - 1.0
            if abs(off) > _RATE_OFF:
                yield Alert("low", f"{source.name}: rate is off by {off:+.1%}", f"rate-{source.name}")
