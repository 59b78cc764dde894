"""The log: movements, exclusions with their reasons, notes, technical events; newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from monitor.dashboard.viewmodel.brackets import Memo, is_undecided, numbers_in_series
from monitor.model import wording
from monitor.scoring import Score, ScoredLM
from monitor.scoring.scored_lm import LOOKALIKES
from monitor.session.log_entries import LogRow

LOG_FILTERS: Mapping[str, frozenset[str] | None] = {
    "all": None,
    "movements": frozenset({"movement"}),
    "notes": frozenset({"note", "person"}),
    "technical": frozenset({"technical"}),
}
"""Filters of the log: the kinds of rows shown, None for all."""


class MovementRows:
    """Make the log rows of the leg movements; only changed ones are made again."""

    def __init__(self) -> None:
        self._rows: Memo[LogRow] = Memo()

    def list(self, score: Score, staged_s: float) -> list[LogRow]:
        """List the movements; stages are known up to `staged_s`."""
        places = numbers_in_series(score)
        sources = (
            (lm.keys, (lm, places.get(lm.keys, 0), is_undecided(lm, staged_s)))
            for lm in score.lms
            if not lm.provisional or lm.why != "open"
        )
        return self._rows.each(sources, _movement)


def _movement(lm: ScoredLM, place: int, is_waiting: bool) -> LogRow:
    detail = lm.reason
    if lm.plm:
        what = f"PLM {place}" + ("  arousal" if lm.arousal else "")
    elif lm.candidate:
        what = "LM"
    elif is_waiting:
        what, detail = "LM  stage pending", "its sleep stage is not known yet"
    elif lm.why in LOOKALIKES:
        what = wording.lm_why(lm.why)
    else:
        what = f"LM  {wording.lm_why(lm.why)}"
    return LogRow(
        t_s=lm.onset_us / 1e6,
        kind="movement",
        leg=wording.LEG_SHORT[lm.leg],
        what=what,
        detail=detail,
        duration=f"{(lm.end_us - lm.onset_us) / 1e6:.1f}",
        imi="" if lm.imi_us is None else f"{lm.imi_us / 1e6:.1f}",
        is_dim=not lm.plm,
        is_strong=lm.plm,
        is_struck=False,
        seq=None,
        keys=lm.keys,
    )


def merge(movements: Iterable[LogRow], others: Iterable[LogRow]) -> tuple[LogRow, ...]:
    """Merge and sort entries, newest first."""
    return tuple(sorted((*movements, *others), key=lambda row: row.t_s, reverse=True))
