"""The sound of a window: what is due is played; paused, tested or absent, it says so. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from monitor.dashboard import words
from monitor.dashboard.alarm import Alarm
from monitor.dashboard.sound import SoundState, Speaker
from monitor.dashboard.views import Alert

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
        self._told = SoundState()

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
            return f"sound paused {words.minutes_seconds(left_s + 0.999)}"
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
        if state == self._told:
            return ""
        self._told = state
        return heard(state)


def heard(state: SoundState) -> str:
    """Say what a try of the sound device means for whoever keeps watch."""
    if state.works:
        return f"{state.text}. Heard nothing in a test? Turn the volume up."
    return f"{state.text}: {_SEEN_ONLY}" if state.works is False else state.text
