"""A fault in one part of the recorder is reported and does not end the recording."""

from __future__ import annotations

import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

# (what was being done, why it failed)
Report = Callable[[str, str], object]


@dataclass(slots=True)
class FaultOutcome:
    """Whether a guarded block failed."""

    failed: bool = False


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

    @contextmanager
    def isolate(self, what: str) -> Iterator[FaultOutcome]:
        """Run `what`; report a failure and suppress it.

        Yields
        ------
        Outcome
            To be checked after the block.
        """
        outcome = FaultOutcome()
        try:
            yield outcome
        except Exception as err:  # noqa: BLE001 - the one place: a recording cannot be repeated
            outcome.failed = True
            self._note(what, err)

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
