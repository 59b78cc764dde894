"""Sound output: the device is tested at the start, and a missing one is reported. No Qt."""

from __future__ import annotations

import queue
import sys
import threading
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitor.dashboard import texts
from monitor.session.alert_priority import Priority

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Samples = npt.NDArray[np.int16]

RATE_HZ = 44_100
_LOUD, _LOUDEST = 0.5, 1.0
_EDGE_S = 0.01
# Pulses of (Hz, s), 0 Hz is silence: more and higher pulses for higher priorities.
_PATTERNS: Mapping[Priority, tuple[tuple[float, float], ...]] = {
    "high": ((880.0, 0.15), (0.0, 0.1)) * 3 + ((0.0, 0.2),) + ((988.0, 0.15), (0.0, 0.1)) * 2,
    "medium": ((660.0, 0.2), (0.0, 0.2)) * 3,
    "low": ((440.0, 0.25),),
}
_CARDS = Path("/proc/asound/cards")


@dataclass(frozen=True, slots=True)
class SoundState:
    """Whether the sound output works, as far as a program can know.

    Attributes
    ----------
    works : bool or None
        None while it has not been tried.
    text : str
        The output in use, or why there is none.
    """

    works: bool | None = None
    text: str = texts.SOUND_NOT_TESTED


def tone(priority: Priority, *, is_loud: bool = False) -> Samples:
    """Return the sound of a priority; a loud one has twice the amplitude.

    Returns
    -------
    ndarray, shape (n,), int16
        One channel at `RATE_HZ`; soft edges avoid clicks.
    """
    # Imported here: a window that is being opened needs no sound yet.
    import numpy as np

    parts = []
    for hz, length_s in _PATTERNS[priority]:
        t_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
        edge = np.minimum(1.0, np.minimum(t_s, length_s - t_s) / _EDGE_S)
        parts.append((_LOUDEST if is_loud else _LOUD) * edge * np.sin(2 * np.pi * hz * t_s))
    return (np.concatenate(parts) * np.iinfo(np.int16).max).astype(np.int16)


class Speaker:
    """Play sounds in a thread: nothing else waits for the sound server.

    Parameters
    ----------
    backends : sequence, optional
        miniaudio's, in the order they are tried; by default those of this system. The device is opened for
        each sound, so a loudspeaker that is plugged in or removed later is noticed.
    test_every_s : float, optional
        Test the device without a sound if none was played for so long; by default only at the start.
    stuck_after_s : float
        After this time a sound server is not busy but stuck.

    Attributes
    ----------
    state : SoundState
        Result of the last attempt.
    """

    def __init__(
        self,
        backends: list[Any] | None = None,
        test_every_s: float | None = None,
        stuck_after_s: float = 10.0,
    ) -> None:
        self._backends, self._test_every_s, self._stuck_after_s = backends, test_every_s, stuck_after_s
        self._waiting: queue.SimpleQueue[Samples | None] = queue.SimpleQueue()
        self._tried = SoundState()
        self._busy_since_s: float | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)

    def start(self) -> None:
        """Start, and test the device without a sound."""
        self._thread.start()

    @property
    def state(self) -> SoundState:
        """Whether the sound output works."""
        since_s = self._busy_since_s
        if since_s is not None and time.monotonic() - since_s > self._stuck_after_s:
            return SoundState(False, texts.NO_SOUND_RESPONSE)
        return self._tried

    def play(self, priority: Priority, *, is_loud: bool = False) -> bool:
        """Play a sound; return False if it was dropped because another one is being played."""
        if self._busy_since_s is not None or not self._waiting.empty():
            return False
        self._waiting.put(tone(priority, is_loud=is_loud))
        return True

    def close(self, patience_s: float = 1.0) -> None:
        """End the thread; wait for at most `patience_s`, for the sound server may be stuck."""
        self._ending.set()
        self._waiting.put(None)
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def _run(self) -> None:
        self._use(None)
        while True:
            try:
                samples = self._waiting.get(timeout=self._test_every_s)
            except queue.Empty:
                self._use(None)
                continue
            if samples is None:
                return
            self._use(samples)

    def _use(self, samples: Samples | None) -> None:
        self._busy_since_s = time.monotonic()
        self._tried = try_device(samples, self._backends, self._ending)
        self._busy_since_s = None


def try_device(
    samples: Samples | None = None,
    backends: list[Any] | None = None,
    ending: threading.Event | None = None,
) -> SoundState:
    """Open the sound device of this computer and play something on it.

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
        return SoundState(False, texts.NO_SOUND_PACKAGE.format(problem=err))
    try:
        device = miniaudio.PlaybackDevice(
            nchannels=1,
            sample_rate=RATE_HZ,
            buffersize_msec=100,
            backends=system_backends() if backends is None else backends,
            app_name="PLMS Monitor",
        )
    except miniaudio.MiniaudioError as err:
        return SoundState(False, texts.NO_SOUND_OPEN.format(problem=err.args[0]))
    try:
        if samples is not None and not _play(device, samples, ending or threading.Event()):
            return SoundState(False, texts.NO_SOUND_ACCEPTED.format(backend=device.backend))
    except miniaudio.MiniaudioError as err:
        return SoundState(False, texts.NO_SOUND_PLAYED.format(problem=err.args[0]))
    finally:
        device.close()
    return SoundState(True, texts.SOUND_WORKS.format(backend=device.backend))


def system_backends(cards: Path = _CARDS) -> list[Any]:
    """List the backends of this system, in the order they are tried.

    Parameters
    ----------
    cards : Path
        The sound cards that Linux knows: ALSA without a card would fill the terminal with messages.

    Raises
    ------
    ImportError
        If miniaudio is not installed.
    """
    from miniaudio import Backend as backend  # noqa: N813

    if sys.platform == "win32":
        return [backend.WASAPI]
    if sys.platform == "darwin":
        return [backend.COREAUDIO]
    try:
        has_card = "no soundcards" not in cards.read_text()
    except OSError:
        has_card = False
    return [backend.PULSEAUDIO, *([backend.ALSA] if has_card else [])]


def _play(device: Any, samples: Samples, ending: threading.Event) -> bool:
    """Play to the end; return whether the device accepted all samples in time."""
    import numpy as np

    over = threading.Event()
    # The last samples are still in the buffer of the device.
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
