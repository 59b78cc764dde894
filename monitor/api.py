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
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from monitor.detection.heartbeats import heartbeats
from monitor.detection.whole_recording import FileStream, detect, numbered
from monitor.files import read_recording
from monitor.files.list_arguments import ListArguments, options_of
from monitor.files.scored_lists import read_annotations
from monitor.model.config import load_config
from monitor.model.facts import LEGS, Fact, Leg
from monitor.montage import LegChannel
from monitor.notebook.batch import score_files
from monitor.notebook.joining import join_nights
from monitor.notebook.measures import (
    fragmentary_myoclonus,
    how_sure,
    leg_activity_in_rem,
    score_night,
    tonights_end,
)
from monitor.notebook.plots import draw_movement, draw_night
from monitor.notebook.signals import leg_signals
from monitor.scoring import Movement, Night, Score, ScoredLM
from monitor.scoring.columns import Columns
from monitor.scoring.heart import heart_response
from monitor.scoring.inputs import movement_columns
from monitor.scoring.result import event_columns
from monitor.scoring.uncertainty.several_nights import several_nights
from monitor.session.reader import Session, read_session
from monitor.session.signal.recorded import recorded_signals
from monitor.session.signal.recorded_heart import recorded_beats
from monitor.session.state import SessionState

__all__ = [
    "detect_movements",
    "events_table",
    "fragmentary_myoclonus",
    "heart_response",
    "heartbeats",
    "how_sure",
    "join_nights",
    "leg_activity_in_rem",
    "leg_signal",
    "movements_table",
    "plot_movement",
    "plot_night",
    "read_events",
    "read_recording",
    "read_session",
    "recorded_beats",
    "score_files",
    "score_night",
    "several_nights",
    "tonights_end",
]

Floats = npt.NDArray[np.float64]


def detect_movements(
    signals_uv: Any,
    rate_hz: float | None = None,
    config: str = "default",
    *,
    left: str | None = None,
    right: str | None = None,
) -> Night:
    """Find the leg movements in signals, with the detector that runs live.

    Parameters
    ----------
    signals_uv : mapping of {"left", "right"} to array_like, mne.io.Raw, or pandas.DataFrame
        Raw EMG, shape (n_samples,) for each leg, in uV (an MNE ``Raw`` in its own unit); NaN is missing.
    rate_hz : float, optional
        100 to 20000 Hz. Not needed for a ``Raw``, nor for a data frame whose index is regular time.
    config : str
        A configuration: a path, or the name of a supplied one.
    left, right : str, optional
        Channel of each leg in a ``Raw`` or data frame. Default: by the names of the channels.

    Returns
    -------
    Night
        Movements and unusable time; without stages and events. Ready for `score_night`.

    Raises
    ------
    ValueError
        If no signal is given, a leg or the rate is unknown, or the signals differ in length.
    InputError
        If the configuration cannot be used.

    Examples
    --------
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 60 * 500)
    >>> emg_uv[20 * 500 : 22 * 500] *= 15
    >>> [(m.leg, round(m.onset_us / 1e6)) for m in detect_movements({"right": emg_uv}, 500).movements]
    [('right', 20)]
    """
    channels: dict[Leg, str] = {}
    channels |= {"left": left} if left is not None else {}
    channels |= {"right": right} if right is not None else {}
    signals, rate_hz = leg_signals(signals_uv, rate_hz, channels)
    legs: list[Leg] = list(signals)
    values = np.stack(list(signals.values()), axis=1)
    columns = tuple(LegChannel(leg, i, leg, 1.0, "uV", "given") for i, leg in enumerate(legs))
    times_hz = rate_hz
    stream = FileStream(
        rate_hz,
        len(values),
        columns,
        lambda a, b: (values[a:b], np.arange(a, b, dtype=np.float64) / times_hz),
    )
    facts, end_s = detect([stream], load_config(config).detector)
    begin, stop = Fact("session", 0.0, "api", {"legs": legs}), Fact("stop", end_s, "api", {"reason": "end"})
    return SessionState.of(numbered([begin, *facts, stop])).night()


