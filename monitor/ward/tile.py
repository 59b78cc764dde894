"""The tile of a bed as values: painted by the window, printed as a table, written by ``--json``."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from monitor.model import wording
from monitor.model.facts import LEGS, Fact
from monitor.session.alert_priority import RANK
from monitor.session.current_alerts import SAVED_OLD_S, Alert
from monitor.session.state import SessionState
from monitor.ward import texts
from monitor.ward.health import Health, shortened

Phase = Literal["waiting", "learning", "recording", "no signal", "ended", "not heard"]
# Data comes once a second. With the pace of reception and screen, a silent bed is grey within 3 s.
STALE_S = 2.5
GONE_S = 5.0
# A complete state comes each half minute. Without one for so long, alerts and health are not known.
STATE_OLD_S = 75.0
# No rate is shown before.
EARLY_MIN = 10
# Movements are drawn over the last minutes: a series can be seen, at most 90 s from onset to onset.
STRIP_S = 300.0
_PHASES: Mapping[float, Phase] = {0: "learning", 1: "recording", 2: "recording", 3: "no signal", 4: "ended"}
_RULES = ("aasm3", "wasm2016")
_RECORDED = "plm_per_hour_recorded"


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement of a leg: onset and end (s of the session), the end None while it is running."""

    leg: str
    onset_s: float
    end_s: float | None


@dataclass(frozen=True, slots=True)
class Received:
    """The received data of a bed; see :class:`monitor.ward.bed.Bed`."""

    name: str
    host: str
    state: SessionState
    index: Mapping[str, float]
    snapshot: Mapping[str, Any]
    snapshot_age_s: float
    silent_s: float
    is_gone: bool
    recorded_s: float
    has_ended: bool
    curve: tuple[tuple[int, float | None], ...]
    movements: tuple[Movement, ...]
    unheard: tuple[tuple[float, float], ...]
    last_movement: Fact | None
    health: Callable[[], tuple[Health, ...]]
    alerts: tuple[Alert, ...]


_NOT_KNOWN = (Health(texts.STATE_NOT_KNOWN, "off"),)
_ENDED = (Health(texts.ENDED, "off"),)


