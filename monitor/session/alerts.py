"""What needed attention in a night, and from when to when: a fold of its facts, the same live and afterwards.

Alerts are technical, never for a movement or a high index. The screen adds what no fact says: how the
recorder stands this very second (`monitor.dashboard.alerts`).
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.facts import Fact
from monitor.payloads import StageData
from monitor.session.alerts_of_legs import lost, missing_of, quality
from monitor.session.damage import damage_words, missing_facts
from monitor.session.episodes import RANK, Episode, Priority, end_of, seconds
from monitor.session.fold import NightState

_RECENT_S = 120.0
_STAGE_OLD_S = 90.0
_STEP_S = 1.0
_TROUBLES: Mapping[str, tuple[Priority, str, str]] = {
    "writing": ("high", "trouble", "Data is not being written: {reason}"),
    "disk": ("medium", "disk", "Room on the disk runs out: {reason}"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """That a person acknowledged an alert: when (s), and who, empty if that was not told."""

    t_s: float
    author: str


def alert_history(state: NightState, silent_s: Mapping[str, float] | None = None) -> list[Episode]:
    """List all alerts of a night so far, in the order they were raised.

    Parameters
    ----------
    state : NightState
    silent_s : Mapping of leg to float, optional
        Since when (s) a leg's source says nothing, where no fact says so yet.

    Notes
    -----
    Nothing depends on when it is asked: an alert that stands has an infinite end. What is to be raised only
    later, if its cause lasts, is in the list already.
    """
    if not silent_s:
        return state.kept("alerts", state.alert_revision, lambda: _history(state, {}))
    return _history(state, silent_s)


def _history(state: NightState, silent_s: Mapping[str, float]) -> list[Episode]:
    missing = {leg: missing_of(state, leg, silent_s.get(leg)) for leg in state.legs}
    found = [
        *_troubles(state),
        *lost(state, missing),
        *(episode for leg in state.legs for episode in quality(state, leg, missing[leg])),
        *_gaps(state),
        *_rates(state),
        *_stamps(state),
        *_stages(state),
        *_damaged(state),
    ]
    standing = (episode for episode in found if episode.end_s > episode.start_s)
    return sorted(standing, key=lambda episode: (episode.start_s, RANK[episode.priority]))


def seen(state: NightState, episode: Episode) -> Seen | None:
    """Return the first acknowledgement of an alert, None if nobody saw it, or when it was less urgent."""
    for fact in state.facts("acknowledged"):
        t_s = fact.t or 0.0
        known: Mapping[str, Priority] = fact.data["alerts"]
        was = known.get(episode.key)
        if was is not None and episode.since_s <= t_s < episode.end_s and RANK[was] <= RANK[episode.priority]:
            return Seen(t_s, str(fact.data.get("author", "")))
    return None


def _troubles(state: NightState) -> Iterator[Episode]:
    for fact in state.facts("trouble"):
        priority, key, text = _TROUBLES[fact.data["about"]]
        start_s = fact.t or 0.0
        reason = text.format(reason=fact.data["reason"])
        yield Episode(priority, reason, key, start_s, seconds(end_of(fact)), start_s)


def _gaps(state: NightState) -> Iterator[Episode]:
    """Raise for a while each gap that is over; the next takes its place."""
    told = []
    for fact in state.facts("gap"):
        end_s, start_s = fact.data["end"], fact.t or 0.0
        if end_s is None:
            continue
        if fact.data["cause"] == "clock step":
            told.append((end_s, "Clock step in the signal", fact, start_s))
        elif end_s - start_s > _STEP_S:
            legs = " and ".join(fact.data["legs"])
            told.append((end_s, f"Gap of {end_s - start_s:.1f} s, {legs} leg", fact, start_s))
    told.sort(key=lambda one: one[0])
    following = [one[0] for one in told[1:]] + [float("inf")]
    for (end_s, text, fact, start_s), next_s in zip(told, following, strict=False):
        until_s = min(end_s + _RECENT_S, next_s)
        yield Episode("medium", text, f"gap-{fact.seq}", end_s, until_s, start_s, tuple(fact.data["legs"]))


def _rates(state: NightState) -> Iterator[Episode]:
    """Report that a header's rate is wrong until its source connects again, or the rate changes again."""
    connected = sorted(fact.t or 0.0 for fact in state.facts("stream"))
    wrong = [fact for fact in state.facts("warning") if "measured_hz" in fact.data]
    for at, fact in enumerate(wrong):
        start_s, legs = fact.t or 0.0, tuple(fact.data.get("legs", ()))
        later = connected[bisect(connected, start_s) :]
        again = [other.t or 0.0 for other in wrong[at + 1 :] if tuple(other.data.get("legs", ())) == legs]
        end_s = min([*later[:1], *again[:1]], default=float("inf"))
        text = f"{fact.data['about'].capitalize()}: {fact.data['reason']}"
        yield Episode("low", text, f"rate-{'-'.join(legs)}", start_s, end_s, start_s, legs)


def _stamps(state: NightState) -> Iterator[Episode]:
    """Raise that time stamps cannot be used until they can be again."""
    changes = [fact for fact in state.facts("warning") if "stamps" in fact.data]
    for at, fact in enumerate(changes):
        if fact.data["stamps"] != "unusable":
            continue
        start_s, legs = fact.t or 0.0, tuple(fact.data["legs"])
        later = (other.t or 0.0 for other in changes[at + 1 :] if tuple(other.data["legs"]) == legs)
        text = f"Time stamps, {' and '.join(legs)} leg: {fact.data['reason']}"
        yield Episode(
            "medium", text, f"stamps-{'-'.join(legs)}", start_s, next(later, float("inf")), start_s, legs
        )


def _stages(state: NightState) -> Iterator[Episode]:
    """Tell of a stager that fell silent; who types stages is asked for nothing."""
    scored = [fact for fact in state.facts("stage") if not fact.source.startswith("person")]
    told_s = _told(state, scored)
    newest_s = 0.0
    for i, fact in enumerate(scored):
        newest_s = max(newest_s, (fact.t or 0.0) + float(fact.data["duration_s"] or 0.0))
        next_s = told_s[i + 1] if i + 1 < len(scored) else float("inf")
        start_s = newest_s + _STAGE_OLD_S
        if next_s > start_s:
            yield Episode(
                "low", f"No stage for {{age_s}} s from {fact.source}", "stage", start_s, next_s, newest_s
            )


def _damaged(state: NightState) -> Iterator[Episode]:
    """Say from the damage on that facts are missing: no later fact brings them back."""
    for fact in missing_facts(state):
        start_s = fact.t or 0.0
        text = f"Journal damaged: {damage_words(fact.data)}"
        yield Episode("medium", text, f"damaged-{fact.seq}", start_s, float("inf"), start_s)


def _told(state: NightState, facts: list[Fact[StageData]]) -> list[float]:
    """Return about when facts became known, maybe long after what they speak of: between two clocks."""
    clocks = [(fact.seq or 0, float(fact.data["recorded_s"])) for fact in state.facts("clock")]
    numbers = [number for number, _ in clocks]
    told = []
    for fact in facts:
        at = bisect(numbers, fact.seq or 0)
        first_s = clocks[at - 1][1] if at else 0.0
        last_s = clocks[at][1] if at < len(clocks) else float("inf")
        told.append(min(max((fact.t or 0.0) + float(fact.data["duration_s"] or 0.0), first_s), last_s))
    return told
