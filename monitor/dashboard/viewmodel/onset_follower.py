"""Onsets as soon as they are in the journal, before the session is scored with them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from monitor.dashboard.viewmodel.brackets import with_replaced
from monitor.dashboard.viewmodel.screen import Bracket, MovementsView
from monitor.model.errors import InputError
from monitor.model.facts import Fact
from monitor.session.durability_mark import durable_bytes
from monitor.session.journal_follower import JournalFollower

if TYPE_CHECKING:
    from monitor.model.payloads import MovementData

# An onset that is not scored by then will not be scored, for example because the journal is damaged.
_LONGEST_WAIT_S = 10.0
_AMONG_LAST = 50


class OnsetFollower:
    """Follow a journal from its present end for flagged movements.

    Parameters
    ----------
    path : Path
        ``journal.jsonl``.

    Notes
    -----
    For the painting thread: a call checks the size of the file and reads only new bytes. The presenter reads
    and scores the whole session; its result replaces what is shown from here.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._follower = JournalFollower(path, from_end=True)
        self._waiting: dict[str, Fact[MovementData]] = {}
        self._made: tuple[MovementsView, tuple[str, ...], MovementsView] | None = None

    def over(self, view: MovementsView, now_s: float) -> MovementsView:
        """Return the scored movements with the flagged ones that they do not have yet.

        Parameters
        ----------
        view : MovementsView
            As scored; taken before this call, so that it is never newer.
        now_s : float
            End of the recording so far: a flagged movement extends to it.

        Returns
        -------
        MovementsView
            `view` itself if there is nothing to add; the same object as long as nothing changes.
        """
        for fact in self._new_facts():
            self._take(fact)
        for bracket in view.brackets[-_AMONG_LAST:] if self._waiting else ():
            self._waiting.pop(bracket.key, None)
        for key, fact in list(self._waiting.items()):
            if now_s - float(fact.data["onset"]) > _LONGEST_WAIT_S:
                del self._waiting[key]
        if not self._waiting:
            return view
        keys = tuple(self._waiting)
        if self._made is None or self._made[0] is not view or self._made[1] != keys:
            self._made = (view, keys, self._with_waiting(view, now_s))
        return self._made[2]

    def _take(self, fact: Fact) -> None:
        if fact.kind != "movement":
            return
        moved = cast("Fact[MovementData]", fact)
        if moved.data["phase"] == "onset":
            self._waiting[moved.data["id"]] = moved
        elif moved.data["phase"] == "withdrawn":
            self._waiting.pop(moved.data["id"], None)

    def _with_waiting(self, view: MovementsView, now_s: float) -> MovementsView:
        flagged = [
            Bracket(f.data["onset"], max(now_s, f.data["known"]), f.data["leg"], "flagged", "onset", "", key)
            for key, f in self._waiting.items()
        ]
        brackets, onset_s = with_replaced(view.brackets, view.onset_s, (), flagged)
        return replace(view, brackets=brackets, onset_s=onset_s)

    def _new_facts(self) -> list[Fact]:
        try:
            return self._follower.read_new(durable_bytes(self._path))[0]
        except InputError:
            # The presenter reads the whole journal and reports it.
            return []
