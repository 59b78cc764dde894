"""A fault in one part of the recorder is reported and does not end the recording."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable
from types import TracebackType
from typing import Self

# (what was being done, why it failed)
Report = Callable[[str, str], object]


class _Isolated:
    """One run of a part, as a context.

    Attributes
    ----------
    failed : bool
        Whether it failed; to be checked after the block.
    """

    __slots__ = ("_note", "_what", "failed")

    def __init__(self, what: str, note: Callable[[str, Exception], None]) -> None:
        self._what, self._note, self.failed = what, note, False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, err: BaseException | None, _trace: TracebackType | None
    ) -> bool:
        # The one place where any error is suppressed: a recording cannot be repeated.
        self.failed = isinstance(err, Exception)
        if isinstance(err, Exception):
            self._note(self._what, err)
        return self.failed


class FaultIsolation:
    """Continue when a part fails and report it, without flooding the journal.

    Parameters
    ----------
    report : callable
        Called with what failed and why, at the first, tenth, hundredth... failure in one place.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._failed: Counter[tuple[str, str]] = Counter()

    def isolate(self, what: str) -> _Isolated:
        """Return a context that runs `what`, reports a failure and suppresses it."""
        return _Isolated(what, self._note)

    def _note(self, what: str, err: Exception) -> None:
        where = _where(err)
        self._failed[what, where] += 1
        times = self._failed[what, where]
        if str(times).strip("0") != "1":
            return
        again = f", {times} times by now" if times > 1 else ""
        try:
            self._report(what, f"{type(err).__name__}: {str(err)[:200]} ({where}){again}")
        except Exception:  # noqa: BLE001 - even reporting must not end the recording
            self._failed[what, where] -= 1


def _where(err: Exception) -> str:
    frames = traceback.extract_tb(err.__traceback__)
    if not frames:
        return "nowhere"
    last = frames[-1]
    return f"{last.filename.rpartition('/')[2]}:{last.lineno}"
