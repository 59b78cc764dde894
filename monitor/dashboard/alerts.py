"""The alerts of this moment: what the journal says, and how the recorder stands; the highest first."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.dashboard.situation import Situation
from monitor.dashboard.views import Alert, Phase
from monitor.session.alerts import alert_history, seen
from monitor.session.episodes import RANK
from monitor.session.fold import NightState
from monitor.session.space import DISK_LOW_S

SAVED_OLD_S = 15.0
_SILENT_S = 3.0
# With the pace of the screen it is seen within 5 s.
_UNHEARD_S = 4.0
_RATE_OFF = 0.01
# Of these the recorder's own word is newer than the journal's.
_OWN_WORD = ("trouble", "disk", "rate-")


def alerts(state: NightState, situation: Situation, phase: Phase, now_s: float) -> tuple[Alert, ...]:
    """List what needs attention now, highest first.

    Parameters
    ----------
    state : NightState
    situation : Situation
    phase : str
        Of the recording: an ended one alerts nobody.
    now_s : float
        How far the recording has come.
    """
    if phase == "cut off":
        return (Alert("high", "No recorder answers: the recording was cut off", "cut"),)
    if phase == "ended":
        return ()
    found = [
        *_unheard(situation),
        *_writing(situation),
        *_journalled(state, situation, now_s),
        *_rates(state, situation),
    ]
    found += _waiting(situation)
    return tuple(sorted(found, key=lambda alert: RANK[alert.priority]))


def _unheard(situation: Situation) -> Iterator[Alert]:
    if situation.unheard_s > _UNHEARD_S:
        text = f"Recorder not responding for {situation.unheard_s:.0f} s"
        yield Alert("high", text, "unheard")


def _journalled(state: NightState, situation: Situation, now_s: float) -> Iterator[Alert]:
    for episode in alert_history(state, _silent_since(situation, now_s)):
        if episode.start_s <= now_s < episode.end_s and not episode.key.startswith(_OWN_WORD):
            is_seen = seen(state, episode) is not None
            yield Alert(episode.priority, episode.told(now_s), episode.key, is_seen)


def _silent_since(situation: Situation, now_s: float) -> dict[str, float]:
    """Return since when legs are missing whose source is connected and silent."""
    since: dict[str, float] = {}
    for source in situation.status.sources if situation.status else ():
        silent_s = source.last_arrival_s_ago
        if source.is_connected and silent_s is not None and silent_s > _SILENT_S:
            since |= dict.fromkeys(source.legs, now_s - silent_s)
    return since


def _writing(situation: Situation) -> Iterator[Alert]:
    status = situation.status
    if status is not None and status.trouble:
        yield Alert("high", f"Data is not being written: {status.trouble}", "trouble")
    if situation.saved_s_ago is not None and situation.saved_s_ago > SAVED_OLD_S:
        yield Alert("high", f"Nothing was saved for {situation.saved_s_ago:.0f} s", "saved")
    if situation.disk_s is not None and situation.disk_s < DISK_LOW_S:
        yield Alert("medium", f"Disk is full in {situation.disk_s / 60:.0f} min", "disk")


def _waiting(situation: Situation) -> Iterator[Alert]:
    for source in situation.status.sources if situation.status else ():
        if source.waits:
            yield Alert("medium", f"{source.name}: {source.waits}", f"waits-{source.name}")


def _rates(state: NightState, situation: Situation) -> Iterator[Alert]:
    nominal = {fact.data["name"]: fact.data["rate_hz"] for fact in state.facts("stream")}
    for source in situation.status.sources if situation.status else ():
        expected_hz = nominal.get(source.name, 0.0)
        if source.legs and source.is_connected and expected_hz > 0 and source.rate_hz > 0:
            off = source.rate_hz / expected_hz - 1.0
            if abs(off) > _RATE_OFF:
                yield Alert("low", f"{source.name}: rate is off by {off:+.1%}", f"rate-{source.name}")
