"""The mode of a bio-calibration on the screen: no number that a requested movement could change. No Qt."""

from __future__ import annotations

from dataclasses import replace

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import BiocalView, IndexView, Lift, SeriesView
from monitor.model import wording
from monitor.session.state import SessionState


def biocal_view(state: SessionState, now_s: float) -> BiocalView | None:
    """Make the view of the latest bio-calibration, None without one."""
    found = state.biocals(now_s)
    if not found:
        return None
    one = found[-1]
    lifts = []
    for fact in state.movements():
        data = fact.data
        peak_uv, rest_uv = data.get("peak_uv"), data.get("resting_uv")
        is_inside = data["phase"] == "closed" and one.start_s < data["onset"] <= one.end_s
        if is_inside and peak_uv is not None and rest_uv is not None:
            lifts.append(Lift(data["leg"], data["onset"], peak_uv - rest_uv))
    return BiocalView(
        one.start_s, one.limit_s, one.ended, tuple(sorted(lifts, key=lambda each: each.onset_s))
    )


def index_during(biocal: BiocalView | None, index: IndexView) -> IndexView:
    """Return what stands in the place of the index: the mode, while a bio-calibration runs."""
    if biocal is None or not biocal.is_running:
        return index
    return replace(
        index,
        title=texts.BIOCAL_TITLE,
        value=texts.BIOCAL,
        unit="",
        is_too_early=False,
        is_word=True,
        remark=texts.BIOCAL_REMARK,
        trend="",
        band="",
        thresholds="",
        letter_text="",
    )


def series_during(biocal: BiocalView | None, series: SeriesView) -> SeriesView:
    """Return the panel of the series: none while a bio-calibration runs."""
    if biocal is None or not biocal.is_running:
        return series
    return SeriesView("none", wording.NONE, wording.NONE, wording.NONE, texts.BIOCAL_REMARK)
