"""The health of the legs and streams of a bed, as its tile shows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from monitor.model import wording
from monitor.session.state import SessionState
from monitor.ward import texts

_LEG_HEALTH = {"ok": "ok", "warn": "warn", "learning": "warn", "bad": "bad", "lost": "bad", "absent": "off"}
_LONGEST_TEXT = 200


@dataclass(frozen=True, slots=True)
class Health:
    """State of a stream or leg: text, and ok, warn, bad or off."""

    text: str
    state: str


def health_of(state: SessionState, snapshot: Mapping[str, Any]) -> tuple[Health, ...]:
    """Return the health of each leg, then of each stream."""
    sources = (snapshot.get("health") or {}).get("sources") or ()
    return (*(_leg(state, leg) for leg in state.legs), *(_source(state, source) for source in sources))


def _leg(state: SessionState, leg: str) -> Health:
    quality = state.leg_state(leg)
    causes = ", ".join(state.leg_causes(leg)) if quality in ("warn", "bad") else ""
    text = f"{wording.LEG_SHORT[leg]} {causes or quality}"
    return Health(shortened(text), _LEG_HEALTH.get(quality, "warn"))


def _source(state: SessionState, source: Mapping[str, Any]) -> Health:
    name = source["name"]
    if not source.get("connected"):
        return Health(shortened(texts.LOST.format(name=name)), "bad")
    if not source.get("legs"):
        return Health(shortened(name), "ok")
    if is_silent(state, source["legs"]):
        # Its rate is that of before.
        return Health(shortened(texts.SILENT.format(name=name)), "bad")
    return Health(shortened(f"{name} {float(source['rate_hz']):.1f} Hz"), "ok")


def is_silent(state: SessionState, legs: Iterable[str]) -> bool:
    """Return whether a connected source sends nothing, by the quality of its legs."""
    return all("no data" in state.leg_causes(leg) for leg in legs)


def shortened(text: object) -> str:
    """Return what was received as a text of a length that can be shown."""
    whole = str(text)
    return whole if len(whole) <= _LONGEST_TEXT else whole[: _LONGEST_TEXT - 1] + "…"
