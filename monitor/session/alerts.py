"""The alerts of a session and their times: a fold of its facts, the same live and afterwards.

Alerts are technical, never for a movement or a high index. The screen adds the present state of the
recorder, which is in no fact (`monitor.session.current_alerts`).

Alerts of the legs: missing or unusable signal.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from monitor.model.facts import Fact, Leg
from monitor.scoring.spans import Spans, complement, intersection
from monitor.session.alert_priority import RANK, Priority
from monitor.session.alert_types import FAR_US, AlertEpisode, each_of, end_of, seconds, spans_of
from monitor.session.conditions import FOR_EVER, HOLE_S, Condition
from monitor.session.damage import damage_words, missing_facts
from monitor.session.movement_parts import to_us
from monitor.session.state import SessionState

if TYPE_CHECKING:
    from monitor.model.payloads import QualityData, StageData

_LOST_S = 10.0
# What a person who turns over causes too is raised after this time: conditions of a limb, and warnings.
_PASSING_S = 30.0
# The detector reports these for a minute after they were last seen: once is no lasting cause.
_HELD_S = 60.0
_HELD = frozenset({"loose contact", "interference"})
_REST_MEDIUM_UV = 8.0
_NO_DATA = "no data"
_BAD = "{leg} leg {what} {{age}}, not counted"
_LOW_CAUSES = {
    "mains": "Mains in the {leg} leg",
    "ECG": "ECG in the {leg} leg",
    "too coarse": "{leg} leg channel has coarse steps",
    "loose contact": "Loose contact in the {leg} leg: check the electrode",
    "interference": "Interference in the {leg} leg",
}


def missing_of(state: SessionState, leg: str, silent_s: float | None) -> Spans:
    """Return when nothing came of a leg: its source was lost, or connected and silent, or late."""
    pairs = [*_gone(state, leg), *_late(state, leg)]
    if silent_s is not None:
        pairs.append((to_us(max(silent_s, 0.0)), FAR_US))
    return spans_of(pairs)


def _gone(state: SessionState, leg: str) -> Iterator[tuple[int, int]]:
    for fact in state.facts("gap"):
        if leg in fact.data["legs"]:
            yield to_us(fact.t or 0.0), end_of(fact)
    for quality, start_us, end_us in _qualities(state, leg):
        if _NO_DATA in quality.data["causes"]:
            yield start_us, end_us


def _late(state: SessionState, leg: str) -> Iterator[tuple[int, int]]:
    """Return the periods in which a source was silent and sent everything later."""
    lates = state.facts("late")
    if not lates:
        return
    legs_of = {f.data["name"]: {one["leg"] for one in f.data.get("legs", ())} for f in state.facts("stream")}
    for fact in lates:
        if leg in legs_of.get(fact.data["name"], ()):
            start_s = fact.t or 0.0
            yield to_us(start_s), to_us(start_s + fact.data["late_s"])


def lost(state: SessionState, missing: Mapping[Leg, Spans]) -> Iterator[AlertEpisode]:
    """All legs at once are one alert, worse in the dark; else each leg has its own."""
    if not missing:
        return
    late_us = to_us(_LOST_S)
    long = {
        leg: spans_of((a + late_us, max(b, a + late_us)) for a, b in each_of(s)) for leg, s in missing.items()
    }
    every, dark = intersection(long.values(), FAR_US), _dark(state)
    light = complement(dark, 0, FAR_US)
    who = "Both legs" if len(missing) > 1 else f"{next(iter(missing)).capitalize()} leg"

    def since_s(spans: Iterable[Spans], at_us: int) -> float:
        return seconds(min(_begin(one, at_us) for one in spans) - late_us)

    def text(who: str, legs: Iterable[Leg], start_us: int, end_us: int) -> str:
        is_late = end_us < FAR_US and not any(
            begin_us < end_us and start_us < stop_us
            for leg in legs
            for begin_us, stop_us in _gone(state, leg)
        )
        return f"{who} missing {{age}}, " + ("all of it arrived late" if is_late else "not counted")

    parts: tuple[tuple[Priority, Spans], ...] = (("high", dark), ("medium", light))
    for priority, part in parts:
        for start_us, end_us in each_of(intersection([every, part], FAR_US)):
            said, since = text(who, state.legs, start_us, end_us), since_s(long.values(), start_us)
            yield AlertEpisode(
                priority, said, "lost-all", seconds(start_us), seconds(end_us), since, state.legs
            )
    for leg, spans in long.items():
        alone = intersection([spans, complement(every, 0, FAR_US)], FAR_US)
        for start_us, end_us in each_of(alone):
            said = text(f"{leg.capitalize()} leg", (leg,), start_us, end_us)
            since = since_s([spans], start_us)
            yield AlertEpisode(
                "medium", said, f"lost-{leg}", seconds(start_us), seconds(end_us), since, (leg,)
            )


def _begin(spans: Spans, at_us: int) -> int:
    """Return when the span began that holds a moment."""
    return int(spans[0][np.searchsorted(spans[0], at_us, side="right") - 1])


def _dark(state: SessionState) -> Spans:
    lights = sorted(state.facts("lights"), key=lambda fact: fact.t or 0.0)
    ends = [to_us(fact.t or 0.0) for fact in lights[1:]] + [FAR_US]
    off = [
        (to_us(f.t or 0.0), end_us)
        for f, end_us in zip(lights, ends, strict=False)
        if f.data["state"] == "off"
    ]
    return spans_of(off)


def _qualities(state: SessionState, leg: str) -> list[tuple[Fact[QualityData], int, int]]:
    """Return what a leg was like, each with its begin and its end."""
    facts = sorted((f for f in state.facts("quality") if f.data["leg"] == leg), key=lambda f: f.t or 0.0)
    starts = [to_us(fact.t or 0.0) for fact in facts]
    return list(zip(facts, starts, [*starts[1:], FAR_US], strict=False)) if facts else []


def quality(state: SessionState, leg: str, missing: Spans) -> list[AlertEpisode]:
    """List the quality episodes of a leg; while its signal is missing, only that is listed.

    One condition is one alert: it is cleared after the leg was usable for `HOLE_S`.
    """
    there = complement(missing, 0, FAR_US)
    bad = [one for one in state.conditions(leg) if one.is_bad]
    held = spans_of((to_us(one.start_s), _held_us(one)) for one in bad)
    found = list(_of_bad(leg, bad, intersection([held, there], FAR_US)))
    usable = intersection([there, complement(held, 0, FAR_US)], FAR_US)
    merged: list[AlertEpisode] = []
    for fact, start_us, end_us in _qualities(state, leg):
        worth = list(_of_warning(leg, fact))
        spans = intersection([spans_of([(start_us, end_us)]), usable], FAR_US) if worth else usable
        for episode in worth:
            for begin_us, stop_us in each_of(spans):
                begin_s = seconds(begin_us)
                _add(merged, replace(episode, start_s=begin_s, end_s=seconds(stop_us), since_s=begin_s))
    return [*found, *_lasting(merged)]


def _held_us(one: Condition) -> int:
    return FAR_US if one.end_s == FOR_EVER else to_us(one.end_s + HOLE_S)


def _of_bad(leg: str, bad: Sequence[Condition], shown: Spans) -> Iterator[AlertEpisode]:
    """Return the alerts of conditions in the time in which they are shown.

    One for each, unless the signal was missing in between.
    """
    starts_us = [to_us(one.start_s) for one in bad]
    for begin_us, stop_us in each_of(shown):
        one = bad[bisect(starts_us, begin_us) - 1]
        stop_s, since_s = seconds(stop_us), one.bad_since(seconds(begin_us))
        if since_s is None:
            continue
        late_s = one.bad_since(since_s + _PASSING_S)
        start_s = min(max(one.urgent_s, since_s), FOR_EVER if late_s is None else late_s)
        if start_s < stop_s:
            text = _BAD.format(leg=leg.capitalize(), what=one.cause)
            yield AlertEpisode("medium", text, f"bad-{leg}", start_s, stop_s, since_s, (leg,))


def _add(merged: list[AlertEpisode], new: AlertEpisode) -> None:
    """Add an episode, joined to the previous one if it continues that."""
    for i, one in enumerate(reversed(merged), 1):
        if one.key == new.key and (one.end_s, one.text, one.priority) == (
            new.start_s,
            new.text,
            new.priority,
        ):
            merged[-i] = replace(one, end_s=new.end_s)
            return
    merged.append(new)


def _lasting(warnings: Iterable[AlertEpisode]) -> Iterator[AlertEpisode]:
    """Return the warnings from the moment at which their cause is known to have lasted for `_PASSING_S`.

    `HOLE_S` at most may lie between two parts of it; its text or priority may change meanwhile.
    """
    begun: dict[str, tuple[float, float]] = {}
    for one in sorted(warnings, key=lambda one: one.start_s):
        begin_s, end_s = begun.get(one.key, (one.start_s, one.start_s))
        begin_s = begin_s if one.start_s - end_s <= HOLE_S else one.start_s
        begun[one.key] = begin_s, one.end_s
        held_s = _HELD_S if one.key.rpartition("-")[0] in _HELD else 0.0
        start_s = max(one.start_s, begin_s + _PASSING_S + held_s)
        if start_s < one.end_s:
            yield replace(one, start_s=start_s)


def _of_warning(leg: str, fact: Fact[QualityData]) -> Iterator[AlertEpisode]:
    """Return the alerts of a quality that is not bad; the caller sets their times."""
    causes, name = fact.data["causes"], f"{leg.capitalize()} leg"

    def make(priority: Priority, text: str, key: str) -> AlertEpisode:
        return AlertEpisode(priority, text, f"{key}-{leg}", 0.0, 0.0, 0.0, (leg,))

    if fact.data["state"] == "bad":
        return
    rest_uv = fact.data.get("rest_uv")
    if "high rest" in causes and rest_uv is not None:
        priority: Priority = "medium" if rest_uv > _REST_MEDIUM_UV else "low"
        yield make(priority, f"{name} resting level {rest_uv:.1f} µV: check the electrode", "rest")
    for cause in causes:
        if cause in _LOW_CAUSES:
            text = _LOW_CAUSES[cause].format(leg=leg)
            yield make("low", text[0].upper() + text[1:], cause)
        elif ": " in cause:
            # One of several derivations is bad; the leg is scored on.
            yield make("low", f"{name} {cause}", cause)


_RECENT_S = 120.0
_STAGE_OLD_S = 90.0
_STEP_S = 1.0
_TROUBLES: Mapping[str, tuple[Priority, str, str]] = {
    "writing": ("high", "trouble", "Data is not being written: {reason}"),
    "disk": ("medium", "disk", "Disk space is running out: {reason}"),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """Acknowledgement of an alert: when (s), and who; empty if not given."""

    t_s: float
    author: str


def alert_history(state: SessionState, silent_s: Mapping[str, float] | None = None) -> list[AlertEpisode]:
    """List all alerts of a session so far, in the order they were raised.

    Parameters
    ----------
    state : SessionState
    silent_s : Mapping of leg to float, optional
        Since when (s) a leg's source is silent, if no fact records it yet.

    Notes
    -----
    The result does not depend on the time of the call: an active alert has an infinite end. An alert that is
    raised only later, if its cause persists, is in the list already.
    """
    if not silent_s:
        return state.memo("alerts", state.alert_revision, lambda: _history(state, {}))
    return _history(state, silent_s)


def _history(state: SessionState, silent_s: Mapping[str, float]) -> list[AlertEpisode]:
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
    lasting = (episode for episode in found if episode.end_s > episode.start_s)
    return sorted(lasting, key=lambda episode: (episode.start_s, RANK[episode.priority]))


def seen(state: SessionState, episode: AlertEpisode) -> Seen | None:
    """Return the first acknowledgement of an alert, None without one or if it was less urgent then."""
    for fact in state.facts("acknowledged"):
        t_s = fact.t or 0.0
        known: Mapping[str, Priority] = fact.data["alerts"]
        was = known.get(episode.key)
        if was is not None and episode.since_s <= t_s < episode.end_s and RANK[was] <= RANK[episode.priority]:
            return Seen(t_s, str(fact.data.get("author", "")))
    return None


def _troubles(state: SessionState) -> Iterator[AlertEpisode]:
    for fact in state.facts("trouble"):
        priority, key, text = _TROUBLES[fact.data["about"]]
        start_s = fact.t or 0.0
        reason = text.format(reason=fact.data["reason"])
        yield AlertEpisode(priority, reason, key, start_s, seconds(end_of(fact)), start_s)


def _gaps(state: SessionState) -> Iterator[AlertEpisode]:
    """Raise for a while each gap that is over; the next takes its place."""
    reports = []
    for fact in state.facts("gap"):
        end_s, start_s = fact.data["end"], fact.t or 0.0
        if end_s is None:
            continue
        if fact.data["cause"] == "clock step":
            reports.append((end_s, "Clock step in the signal", fact, start_s))
        elif end_s - start_s > _STEP_S:
            legs = " and ".join(fact.data["legs"])
            reports.append((end_s, f"Gap of {end_s - start_s:.1f} s, {legs} leg", fact, start_s))
    reports.sort(key=lambda one: one[0])
    following = [one[0] for one in reports[1:]] + [float("inf")]
    for (end_s, text, fact, start_s), next_s in zip(reports, following, strict=False):
        until_s = min(end_s + _RECENT_S, next_s)
        yield AlertEpisode(
            "medium", text, f"gap-{fact.seq}", end_s, until_s, start_s, tuple(fact.data["legs"])
        )


def _rates(state: SessionState) -> Iterator[AlertEpisode]:
    """Report that a header's rate is wrong until its source connects again, or the rate changes again."""
    connected = sorted(fact.t or 0.0 for fact in state.facts("stream"))
    wrong = [fact for fact in state.facts("warning") if "measured_hz" in fact.data]
    for at, fact in enumerate(wrong):
        start_s, legs = fact.t or 0.0, tuple(fact.data.get("legs", ()))
        later = connected[bisect(connected, start_s) :]
        again = [other.t or 0.0 for other in wrong[at + 1 :] if tuple(other.data.get("legs", ())) == legs]
        end_s = min([*later[:1], *again[:1]], default=float("inf"))
        text = f"{fact.data['about'].capitalize()}: {fact.data['reason']}"
        yield AlertEpisode("low", text, f"rate-{'-'.join(legs)}", start_s, end_s, start_s, legs)


