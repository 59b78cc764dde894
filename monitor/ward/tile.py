"""One bed's tile as plain values: what the window paints, the table prints and ``--json`` writes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from monitor.model import wording
from monitor.model.facts import Fact
from monitor.session.alert_types import RANK
from monitor.session.current_alerts import SAVED_OLD_S, Alert
from monitor.session.recorder_status import STALE_S
from monitor.session.state import SessionState

Phase = Literal["waiting", "learning", "recording", "no signal", "ended", "not heard"]
GONE_S = 5.0
_PHASES: Mapping[float, Phase] = {0: "learning", 1: "recording", 2: "recording", 3: "no signal", 4: "ended"}
_LEG_HEALTH = {"ok": "ok", "warn": "warn", "learning": "warn", "bad": "bad", "lost": "bad", "absent": "off"}
_RULES = ("aasm3", "wasm2016")
_RECORDED = "plm_per_hour_recorded"


@dataclass(frozen=True, slots=True)
class Heard:
    """Hold what was heard of a bed; see :class:`monitor.ward.bed.Bed`."""

    name: str
    host: str
    state: SessionState
    index: Mapping[str, float]
    snapshot: Mapping[str, Any]
    snapshot_age_s: float
    silent_s: float
    recorded_s: float
    has_ended: bool
    curve: tuple[tuple[int, float | None], ...]
    moving: frozenset[str]
    last_movement: Fact | None
    alerts: tuple[Alert, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """One thing that can be well or not: its word, and how it is (ok, warn, bad, off)."""

    text: str
    state: str


@dataclass(frozen=True, slots=True)
class Tile:
    """Hold what is shown of one bed.

    Parameters
    ----------
    bed, host : str
    phase : str
    title, value, count : str
        The index by its honest name, the number or a dash, and what it counts.
    is_too_early : bool
        Whether the rate means little yet: it is then shown greyed, beside its count.
    index_per_h : float or None
        The number itself.
    curve : tuple of (minute, rate)
        30-min rate of the last two hours; None where unknown.
    series, stage, recorded, saved, last_movement : str
    is_saved_old : bool
    health : tuple of Health
        Each stream, then each leg.
    moving : frozenset of str
        Legs on which a movement runs now.
    stale : str
        How long the bed has not been heard, once that is too long to show anything as good.
    alerts : tuple of Alert
        Highest first.
    """

    bed: str
    host: str
    phase: Phase
    title: str = "PLM"
    value: str = wording.NONE
    count: str = ""
    is_too_early: bool = True
    index_per_h: float | None = None
    curve: tuple[tuple[int, float | None], ...] = ()
    series: str = ""
    stage: str = "no stages"
    recorded: str = wording.NONE
    saved: str = ""
    is_saved_old: bool = False
    last_movement: str = ""
    health: tuple[Health, ...] = ()
    moving: frozenset[str] = frozenset()
    stale: str = ""
    alerts: tuple[Alert, ...] = ()

    @property
    def alert(self) -> Alert | None:
        """The highest alert, None if there is none."""
        return self.alerts[0] if self.alerts else None

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "bed": self.bed,
            "host": self.host,
            "phase": self.phase,
            "index_name": self.title,
            "index_per_h": self.index_per_h,
            "too_early": self.is_too_early,
            "count": self.count,
            "series": self.series,
            "stage": self.stage,
            "recorded": self.recorded,
            "saved": self.saved,
            "last_movement": self.last_movement,
            "moving": sorted(self.moving),
            "stale": self.stale,
            "health": [{"text": one.text, "state": one.state} for one in self.health],
            "alerts": [{"priority": alert.priority, "text": alert.text} for alert in self.alerts],
        }


def bare_tile(bed: str, host: str, alert: Alert) -> Tile:
    """Make the tile of a bed of which nothing can be shown but why."""
    return Tile(bed, host, "not heard", alerts=(alert,))


def by_alert(tiles: Iterable[Tile]) -> list[Tile]:
    """Put tiles in order: the highest alert first, ended beds last, then by bed."""

    def rank(tile: Tile) -> tuple[Any, ...]:
        alert = tile.alert
        return (
            len(RANK) if alert is None else RANK[alert.priority],
            tile.phase == "ended",
            _by_number(tile.bed),
            tile.bed,
            tile.host,
        )

    return sorted(tiles, key=rank)


def _by_number(bed: str) -> list[tuple[int, str]]:
    """Put bed-2 before bed-10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", bed)]


