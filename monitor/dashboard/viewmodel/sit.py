"""The suggested immobilisation test on the screen: clock, question for the discomfort, results. No Qt."""

from __future__ import annotations

import math
from dataclasses import replace

from monitor.dashboard import texts
from monitor.dashboard.viewmodel.screen import IndexView, RuleLine, SitView
from monitor.model import wording
from monitor.scoring.sit import BLOCK_US, LENGTH_US, REFERENCE_PER_H, SitTest

_N_BLOCKS = LENGTH_US // BLOCK_US


def sit_view(found: SitTest | None, now_s: float, *, is_ended: bool) -> SitView:
    """Make the view of a test.

    Parameters
    ----------
    found : SitTest or None
        As of the last score, which may be some seconds old; None before it begins.
    now_s : float
        Length of the recording (s).
    is_ended : bool
        Whether a person ended it early.
    """
    heads = tuple(f"{10 * i}-{10 * i + 10}" for i in range(_N_BLOCKS))
    rows = (("min", *heads), ("PLMW", *_cells(found, "n_plmw")), ("discomfort", *_cells(found, "discomfort")))
    length = wording.minutes_seconds(LENGTH_US / 1e6)
    if found is None:
        return SitView(f"0:00 / {length}", texts.SIT_READY, "", rows, is_begun=False, is_over=False)
    passed_s = now_s - found.start_us / 1e6
    is_hour_over = passed_s >= LENGTH_US / 1e6
    is_early, is_over = is_ended and not found.is_complete, is_ended or is_hour_over
    shown_s = (found.end_us - found.start_us) / 1e6 if is_early else min(passed_s, LENGTH_US / 1e6)
    state = texts.SIT_ENDED_EARLY if is_early else texts.SIT_OVER if is_over else texts.SIT_RUNNING
    clock = f"{wording.minutes_seconds(math.floor(shown_s))} / {length}"
    return SitView(
        clock, state, "" if is_early else _question(found, passed_s), rows, is_begun=True, is_over=is_over
    )


def _cells(found: SitTest | None, key: str) -> tuple[str, ...]:
    values = [] if found is None else [getattr(block, key) for block in found.blocks]
    cells = [wording.NONE if value is None else f"{value:g}" for value in values]
    return (*cells, *[""] * (_N_BLOCKS - len(cells)))


def _question(found: SitTest, passed_s: float) -> str:
    """Return the question that is due: at the begin, and at each full ten minutes."""
    n = math.floor(passed_s * 1e6 / BLOCK_US)
    if n == 0:
        return "" if found.discomfort_start is not None else texts.SIT_QUESTION_START
    if n > _N_BLOCKS or n > len(found.blocks):
        return ""
    return "" if found.blocks[n - 1].discomfort is not None else texts.SIT_QUESTION.format(minutes=10 * n)


def index_of(found: SitTest | None, index: IndexView) -> IndexView:
    """Return what stands in the place of the index: movements awake per hour of the test."""
    index = replace(index, band="", thresholds="", letter_text="")
    if found is None:
        return replace(
            index, title=texts.SIT_TITLE, value=texts.SIT, unit="", count=None, counted="PLMW", trend="",
            is_too_early=False, is_word=True, remark=texts.SIT_READY, rules=(),
        )  # fmt: skip
    is_early, length = found.plmw_index is None, wording.hours(found.counted_us)
    reference = texts.SIT_REFERENCE.format(reference=REFERENCE_PER_H)
    rules = tuple(
        RuleLine(name, wording.rate(rate), f"{n} PLMW in {length} of the test", is_early, "")
        for name, n, rate in (
            ("Intervals 10-90 s", found.n_plmw, found.plmw_index),
            ("Intervals 4-90 s", found.n_plm_4_90, found.plm_index_4_90),
        )
    )
    return replace(
        index,
        title="PLMW so far" if is_early else texts.SIT_INDEX,
        value=wording.count(found.n_plmw) if is_early else wording.big_rate(found.plmw_index),
        unit=f"PLMW in\n{length}\nof the test" if is_early else "per hour\nof the test",
        count=found.n_plmw,
        counted="PLMW",
        is_too_early=is_early,
        remark=f"{texts.NO_RATE_YET} · {reference}" if is_early else reference,
        trend="",
        rules=rules,
    )