def _stamps(state: SessionState) -> Iterator[AlertEpisode]:
    """Raise that time stamps cannot be used until they can be again."""
    changes = [fact for fact in state.facts("warning") if "stamps" in fact.data]
    for at, fact in enumerate(changes):
        if fact.data["stamps"] != "unusable":
            continue
        start_s, legs = fact.t or 0.0, tuple(fact.data["legs"])
        later = (other.t or 0.0 for other in changes[at + 1 :] if tuple(other.data["legs"]) == legs)
        text = f"Time stamps, {' and '.join(legs)} leg: {fact.data['reason']}"
        yield AlertEpisode(
            "medium", text, f"stamps-{'-'.join(legs)}", start_s, next(later, float("inf")), start_s, legs
        )


def _stages(state: SessionState) -> Iterator[AlertEpisode]:
    """Tell of a stager that fell silent; who types stages is asked for nothing."""
    scored = [fact for fact in state.facts("stage") if not fact.source.startswith("person")]
    reported_s = _report_times(state, scored)
    newest_s = 0.0
    for i, fact in enumerate(scored):
        newest_s = max(newest_s, (fact.t or 0.0) + float(fact.data["duration_s"] or 0.0))
        next_s = reported_s[i + 1] if i + 1 < len(scored) else float("inf")
        start_s = newest_s + _STAGE_OLD_S
        if next_s > start_s:
            yield AlertEpisode(
                "low", f"No stage for {{age_s}} s from {fact.source}", "stage", start_s, next_s, newest_s
            )


def _damaged(state: SessionState) -> Iterator[AlertEpisode]:
    """Say from the damage on that facts are missing: no later fact brings them back."""
    for fact in missing_facts(state):
        start_s = fact.t or 0.0
        text = f"Journal damaged: {damage_words(fact.data)}"
        yield AlertEpisode("medium", text, f"damaged-{fact.seq}", start_s, float("inf"), start_s)


def _report_times(state: SessionState, facts: list[Fact[StageData]]) -> list[float]:
    """Return approximately when facts became known, between two clock records, maybe much later."""
    clocks = [(fact.seq or 0, float(fact.data["recorded_s"])) for fact in state.facts("clock")]
    numbers = [number for number, _ in clocks]
    reports = []
    for fact in facts:
        at = bisect(numbers, fact.seq or 0)
        first_s = clocks[at - 1][1] if at else 0.0
        last_s = clocks[at][1] if at < len(clocks) else float("inf")
        reports.append(min(max((fact.t or 0.0) + float(fact.data["duration_s"] or 0.0), first_s), last_s))
    return reports
