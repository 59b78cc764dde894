"""Functions for notebooks: the detector on arrays, the scorer on lists, a session as arrays.

All of them can be imported from the package itself: ``from monitor import read_session``.

Examples
--------
>>> import numpy as np
>>> from monitor import detect_movements, movements_table, score_night
>>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 150 * 500)
>>> for onset_s in (20, 45, 70, 95):
...     emg_uv[onset_s * 500 : (onset_s + 2) * 500] *= 15
>>> night = detect_movements({"left": emg_uv}, rate_hz=500)
>>> movements_table(night)["onset"].round().tolist()
[20.0, 45.0, 70.0, 95.0]
>>> score_night(night, "wasm2016").indices.n_plm
4
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from monitor.detection.whole_recording import FileStream, detect, numbered
from monitor.files import read_recording
from monitor.files.scored_lists import read_annotations
from monitor.model.config import load_config
from monitor.model.config_fields import UncertaintySettings
from monitor.model.facts import LEGS, Fact, Leg
from monitor.model.rules import PROFILES
from monitor.montage import LegChannel
from monitor.scoring import Night, Score, score
from monitor.scoring.uncertainty.document import uncertainty
from monitor.session.reader import Session, read_session
from monitor.session.signal.recorded import recorded_signals
from monitor.session.state import SessionState

__all__ = [
    "detect_movements",
    "events_table",
    "how_sure",
    "leg_signal",
    "movements_table",
    "read_events",
    "read_recording",
    "read_session",
    "score_night",
]

Floats = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]


def detect_movements(
    signals_uv: Mapping[Leg, npt.ArrayLike], rate_hz: float, config: str = "default"
) -> Night:
    """Find the leg movements in arrays, with the detector that runs live.

    Parameters
    ----------
    signals_uv : mapping of {"left", "right"} to array_like, shape (n_samples,), uV
        Raw EMG; NaN is missing.
    rate_hz : float
        100 to 20000 Hz.
    config : str
        A configuration: a path, or the name of a supplied one.

    Returns
    -------
    Night
        Movements and unusable time; without stages and events. Ready for `score_night`.

    Raises
    ------
    ValueError
        If no signal is given, a leg is unknown, or the signals differ in length.
    InputError
        If the configuration cannot be used.

    Examples
    --------
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 60 * 500)
    >>> emg_uv[20 * 500 : 22 * 500] *= 15
    >>> [(m.leg, round(m.onset_us / 1e6)) for m in detect_movements({"right": emg_uv}, 500).movements]
    [('right', 20)]
    """
    legs = [leg for leg in LEGS if leg in signals_uv]
    if not legs or len(legs) < len(signals_uv):
        raise ValueError(f"signals_uv has the keys {list(signals_uv)}: expected left, right or both")
    columns = [np.asarray(signals_uv[leg], np.float64) for leg in legs]
    if any(column.shape != columns[0].shape or column.ndim != 1 for column in columns):
        raise ValueError(f"signals_uv has the shapes {[c.shape for c in columns]}: expected one length")
    values = np.stack(columns, axis=1)
    channels = tuple(LegChannel(leg, i, leg, 1.0, "uV", "given") for i, leg in enumerate(legs))
    stream = FileStream(
        rate_hz,
        len(values),
        channels,
        lambda a, b: (values[a:b], np.arange(a, b, dtype=np.float64) / rate_hz),
    )
    facts, end_s = detect([stream], load_config(config).detector)
    begin, stop = Fact("session", 0.0, "api", {"legs": legs}), Fact("stop", end_s, "api", {"reason": "end"})
    return SessionState.of(numbered([begin, *facts, stop])).night()


def read_events(path: Path | str) -> Night:
    r"""Read a scored list: an events table, NSRR or Profusion XML, a Noxturnal CSV, EDF+ annotations.

    Parameters
    ----------
    path : Path or str
        The file name extension determines the format; see `monitor.files.scored_lists.read_annotations`.

    Returns
    -------
    Night
        Every leg is usable; the end is that of the last event. Rows of unknown type are ignored.

    Raises
    ------
    InputError
        If it cannot be read: file, line or element, value, and what was expected.

    Examples
    --------
    >>> import tempfile
    >>> rows = "onset duration trial_type\n0 30 N2\n10 2 LM_left\n".replace(" ", "\t")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "night.tsv"
    ...     _ = path.write_text(rows)
    ...     len(read_events(path).movements)
    1
    """
    night, _, notes = read_annotations(path)
    for note in notes:
        warnings.warn(f"{path}: {note}", stacklevel=2)
    return night


def score_night(night: Night, rules: str = "aasm3") -> Score:
    """Score a recording by a rule set: its series and indices.

    Parameters
    ----------
    night : Night
    rules : {"aasm3", "wasm2016"}

    Returns
    -------
    Score
        ``indices``, ``series``, ``lms`` (movements after the legs were combined) and ``denominators``.

    Raises
    ------
    ValueError
        If the rule set is unknown.

    Examples
    --------
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 150 * 500)
    >>> for onset_s in (20, 45, 70, 95):
    ...     emg_uv[onset_s * 500 : (onset_s + 2) * 500] *= 15
    >>> scored = score_night(detect_movements({"left": emg_uv}, 500))
    >>> scored.indices.n_plm, scored.indices.plms_index, scored.indices.why_null["plms_index"]
    (4, None, 'no stages yet')
    """
    if rules not in PROFILES:
        raise ValueError(f"rules = {rules!r}: expected one of {', '.join(PROFILES)}")
    return score(night, PROFILES[rules])


def how_sure(night: Night) -> dict[str, Any]:
    """Return how sure the indices of a recording are, by both rule sets.

    Parameters
    ----------
    night : Night
        From `detect_movements` or `read_events`, or a session's ``night``.

    Returns
    -------
    dict
        As the part ``uncertainty`` of ``summary.json``: each part names its method and source; None where
        undefined, with the reason in ``why_null``. Provisional; it informs and decides nothing.

    Examples
    --------
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 150 * 500)
    >>> for onset_s in (20, 45, 70, 95):
    ...     emg_uv[onset_s * 500 : (onset_s + 2) * 500] *= 15
    >>> sure = how_sure(detect_movements({"left": emg_uv}, 500))
    >>> sure["index_error"]["rules"]["aasm3"]["why_null"]["interval"]
    'less than ten minutes in the denominator'
    """
    scores = {name: score(night, profile) for name, profile in PROFILES.items()}
    return uncertainty(night, scores, UncertaintySettings())


def leg_signal(session: Session, leg: Leg) -> tuple[Floats, Floats]:
    """Return the recorded EMG of a leg on the timeline of the session.

    Parameters
    ----------
    session : Session
        From `read_session`.
    leg : {"left", "right"}

    Returns
    -------
    times_s : ndarray, shape (n_samples,), float64
        Seconds from the first sample of the session. Gaps contain no samples.
    emg_uv : ndarray, shape (n_samples,), float64
        Raw EMG. Both are empty if the leg was not recorded.
    """
    # After a change of source the same leg continues in another stream.
    runs = [
        (times_s, source.values_uv(values))
        for signal in recorded_signals(session)
        for source in signal.legs()
        if source.leg == leg
        for times_s, values in signal.runs(source.columns)
    ]
    if runs:
        runs.sort(key=lambda run: float(run[0][0]))
        times_s, emg_uv = (np.concatenate(part) for part in zip(*runs, strict=True))
        return times_s, emg_uv
    return np.empty(0), np.empty(0)


def movements_table(night: Night) -> Columns:
    """Return the movements of single legs as columns, by onset; ``pandas.DataFrame`` accepts them.

    Parameters
    ----------
    night : Night
        From `detect_movements` or `read_events`, or a session's ``night``.

    Returns
    -------
    dict of str to ndarray, shape (n_movements,)
        ``onset`` and ``duration`` in seconds, ``leg``, ``peak_uv`` and ``resting_uv`` (NaN where unknown).
    """
    rows = sorted(night.movements, key=lambda m: (m.onset_us, m.leg))
    return {
        "onset": np.array([m.onset_us / 1e6 for m in rows], np.float64),
        "duration": np.array([(m.end_us - m.onset_us) / 1e6 for m in rows], np.float64),
        "leg": np.array([m.leg for m in rows], np.str_),
        "peak_uv": np.array([np.nan if m.peak_uv is None else m.peak_uv for m in rows], np.float64),
        "resting_uv": np.array([np.nan if m.resting_uv is None else m.resting_uv for m in rows], np.float64),
    }


def events_table(scored: Score) -> Columns:
    """Return the movements after the legs were combined as columns, counted or not, by onset.

    Parameters
    ----------
    scored : Score
        From `score_night`, or one of a session's ``scores``.

    Returns
    -------
    dict of str to ndarray, shape (n_lm,)
        ``onset``, ``duration`` and ``imi`` in seconds (NaN where undefined), ``leg``, ``parts``,
        ``candidate``, ``plm``, ``series`` (0 for none), ``stage`` (empty if not staged),
        ``respiratory``, ``arousal``, ``reason``.
    """
    rows = scored.lms
    return {
        "onset": np.array([lm.onset_us / 1e6 for lm in rows], np.float64),
        "duration": np.array([(lm.end_us - lm.onset_us) / 1e6 for lm in rows], np.float64),
        "leg": np.array([lm.leg for lm in rows], np.str_),
        "parts": np.array([lm.parts for lm in rows], np.int64),
        "candidate": np.array([lm.candidate for lm in rows], np.bool_),
        "plm": np.array([lm.plm for lm in rows], np.bool_),
        "series": np.array([lm.series or 0 for lm in rows], np.int64),
        "imi": np.array([np.nan if lm.imi_us is None else lm.imi_us / 1e6 for lm in rows], np.float64),
        "stage": np.array([lm.stage or "" for lm in rows], np.str_),
        "respiratory": np.array([lm.respiratory for lm in rows], np.bool_),
        "arousal": np.array([lm.arousal for lm in rows], np.bool_),
        "reason": np.array([lm.reason for lm in rows], np.str_),
    }
