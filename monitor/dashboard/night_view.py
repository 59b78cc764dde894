"""The night at a glance: hypnogram, movements, gaps, and how index and rate went."""

from __future__ import annotations

import numpy as np

from monitor.dashboard.estimate_view import probability_curve
from monitor.dashboard.time_views import Flag, Floats, GapSpan, ImiView, NightView, StageSpan
from monitor.score import SLEEP, Night, Score
from monitor.score.denominators import Timeline
from monitor.score.spans import Ints, Spans, bounds, intersection, time_before, union
from monitor.session.fold import NightState

_GRID_US = 30_000_000
_WINDOW_US = 1_800_000_000
_RATE_FROM_US = 600_000_000
_HOUR_US = 3.6e9
_IMI_EDGES_S = np.geomspace(1.0, 200.0, 47)


def curves(night: Night, score: Score) -> tuple[Floats, Floats, Floats]:
    """Return how the index and the 30-min rate went, as far as is known now.

    Returns
    -------
    t_s : ndarray, shape (n,)
        A point each half minute, and the end.
    index_per_h : ndarray, shape (n,)
        PLMS so far per hour of sleep so far (PLM per hour recorded without stages); NaN in the first
        10 min of its denominator.
    rate_per_h : ndarray, shape (n,)
        PLM of the 30 min of usable time before, per hour of it; NaN in the first 10 min.
    """
    line = Timeline(night)
    end_us = line.end_us
    grid: Ints = np.append(np.arange(0, end_us, _GRID_US, dtype=np.int64), end_us)
    plm = np.array([lm.onset_us for lm in score.lms if lm.plm], np.int64)
    if line.has_stages:
        counted = np.array([lm.onset_us for lm in score.lms if lm.plm and lm.counted_in == "sleep"], np.int64)
        base_us = time_before(_asleep(night, line), grid)
    else:
        counted, base_us = plm, grid
    n = np.searchsorted(counted, grid, side="right")
    index = _rate(n, base_us)
    usable_us = time_before(line.any_leg, grid)
    at_us = time_before(line.any_leg, plm)
    first = np.searchsorted(at_us, usable_us - _WINDOW_US, side="right")
    last = np.searchsorted(plm, grid, side="right")
    return grid / 1e6, index, _rate(last - first, np.minimum(usable_us, _WINDOW_US))


def _rate(n: Ints, base_us: Ints) -> Floats:
    rate = np.full(n.shape, np.nan)
    known = base_us >= _RATE_FROM_US
    rate[known] = n[known] / (base_us[known] / _HOUR_US)
    return rate


def _asleep(night: Night, line: Timeline) -> Spans:
    """Return the sleep that counts: staged so, in bed, with a leg that could be scored."""
    sleep = bounds([epoch for epoch in night.epochs if epoch.stage in SLEEP])
    in_bed = (np.array([line.tib_start_us]), np.array([line.tib_end_us]))
    staged = union([sleep], 0, line.end_us)
    return intersection([staged, line.any_leg, union([in_bed], 0, line.end_us)], line.end_us)


def night_view(
    state: NightState, night: Night, score: Score, known: tuple[Floats, Floats, Floats], name: str
) -> NightView:
    """Put the overview together; `known` is what `curves` returned, `name` that of the index."""
    onsets = {leg: _of_leg(score, leg) for leg in ("left", "right")}
    return NightView(
        end_s=night.end_us / 1e6,
        stages=_stages(night),
        onsets={leg: found[0] for leg, found in onsets.items()},
        is_plm={leg: found[1] for leg, found in onsets.items()},
        gaps=tuple(
            GapSpan(span.start_us / 1e6, span.end_us / 1e6, leg, span.label)
            for leg in state.legs
            for span in night.unusable.get(leg, ())
            if span.label != "learning"
        )
        + tuple(
            GapSpan(each.start_us / 1e6, each.end_us / 1e6, leg, each.label or "artifact")
            for each in night.artifacts
            for leg in state.legs
            if leg in each.legs
        ),
        flags=_flags(state),
        lights_off_s=None if night.lights_off_us is None else night.lights_off_us / 1e6,
        lights_on_s=None if night.lights_on_us is None else night.lights_on_us / 1e6,
        curve_s=known[0],
        index_per_h=known[1],
        rate_per_h=known[2],
        index_name=name,
        reference_per_h=score.profile.reference_per_h,
        audience=score.profile.audience,
        estimate=probability_curve(night),
    )


def _of_leg(score: Score, leg: str) -> tuple[Floats, np.ndarray[tuple[int], np.dtype[np.bool_]]]:
    mine = [lm for lm in score.lms if lm.leg in (leg, "both")]
    return np.array([lm.onset_us / 1e6 for lm in mine]), np.array([lm.plm for lm in mine], np.bool_)


def _stages(night: Night) -> tuple[StageSpan, ...]:
    """Join epochs of one stage that follow each other."""
    spans: list[StageSpan] = []
    for epoch in sorted(night.epochs, key=lambda e: e.start_us):
        start_s, end_s = epoch.start_us / 1e6, epoch.end_us / 1e6
        if spans and spans[-1].stage == epoch.stage and start_s - spans[-1].end_s < 1.0:
            spans[-1] = StageSpan(spans[-1].start_s, end_s, epoch.stage)
        else:
            spans.append(StageSpan(start_s, end_s, epoch.stage))
    return tuple(spans)


def _flags(state: NightState) -> tuple[Flag, ...]:
    flags = [Flag(f.t or 0.0, "note", str(f.data["text"])) for f in state.facts("note")]
    flags += [Flag(f.t or 0.0, "lights", f"lights {f.data['state']}") for f in state.facts("lights")]
    flags += [Flag(f.t or 0.0, "segment", str(f.data.get("label", ""))) for f in state.facts("segment")]
    return tuple(sorted(flags))


def imi_view(score: Score) -> ImiView:
    """Count the intervals on a log axis."""
    imi_s = np.array([lm.imi_us / 1e6 for lm in score.lms if lm.imi_us is not None])
    counts, edges = np.histogram(imi_s, _IMI_EDGES_S)
    low_s, high_s = score.profile.imi_min_us / 1e6, score.profile.imi_max_us / 1e6
    inside = imi_s[(imi_s >= low_s) & (imi_s <= high_s)]
    median = f"median {np.median(inside):.1f} s" if len(inside) else "no interval yet"
    return ImiView(edges, counts, (low_s, high_s), median)
