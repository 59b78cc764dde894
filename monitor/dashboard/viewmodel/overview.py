"""The overview of the night: hypnogram, movements, gaps, curves of index and rate.

Also the remark on estimated sleep stages: share, agreement, or why there are none. No Qt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.numbers import index_key
from monitor.dashboard.viewmodel.screen import (
    EventSpan,
    Flag,
    GapSpan,
    ImiView,
    OverviewView,
    Screen,
    StageSpan,
    TopView,
)
from monitor.model.wording import counted
from monitor.scoring import Epoch, Night, Score, ScoredLM
from monitor.scoring.night_tables import same_n
from monitor.scoring.spans import Floats
from monitor.session.conditions import join_spans
from monitor.session.markers import EPOCH_S
from monitor.session.state import SessionState

_WHY_NONE = ("no EEG", "not installed", "failed")


def estimate_remark(state: SessionState, score: Score, *, has_estimate: bool) -> str:
    """Return the remark on estimated sleep stages beside the main index, empty if there is none.

    Parameters
    ----------
    state : SessionState
    score : Score
        As shown: with the estimated stages, or without them if they are ignored.
    has_estimate : bool
        Whether any stage was estimated so far.
    """
    den = score.denominators
    if den.n_epochs_auto:
        agreed = state.staging_agreement()
        remark = f"{den.estimated_share:.0%} estimated"
        if agreed is not None:
            remark += f", {agreed.share:.0%} agree ({counted(agreed.n_epochs, 'epoch')})"
        return remark
    if has_estimate:
        return "estimated stages ignored (U)"
    latest = state.facts("staging")
    if not den.has_stages and latest and latest[-1].data["state"] in _WHY_NONE:
        return str(latest[-1].data["reason"])
    return ""


class Hypnogram:
    """The stages as the overview shows them; made again when the epochs have changed.

    Attributes
    ----------
    spans : tuple of StageSpan
        Consecutive epochs of the same stage joined.
    estimate : tuple of ndarray
        See `probability_curve`.
    """

    def __init__(self) -> None:
        self._epochs: tuple[Epoch, ...] = ()
        self.spans: tuple[StageSpan, ...] = ()
        self.estimate = probability_curve(())

    def update(self, epochs: tuple[Epoch, ...]) -> None:
        """Take the epochs, in order of time."""
        if epochs != self._epochs:
            self._epochs, self.spans, self.estimate = epochs, _spans(epochs), probability_curve(epochs)


def probability_curve(epochs: Iterable[Epoch]) -> tuple[Floats, Floats]:
    """Return the estimated probability of sleep as steps, from the epochs in order of time.

    Returns
    -------
    t_s, p : ndarray, shape (n,)
        Two points for each estimated epoch; 0 between them.
    """
    t_s: list[float] = []
    p: list[float] = []
    for epoch in epochs:
        if epoch.p_sleep is None:
            continue
        start_s, end_s = epoch.start_us / 1e6, epoch.end_us / 1e6
        if t_s and start_s - t_s[-1] > 1.0:
            t_s += [t_s[-1], start_s]
            p += [0.0, 0.0]
        t_s += [start_s, end_s]
        p += [epoch.p_sleep, epoch.p_sleep]
    return np.array(t_s), np.array(p)


_IMI_EDGES_S = np.geomspace(1.0, 200.0, 47)


class MovementColumns:
    """The LM of the latest score as columns; only those that changed are read again.

    Attributes
    ----------
    onset_us, imi_us : ndarray of int64, shape (n_lms,)
        Onset; interval, -1 if it has none.
    is_plm : ndarray of bool, shape (n_lms,)
    of_leg : dict of str to ndarray of bool, shape (n_lms,)
        By leg, whether it is of that leg, or of both.
    """

    def __init__(self) -> None:
        self._lms: tuple[ScoredLM, ...] = ()
        self.onset_us = self.imi_us = np.zeros(0, np.int64)
        self.is_plm = np.zeros(0, np.bool_)
        self.of_leg = dict.fromkeys(("left", "right"), self.is_plm)

    def update(self, lms: tuple[ScoredLM, ...]) -> None:
        """Take the LM of the next score."""
        n = same_n(self._lms, lms)
        new, self._lms = lms[n:], lms
        imi_us = [-1 if lm.imi_us is None else lm.imi_us for lm in new]
        self.onset_us = np.append(self.onset_us[:n], np.array([lm.onset_us for lm in new], np.int64))
        self.imi_us = np.append(self.imi_us[:n], np.array(imi_us, np.int64))
        self.is_plm = np.append(self.is_plm[:n], np.array([lm.plm for lm in new], np.bool_))
        for leg, before in self.of_leg.items():
            own = np.array([lm.leg in (leg, "both") for lm in new], np.bool_)
            self.of_leg[leg] = np.append(before[:n], own)


def overview_view(
    state: SessionState,
    night: Night,
    score: Score,
    movements: MovementColumns,
    known: tuple[Floats, Floats, Floats],
    hypnogram: Hypnogram,
) -> OverviewView:
    """Make the overview of a score and its movements; `known` is the result of `curves`."""
    return OverviewView(
        end_s=night.end_us / 1e6,
        stages=hypnogram.spans,
        onsets={leg: movements.onset_us[own] / 1e6 for leg, own in movements.of_leg.items()},
        is_plm={leg: movements.is_plm[own] for leg, own in movements.of_leg.items()},
        gaps=tuple(
            GapSpan(start_s, end_s, leg, causes)
            for leg in state.legs
            for start_s, end_s, causes in join_spans(
                (span.start_us / 1e6, span.end_us / 1e6, span.label)
                for span in night.unusable.get(leg, ())
                if span.label != "learning"
            )
        )
        + tuple(
            GapSpan(each.start_us / 1e6, min(each.end_us, night.end_us) / 1e6, leg, each.label or "artifact")
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
        index_name=index_key(score)[1],
        reference_per_h=score.profile.reference_per_h,
        audience=score.profile.audience,
        estimate=hypnogram.estimate,
        events=_events(state, night.end_us / 1e6),
    )


def _events(state: SessionState, end_s: float) -> tuple[EventSpan, ...]:
    """Return arousals, respiratory events, artifacts and positions; one that lasts ends at `end_s`."""
    facts = (*state.facts("arousal"), *state.facts("respiratory"), *state.facts("artifact"))
    found = []
    for fact in facts:
        start_s, length_s = fact.t or 0.0, fact.data["duration_s"]
        until_s = max(start_s, end_s) if length_s is None else start_s + length_s
        label, is_of_all = str(fact.data.get("label") or fact.kind), not fact.data.get("legs")
        found.append(EventSpan(start_s, until_s, fact.kind, label, is_of_all))
    positions = sorted((fact.t or 0.0, fact.data["position"]) for fact in state.facts("position"))
    ends_s = [t_s for t_s, _ in positions[1:]] + [end_s]
    for (start_s, label), until_s in zip(positions, ends_s, strict=False):
        found.append(EventSpan(start_s, max(start_s, until_s), "position", str(label)))
    return tuple(sorted(found))


def _spans(epochs: Iterable[Epoch]) -> tuple[StageSpan, ...]:
    """Join consecutive epochs of the same stage."""
    spans: list[StageSpan] = []
    for epoch in epochs:
        start_s, end_s = epoch.start_us / 1e6, epoch.end_us / 1e6
        if spans and spans[-1].stage == epoch.stage and start_s - spans[-1].end_s < 1.0:
            spans[-1] = StageSpan(spans[-1].start_s, end_s, epoch.stage)
        else:
            spans.append(StageSpan(start_s, end_s, epoch.stage))
    return tuple(spans)


def _flags(state: SessionState) -> tuple[Flag, ...]:
    flags = [Flag(f.t or 0.0, "note", str(f.data["text"])) for f in state.facts("note")]
    flags += [Flag(f.t or 0.0, "lights", f"lights {f.data['state']}") for f in state.facts("lights")]
    flags += [Flag(f.t or 0.0, "segment", str(f.data.get("label", ""))) for f in state.facts("segment")]
    return tuple(sorted(flags))


def imi_view(score: Score, movements: MovementColumns) -> ImiView:
    """Make the histogram of the intervals on a log axis, of a score and its movements."""
    imi_s = movements.imi_us[movements.imi_us >= 0] / 1e6
    counts, edges = np.histogram(imi_s, _IMI_EDGES_S)
    low_s, high_s = score.profile.imi_min_us / 1e6, score.profile.imi_max_us / 1e6
    inside = imi_s[(imi_s >= low_s) & (imi_s <= high_s)]
    median = f"median {np.median(inside):.1f} s" if len(inside) else "no interval yet"
    return ImiView(edges, counts, (low_s, high_s), median)


def top_of(screen: Screen, page_s: tuple[float, float] | None) -> TopView:
    """Return the top bar: of a finished session with the stage, time and epoch of the page that is shown.

    Parameters
    ----------
    screen : Screen
    page_s : tuple of float, optional
        Start and end of the page (s); None while live.
    """
    if page_s is None or screen.top.phase == "recording":
        return screen.top
    middle_s = min(max(sum(page_s) / 2, 0.0), screen.top.recorded_s)
    found = [span for span in screen.night.stages if span.start_s <= middle_s < span.end_s]
    return replace(
        screen.top,
        clock_name=texts.PAGE_AT,
        clock_text=screen.wall.text(middle_s),
        epoch=int(middle_s // EPOCH_S) + 1,
        stage=found[0].stage if found else "",
        stage_about="" if found else texts.NO_STAGE_ON_PAGE,
    )
