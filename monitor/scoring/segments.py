"""Indices of the parts of a split night, e.g. before and after the start of a treatment."""

from __future__ import annotations

import numpy as np

from monitor.model.rules import RulesProfile
from monitor.scoring.denominators import HOUR_US, StageTimeline
from monitor.scoring.indices import NO_SLEEP, NO_STAGES, NO_WAKE, TOO_EARLY_US
from monitor.scoring.inputs import Night, Span
from monitor.scoring.result import Segment
from monitor.scoring.spans import Spans, intersection, time_before, union
from monitor.scoring.tally import Tally


def segments(
    night: Night, tally: Tally, timeline: StageTimeline, profile: RulesProfile
) -> tuple[Segment, ...]:
    """Return the scores of the parts of a split night, empty if not split.

    Parameters
    ----------
    night : Night
        Its ``segments`` are the parts.
    tally : Tally
        The counts of the LM.
    timeline : Timeline
        Staged and usable time.
    profile : RulesProfile
        Indices it does not report stay None.
    """
    if not night.segments:
        return ()
    awake = intersection(
        [union([timeline.staged(frozenset({"W"}))], 0, timeline.end_us), timeline.any_leg], timeline.end_us
    )
    return tuple(_segment(part, tally, timeline, profile, awake) for part in night.segments)


def _segment(
    part: Span,
    tally: Tally,
    timeline: StageTimeline,
    profile: RulesProfile,
    awake: Spans,
) -> Segment:
    edges = np.array([part.start_us, part.end_us])
    n = {name: int(np.diff(np.searchsorted(onset_us, edges))[0]) for name, onset_us in tally.onset_us.items()}
    in_bed = np.clip(edges, timeline.tib_start_us, timeline.tib_end_us)
    tst_us, wake_us = (int(np.diff(time_before(spans, in_bed))[0]) for spans in (timeline.asleep, awake))
    counts = {f"n_{name}": n[name] for name in ("plms", "plms_arousal", "plmw")}
    values: dict[str, int | float | None] = {}
    why: dict[str, str] = {}
    early = []
    staged = timeline.has_stages
    for name, counted_n, over_us, nothing in (
        ("plms_index", counts["n_plms"], tst_us, NO_SLEEP),
        ("plms_arousal_index", counts["n_plms_arousal"], tst_us, NO_SLEEP),
        ("plmw_index", counts["n_plmw"], wake_us, NO_WAKE),
    ):
        values[name] = counted_n * HOUR_US / over_us if staged and over_us > 0 else None
        why |= {} if values[name] is not None else {name: nothing if staged else NO_STAGES}
        early += [name] if values[name] is not None and over_us < TOO_EARLY_US else []
    values |= {name: counted_n if staged else None for name, counted_n in counts.items()}
    for name in profile.not_reported & values.keys():
        values[name], why[name] = None, f"not reported by {profile.name}"
    length_us, n_plm = part.end_us - part.start_us, n["plm"]
    return Segment(
        label=part.label,
        start_us=part.start_us,
        end_us=part.end_us,
        n_lm=n["lm"],
        n_plm=n_plm,
        tst_h=tst_us / HOUR_US if staged else None,
        wake_h=wake_us / HOUR_US if staged else None,
        plm_per_hour_recorded=n_plm * HOUR_US / length_us,
        too_early=tuple(name for name in early if values[name] is not None)
        + (("plm_per_hour_recorded",) if length_us < TOO_EARLY_US else ()),
        why_null=why,
        **values,  # type: ignore[arg-type]
    )
