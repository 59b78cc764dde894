"""A night of a notebook scored, and what is measured in it beside the indices."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from monitor.model.config import planned_h_from
from monitor.model.config_fields import UncertaintySettings
from monitor.model.rules import PROFILES, RulesProfile
from monitor.notebook.stages import night_of_table, with_stages
from monitor.scoring import Night, Score, score
from monitor.scoring.myoclonus import Myoclonus, marked_potentials, myoclonus
from monitor.scoring.uncertainty.document import uncertainty
from monitor.scoring.uncertainty.forecast import Forecast, forecast, past_night
from monitor.scoring.uncertainty.rem_activity import RemActivity, rem_activity
from monitor.session.reader import Session
from monitor.session.signal.potentials import session_myoclonus


def score_night(
    movements: Any, rules: str = "aasm3", *, stages: Any = None, epoch_s: float = 30.0, **switches: Any
) -> Score:
    """Score a recording by a rule set: its series and indices.

    Parameters
    ----------
    movements : Night or table
        From `detect_movements` or `read_events`; or a table (mapping of columns, data frame) with ``onset``,
        ``duration`` and ``leg``.
    rules : {"aasm3", "wasm2016"}
    stages : Night, path, sequence, table or MNE Annotations, optional
        Stages and events from another source: a label per epoch, such as a hypnogram of YASA, or a table with
        ``onset``, ``duration`` and ``description``.
    epoch_s : float
        Length of an epoch of a sequence.
    **switches
        Thresholds and switches of `monitor.model.rules.RulesProfile` by name, times also in seconds:
        ``imi_min_s=10``, ``series_min_n=3``, ``respiratory="ignore"``.

    Returns
    -------
    Score
        ``indices``, ``series``, ``lms`` (movements after the legs were combined) and ``denominators``;
        ``to_dataframe()`` has a row per movement.

    Raises
    ------
    ValueError
        If the rule set or a switch is unknown (the known ones are listed), or a value is not valid.

    Examples
    --------
    >>> import numpy as np
    >>> from monitor import detect_movements
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 150 * 500)
    >>> for onset_s in (20, 45, 70, 95):
    ...     emg_uv[onset_s * 500 : (onset_s + 2) * 500] *= 15
    >>> night = detect_movements({"left": emg_uv}, 500)
    >>> scored = score_night(night)
    >>> scored.indices.n_plm, scored.indices.plms_index, scored.indices.why_null["plms_index"]
    (4, None, 'no stages yet')
    >>> score_night(night, stages=["N2"] * 5, series_min_n=3, imi_max_s=60)
    <Score by aasm3: 4 LM, 4 PLM in 1 series, 4 PLMS, too early for a rate>
    """
    if rules not in PROFILES:
        raise ValueError(f"rules = {rules!r}: expected one of {', '.join(PROFILES)}")
    night = night_of_table(movements)
    if stages is not None:
        night = with_stages(night, stages, epoch_s)
    return score(night, _with_switches(PROFILES[rules], switches))


def _with_switches(profile: RulesProfile, switches: Mapping[str, Any]) -> RulesProfile:
    """Return a rule set with some of its fields changed; times may be given in seconds."""
    known = [field.name for field in fields(RulesProfile) if field.name not in ("name", "not_reported")]
    values = {}
    for name, value in switches.items():
        in_us = f"{name.removesuffix('_s')}_us"
        if name in known:
            values[name] = value
        elif name.endswith("_s") and in_us in known:
            values[in_us] = None if value is None else round(value * 1e6)
        else:
            shown = ", ".join(n.removesuffix("_us") + "_s" if n.endswith("_us") else n for n in known)
            raise ValueError(f"{name!r} is not a switch of the rules: expected one of {shown}")
    return replace(profile, **values)


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

    See Also
    --------
    leg_activity_in_rem

    Examples
    --------
    >>> import numpy as np
    >>> from monitor import detect_movements
    >>> emg_uv = np.random.default_rng(1).normal(0.0, 2.0, 150 * 500)
    >>> for onset_s in (20, 45, 70, 95):
    ...     emg_uv[onset_s * 500 : (onset_s + 2) * 500] *= 15
    >>> sure = how_sure(detect_movements({"left": emg_uv}, 500))
    >>> sure["index_error"]["rules"]["aasm3"]["why_null"]["interval"]
    'less than ten minutes in the denominator'
    """
    scores = {name: score(night, profile) for name, profile in PROFILES.items()}
    return uncertainty(night, scores, UncertaintySettings())


