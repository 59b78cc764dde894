"""Compilation of the detector beside the recording."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Self

import dsp


class Compilation:
    """Compile or load the detector in a thread.

    Parameters
    ----------
    compiled : callable
        Compiles; returns when that is done.
    share : callable
        How much of it is done, from 0 to 1.

    Attributes
    ----------
    failure : str
        Why it failed; empty if it did not.
    """

    def __init__(
        self,
        compiled: Callable[[], object] = dsp.warm_up,
        share: Callable[[], float] = lambda: dsp.cache_report.ready_share,
    ) -> None:
        self._compiled, self._share, self.failure = compiled, share, ""
        self._thread = threading.Thread(target=self._run, name="warm-up", daemon=True)

    @classmethod
    def done(cls) -> Self:
        """Return one that has nothing to do."""
        finished = cls(lambda: None, lambda: 1.0)
        finished.start()
        finished.wait()
        return finished

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def _run(self) -> None:
        try:
            self._compiled()
        except Exception as err:  # noqa: BLE001 - the signal can be recorded without a detector
            self.failure = str(err) or type(err).__name__

    def wait(self, seconds: float | None = None) -> bool:
        """Wait until it is done, for at most `seconds`; return whether it is.

        If it failed it is done too: a detector that cannot run is reported, and the raw signal is recorded.
        """
        self._thread.join(seconds)
        return self.is_done

    @property
    def is_done(self) -> bool:
        """Whether the detector can process samples. Once true it stays true."""
        return self._thread.ident is not None and not self._thread.is_alive()

    @property
    def share(self) -> float:
        """How much is compiled, from 0 to 1."""
        return 1.0 if self.is_done else self._share()
