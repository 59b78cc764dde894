"""The section of the report on the heart rate around leg movements."""

from __future__ import annotations

from monitor.model.config import uncertainty_from
from monitor.outputs.report import numbers, plots
from monitor.outputs.report.blocks import Block, Table, Text
from monitor.scoring.heart import LEAST_N, METHOD, HeartCourse, heart_response
from monitor.session.reader import Session
from monitor.session.signal.recorded_heart import recorded_beats

_KINDS = {"plm": "in series", "isolated": "isolated", "short_interval": "too early after another one"}
_HEAD = (
    "movements",
    "n",
    "left out",
    "rate before (/min)",
    "change (/min)",
    "largest rise (/min)",
)


def blocks(session: Session) -> list[Block]:
    """List the heart rate around the movements; nothing without an ECG or if switched off."""
    if not uncertainty_from(session.state.session).heart:
        return []
    beats_s = recorded_beats(session)
    if isinstance(beats_s, str):
        return []
    courses = heart_response(beats_s, session.main)
    groups = [(_name(one), one) for one in courses if one.hour is None]
    drawn = [(name, one) for name, one in groups if one.course_bpm]
    by_hour = [(_name(one), one) for one in courses if one.hour is not None]
    main = str(session.summary["main_profile"])
    about = (
        f"Provisional; it informs and does not diagnose. By {numbers.RULE_NAMES.get(main, main)}. From the "
        f"ECG of the recording, from {LEAST_N} movements on. Change: with standard error. Method: {METHOD}."
    )
    return [
        *([plots.heart_plot(drawn)] if drawn else []),
        Table(_HEAD, tuple(_row(name, one) for name, one in (*groups, *by_hour))),
        Text(about, is_small=True),
    ]


def _name(one: HeartCourse) -> str:
    if one.hour is not None:
        return f"{_KINDS[one.kind]}, hour {one.hour + 1} of the recording"
    return f"{_KINDS[one.kind]}, {'with' if one.arousal else 'without'} arousal"


def _row(name: str, one: HeartCourse) -> tuple[str, ...]:
    if one.before_bpm is None or one.change_bpm is None or one.peak_bpm is None:
        return (name, str(one.n), str(one.n_left_out), *([numbers.NONE] * 3))
    return (
        name,
        str(one.n),
        str(one.n_left_out),
        f"{one.before_bpm:.1f}",
        f"{one.change_bpm:+z.1f} ± {one.error_bpm:.1f}",
        f"{one.peak_bpm:+z.1f} at {one.peak_at_s:g} s",
    )
