"""Alerts of the legs: nothing comes of one, or what comes is bad."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from monitor.facts import Fact, Leg
from monitor.payloads import QualityData
from monitor.score.spans import Spans, complement, intersection
from monitor.session.episodes import FAR_US, Episode, Priority, each_of, end_of, seconds, spans_of
from monitor.session.fold import NightState
from monitor.session.parts import to_us

_LOST_S = 10.0
_SATURATED_S = 30.0
_REST_MEDIUM_UV = 8.0
_NO_DATA = "no data"
_BAD = "{leg} leg {what} {{age}}, not counted"
_LOW_CAUSES = {
    "mains": "Mains in the {leg} leg",
    "ECG": "ECG in the {leg} leg",
    "too coarse": "{leg} leg channel has coarse steps",
}


def missing_of(state: NightState, leg: str, silent_s: float | None) -> Spans:
    """Return when nothing came of a leg: its source was lost, or connected and silent, or late."""
    pairs = [*_gone(state, leg), *_late(state, leg)]
    if silent_s is not None:
        pairs.append((to_us(max(silent_s, 0.0)), FAR_US))
    return spans_of(pairs)


def _gone(state: NightState, leg: str) -> Iterator[tuple[int, int]]:
    for fact in state.facts("gap"):
        if leg in fact.data["legs"]:
            yield to_us(fact.t or 0.0), end_of(fact)
    for quality, start_us, end_us in _qualities(state, leg):
        if _NO_DATA in quality.data["causes"]:
            yield start_us, end_us


def _late(state: NightState, leg: str) -> Iterator[tuple[int, int]]:
    """Give when a source said nothing although it had all of it, and sent it later."""
    lates = state.facts("late")
    if not lates:
        return
    legs_of = {f.data["name"]: {one["leg"] for one in f.data.get("legs", ())} for f in state.facts("stream")}
    for fact in lates:
        if leg in legs_of.get(fact.data["name"], ()):
            start_s = fact.t or 0.0
            yield to_us(start_s), to_us(start_s + fact.data["late_s"])


def lost(state: NightState, missing: Mapping[Leg, Spans]) -> Iterator[Episode]:
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
        return f"{who} missing {{age}}, " + ("and all of it came late" if is_late else "not counted")

    parts: tuple[tuple[Priority, Spans], ...] = (("high", dark), ("medium", light))
    for priority, part in parts:
        for start_us, end_us in each_of(intersection([every, part], FAR_US)):
            said, since = text(who, state.legs, start_us, end_us), since_s(long.values(), start_us)
            yield Episode(priority, said, "lost-all", seconds(start_us), seconds(end_us), since, state.legs)
    for leg, spans in long.items():
        alone = intersection([spans, complement(every, 0, FAR_US)], FAR_US)
        for start_us, end_us in each_of(alone):
            said = text(f"{leg.capitalize()} leg", (leg,), start_us, end_us)
            since = since_s([spans], start_us)
            yield Episode("medium", said, f"lost-{leg}", seconds(start_us), seconds(end_us), since, (leg,))


def _begin(spans: Spans, at_us: int) -> int:
    """Return when the span began that holds a moment."""
    return int(spans[0][np.searchsorted(spans[0], at_us, side="right") - 1])


def _dark(state: NightState) -> Spans:
    lights = sorted(state.facts("lights"), key=lambda fact: fact.t or 0.0)
    ends = [to_us(fact.t or 0.0) for fact in lights[1:]] + [FAR_US]
    off = [
        (to_us(f.t or 0.0), end_us)
        for f, end_us in zip(lights, ends, strict=False)
        if f.data["state"] == "off"
    ]
    return spans_of(off)


def _qualities(state: NightState, leg: str) -> list[tuple[Fact[QualityData], int, int]]:
    """Return what a leg was like, each with its begin and its end."""
    facts = sorted((f for f in state.facts("quality") if f.data["leg"] == leg), key=lambda f: f.t or 0.0)
    starts = [to_us(fact.t or 0.0) for fact in facts]
    return list(zip(facts, starts, [*starts[1:], FAR_US], strict=False)) if facts else []


def quality(state: NightState, leg: str, missing: Spans) -> list[Episode]:
    """List what a leg was like where that is worth telling; while nothing comes of it, that alone is told."""
    there = complement(missing, 0, FAR_US)
    merged: list[Episode] = []
    for fact, start_us, end_us in _qualities(state, leg):
        worth = list(_of_quality(leg, fact))
        spans = intersection([spans_of([(start_us, end_us)]), there], FAR_US) if worth else there
        for episode in worth:
            for begin_us, stop_us in each_of(spans):
                begin_s = seconds(begin_us)
                _add(merged, replace(episode, start_s=begin_s, end_s=seconds(stop_us), since_s=begin_s))
    # A person who turns over saturates a leg for a moment.
    brief = _BAD.format(leg=leg.capitalize(), what="saturated")
    return [replace(e, start_s=e.start_s + _SATURATED_S) if e.text == brief else e for e in merged]


def _add(merged: list[Episode], new: Episode) -> None:
    """Add an episode, as the same one if it goes on where that ended."""
    for i, one in enumerate(reversed(merged), 1):
        if one.key == new.key and (one.end_s, one.text, one.priority) == (
            new.start_s,
            new.text,
            new.priority,
        ):
            merged[-i] = replace(one, end_s=new.end_s)
            return
    merged.append(new)


def _of_quality(leg: str, fact: Fact[QualityData]) -> Iterator[Episode]:
    """Give what a quality is worth telling; its times are put in by the caller."""
    causes, name = fact.data["causes"], f"{leg.capitalize()} leg"

    def make(priority: Priority, text: str, key: str) -> Episode:
        return Episode(priority, text, f"{key}-{leg}", 0.0, 0.0, 0.0, (leg,))

    if fact.data["state"] == "bad":
        yield make("medium", _BAD.format(leg=leg.capitalize(), what=", ".join(causes) or "unusable"), "bad")
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