def read_events(path: Path | str, **options: Any) -> Night:
    r"""Read a scored list in any form that `score-events` reads: tables, XML, text exports, EDF+, FIF.

    Parameters
    ----------
    path : Path or str
        The content determines the form; see `monitor.files.scored_lists.read_annotations`.
    **options
        Text as on the command line: ``label`` (sequence of ``"WORD=TYPE"``), ``stages`` (``"numeric"``),
        ``epoch`` (s), ``start`` (``"2026-11-20 22:15:30"``), ``zone`` (``"Europe/Berlin"``).

    Returns
    -------
    Night
        Every leg is usable; the end is that of the last event. Rows of unknown type are ignored.

    Raises
    ------
    InputError
        If it cannot be read: file, line or element, value, and what was expected.

    Warns
    -----
    UserWarning
        For each kind of correction and assumption, with its number.

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
    known = [field.name for field in fields(ListArguments)]
    if unknown := [name for name in options if name not in known]:
        raise ValueError(f"{unknown[0]!r} is not an option of a list: expected {', '.join(known)}")
    label = options.pop("label", ())
    given = ListArguments(label=(label,) if isinstance(label, str) else tuple(label), **options)
    night, _, notes = read_annotations(path, options_of(given, load_config()))
    for note in notes:
        warnings.warn(f"{path}: {note}", stacklevel=2)
    return night


def plot_night(result: Session | Score | Night) -> Figure:
    """Plot a night: stages, movements, PLM in each hour.

    Parameters
    ----------
    result : Session, Night or Score
        A `Night` is scored by the rules of the AASM; a `Score` contains no stages to plot.

    Returns
    -------
    matplotlib.figure.Figure
        A notebook shows it; ``savefig`` writes it to a file.

    Raises
    ------
    ValueError
        If it is none of these.

    Examples
    --------
    >>> from monitor.scoring import Movement
    >>> moves = (Movement(t * 1_000_000, (t + 2) * 1_000_000, "left") for t in (20, 45, 70, 95))
    >>> figure = plot_night(Night(tuple(moves), end_us=150_000_000))
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['movements', 'PLM in each hour']
    """
    if isinstance(result, Session):
        return draw_night(result.night, result.main)
    if isinstance(result, Night):
        return draw_night(result, None)
    if isinstance(result, Score):
        return draw_night(None, result)
    raise ValueError(f"result is a {type(result).__name__}: expected a Session, Night or Score")


def plot_movement(
    signals_uv: Any,
    movement: Movement | ScoredLM,
    rate_hz: float | None = None,
    *,
    around_s: float = 5.0,
    left: str | None = None,
    right: str | None = None,
) -> Figure:
    """Plot the EMG around one movement.

    Parameters
    ----------
    signals_uv : Session, or as for `detect_movements`
    movement : Movement or ScoredLM
        One of a night's ``movements`` or of a score's ``lms``.
    rate_hz, left, right
        As for `detect_movements`.
    around_s : float
        Time shown before and after it.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        As `detect_movements`.

    Examples
    --------
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 60 * 500)
    >>> emg_uv[20 * 500 : 22 * 500] *= 15
    >>> (movement,) = detect_movements({"right": emg_uv}, 500).movements
    >>> plot_movement({"right": emg_uv}, movement, 500).axes[0].get_ylabel()
    'right (uV)'
    """
    if isinstance(signals_uv, Session):
        return _plot_of_session(signals_uv, movement, around_s)
    named: dict[Leg, str] = {}
    named |= {"left": left} if left is not None else {}
    named |= {"right": right} if right is not None else {}
    signals, rate_hz = leg_signals(signals_uv, rate_hz, named)
    return draw_movement(signals, rate_hz, movement, around_s)


def _plot_of_session(session: Session, movement: Movement | ScoredLM, around_s: float) -> Figure:
    first_s, last_s = movement.onset_us / 1e6 - around_s, movement.end_us / 1e6 + around_s
    signals: dict[Leg, Floats] = {}
    rate_hz = start_s = 0.0
    for leg in LEGS:
        times_s, emg_uv = leg_signal(session, leg)
        inside = (times_s >= first_s) & (times_s <= last_s)
        if np.count_nonzero(inside) > 1:
            signals[leg], start_s = emg_uv[inside], float(times_s[inside][0])
            rate_hz = 1.0 / float(np.median(np.diff(times_s[inside])))
    if not signals:
        raise ValueError(f"the session contains no signal from {first_s:.1f} to {last_s:.1f} s")
    return draw_movement(signals, rate_hz, movement, around_s, start_s)


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

    Examples
    --------
    >>> import tempfile
    >>> from monitor.session.journal import Journal
    >>> from monitor.model.config import load_config
    >>> from monitor.model.run_info import scored_with
    >>> about = {"legs": ["left"], "config": dict(load_config().document)} | scored_with(load_config())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "journal.jsonl")
    ...     _ = journal.append([Fact("session", 0.0, "x", about)])
    ...     journal.close()
    ...     times_s, emg_uv = leg_signal(read_session(folder), "left")
    >>> times_s.shape, emg_uv.shape
    ((0,), (0,))
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
    """Return the movements of single legs as columns, by onset; `Night.to_dataframe` has the same.

    Parameters
    ----------
    night : Night
        From `detect_movements` or `read_events`, or a session's ``night``.

    Returns
    -------
    dict of str to ndarray, shape (n_movements,)
        ``onset`` and ``duration`` in seconds, ``leg``, ``peak_uv`` and ``resting_uv`` (NaN where unknown).

    Examples
    --------
    >>> from monitor.scoring import Movement
    >>> movements_table(Night((Movement(1_000_000, 3_500_000, "left"),)))["duration"].tolist()
    [2.5]
    """
    return movement_columns(night)


def events_table(scored: Score) -> Columns:
    """Return the movements after the legs were combined as columns, counted or not, by onset.

    `Score.to_dataframe` has the same.

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

    Examples
    --------
    >>> from monitor.scoring import Movement
    >>> events_table(score_night(Night((Movement(1_000_000, 3_500_000, "left"),))))["plm"].tolist()
    [False]
    """
    return event_columns(scored)
