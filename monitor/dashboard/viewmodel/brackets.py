"""The movements as the trace shows them, from onset to scored movement.

Results are cached by source: only what has changed is computed again.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from monitor.dashboard.viewmodel.scored_prefix import ScoredPrefix
from monitor.dashboard.viewmodel.screen import Bracket, Life, MovementsView, SeriesTick
from monitor.model import wording
from monitor.model.facts import MOVEMENT_KINDS, QUALITY_KINDS, Fact
from monitor.scoring import Score, ScoredLM
from monitor.scoring.night_tables import same_n
from monitor.scoring.scored_lm import LOOKALIKES
from monitor.scoring.spans import Floats
from monitor.session.movement_parts import to_us

if TYPE_CHECKING:
    from monitor.model.payloads import LimbData, MovementData, RejectData

_Made = TypeVar("_Made")


class Memo(Generic[_Made]):
    """Cache of objects made from sources; an unchanged source returns the same object.

    Notes
    -----
    A late fact may change any of thousands of movements, so all are compared; a comparison costs a tenth of
    making an object.
    """

    def __init__(self) -> None:
        self._known: dict[Hashable, tuple[tuple[Any, ...], _Made]] = {}

    def each(
        self, sources: Iterable[tuple[Hashable, tuple[Any, ...]]], make: Callable[..., _Made]
    ) -> list[_Made]:
        """Return the result of `make` for each source, in the same order.

        Parameters
        ----------
        sources : iterable of (key, source)
            The key selects the previous source to compare with; the source holds the arguments of `make`.
        make : callable
            Must depend on its arguments only.
        """
        before, self._known, made = self._known, {}, []
        for key, source in sources:
            known = before.get(key)
            if known is None or known[0] != source:
                known = (source, make(*source))
            self._known[key] = known
            made.append(known[1])
        return made


# Two legs have at most two open movements; sorted by onset these are near the end.
_OPEN_AMONG_LAST = 50
_RUNNING = ("onset", "confirmed")


class Brackets:
    """Make the brackets of all movements; only changed ones are made again."""

    def __init__(self) -> None:
        self._prefix = ScoredPrefix()
        self._lms: tuple[ScoredLM, ...] = ()
        self._twitches: tuple[ScoredLM, ...] = ()
        self._lm_of: dict[str, tuple[ScoredLM, int]] = {}
        self._facts: list[Fact[MovementData]] = []
        self._made: list[Bracket | None] = []
        # The latest onset (us) of the first facts: no LM before it has one of those that follow.
        self._reached_us: list[float] = []
        # Sorted by onset, with their onsets; and the number of ticks before each LM.
        self._view = MovementsView()
        self._ticks_before: list[int] = [0]
        self._limbs: Memo[Bracket | None] = Memo()
        # The keys of each rejected event, by the keys of its movements.
        self._rejected: dict[str, tuple[str, ...]] = {}

    def view(
        self,
        facts: Iterable[Fact[MovementData]],
        score: Score | None,
        now_s: float,
        staged_s: float,
        limbs: Iterable[Fact[LimbData]] = (),
        rejected: Iterable[Fact[RejectData]] = (),
    ) -> MovementsView:
        """Make the brackets.

        Parameters
        ----------
        facts : iterable of Fact
            The latest fact of each movement.
        score : Score or None
            By the main profile; None before the first score.
        now_s : float
            End of the recording so far: an open movement extends to it.
        staged_s : float
            End of the last known stage: after it a missing stage excludes no movement yet.
        limbs : iterable of Fact
            The latest fact of each movement of a limb that is not scored.
        rejected : iterable of Fact
            The rejections in force. What was rejected as one event remains one: it is restored as one.
        """
        self._rejected = {
            key: tuple(fact.data["movements"]) for fact in rejected for key in fact.data["movements"]
        }
        n = self._prefix.update(score, staged_s)
        outdated, new = self._make(list(facts), self._changed_from_us(score, n), now_s, staged_s)
        brackets, onset_s = with_replaced(self._view.brackets, self._view.onset_s, outdated, new)
        ticks, tick_s = self._new_ticks(n)
        of_limbs = self._of_limbs(limbs, now_s)
        limb_s = np.array([b.onset_s for b in of_limbs])
        self._view = MovementsView(brackets, onset_s, ticks, tick_s, of_limbs, limb_s)
        return self._view

    def _new_ticks(self, n: int) -> tuple[tuple[SeriesTick, ...], Floats]:
        """Return the ticks of the present LM, of which the first `n` are as before, and their onsets."""
        before = self._view.ticks, self._view.tick_s
        if n == len(self._lms) == len(self._ticks_before) - 1:
            return before
        del self._ticks_before[n + 1 :]
        kept_n, new = self._ticks_before[-1], []
        for lm, place in zip(self._lms[n:], self._prefix.places[n:], strict=True):
            if lm.plm:
                new.append(_tick(lm.onset_us, lm.imi_us, place))
            self._ticks_before.append(kept_n + len(new))
        return (*before[0][:kept_n], *new), np.append(before[1][:kept_n], [t.onset_s for t in new])

    def _changed_from_us(self, score: Score | None, n: int) -> float:
        """Take the next score, of which the first `n` LM are as before; return from when on any is not."""
        lms, twitches = ((), ()) if score is None else (score.lms, score.twitches)
        twitch_n = same_n(self._twitches, twitches)
        outdated = (*self._lms[n:], *self._twitches[twitch_n:])
        for lm in outdated:
            for key in lm.keys:
                self._lm_of.pop(key, None)
        new = [*zip(lms[n:], self._prefix.places[n:], strict=True), *((lm, 0) for lm in twitches[twitch_n:])]
        for lm, place in new:
            for key in lm.keys:
                self._lm_of[key] = lm, place
        self._lms, self._twitches = lms, twitches
        return min((lm.onset_us for lm in (*outdated, *(lm for lm, _ in new))), default=float("inf"))

    def _make(
        self, facts: list[Fact[MovementData]], changed_us: float, now_s: float, staged_s: float
    ) -> tuple[list[Bracket], list[Bracket]]:
        """Make the brackets that may have changed; return those that they replace, and them."""
        n = min(same_n(self._facts, facts), bisect.bisect_left(self._reached_us, changed_us))
        outdated = [bracket for bracket in self._made[n:] if bracket is not None]
        del self._made[n:], self._reached_us[n:]
        reached_us = self._reached_us[-1] if n else float("-inf")
        for fact in facts[n:]:
            lm, place = self._lm_of.get(fact.data["id"], (None, 0))
            is_waiting = lm is not None and is_undecided(lm, staged_s)
            is_running = fact.data["phase"] in _RUNNING
            # Only an open movement grows with time: it is made again each time, and what follows it.
            reached_us = max(reached_us, float("inf") if is_running else to_us(fact.data["onset"]))
            bracket = _bracket(fact, lm, place, is_waiting, now_s if is_running else None)
            if bracket is not None and lm is not None and lm.why == "rejected":
                bracket = bracket._replace(event=self._rejected.get(bracket.key, lm.keys))
            self._made.append(bracket)
            self._reached_us.append(reached_us)
        self._facts = facts
        return outdated, [bracket for bracket in self._made[n:] if bracket is not None]

    def _of_limbs(self, facts: Iterable[Fact[LimbData]], now_s: float) -> tuple[Bracket, ...]:
        sources = (
            (fact.data["id"], (fact, now_s if fact.data["phase"] in _RUNNING else None)) for fact in facts
        )
        found = self._limbs.each(sources, _limb_bracket)
        return tuple(sorted(bracket for bracket in found if bracket is not None))


def with_replaced(
    before: tuple[Bracket, ...], onset_s: Floats, outdated: Sequence[Bracket], new: Sequence[Bracket]
) -> tuple[tuple[Bracket, ...], Floats]:
    """Replace brackets of a sorted row; return it with its onsets. Those before the first stay."""
    first_s = min((bracket.onset_s for bracket in (*outdated, *new)), default=float("inf"))
    n = int(np.searchsorted(onset_s, first_s))
    gone = set(map(id, outdated))
    behind = sorted([*(bracket for bracket in before[n:] if id(bracket) not in gone), *new])
    return (*before[:n], *behind), np.append(onset_s[:n], [bracket.onset_s for bracket in behind])


def grown(view: MovementsView, now_s: float) -> MovementsView:
    """Extend the open movements to now; everything else is unchanged."""
    brackets, limbs = _all_grown(view.brackets, now_s), _all_grown(view.limbs, now_s)
    if brackets is view.brackets and limbs is view.limbs:
        return view
    return replace(view, brackets=brackets, limbs=limbs)


def _all_grown(brackets: tuple[Bracket, ...], now_s: float) -> tuple[Bracket, ...]:
    old = brackets[-_OPEN_AMONG_LAST:]
    new = tuple(_grown(b, now_s) if b.life in ("flagged", "open") else b for b in old)
    return brackets if new == old else (*brackets[: -len(old)], *new)


def _grown(bracket: Bracket, now_s: float) -> Bracket:
    end_s = max(now_s, bracket.end_s)
    text = f"{end_s - bracket.onset_s:.1f} s" if bracket.life == "open" else bracket.text
    return bracket._replace(end_s=end_s, text=text)


class RestingLevels:
    """The resting levels in the journal: times (s) and levels (uV), by leg."""

    def __init__(self) -> None:
        self._known: dict[str, list[tuple[float, float]]] = {}
        self._made: dict[str, tuple[Floats, Floats]] = {}

    def take(self, fact: Fact) -> None:
        """Apply the next fact of the journal."""
        if fact.kind in MOVEMENT_KINDS:
            at_s, uv = fact.data["onset"], fact.data.get("resting_uv")
        elif fact.kind in QUALITY_KINDS:
            at_s, uv = fact.t or 0.0, fact.data.get("rest_uv")
        else:
            return
        if uv is not None:
            limb = fact.data["limb" if "limb" in fact.data else "leg"]
            bisect.insort(self._known.setdefault(limb, []), (float(at_s), float(uv)))
            self._made.pop(limb, None)

    def view(self) -> Mapping[str, tuple[Floats, Floats]]:
        """Return the levels known so far."""
        for leg in self._known.keys() - self._made.keys():
            pairs = np.array(self._known[leg])
            self._made[leg] = (pairs[:, 0], pairs[:, 1])
        return dict(self._made)


def is_undecided(lm: ScoredLM, staged_s: float) -> bool:
    """Whether an LM is excluded only because the stage of its epoch is not known yet."""
    return lm.why == "unscored" and lm.onset_us / 1e6 >= staged_s


def _bracket(
    fact: Fact[MovementData], lm: ScoredLM | None, place: int, is_waiting: bool, reached_s: float | None
) -> Bracket | None:
    data, phase = fact.data, fact.data["phase"]
    onset_s = float(data["onset"])
    if phase == "withdrawn" and not data.get("twitch"):
        return None
    end_s = float(data["end"]) if reached_s is None else max(reached_s, float(data["known"]))
    length_s = end_s - onset_s
    life, text, why = _life(phase, lm, place, length_s, str(data["id"]))
    if life == "out" and is_waiting:
        life, text, why = "lm", f"LM · {length_s:.1f} s", "stage not yet known"
    if fact.source.startswith("person"):
        text, why = f"{text} · by hand", " · ".join(part for part in ("entered by a person", why) if part)
    event = lm.keys if lm is not None else ()
    return Bracket(onset_s, end_s, str(data["leg"]), life, text, why, str(data["id"]), event)


def _limb_bracket(fact: Fact[LimbData], reached_s: float | None) -> Bracket | None:
    """Make the bracket of a movement of a limb that is not scored."""
    data = fact.data
    if data["phase"] == "withdrawn":
        return None
    onset_s = float(data["onset"])
    end_s = float(data["end"]) if reached_s is None else max(reached_s, float(data["known"]))
    life: Life = {"onset": "flagged", "confirmed": "open"}.get(data["phase"], "limb")  # type: ignore[assignment]
    text = "onset" if life == "flagged" else f"{end_s - onset_s:.1f} s"
    return Bracket(onset_s, end_s, str(data["limb"]), life, text, "not scored", str(data["id"]))


def _life(phase: str, lm: ScoredLM | None, place: int, length_s: float, key: str) -> tuple[Life, str, str]:
    if phase == "withdrawn":
        return "twitch", f"{length_s:.1f} s", "twitch: shorter than 0.5 s" if lm is None else lm.reason
    if phase == "onset":
        return "flagged", "onset", ""
    if phase == "confirmed":
        return "open", f"{length_s:.1f} s", ""
    if lm is None:
        return "lm", f"LM · {length_s:.1f} s", ""
    if lm.plm:
        # In a movement of both legs only the first bracket shows the number.
        both = " both" if lm.leg == "both" else ""
        number = f"PLM {place}{both} · " if lm.keys[0] == key else "PLM · "
        return "plm", f"{number}{length_s:.1f} s", lm.reason
    if lm.candidate:
        return "lm", f"LM · {length_s:.1f} s", lm.reason
    if lm.why in LOOKALIKES:
        return "lookalike", f"{wording.lm_why(lm.why)} · {length_s:.1f} s", lm.reason
    return "out", f"LM {wording.lm_why(lm.why)} · {length_s:.1f} s", lm.reason


def _tick(onset_us: int, imi_us: int | None, place: int) -> SeriesTick:
    imi_s = float("nan") if imi_us is None or place == 1 else imi_us / 1e6
    return SeriesTick(onset_us / 1e6, imi_s, place)