@dataclass(frozen=True, slots=True)
class Tile:
    """The tile of one bed.

    Parameters
    ----------
    bed, host : str
    phase : str
    title, value : str
        Name of the index, and its value or a dash.
    n : int or None
        Its count.
    counted : str
        What was counted, and in which time.
    is_too_early : bool
        Whether it is too early for a rate: the count is shown instead.
    index_per_h : float or None
        Numeric value.
    curve : tuple of (minute, rate)
        30-min rate of the last two hours; None where unknown, and in the first ten minutes.
    series, stage, recorded, saved, last_movement : str
    is_saved_old : bool
    health : tuple of Health
        Each leg, then each stream.
    moving : frozenset of str
        Legs with a running movement.
    strip : tuple of (leg, begin, end)
        Movements of the last minutes, as ages (s); the end of a running one is 0.
    unknown : tuple of (leg, begin, end)
        Ages (s) between which movements of a leg are not known: no signal, or nothing was received.
    stale : str
        Time without data from the bed, once it is too long to show any state as good.
    alerts : tuple of Alert
        Highest first.
    is_biocal : bool
        Whether a bio-calibration is running: nothing is counted.
    is_partial : bool
        Whether the complete state has not been received, or not for long: alerts and rate are not known.
    unseen : str
        How long an alert has not been acknowledged, once that is too long.
    has_namesake : bool
        Whether another computer records a bed of the same name.
    """

    bed: str
    host: str
    phase: Phase
    title: str = "PLM"
    value: str = wording.NONE
    n: int | None = None
    counted: str = ""
    is_too_early: bool = True
    index_per_h: float | None = None
    curve: tuple[tuple[int, float | None], ...] = ()
    series: str = ""
    stage: str = texts.NO_STAGES
    recorded: str = wording.NONE
    saved: str = ""
    is_saved_old: bool = False
    last_movement: str = ""
    health: tuple[Health, ...] = ()
    moving: frozenset[str] = frozenset()
    strip: tuple[tuple[str, float, float], ...] = ()
    unknown: tuple[tuple[str, float, float], ...] = ()
    stale: str = ""
    alerts: tuple[Alert, ...] = ()
    is_biocal: bool = False
    is_partial: bool = False
    unseen: str = ""
    has_namesake: bool = False

    @property
    def name(self) -> str:
        """Name on the screen: the same bed name on two computers means two beds."""
        return f"{self.bed}@{self.host}" if self.has_namesake else self.bed

    @property
    def count(self) -> str:
        """The count with its name, empty if unknown."""
        return "" if self.n is None else f"{self.n} {self.counted}"

    @property
    def number(self) -> tuple[str, str, str]:
        """The large number, its name, and the line below: the index, or the count while that is too early."""
        if self.is_biocal:
            return texts.BIOCAL, texts.BIOCAL_NAME, texts.BIOCAL_REMARK
        if self.is_too_early:
            why = texts.PARTIAL_RATE if self.is_partial else texts.TOO_EARLY
            return wording.count(self.n), self.counted or self.title, why
        return self.value, self.title, self.count

    @property
    def alert(self) -> Alert | None:
        """The highest alert, None if there is none."""
        return self.alerts[0] if self.alerts else None

    @property
    def without_alert(self) -> str:
        """What is said in the place of the highest alert if there is none."""
        if self.stale:
            return self.stale
        if self.is_partial:
            return texts.PARTIAL
        return " · ".join(part for part in (texts.NO_ALERTS, self.saved) if part)

    def as_dict(self) -> dict[str, Any]:
        """Return the tile for JSON."""
        return {
            "bed": self.bed,
            "host": self.host,
            "phase": self.phase,
            "index_name": self.title,
            "index_per_h": self.index_per_h,
            "too_early": self.is_too_early,
            "biocal": self.is_biocal,
            "partial": self.is_partial,
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
    """Make the tile of a bed with unreadable data: only the alert is shown."""
    return Tile(bed, host, "not heard", alerts=(alert,))


def by_alert(tiles: Iterable[Tile]) -> list[Tile]:
    """Sort tiles: highest alert first, ended beds last, then by bed."""

    def rank(tile: Tile) -> tuple[Any, ...]:
        alert = tile.alert
        return (
            len(RANK) if alert is None else RANK[alert.priority],
            tile.phase == "ended",
            by_number((tile.bed, tile.host)),
        )

    return sorted(tiles, key=rank)


def with_names(tiles: Sequence[Tile]) -> list[Tile]:
    """Return the tiles, those with a bed name that occurs more than once marked."""
    n = Counter(tile.bed for tile in tiles)
    return [replace(tile, has_namesake=True) if n[tile.bed] > 1 else tile for tile in tiles]


@lru_cache(maxsize=1000)
def by_number(key: tuple[str, str]) -> tuple[Any, ...]:
    """Return a sort key for a bed and its host that puts bed-2 before bed-10."""
    parts = re.split(r"([0-9]+)", key[0])
    return [(int(part[:18]), "") if place % 2 else (-1, part) for place, part in enumerate(parts)], key


def tile_of(received: Received) -> Tile:
    """Make the tile of a bed."""
    key, title, value = _index(received)
    early = key in received.snapshot.get("too_early", (key,))
    n, counted = _counted(received, key)
    is_known = received.has_ended or received.snapshot_age_s <= STATE_OLD_S
    saved_s = (received.snapshot.get("health") or {}).get("saved_s_ago") if is_known else None
    stale = texts.NO_DATA.format(age_s=received.silent_s) if _is_stale(received) else ""
    is_biocal = received.snapshot.get("biocal") is not None and not received.has_ended
    return Tile(
        bed=received.name,
        host=received.host,
        phase=_phase(received),
        title=title,
        value=wording.big_rate(value),
        n=n,
        counted=counted,
        is_too_early=early,
        index_per_h=None if value is None else round(value, 2),
        curve=received.curve,
        series=texts.BIOCAL_REMARK if is_biocal else _series(received),
        stage=shortened(received.state.stage_at(received.recorded_s) or texts.NO_STAGES),
        recorded=wording.hms(received.recorded_s) if received.snapshot else wording.NONE,
        saved="" if stale or saved_s is None else _saved(received, saved_s),
        is_saved_old=saved_s is not None and saved_s > SAVED_OLD_S and not received.has_ended,
        last_movement=_movement(received),
        health=_health(received, stale, is_known=is_known),
        moving=frozenset() if stale else _moving(received),
        strip=_strip(received),
        unknown=_unknown(received),
        stale=stale,
        alerts=received.alerts,
        is_biocal=is_biocal,
        is_partial=not (is_known and (received.snapshot or received.has_ended)),
    )


def _is_stale(received: Received) -> bool:
    return received.silent_s > STALE_S and not received.has_ended


def _saved(received: Received, saved_s: float) -> str:
    """Return when data was last saved, by the last status of the recorder.

    Each half minute it says how long ago that was, and at once if that becomes too long: meanwhile the age in
    an earlier status must not grow.
    """
    if received.has_ended:
        return ""
    if saved_s <= SAVED_OLD_S:
        return texts.SAVED
    return texts.SAVED_OLD.format(ago=wording.ago(saved_s + received.snapshot_age_s))


def _joined(spans: Iterable[tuple[str, float, float]]) -> list[tuple[str, float, float]]:
    """Join the spans (s) of a leg that overlap: any number of them may have been received."""
    joined: list[tuple[str, float, float]] = []
    for leg, begin_s, end_s in sorted(spans):
        if joined and joined[-1][0] == leg and begin_s < joined[-1][2]:
            joined[-1] = leg, joined[-1][1], max(joined[-1][2], end_s)
        else:
            joined.append((leg, begin_s, end_s))
    return joined


def _health(received: Received, stale: str, *, is_known: bool) -> tuple[Health, ...]:
    if stale:
        return (Health(stale, "off"),)
    if not is_known:
        return _NOT_KNOWN
    return _ENDED if received.has_ended else received.health()


def _phase(received: Received) -> Phase:
    if received.has_ended:
        return "ended"
    if received.is_gone:
        return "not heard"
    return _PHASES.get(received.index.get("state", math.nan), "waiting")


def _index(received: Received) -> tuple[str, str, float | None]:
    """Return the index to be shown: a PLMS index needs stages."""
    profile = received.snapshot.get("main_profile")
    profile = profile if profile in _RULES else _RULES[0]
    name = wording.RULES[profile]
    if _number(received, "tst_h") is not None:
        return "plms_index", f"PLMS per hour of sleep · {name}", _number(received, f"plms_index_{profile}")
    return _RECORDED, f"PLM per hour recorded · {name}", _number(received, _RECORDED)


def _number(received: Received, label: str) -> float | None:
    value = received.index.get(label, math.nan)
    return value if math.isfinite(value) else None


def _counted(received: Received, key: str) -> tuple[int | None, str]:
    """Return the number of movements, and their name with the time in which they were counted."""
    profile = received.snapshot.get("main_profile", _RULES[0])
    n, tst_h = _number(received, f"n_plms_{profile}"), _number(received, "tst_h")
    if key == "plms_index" and n is not None and tst_h is not None:
        return round(n), f"PLMS in {wording.hours(round(tst_h * 3.6e9))} of sleep"
    recorded = wording.hours(round(received.recorded_s * 1e6))
    n_lm = received.snapshot.get("n_lm")
    return None if n_lm is None else int(n_lm), f"leg movements in {recorded}"


def _series(received: Received) -> str:
    if not received.snapshot:
        return ""
    running = received.snapshot["series"]
    if running and not received.has_ended:
        return texts.SERIES.format(n=int(running["n"]), start=wording.hms(float(running["onset"])))
    n = received.snapshot["n_series"]
    if n is None:
        return ""
    return texts.NO_SERIES_NOW.format(n=int(n)) if n else texts.NO_SERIES


def _movement(received: Received) -> str:
    if received.last_movement is None:
        return ""
    data = received.last_movement.data
    length_s = float(data["end"]) - float(data["onset"])
    since_s = max(0.0, received.recorded_s - float(data["end"]))
    leg = wording.LEG_SHORT.get(str(data["leg"]), "?")
    return texts.LAST_MOVEMENT.format(leg=leg, length_s=length_s, ago=wording.ago(since_s))


def _moving(received: Received) -> frozenset[str]:
    return frozenset(one.leg for one in received.movements if one.end_s is None)


def _strip(received: Received) -> tuple[tuple[str, float, float], ...]:
    now_s = received.recorded_s
    ages = [
        (one.leg, max(0.0, now_s - one.onset_s), 0.0 if one.end_s is None else max(0.0, now_s - one.end_s))
        for one in received.movements
    ]
    return tuple(sorted(age for age in ages if age[2] < STRIP_S))


def _unknown(received: Received) -> tuple[tuple[str, float, float], ...]:
    if not received.snapshot and not received.has_ended:
        return tuple((leg, STRIP_S, 0.0) for leg in LEGS)
    now_s, state = received.recorded_s, received.state
    spans: list[tuple[str, float, float]] = [(leg, *span) for span in received.unheard for leg in state.legs]
    gaps = [(fact.t or 0.0, fact.data) for fact in state.facts("gap")]
    spans += _joined(
        (leg, begin_s, now_s if gap["end"] is None else gap["end"])
        for begin_s, gap in gaps
        for leg in gap["legs"]
    )
    ages = ((leg, now_s - begin_s, max(0.0, now_s - end_s)) for leg, begin_s, end_s in spans)
    return tuple((leg, begin_s, end_s) for leg, begin_s, end_s in ages if begin_s > end_s and end_s < STRIP_S)