def leg_activity_in_rem(night: Night, rules: str = "wasm2016") -> tuple[RemActivity, ...] | str:
    """Return the muscle activity of each leg in REM sleep, without movements of series and arousals.

    Parameters
    ----------
    night : Night
        With stages, e.g. from `read_events`; movements and twitches are the bursts.
    rules : {"aasm3", "wasm2016"}
        Whose series are left out.

    Returns
    -------
    tuple of RemActivity or str
        One for each leg and one for both; or why there is none. A measurement, not a diagnosis.

    Examples
    --------
    >>> import numpy as np
    >>> from monitor import detect_movements
    >>> quiet = detect_movements({"left": np.random.default_rng(1).normal(0.0, 2.0, 150 * 500)}, 500)
    >>> leg_activity_in_rem(quiet)
    'no stages yet'
    """
    return rem_activity(night, score_night(night, rules))


def fragmentary_myoclonus(source: Session | Night, rules: str = "aasm3") -> tuple[Myoclonus, ...] | str:
    """Return the short potentials of each leg in NREM sleep.

    Parameters
    ----------
    source : Session or Night
        A session's recorded signal is read (some 2 s for each hour). Of a scored list the marks shorter than
        0.15 s are the potentials, of whatever amplitude; a `Night` of the detector has none of them.
    rules : {"aasm3", "wasm2016"}
        Movements of this rule set are left out.

    Returns
    -------
    tuple of Myoclonus or str
        One for each leg; or why there is none. A measurement, not a diagnosis.

    Examples
    --------
    >>> from monitor.scoring import Movement
    >>> marks = [Movement(t * 1_000_000, t * 1_000_000 + 80_000, "left") for t in range(5, 1795, 10)]
    >>> night = with_stages(Night(tuple(marks), end_us=1_800_000_000, legs=("left",)), ["N2"] * 60)
    >>> (left,) = fragmentary_myoclonus(night)
    >>> left.n, left.dense_minutes, left.reference_minutes
    (179, 30, 20)
    """
    if isinstance(source, Session):
        return session_myoclonus(source, rules)
    scored = score_night(source, rules)
    return myoclonus(source, scored, marked_potentials(source, scored.profile))


def tonights_end(session: Session, past: Iterable[Session] = ()) -> Forecast | str:
    """Predict the final main index of a running session, for planning only.

    Parameters
    ----------
    session : Session
        From `read_session`, of a recording that runs.
    past : iterable of Session
        Finished sessions of the same laboratory. From 30 on they recalibrate the interval.

    Returns
    -------
    Forecast or str
        80 % interval, median and chance to end above the reference value; or why there is none.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from monitor import read_session
    >>> from monitor.model.config import load_config
    >>> from monitor.model.facts import Fact
    >>> from monitor.model.run_info import scored_with
    >>> from monitor.session.journal import Journal
    >>> about = {"legs": ["left"], "config": dict(load_config().document)} | scored_with(load_config())
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     journal = Journal(Path(folder) / "journal.jsonl")
    ...     _ = journal.append([Fact("session", 0.0, "x", about), Fact("stop", 60.0, "x", {"reason": "end"})])
    ...     journal.close()
    ...     tonights_end(read_session(folder))
    'the recording has ended'
    """
    if not session.is_running:
        return "the recording has ended"
    old = [past_night(one.night, one.scores[session.main.profile.name]) for one in past]
    return forecast(session.night, session.main, planned_h_from(session.state.session), old)
