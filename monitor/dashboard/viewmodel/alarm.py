"""When an alert sounds: by its priority, again and again until somebody has seen it. No clock of its own.

The sound of a window: what is due is played; paused, tested or absent, it says so. No Qt.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence

from monitor.dashboard.viewmodel.sound import SoundState, Speaker
from monitor.model import wording
from monitor.session.alert_types import RANK, Priority
from monitor.session.current_alerts import Alert

PAUSE_S = 120.0
# Ours; no conformity with an alarm standard is claimed.
REPEAT_S: Mapping[Priority, float] = {"high": 8.0, "medium": 25.0, "low": 120.0}


def still_seen(seen: Mapping[str, Priority], alerts: Sequence[Alert]) -> dict[str, Priority]:
    """Return which acknowledgements still hold: one ends with its alert, and when that becomes worse.

    Parameters
    ----------
    seen : Mapping of key to priority
        What was acknowledged here, and how urgent it was then.
    alerts : sequence of Alert
        As they are now; some may have been acknowledged in another window.
    """
    known = {**seen, **{alert.key: alert.priority for alert in alerts if alert.is_seen}}
    return {a.key: known[a.key] for a in alerts if a.key in known and RANK[a.priority] >= RANK[known[a.key]]}


class Alarm:
    """Decide which sound is due.

    Notes
    -----
    Times are seconds of any clock that only goes forward. A session that was never seen running makes no
    sound: whoever looks at a night that was cut off last week need not be woken by it.
    """

    def __init__(self) -> None:
        self._is_armed = False
        self._paused_until_s = float("-inf")
        self._known: frozenset[str] = frozenset()
        self._sounded: tuple[Priority, float] | None = None

    def due(
        self, alerts: Sequence[Alert], acknowledged: Collection[str], now_s: float, *, is_recording: bool
    ) -> Priority | None:
        """Return the sound to be made now, None for silence.

        Parameters
        ----------
        alerts : sequence of Alert
            Highest first.
        acknowledged : collection of str
            Keys of the alerts somebody has seen: these are silent.
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

    def pause(self, now_s: float) -> bool:
        """Pause all sound, or end the pause; return whether it is paused now."""
        is_paused = self.pause_left_s(now_s) > 0
        self._paused_until_s = float("-inf") if is_paused else now_s + PAUSE_S
        # The pause over, what still stands sounds at once.
        self._sounded = None
        return not is_paused

    def pause_left_s(self, now_s: float) -> float:
        """Return how long the pause still lasts (s), 0 if there is none."""
        return max(0.0, self._paused_until_s - now_s)


_SEEN_ONLY = "alerts are seen, not heard"


class Sounding:
    """Let alerts be heard.

    Parameters
    ----------
    speaker : Speaker or None
        Started and ended here; None for a window without sound.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, speaker: Speaker | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._speaker, self._clock = speaker, clock
        self._alarm = Alarm()
        self._reported = SoundState()

    def start(self) -> None:
        """Begin; the sound device is tried."""
        if self._speaker is not None:
            self._speaker.start()

    def stop(self) -> None:
        """End."""
        if self._speaker is not None:
            self._speaker.close()

    @property
    def state(self) -> SoundState:
        """Whether sound comes out."""
        if self._speaker is None:
            return SoundState(False, "no sound in this window")
        return self._speaker.state

    @property
    def pause_left_s(self) -> float:
        """For how long sound is still paused (s), 0 if it is not."""
        return self._alarm.pause_left_s(self._clock())

    @property
    def text(self) -> str:
        """The state of the sound in two or three words, with the count-down of a pause."""
        left_s = self.pause_left_s
        if left_s > 0:
            return f"sound paused {wording.minutes_seconds(left_s + 0.999)}"
        return {True: "sound on", False: "NO SOUND", None: "sound …"}[self.state.works]

    def look(self, alerts: Sequence[Alert], acknowledged: Collection[str], *, is_recording: bool) -> None:
        """Sound if it is time to; call it several times a second."""
        due = self._alarm.due(alerts, acknowledged, self._clock(), is_recording=is_recording)
        if due is not None and self._speaker is not None:
            self._speaker.play(due)

    def pause(self) -> str:
        """Pause all sound for two minutes, or end the pause; say which."""
        if self._alarm.pause(self._clock()):
            return "sound paused for 2 min; alerts are still shown. P: sound on again"
        return "sound on again"

    def test(self) -> str:
        """Make a sound and say what to expect."""
        if self._speaker is None:
            return f"{self.state.text}: {_SEEN_ONLY}"
        self._speaker.play("medium")
        return "Testing the sound: three tones…"

    def news(self) -> str:
        """Return what has become of the sound since the last call, empty if nothing has."""
        state = self.state
        if state == self._reported:
            return ""
        self._reported = state
        return heard(state)


def heard(state: SoundState) -> str:
    """Say what a try of the sound device means for whoever keeps watch."""
    if state.works:
        return f"{state.text}. Heard nothing in a test? Turn the volume up."
    return f"{state.text}: {_SEEN_ONLY}" if state.works is False else state.text
