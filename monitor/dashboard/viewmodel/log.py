"""The log: movements, exclusions with their reasons, notes, technical events; newest first. Search in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter

from monitor.dashboard.viewmodel.brackets import is_undecided
from monitor.dashboard.viewmodel.scored_prefix import ScoredPrefix
from monitor.model import wording
from monitor.scoring import Score, ScoredLM
from monitor.scoring.scored_lm import LOOKALIKES
from monitor.session.log_entries import LogRow
from monitor.session.wall_time import WallTime


class MovementRows:
    """Make the log rows of the leg movements; only changed ones are made again."""

    def __init__(self) -> None:
        self._prefix = ScoredPrefix()
        self._authors: Mapping[str, str] = {}
        # One for each LM; None for those that are not listed yet.
        self._rows: list[LogRow | None] = []

    def list(self, score: Score, staged_s: float, authors: Mapping[str, str]) -> list[LogRow]:
        """List the movements; stages are known up to `staged_s`.

        Parameters
        ----------
        score : Score
        staged_s : float
        authors : Mapping of str to str
            Who entered the movements that a person entered, by their names.
        """
        n = self._prefix.update(score, staged_s)
        if authors != self._authors:
            self._authors, n = dict(authors), 0
        del self._rows[n:]
        for lm, place in zip(score.lms[n:], self._prefix.places[n:], strict=True):
            is_listed = not lm.provisional or lm.why != "open"
            row = (
                _movement(lm, place, is_undecided(lm, staged_s), _author(lm, authors)) if is_listed else None
            )
            self._rows.append(row)
        return [row for row in self._rows if row is not None]


def _author(lm: ScoredLM, authors: Mapping[str, str]) -> str | None:
    """Return who entered a movement, empty if unknown; None if it was detected."""
    return next((authors[key] for key in lm.keys if key in authors), None)


def _movement(lm: ScoredLM, place: int, is_waiting: bool, author: str | None) -> LogRow:
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
    what += "" if author is None else "  by hand"
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
        author=author or "",
        stage=lm.stage or "",
    )


_LEG_WORDS = {"left": "l", "right": "r", "both": "l+r"}


def matches(row: LogRow, search: str) -> bool:
    """Whether an entry has all words of a search, in any of its texts.

    A word with a name looks in one field only: ``kind:movement``, ``leg:left``, ``stage:N2``,
    ``reason:wake``, ``author:kim``. Case is ignored.
    """
    return all(_has(row, word) for word in search.lower().split())


def _has(row: LogRow, word: str) -> bool:
    name, colon, value = word.partition(":")
    if colon and name in _FIELDS:
        return value in _FIELDS[name](row).lower() if name != "stage" else value == row.stage.lower()
    if colon and name == "leg":
        return _LEG_WORDS.get(value, value) in row.leg.lower()
    return word in " ".join((row.what, row.detail, row.stage, row.author)).lower()


_FIELDS: Mapping[str, Callable[[LogRow], str]] = {
    "kind": lambda row: row.kind,
    "stage": lambda row: row.stage,
    "reason": lambda row: row.detail,
    "author": lambda row: row.author,
}


def as_tsv(rows: Iterable[LogRow], wall: WallTime) -> str:
    """Write entries as a table with tabs, oldest first, for a spreadsheet."""
    lines = ["\t".join(TSV_HEADS)]
    for row in sorted(rows, key=lambda each: each.t_s):
        struck = "undone" if row.is_struck else ""
        detail = row.detail if row.detail != row.what else ""
        cells = [wall.text(row.t_s), f"{row.t_s:.3f}", row.kind, row.leg, row.what, row.duration, row.imi]
        cells += [row.stage, row.author, detail, struck]
        lines.append("\t".join(" ".join(cell.split()) for cell in cells))
    return "\n".join(lines) + "\n"


TSV_HEADS = (
    "time", "t_s", "kind", "leg", "event", "duration_s", "imi_s", "stage", "author", "detail", "state",
)  # fmt: skip


def merge(movements: Iterable[LogRow], others: Iterable[LogRow]) -> tuple[LogRow, ...]:
    """Merge and sort entries, newest first."""
    return tuple(sorted((*movements, *others), key=attrgetter("t_s"), reverse=True))
