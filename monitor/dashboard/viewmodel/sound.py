"""The way from an alert to a loudspeaker: tried at the start, and where there is none it says so. No Qt."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.session.alert_types import Priority

RATE_HZ = 44_100
_LOUD = 0.5
_EDGE_S = 0.01
# Pulses of (Hz, s), 0 Hz is silence: more and higher for what is more urgent.
_PATTERNS: Mapping[Priority, tuple[tuple[float, float], ...]] = {
    "high": ((880.0, 0.15), (0.0, 0.1)) * 3 + ((0.0, 0.2),) + ((988.0, 0.15), (0.0, 0.1)) * 2,
    "medium": ((660.0, 0.2), (0.0, 0.2)) * 3,
    "low": ((440.0, 0.25),),
}
_CARDS = Path("/proc/asound/cards")
# A sound server that is stuck must be told from one that is busy.
_STUCK_S = 10.0
_LEAVE_S = 1.0

Samples = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class SoundState:
    """Whether sound comes out here, as far as a program can know.

    Attributes
    ----------
    works : bool or None
        None while it has not been tried.
    text : str
        In words: through what it goes, or why there is none.
    """

    works: bool | None = None
    text: str = "sound not tested yet"


def tone(priority: Priority) -> Samples:
    """Return the sound of a priority.

    Returns
    -------
    ndarray, shape (n,), int16
        One channel at `RATE_HZ`; soft edges, so that it does not click.
    """
    parts = []
    for hz, length_s in _PATTERNS[priority]:
        t_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
        edge = np.minimum(1.0, np.minimum(t_s, length_s - t_s) / _EDGE_S)
        parts.append(_LOUD * edge * np.sin(2 * np.pi * hz * t_s))
    return (np.concatenate(parts) * np.iinfo(np.int16).max).astype(np.int16)


class Speaker:
    """Play sounds from a thread of its own: nobody waits for a sound server.

    Parameters
    ----------
    backends : sequence, optional
        miniaudio's, in the order they are tried; by default those of this system. The device is opened for
        each sound: a loudspeaker that is plugged in at night is found, one that is gone is said to be.

    Attributes
    ----------
    state : SoundState
        As the last try left it.
    """

    def __init__(self, backends: list[Any] | None = None) -> None:
        self._backends = backends
        self._waiting: queue.SimpleQueue[Priority | None] = queue.SimpleQueue()
        self._tried = SoundState()
        self._busy_since_s: float | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)

    def start(self) -> None:
        """Begin; the device is tried without a sound."""
        self._thread.start()

    @property
    def state(self) -> SoundState:
        """Whether sound comes out."""
        since_s = self._busy_since_s
        if since_s is not None and time.monotonic() - since_s > _STUCK_S:
            return SoundState(False, "no sound: the sound device does not answer")
        return self._tried

    def play(self, priority: Priority) -> None:
        """Sound; dropped while another sound is being made."""
        if self._busy_since_s is None and self._waiting.empty():
            self._waiting.put(priority)

    def close(self) -> None:
        """End the thread; a sound server that is stuck is left to itself."""
        self._ending.set()
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(_LEAVE_S)

    def _run(self) -> None:
        self._use(None)
        while (priority := self._waiting.get()) is not None:
            self._use(tone(priority))

    def _use(self, samples: Samples | None) -> None:
        self._busy_since_s = time.monotonic()
        self._tried = try_device(samples, self._backends, self._ending)
        self._busy_since_s = None


def try_device(
    samples: Samples | None = None,
    backends: list[Any] | None = None,
    ending: threading.Event | None = None,
) -> SoundState:
    """Open this machine's sound device and play something on it.

    Parameters
    ----------
    samples : ndarray, shape (n,), int16, optional
        None only opens the device.
    backends : list, optional
        As `Speaker` takes them.
    ending : Event, optional
        Set by another thread: stop playing.
    """
    try:
        import miniaudio
    except ImportError as err:
        return SoundState(False, f"no sound: the Python package miniaudio cannot be loaded ({err})")
    if backends is None and not (backends := _backends(miniaudio)):
        return SoundState(False, "no sound: this machine has no sound device")
    try:
        device = miniaudio.PlaybackDevice(
            nchannels=1, sample_rate=RATE_HZ, buffersize_msec=100, backends=backends, app_name="PLMS Monitor"
        )
    except miniaudio.MiniaudioError as err:
        return SoundState(False, f"no sound: no sound device can be opened here ({err.args[0]})")
    try:
        if samples is not None and not _play(device, samples, ending or threading.Event()):
            return SoundState(False, f"no sound: {device.backend} takes no sound")
    except miniaudio.MiniaudioError as err:
        return SoundState(False, f"no sound: the sound device cannot be played on ({err.args[0]})")
    finally:
        device.close()
    return SoundState(True, f"sound goes out through {device.backend}")


def _backends(miniaudio: Any) -> list[Any]:
    """List what this system may have; asking ALSA without a card fills the terminal with its complaints."""
    backend = miniaudio.Backend
    if sys.platform == "win32":
        return [backend.WASAPI]
    if sys.platform == "darwin":
        return [backend.COREAUDIO]
    try:
        has_card = "no soundcards" not in _CARDS.read_text()
    except OSError:
        has_card = False
    return [backend.PULSEAUDIO, *([backend.ALSA] if has_card else [])]


def _play(device: Any, samples: Samples, ending: threading.Event) -> bool:
    """Play to the end; return whether the device took it in time."""
    over = threading.Event()
    # What was handed over last still lies in the device's buffer.
    silence = np.zeros(RATE_HZ // 4, np.int16)
    reader = _in_pieces(np.concatenate([samples, silence]), over)
    next(reader)
    device.start(reader)
    until_s = time.monotonic() + 2.0 * len(samples) / RATE_HZ + 2.0
    while not over.wait(0.05) and not ending.is_set() and time.monotonic() < until_s:
        pass
    device.stop()
    return over.is_set() or ending.is_set()


def _in_pieces(samples: Samples, over: threading.Event) -> Generator[bytes, int, None]:
    asked_n = yield b""
    at = 0
    while at < len(samples):
        part = samples[at : at + asked_n]
        at += asked_n
        asked_n = yield part.tobytes()
    over.set()
