"""The heart beats of a session, from the ECG in its recording."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

import numpy as np

from monitor.detection.heartbeats import MIN_RATE_HZ, Floats, heartbeats
from monitor.session.reader import Session
from monitor.session.signal.recorded import RecordedSignal, recorded_signals

NO_ECG = "no ECG was recorded (a channel of the type ECG, or with ECG or EKG in its label, from 100 Hz on)"
# Samples further apart than so many steps have a gap between them.
_GAP_STEPS = 2.5
_LABEL = re.compile(r"(^|[^A-Z])E[CK]G", re.IGNORECASE)


def ecg_column(channels: Sequence[tuple[str, str, str]]) -> int | None:
    """Return the first channel with an ECG, by its type or else its label; None without one.

    Parameters
    ----------
    channels : sequence of (label, unit, type)
    """
    by_type = (k for k, (_, _, kind) in enumerate(channels) if kind.upper() in ("ECG", "EKG"))
    by_label = (
        k for k, (label, _, _) in enumerate(channels) if _LABEL.search(label) and "IMP" not in label.upper()
    )
    return next(by_type, next(by_label, None))


def recorded_beats(session: Session) -> Floats | str:
    """Return when the heart beat during a session.

    Parameters
    ----------
    session : Session

    Returns
    -------
    ndarray of float64, shape (n_beats,), or str
        Seconds on the timeline of the session, ascending; NaN stands for a gap. Or why there is none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from monitor.model.config import load_config
    >>> from monitor.model.facts import Fact
    >>> from monitor.model.run_info import scored_with
    >>> from monitor.session.journal import Journal
    >>> from monitor.session.reader import read_session
    >>> about = {"legs": ["left"], "config": dict(load_config().document)} | scored_with(load_config())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "journal.jsonl")
    ...     _ = journal.append([Fact("session", 0.0, "x", about)])
    ...     journal.close()
    ...     recorded_beats(read_session(folder))[:19]
    'no ECG was recorded'
    """
    found: list[Floats] = []
    for recorded in recorded_signals(session):
        column = ecg_column(recorded.channels)
        if column is not None and recorded.rate_hz >= MIN_RATE_HZ:
            found += _beats(recorded, column)
    if not found:
        return NO_ECG
    # After a change of source the ECG continues in another stream.
    found.sort(key=lambda run: float(run[0]))
    return np.concatenate([part for run in found for part in (run, [np.nan])][:-1])


def _beats(recorded: RecordedSignal, column: int) -> Iterable[Floats]:
    """Return the beats of each stretch without a gap."""
    runs = list(recorded.runs([column]))
    if not runs:
        return []
    times_s = np.concatenate([times for times, _ in runs])
    ecg = np.concatenate([values[:, 0] for _, values in runs])
    edges = np.flatnonzero(np.diff(times_s) > _GAP_STEPS / recorded.rate_hz) + 1
    stretches = zip(np.split(times_s, edges), np.split(ecg, edges), strict=True)
    beats = (_placed(times, values) for times, values in stretches if times.size > 1)
    return [found for found in beats if found.size]


def _placed(times_s: Floats, ecg: Floats) -> Floats:
    """Return the beats of one stretch on the timeline; its own rate, since a clock may be off."""
    step_s = float(times_s[-1] - times_s[0]) / (times_s.size - 1)
    placed: Floats = times_s[0] + heartbeats(ecg, 1.0 / step_s)
    return placed
