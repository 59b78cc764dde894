"""The movements as the trace shows them, each at its stage of life."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from monitor.dashboard import words
from monitor.dashboard.views import Bracket, Life, MovementsView, SeriesTick
from monitor.facts import LEGS, Fact
from monitor.score import Score, ScoredLM

# Two legs have at most two open movements; by onset they are near the end.
_OPEN_AMONG_LAST = 50


def numbers_in_series(score: Score) -> dict[tuple[str, ...], int]:
    """Return the place of every PLM in its series, from 1, by the keys of its movements."""
    seen: dict[int, int] = {}
    places = {}
    for lm in score.lms:
        if lm.plm and lm.series is not None:
            seen[lm.series] = seen.get(lm.series, 0) + 1
            places[lm.keys] = seen[lm.series]
    return places


def movements_view(
    facts: Iterable[Fact], score: Score | None, now_s: float, staged_s: float
) -> MovementsView:
    """Lay out the movements of the night.

    Parameters
    ----------
    facts : iterable of Fact
        The latest fact of each movement.
    score : Score or None
        By the main profile; None before the first.
    now_s : float
        How far the recording has come: a movement that is still open reaches to here.
    staged_s : float
        Where the last stage known so far ends: behind it no stage is not yet a verdict.
    """
    lm_of: dict[str, ScoredLM] = {}
    places: Mapping[tuple[str, ...], int] = {}
    if score is not None:
        lm_of = {key: lm for lm in (*score.lms, *score.twitches) for key in lm.keys}
        places = numbers_in_series(score)
    found = (_bracket(fact, lm_of.get(fact.data["id"]), places, (now_s, staged_s)) for fact in facts)
    brackets = tuple(sorted(bracket for bracket in found if bracket is not None))
    ticks = _ticks(score, places)
    return MovementsView(
        brackets,
        np.array([b.onset_s for b in brackets]),
        ticks,
        np.array([t.onset_s for t in ticks]),
    )


def grown(view: MovementsView, now_s: float) -> MovementsView:
    """Let the movements that are still open reach to now; nothing else has changed."""
    old = view.brackets[-_OPEN_AMONG_LAST:]
    new = tuple(_grown(b, now_s) if b.life in ("flagged", "open") else b for b in old)
    return view if new == old else replace(view, brackets=(*view.brackets[: -len(old)], *new))


def _grown(bracket: Bracket, now_s: float) -> Bracket:
    end_s = max(now_s, bracket.end_s)
    text = f"{end_s - bracket.onset_s:.1f} s" if bracket.life == "open" else bracket.text
    return bracket._replace(end_s=end_s, text=text)


def rests(
    movements: Iterable[Fact], qualities: Iterable[Fact]
) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """Collect the resting levels the journal has: times (s) and levels (uV), by leg."""
    known = [(f.data["leg"], f.data["onset"], f.data.get("resting_uv")) for f in movements]
    known += [(f.data["leg"], f.t or 0.0, f.data.get("rest_uv")) for f in qualities]
    found: dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]] = {}
    for leg in LEGS:
        mine = sorted((t_s, uv) for which, t_s, uv in known if which == leg and uv is not None)
        pairs = np.array(mine, np.float64).reshape(-1, 2)
        found[leg] = (pairs[:, 0], pairs[:, 1])
    return found


def is_undecided(lm: ScoredLM, staged_s: float) -> bool:
    """Whether an LM is out only because the stage of its epoch has not come yet."""
    return lm.why == "unscored" and lm.onset_us / 1e6 >= staged_s


def _bracket(
    fact: Fact, lm: ScoredLM | None, places: Mapping[tuple[str, ...], int], ends_s: tuple[float, float]
) -> Bracket | None:
    data, (now_s, staged_s) = fact.data, ends_s
    onset_s, phase = float(data["onset"]), data["phase"]
    is_over = phase == "closed" or (phase == "withdrawn" and bool(data.get("twitch")))
    if phase == "withdrawn" and not is_over:
        return None
    end_s = float(data["end"]) if is_over else max(now_s, float(data["known"]))
    length_s = end_s - onset_s
    life, text, why = _life(phase, lm, places, length_s, str(data["id"]))
    if life == "out" and lm is not None and is_undecided(lm, staged_s):
        life, text, why = "lm", f"LM · {length_s:.1f} s", "stage not yet known"
    return Bracket(onset_s, end_s, str(data["leg"]), life, text, why, str(data["id"]))


def _life(
    phase: str, lm: ScoredLM | None, places: Mapping[tuple[str, ...], int], length_s: float, key: str
) -> tuple[Life, str, str]:
    if phase == "withdrawn":
        return "twitch", f"{length_s:.1f} s", "twitch: shorter than 0.5 s"
    if phase == "onset":
        return "flagged", "onset", ""
    if phase == "confirmed":
        return "open", f"{length_s:.1f} s", ""
    if lm is None:
        return "lm", f"LM · {length_s:.1f} s", ""
    if lm.plm:
        # Of a movement of both legs only the first carries the number.
        both = " both" if lm.leg == "both" else ""
        number = f"PLM {places[lm.keys]}{both} · " if lm.keys[0] == key else "PLM · "
        return "plm", f"{number}{length_s:.1f} s", lm.reason
    if lm.candidate:
        return "lm", f"LM · {length_s:.1f} s", lm.reason
    return "out", f"LM {words.lm_why(lm.why)} · {length_s:.1f} s", lm.reason


def _ticks(score: Score | None, places: Mapping[tuple[str, ...], int]) -> tuple[SeriesTick, ...]:
    if score is None:
        return ()
    return tuple(
        SeriesTick(
            lm.onset_us / 1e6,
            float("nan") if lm.imi_us is None or places[lm.keys] == 1 else lm.imi_us / 1e6,
            places[lm.keys],
        )
        for lm in score.lms
        if lm.plm
    )
