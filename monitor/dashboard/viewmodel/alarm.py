"""When alerts sound: by priority, repeated until they are acknowledged. No Qt.

`Alarm` decides which sound is due; `Sounding` plays it and reports the state of the sound.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.sound import SoundState, Speaker
from monitor.model import wording
from monitor.session.alert_priority import RANK, Priority

if TYPE_CHECKING:
    from monitor.session.current_alerts import Alert

PAUSE_S = 120.0
# Our own values; no conformity with an alarm standard is claimed.
REPEAT_S: Mapping[Priority, float] = {"high": 8.0, "medium": 25.0, "low": 120.0}


def still_seen(seen: Mapping[str, Priority], alerts: Sequence[Alert]) -> dict[str, Priority]:
    """Return the acknowledgements that still apply: one ends with its alert, or when the priority rises.

    Parameters
    ----------
    seen : Mapping of key to priority
        Alerts acknowledged in this window, with their priority at that time.
    alerts : sequence of Alert
        Current alerts; some may have been acknowledged in another window.
    """
    known = {**seen, **{alert.key: alert.priority for alert in alerts if alert.is_seen}}
    return {a.key: known[a.key] for a in alerts if a.key in known and RANK[a.priority] >= RANK[known[a.key]]}


class Alarm:
    """Decide which sound is due.

    Notes
    -----
    Times are seconds of any monotonic clock. A session that was not being recorded while the window was open
    makes no sound: a review of an old session must not alarm anybody.
    """

    def __init__(self) -> None:
        self._is_armed = False
        self._paused_until_s = float("-inf")
        self._known: frozenset[str] = frozenset()
        self._sounded: tuple[Priority, float] | None = None

    def due(
        self, alerts: Sequence[Alert], acknowledged: Collection[str], now_s: float, *, is_recording: bool
    ) -> Priority | None:
        """Return the sound that is due now, None if none is.

        Parameters
        ----------
        alerts : sequence of Alert
            Highest first.
        acknowledged : collection of str
            Keys of acknowledged alerts: these make no sound.
        now_s : float
        is_recording : bool
            Whether the session is being recorded.
        """
        self._is_armed = self._is_armed or is_recording
        loud = [alert for alert in alerts if alert.key not in acknowledged]
        keys = frozenset(alert.key for alert in loud)
        if not loud or not self._is_armed:
            self._sounded, self._known = None, keys
            return None
        if self.pause_left_s(now_s) > 0:
            return None
        priority = loud[0].priority
        new = [alert for alert in loud if alert.key not in self._known]
        self._known = keys
        if self._sounded is not None:
            last, at_s = self._sounded
            is_news = bool(new) and RANK[new[0].priority] <= RANK[last]
            is_worse = RANK[priority] < RANK[last]
            if not is_news and not is_worse and now_s - at_s < REPEAT_S[priority]:
                return None
        self._sounded = (priority, now_s)
        return priority

    def repeat(self) -> None:
        """Make the sound due again: the last one could not be played."""
        self._sounded = None

    def pause(self, now_s: float) -> bool:
        """Pause all sound, or end the pause; return whether sound is paused now."""
        is_paused = self.pause_left_s(now_s) > 0
        self._paused_until_s = float("-inf") if is_paused else now_s + PAUSE_S
        # When the pause ends, alerts that are still active sound at once.
        self._sounded = None
        return not is_paused

    def pause_left_s(self, now_s: float) -> float:
        """Return the rest of the pause (s), 0 if sound is not paused."""
        return max(0.0, self._paused_until_s - now_s)


class Sounding:
    """Play the sounds of alerts.

    Parameters
    ----------
    speaker : Speaker or None
        Started and stopped by this object; None for a window without sound.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, speaker: Speaker | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._speaker, self._clock = speaker, clock
        self._alarm = Alarm()
        self._reported = SoundState()

    def start(self) -> None:
        """Start, and test the sound device."""
        if self._speaker is not None:
            self._speaker.start()

    def stop(self) -> None:
        """Stop."""
        if self._speaker is not None:
            self._speaker.close()

    @property
    def state(self) -> SoundState:
        """Whether the sound output works."""
        if self._speaker is None:
            return SoundState(False, texts.NO_SOUND_OUTPUT)
        return self._speaker.state

    @property
    def pause_left_s(self) -> float:
        """Rest of the pause (s), 0 if sound is not paused."""
        return self._alarm.pause_left_s(self._clock())

    @property
    def text(self) -> str:
        """State of the sound in two or three words, with the rest of a pause."""
        left_s = self.pause_left_s
        if left_s > 0:
            return texts.SOUND_PAUSED.format(left=wording.minutes_seconds(math.ceil(left_s)))
        return {True: texts.SOUND_ON, False: texts.SOUND_OFF, None: texts.SOUND_UNKNOWN}[self.state.works]

    def update(
        self,
        alerts: Sequence[Alert],
        acknowledged: Collection[str],
        *,
        is_recording: bool,
        is_loud: bool = False,
    ) -> None:
        """Play the sound that is due; to be called several times a second."""
        due = self._alarm.due(alerts, acknowledged, self._clock(), is_recording=is_recording)
        if due is not None and self._speaker is not None and not self._speaker.play(due, is_loud=is_loud):
            self._alarm.repeat()

    def pause(self) -> str:
        """Pause all sound for two minutes, or end the pause; return a message."""
        if self._alarm.pause(self._clock()):
            return texts.SOUND_PAUSE_BEGUN
        return texts.SOUND_ON_AGAIN

    def test(self) -> str:
        """Play a test sound; return a message."""
        if self._speaker is None:
            return sound_message(self.state)
        self._speaker.play("medium")
        return texts.SOUND_TEST

    def change(self) -> str:
        """Return a message if the state of the sound has changed since the last call, else an empty text."""
        state = self.state
        if state == self._reported:
            return ""
        self._reported = state
        return sound_message(state)


def sound_message(state: SoundState) -> str:
    """Return what a test of the sound device means for the technologist."""
    if state.works:
        return texts.SOUND_HINT.format(state=state.text)
    return texts.SOUND_SHOWN_ONLY.format(state=state.text) if state.works is False else state.text