def tile_of(heard: Heard) -> Tile:
    """Make the tile of a bed."""
    key, title, value = _index(heard)
    early = key in heard.snapshot.get("too_early", (key,))
    saved_s = (heard.snapshot.get("health") or {}).get("saved_s_ago")
    stale = f"not heard for {heard.silent_s:.0f} s" if _is_stale(heard) else ""
    return Tile(
        bed=heard.name,
        host=heard.host,
        phase=_phase(heard),
        title=title,
        value=wording.big_rate(value),
        count=_count(heard, key),
        is_too_early=early,
        index_per_h=None if value is None else round(value, 2),
        curve=heard.curve,
        series=_series(heard),
        stage=heard.state.stage_at(heard.recorded_s) or "no stages",
        recorded=clock(heard.recorded_s),
        saved="" if saved_s is None else f"saved {wording.ago(saved_s + heard.snapshot_age_s)}",
        is_saved_old=saved_s is not None and saved_s > SAVED_OLD_S,
        last_movement=_movement(heard),
        health=(Health(stale, "off"),) if stale else _health(heard),
        moving=frozenset() if stale else heard.moving,
        stale=stale,
        alerts=heard.alerts,
    )


def _is_stale(heard: Heard) -> bool:
    return heard.silent_s > STALE_S and not heard.has_ended


def _phase(heard: Heard) -> Phase:
    if heard.has_ended:
        return "ended"
    if heard.silent_s > GONE_S:
        return "not heard"
    return _PHASES.get(heard.index.get("state", math.nan), "waiting")


def _index(heard: Heard) -> tuple[str, str, float | None]:
    """Return the index that can be shown: without stages there is no PLMS index."""
    profile = heard.snapshot.get("main_profile")
    profile = profile if profile in _RULES else _RULES[0]
    name = wording.RULES[profile]
    if _number(heard, "tst_h") is not None:
        return "plms_index", f"PLMS per hour of sleep · {name}", _number(heard, f"plms_index_{profile}")
    return _RECORDED, f"PLM per hour recorded · {name}", _number(heard, _RECORDED)


def _number(heard: Heard, label: str) -> float | None:
    value = heard.index.get(label, math.nan)
    return value if math.isfinite(value) else None


def _count(heard: Heard, key: str) -> str:
    profile = heard.snapshot.get("main_profile", _RULES[0])
    n, tst_h = _number(heard, f"n_plms_{profile}"), _number(heard, "tst_h")
    if key == "plms_index" and n is not None and tst_h is not None:
        return f"{n:.0f} PLMS in {wording.hours(round(tst_h * 3.6e9))} of sleep"
    n_lm = heard.snapshot.get("n_lm")
    return "" if n_lm is None else f"{n_lm} leg movements"


def _series(heard: Heard) -> str:
    if not heard.snapshot:
        return ""
    running = heard.snapshot["series"]
    if running and not heard.has_ended:
        return f"series of {running['n']} since {clock(float(running['onset']))}"
    n = int(heard.snapshot["n_series"])
    return f"no series now, {n} so far" if n else "no series yet"


def _movement(heard: Heard) -> str:
    if heard.last_movement is None:
        return ""
    data = heard.last_movement.data
    length_s = float(data["end"]) - float(data["onset"])
    since_s = max(0.0, heard.recorded_s - float(data["end"]))
    return f"last {wording.LEG_SHORT.get(str(data['leg']), '?')} {length_s:.1f} s, {wording.ago(since_s)}"


def _health(heard: Heard) -> tuple[Health, ...]:
    found = []
    for source in (heard.snapshot.get("health") or {}).get("sources") or ():
        if not source.get("connected"):
            found.append(Health(f"{source['name']} lost", "bad"))
        elif source.get("legs"):
            found.append(Health(f"{source['name']} {float(source['rate_hz']):.1f} Hz", "ok"))
        else:
            found.append(Health(str(source["name"]), "ok"))
    for leg in heard.state.legs:
        state = heard.state.leg_state(leg)
        causes = ", ".join(heard.state.leg_causes(leg)) if state in ("warn", "bad") else ""
        found.append(Health(f"{wording.LEG_SHORT[leg]} {causes or state}", _LEG_HEALTH.get(state, "warn")))
    return tuple(found)


def clock(seconds: float) -> str:
    """Write seconds as ``h:mm:ss``."""
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
